"""A history for the people who label, as Markdown and as a page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from reconciler.fieldpath import parse_pattern
from reconciler.model.history import History, Part
from reconciler.model.project import LiveProject
from reconciler.planning.history import state_at, timeline
from reconciler.planning.makers import Makers
from reconciler.render.html import history as page
from reconciler.render.markdown import history as markdown
from reconciler.render.view.history import HistoryView, view_history
from tests.building import AT, live
from tests.render.shown import reader
from tests.render.test_history import NOW, TARGET, found

MAKERS = Makers({}, dict.fromkeys(Part, -1))


def view(history: History, *sensitive: str) -> HistoryView:
    return view_history(history, reader(base="/r", now=NOW, sensitive=[parse_pattern(one) for one in sensitive]))


def history_of(project: LiveProject) -> History:
    return History(TARGET, "p", NOW, "t", revisions=timeline(project, MAKERS, {}))


def last(
    *versions: Any, part: Part = Part.ONTOLOGY, names: tuple[str | None, ...] = (), hide: tuple[str, ...] = ()
) -> str:
    """The newest entry as Markdown, without its heading."""
    project = live(*versions) if part is Part.PARAMS else live(ontologies=versions, ontology_names=names)
    text = markdown.lay_out_history(view(history_of(project), *hide))
    return text.split("\n## ")[1].partition("\n\n")[2].rstrip("\n")


def test_markdown() -> None:
    assert markdown.lay_out_history(view(found())) == (
        """\
# What changed in `kittens`

## Instruction and settings, version 2 (November 24, 2026)

- `priority`: `10 -> 20`
- `metadata`: `{"team": "a"}`

## Instruction and settings, version 1 (November 24, 2026)

<blockquote>
<code>Label every kitten.</code><br>
<code>Skip </code><del><code>blurry</code></del><ins><code>dark</code></ins><code> images.</code>
</blockquote>

## Choices, version 1 (November 24, 2026)

- Removed `Dog`
- Probably renamed `Kitten` to `Kittens`
- Moved `Puppy` from `Dog` to the top level

## Choices, version 0 (November 24, 2026)

- `Cat`
- `Kitten`
- `Dog`
  - `Puppy`

## Instruction and settings, version 0 (November 24, 2026)

<blockquote>
<code>Label every kitten.</code><br>
<code>Skip blurry images.</code>
</blockquote>

- `priority`: `10`
"""
    )


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ((["A"], ["A", {"choice": "Fox", "description": "red", "display": "x"}]),
         '- Added `Fox`: display `"x"`, description `"red"`'),
        ((["A"], [{"choice": "A", "subchoices": ["Fox"]}]), "- Added `Fox` below `A`"),
        ((["A", {"choice": "B", "subchoices": ["C"]}], ["A"]), "- Removed `B`\n- Removed `C` below `B`"),
        (([{"choice": "A", "subchoices": ["C"]}, "B"], ["A", {"choice": "B", "subchoices": ["C"]}]),
         "- Moved `C` from `A` to `B`"),
        (([{"choice": "A", "subchoices": ["C"]}], ["A", {"choice": "C", "description": "x"}]),
         '- Moved `C` from `A` to the top level\n- Changed `C`: description `"x"`'),
        (([{"choice": "A", "description": "x"}], ["A"]), '- Changed `A`: description `"x"`'),
        (([{"choice": "A", "description": "x"}], [{"choice": "A", "description": "y"}]),
         '- Changed `A`: description `"x" -> "y"`'),
        ((["A", "B"], ["B", "A"]), '- The order: `"A", "B" -> "B", "A"`'),
        (([{"choice": "Kitten", "description": "x"}, "B"], [{"choice": "Kittens", "description": "y"}, "B"]),
         '- Probably renamed `Kitten` to `Kittens`: description `"x" -> "y"`'),
        ((["A", None], ["A"]),
         "The changes are unknown, because the previous version cannot be read or is not shown by Scale."),
        ((["A"], None), "This version cannot be read."),
        ((["A"], ["A"]), "Nothing changed."),
        ((["`x`", "a\n# b"], ["a\n# b"]), "- Removed `` `x` ``"),
    ],
)  # fmt: skip
def test_what_happened_to_choices(versions: tuple[Any, ...], words: str) -> None:
    assert last(*versions) == words


def test_a_declared_rename_is_certain() -> None:
    project = live(ontologies=(["Kitten"], ["Kittens"]))
    revisions = timeline(project, MAKERS, {"Kitten": "Kittens"})
    text = markdown.lay_out_history(view(History(TARGET, "p", NOW, "t", revisions=revisions)))
    assert "\n- Renamed `Kitten` to `Kittens`\n" in text


def test_the_name_of_the_list() -> None:
    assert last(["A"], ["A"], names=("v1", "v2")) == '- The name of the list: `"v1" -> "v2"`'


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        (({"a": 1, "b": {"x": 1}}, {"a": 1}), '- `b` removed: it was `{"x": 1}`'),
        (({"a": ["x", "y"]}, {"a": ["y", "x"]}), '- `a`: `"x", "y" -> "y", "x"`'),
        (({"a": {"long": ["x"]}}, {"b": {"long": ["x"]}}), '- `b`: `{"long": ["x"]}` (moved here from a)'),
        (({"instruction": "gone @x", "a": 1}, {"a": 1}),
         "<blockquote>\n<del><code>gone @x</code></del>\n</blockquote>"),
        (({"instruction": ["a", 1]}, {"instruction": "b"}), '- `instruction`: `["a", 1] -> "b"`'),
        (({"instruction": "a\n\nb\n"}, {"instruction": "a\n\nc <b>"}),
         "<blockquote>\n<code>a</code><br>\n&nbsp;<br>\n<del><code>b</code></del><br>\n"
         "<ins><code>c &lt;b&gt;</code></ins><br>\n<em>(final newline removed)</em>\n</blockquote>"),
        (({}, {"instruction": ""}), ""),
    ],
)  # fmt: skip
def test_what_happened_to_parameters(versions: tuple[Any, ...], words: str) -> None:
    assert last(*versions, part=Part.PARAMS) == words


def test_sensitive_values() -> None:
    versions = ({"instruction": "x1", "a": "x2"}, {"instruction": "x3", "a": "x4"})
    shown = last(*versions, part=Part.PARAMS, hide=("params.instruction", "params.a"))
    assert shown == "- `instruction`: `(sensitive value, changed)`\n- `a`: `(sensitive value, changed)`"
    assert last(["A"], ["A", "Fox"], hide=("ontology.Fox",)) == "- Added `(sensitive value)`"


def test_a_page() -> None:
    text = page.lay_out_history(view(found()))
    assert "<title>What changed in kittens</title>" in text
    headings = re.findall("<h2>(.*?)</h2>", text)
    assert headings == re.findall("(?m)^## (.*)$", markdown.lay_out_history(view(found())))
    assert "<p>Skip <del>blurry</del><ins>dark</ins> images.</p>" in text
    assert "<li>Probably renamed <bdi>Kitten</bdi> to <bdi>Kittens</bdi></li>" in text
    assert '<li class="d1"><bdi>Puppy</bdi></li>' in text
    assert "<li><bdi>priority</bdi>: <bdi>10 -&gt; 20</bdi></li>" in text
    assert "style=" not in text
    assert "<script" not in text
    for word in ("params", "ontology", "commit", "record", "production", "scale.com"):
        assert word not in text.partition("<body>")[2]


def test_deep_choices_of_a_page_say_their_level() -> None:
    tree: list[Any] = ["level 7"]
    for level in range(6, 0, -1):
        tree = [{"choice": f"level {level}", "subchoices": tree}]
    text = page.lay_out_history(view(history_of(live(ontologies=(tree,)))))
    assert '<li class="d4"><bdi>level 5</bdi></li>' in text
    assert '<li class="d4"><bdi>level 7</bdi> <span class="remark">level 7</span></li>' in text


def test_foreign_text_is_not_markup() -> None:
    text = "<script>x</script> ##[error] &amp;"
    project = live(
        {"instruction": text, text: text}, {"instruction": f"{text} {text}\n\n", "x": text}, ontologies=([text], ["B"])
    )
    made = page.lay_out_history(view(history_of(project)))
    assert "<script>" not in made
    assert "##[" not in made
    assert "&lt;script&gt;" in made
    empty = view(history_of(live({"instruction": "a\n\nb"}, {"instruction": "a\n\nc"})))
    assert "<p>a</p><p> </p>" in page.lay_out_history(empty)


def test_the_project_at_a_time() -> None:
    project = live({"instruction": "Label."}, ontologies=(["Cat"],), apart=timedelta(hours=1))
    then = History(TARGET, "p", NOW, "t", revisions=state_at(project, AT, MAKERS), at=AT)
    assert markdown.lay_out_history(view(then)) == (
        "# As of November 24, 2026: `p`\n\n"
        "## Instruction and settings, version 0 (November 24, 2026)\n\n"
        "<blockquote>\n<code>Label.</code>\n</blockquote>\n\n"
        "## Choices, version 0 (November 24, 2026)\n\n- `Cat`\n"
    )


def test_a_page_with_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 700)
    text = page.lay_out_history(view(found()))
    assert text.count("<section>") < 5
    assert re.search(r"[1-4] more versions did not fit on this page\.", text)
