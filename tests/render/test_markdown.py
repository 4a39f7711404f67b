"""Markdown: what it says, what it leaves out when there is too much, and that no content gets out of its code."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity, error, warning
from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.forge.github.links import job_links
from reconciler.model.drift import Baseline, Drift, ProjectDrift, Transient
from reconciler.model.outcome import Outcome, ProjectOutcome, Status
from reconciler.model.plan import (
    Action,
    Cause,
    Commit,
    Field,
    Held,
    Kind,
    Plan,
    State,
    Summary,
    TargetInfo,
    Waived,
)
from reconciler.model.project import Source
from reconciler.model.values import ABSENT
from reconciler.render.markdown.code import cell, code, fence, prose, said
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.view.drift import MOST_BLOCKED
from tests.render import plans
from tests.render.plans import added, changed, choice, created, updated
from tests.render.shown import render_drift_markdown, render_outcome_markdown, render_plan_markdown
from tests.render.test_drift import BLOCKED, drift, unit
from tests.render.test_drift import NOW as DRIFT_NOW

VARIABLES = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r"}
MARK = "Q_Z-9"
ALLOWED = {"h3", "code", "blockquote", "p", "ul", "li", "strong", "details", "summary", "pre", "sub", "a"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


def text(plan: Plan, **more: Any) -> str:
    return render_plan_markdown(plan, base=plans.BASE, now=more.pop("now", plans.NOW), **more)


def outcome_text(outcome: Outcome, **more: Any) -> str:
    return render_outcome_markdown(outcome, base=plans.BASE, now=plans.NOW, **more)


def drift_text(found: Drift, **more: Any) -> str:
    return render_drift_markdown(found, base="/r", now=DRIFT_NOW, **more)


class Page(HTMLParser):
    """The elements of a rendered page, and the text outside code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.bare = ""
        self.spans: list[str] = []
        self.cells: list[int] = []
        self._open: list[str] = []
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name == "href"]
        if tag == "code":
            self.spans.append("")
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.spans[-1] += data
        else:
            self.bare += data

    def check(self, root: str = "") -> None:
        """Nothing of what others wrote stands outside of code, and nothing outside of code acts."""
        assert not self._open
        assert set(self.tags) <= ALLOWED
        assert all(root and address.startswith(root) for address in self.addresses)
        self.bare = self.bare.replace("[!WARNING]", "")
        assert MARK not in self.bare
        assert not re.search(r"[@$<>_*~\[\]|`\\]|#\d|https?:|www\.|GH-\d|\b[0-9a-f]{7,}\b", self.bare), self.bare
        assert len(set(self.cells)) <= 1


@pytest.mark.parametrize(
    "name",
    [
        "a|b",
        "a\\|b",
        "price_$5_to_$9",
        "__init__",
        "x`y`",
        "``",
        "GH-1",
        "d" * 40,
        "@me",
        "#1",
        "<b>",
        "`",
        "a\\",
        "&amp;",
        "-",
    ],
)
def test_names_are_shown_letter_by_letter(name: str) -> None:
    fields = [choice("$x|y$", kind=Kind.REMOVE), choice(name)]
    page = Page(text(plans.plan(updated(name, "p.yaml", fields, before=State("i", {}, ["$x|y$"])))))
    page.check()
    shown = name.replace("\\|", "\\u005c|")
    assert {span.strip() for span in page.spans} >= {shown, f"~ {name}", "$x|y$"}
    assert page.cells == [5, 5]


@pytest.mark.parametrize(
    "name", [" Car", "Car ", " Car ", "a  b", "Car\n(any)", "Cafe\u0301", "\u200bCar", "a\u00a0b", "` ", "|  |"]
)
def test_names_that_could_mislead_are_quoted(name: str) -> None:
    fields = [choice("$x|y$", kind=Kind.REMOVE), choice(name)]
    page = Page(text(plans.plan(updated(name, "p.yaml", fields, before=State("i", {}, ["$x|y$"])))))
    page.check()
    found = [span for span in page.spans if span.startswith('"')]
    assert len(found) >= 3
    assert {json.loads(span) for span in found} == {name}
    assert not [span for span in page.spans if span.strip() == name.strip()]
    assert page.cells == [5, 5]


def test_versions_are_reported_where_a_call_makes_one() -> None:
    fields = [changed(("params", "a"), 1, 2)]
    assert "| `~1` |" in text(plans.plan(updated("p", "p.yaml", fields, patch=None)))
    assert "| `~1`, first version |" in text(plans.plan(updated("p", "p.yaml", fields, params_version=None)))


def test_code_of_all_kinds() -> None:
    assert code("") == "`  `"
    assert code(" a") == "`  a `"
    assert code("a ") == "` a  `"
    assert code("  ") == "`  `"
    assert cell("a|b") == "`a\\|b`"
    assert fence(["a ```` b"], "text") == ["`````text", "a ```` b", "`````"]
    assert fence([]) == ["```diff", "```"]


@pytest.mark.parametrize(
    ("sentence", "markdown"),
    [
        ("It is 12,000 (at most), isn't it?", "It is 12,000 (at most), isn't it?"),
        ('a live project "kitten_labeling" is near', 'a live project `"kitten_labeling"` is near'),
        ("ask @me about #1 at https://x.y now", "ask `@me` about `#1` at `https://x.y` now"),
        ("1. a list", "`1.` a list"),
        ("of deadbeef or faded.", "of `deadbeef` or faded."),
        ("two  spaces \x1b[1m", "two spaces `\\u001b[1m`"),
        ("- a", "`-` a"),
        ('the choice "tench, Tinca tinca" is gone', 'the choice `"tench, Tinca tinca"` is gone'),
        ('keep "a \\" b" and "c d", too', 'keep `"a \\" b"` and `"c d",` too'),
    ],
)
def test_prose(sentence: str, markdown: str) -> None:
    assert prose(sentence) == markdown


def test_what_is_to_be_copied_is_one_code_span() -> None:
    assert said('Give it a display:\n    {choice: "a, b", display: "`c`"}') == (
        'Give it a display: ``{choice: "a, b", display: "`c`"}``'
    )
    assert said("\n    b\n \n    c") == "`b` `c`"
    assert said("a " * 1_000 + "\n    b").endswith("a a `…` `b`")


def links(commit: str | None = "3f2c1ab", **more: str) -> Any:
    return job_links({**VARIABLES, **more}, commit=commit, base="/repo")


def test_links() -> None:
    link = links()
    assert link(Source("/repo/projects/a b#.yaml", 3)) == (
        "https://github.com/o/r/blob/3f2c1ab/projects/a%20b%23.yaml#L3"
    )
    assert link(Source("/elsewhere/a.yaml", 3)) is None
    assert links(None) is None
    assert links(GITHUB_SERVER_URL="http://x") is None
    assert job_links({}, commit="a", base="/") is None


def test_one_of_everything_at_risk() -> None:
    held = updated("fish", "fish.yaml", [changed(("params", "a"), 1, 2)])
    held = replace(
        held,
        held_by=(
            Held("takeover", "3 of them would go.", "To keep them, write them down."),
            Held("conflict", "Both moved."),
        ),
        waived_by=(Waived("near-name", "--allow near-name"),),
        diagnostics=(warning("odd", "it is odd", detail="Look."),),
    )
    reverted = updated("owls", "owls.yaml", [replace(changed(("params", "a"), 1, 2), cause=Cause.DRIFT)])
    gone = replace(plans.unchanged("gone"), action=Action.FORGET)
    kept = replace(gone, name="kept", held_by=(Held("max-forgets", "Too many."),))
    alone = replace(plans.unchanged("alone"), kept={"params.b": 0, "params.c": 0})
    whole = text(
        plans.plan(
            alone, held, gone, kept, reverted, plans.fish(), plans.owls(),
            summary=Summary(change=1, held=2, forget=1, blocked=1), hash="9c1e4f2a77", complete=False,
            pending_only=True, commit=Commit("1a2b3c4d5e", dirty=True), diagnostics=(
            error("no", "it is wrong", detail="Fix it."),
            Diagnostic(Severity.WARNING, "far", "x" * 2000, location=plans.location("projects/a.yaml", 3, 1, 2, None))),
        ),
        now=plans.NOW + timedelta(hours=3),
    )  # fmt: skip
    Page(whole).check()
    for words in (
        "### `production`: 0 to add, 1 to change, 0 to destroy, 1 to forget, 2 held, 1 blocked\n",
        "> - `fish` is **held** by `takeover` and `conflict`: 3 of them would go.\n",
        "> - `kept` is **held** by `max-forgets`: Too many.\n",
        "> - **1 change made on Scale would be reverted** (`owls`: `params.a`).\n",
        "> - Error: it is wrong. Fix it.\n",
        "> - Warning (`projects/a.yaml:3`): `xxx",
        "| `=` | `fish` | `~1`, version 3 → 4 |  | `projects/fish.yaml:1` |\n",
        "| `~` | `owls` | `~1`, version 3 → 4, protected |  | `projects/owls.yaml:1` |\n",
        "| `.` | `gone` | no longer managed; nothing is sent |  | `projects/gone.yaml:1` |\n",
        "Held by `takeover`: 3 of them would go. To keep the values on Scale: in a clone, run "
        "`reconciler adopt fish --target production`.\n\nHeld by `conflict`: Both moved. "
        "To keep the values on Scale: in a clone, run `reconciler adopt fish --target production`. "
        "To allow the change, add a waiver to reconciler.toml. To allow it once: run the workflow **reconciler apply** "
        "with names: `fish`, allow: `takeover conflict`.\n",
        "The guard `near-name` is waived by `--allow` near-name.",
        "Warning: it is odd. Look.",
        "2 changes made on Scale are kept (`alone`: `params.b` and `alone`: `params.c`).",
        "<sub>Plan `9c1e4f2a` of `1a2b3c4` with uncommitted changes, live state read 2026-11-25 10:02 UTC, 3 h ago. "
        "It was narrowed to 7 of 41 projects. Merging writes the changes shown here. Changes made on Scale are "
        "kept.</sub>",
    ):
        assert words in whole
    assert "<code>. gone</code>" not in whole
    assert "<code>= . kept</code>" in whole


def test_a_quiet_plan_is_quiet() -> None:
    assert text(plans.plan(plans.unchanged("a"), commit=Commit())) == (
        "### `production`: no changes\n\n<sub>Plan, live state read 2026-11-25 10:02 UTC.</sub>\n"
    )


def test_texts_as_prose() -> None:
    sentence = "Label every car. Skip the blurry ones. "
    before, after = sentence * 10, sentence * 9 + "Label every car. Skip the dark ones. "
    line, other = "x" * 130, "x" * 129 + "y"
    shown = text(
        plans.plan(
            updated(
                "p",
                "p.yaml",
                [
                    changed(("params", "prose"), before, after),
                    changed(("params", "line"), line, other),
                    changed(("params", "broken"), f"{line}. b", f"{line}.\nb"),
                    changed(("params", "kind"), "a", None),
                    Field(("params", "gone"), Kind.REMOVE, before="one\ntwo\n"),
                    Field(("params", "order"), Kind.REORDER, ["a", "b"], ["b", "a"], source=Source("/repo/a", 2)),
                    replace(changed(("params", "theirs"), 1, 2), cause=Cause.DRIFT, moved_by=(8, None)),
                    *(changed(("params", f"k{n:03}"), n, -n) for n in range(210)),
                ],
            )
        )
    )
    for words in (
        "  prose\n      # (18 unchanged lines hidden)\n      Label every car.\n"
        "-     Skip the blurry ones.·\n+     Skip the dark ones.·\n",
        f"  line\n-     {line}\n+     {other}\n",
        '- kind = "a"\n+ kind = null\n',
        "- gone = (2 lines)\n-     one\n-     two\n-     # (ends with a newline)\n",
        '> order: order "a", "b" -> "b", "a"   # a:2\n',
        "+ theirs = 2   # drift: version 8\n",
        "- k209 = 209\n+ k209 = -209\n",
    ):
        assert words in shown
    assert len(shown) < 20_000


def test_choices_of_all_kinds() -> None:
    many = [choice(f"c{number:03}") for number in range(120)]
    fields = [
        choice("A", "New", line=7, description="d"),
        choice("Gone", kind=Kind.REMOVE),
        changed(("ontology", "A", Attribute("display")), "a", "b"),
        Field(("ontology", "B", Attribute("display")), Kind.ADD, after="two\nlines"),
        Field(("ontology", "B", Attribute("description")), Kind.REMOVE, before="old"),
        Field(("ontology",), Kind.REORDER, ["A", "B"], ["B", "A"]),
        Field(("ontology", "B"), Kind.REORDER, ["x", "y"], ["y", "x"]),
        Field(("ontology", "Lost"), Kind.CHANGE, "a", "b"),
        Field(("ontology", Attribute("name")), Kind.ADD, after="n"),
    ]
    after = State("i", {}, ["B", {"choice": "A", "subchoices": ["New"]}, "Same"])
    shown = text(plans.plan(updated("p", "p.yaml", fields, before=State("i", {}, ["A", "B", "Gone"]), after=after)))
    for words in (
        '> order: "A", "B" -> "B", "A"\n',
        '>     order: "x", "y" -> "y", "x"\n',
        '+ @name = "n"\n',
        '+     New: description "d"   # projects/kitten.yaml:7\n',
        "- Gone\n",
        '-     display = "a"\n+     display = "b"\n',
        "+     display = (2 lines)\n+         two\n",
        '-     description = "old"\n',
        "# (1 unchanged choice hidden)",
    ):
        assert words in shown, words
    assert text(plans.plan(updated("p", "p.yaml", many))).count("\n+ c") == 120
    gone = [replace(field, kind=Kind.REMOVE, before=field.after, after=ABSENT) for field in many]
    assert text(plans.plan(updated("p", "p.yaml", gone))).count("\n- c") == 120
    new = created("new", "n.yaml", ontology=["A"], fields=[choice("A")])
    assert "@@ ontology @@\n+ A\n" in text(plans.plan(new))
    noted = replace(choice("x"), cause=Cause.CONFLICT, moved_by=(2, None))
    assert "  # conflict: version 2\n" in text(plans.plan(updated("p", "p.yaml", [noted])))


def test_sensitive_values_never_show() -> None:
    fields = [
        changed(("params", "key"), "s3cr3t\nline", "0th3r\nline"),
        changed(("params", "half"), {"key": "s3cr3t"}, "0th3r"),
        added("new", {"key": "s3cr3t"}),
        choice("S3cr3t", kind=Kind.REMOVE),
    ]
    patterns = [parse_pattern(path) for path in ("params.key", "params.*.key", "params.half", "ontology.*")]
    shown = text(plans.plan(updated("p", "p.yaml", fields, before=State("i", {}, ["S3cr3t"]))), sensitive=patterns)
    assert "~ key = (sensitive value, changed)" in shown
    assert not re.search("s3cr3t|0th3r", shown, re.IGNORECASE)


def crowd(number: int) -> Plan:
    risky = updated("zebra", "z.yaml", [choice("Stripe", kind=Kind.REMOVE)], before=State("i", {}, ["Stripe"]))
    many = [
        updated(f"p{n:05}", f"p{n:05}.yaml", [changed(("params", f"k{k}"), "a" * 100, "b" * 100) for k in range(30)])
        for n in range(number)
    ]
    return plans.plan(*many, risky)


def test_a_large_plan_is_cut_between_projects_and_the_riskiest_stay() -> None:
    whole = text(crowd(2000))
    assert 40_000 < len(whole) < LIMIT
    page = Page(whole)
    page.check()
    assert "2001 to change" in whole
    assert whole.index("`zebra`") < whole.index("`p00000`")
    assert page.tags.count("details") > 5
    left_out = re.search(r"… and ([\d,]+) more projects", whole)
    assert left_out
    assert int(left_out[1].replace(",", "")) + page.tags.count("tr") - 1 == 2001
    hidden = re.search(r"The changes to ([\d,]+) projects are not shown", whole)
    assert hidden
    assert int(hidden[1].replace(",", "")) + page.tags.count("details") == 2001


def test_what_fits_keeps_its_order() -> None:
    whole = text(crowd(3))
    assert whole.index("`p00000`", whole.index("| ")) < whole.index("`zebra`", whole.index("| "))
    assert whole.index("~ p00000") < whole.index("~ zebra")
    assert "left out" not in whole


def test_one_project_that_is_larger_than_all() -> None:
    fields = [changed(("params", f"k{n:03}"), "a" * 110, "b" * 110) for n in range(400)]
    whole = text(plans.plan(updated("p", "p.yaml", fields)))
    assert 0.9 * LIMIT < len(whole) < LIMIT
    more = re.search(r"\n```\n\n… ([\d,]+) more lines \((\d+) removed, (\d+) added\): see the job's log\n", whole)
    assert more
    assert int(more[2]) in (int(more[3]), int(more[3]) - 1)
    assert whole.count("\n- k") == 400 - int(more[2])


def test_warnings_are_counted() -> None:
    blocked = [plans.blocked(f"b{n}", "b.yaml", None) for n in range(20)]
    printed = tuple(error("e", f"number {n}") for n in range(20))
    whole = text(plans.plan(*blocked, diagnostics=printed))
    assert "> - 12 more projects are blocked.\n" in whole
    assert "> - 12 more messages.\n" in whole


def test_projects_that_are_held_for_one_reason_are_one_alert() -> None:
    held = [replace(plans.birds(), name=f"p{n}", held_by=(Held("near-type", "Why."),)) for n in range(9)]
    other = replace(held[0], name="q", held_by=(Held("vanished", "Why."),))
    whole = text(plans.plan(*held, other))
    assert "> - `p0`, `p1`, `p2`, `p3`, `p4`, and 4 more are **held** by `near-type`: Why.\n" in whole
    assert "> - `q` is **held** by `vanished`: Why.\n" in whole
    assert "more projects are held" not in whole


def test_the_number_of_manifests_that_use_a_file_is_shown() -> None:
    users = tuple(plans.location(f"projects/{n}.yaml", 1, 1, 2, None) for n in range(40))
    assert "Used by 40 manifests." in text(plans.plan(diagnostics=(replace(plans.padded(1)[0], used_by=users),)))


def test_equal_warnings_are_one_with_a_link_to_each_place() -> None:
    whole = text(plans.plan(diagnostics=plans.padded(6)), links=lambda source: f"https://x{source.file}#L{source.line}")
    (line,) = [line for line in whole.splitlines() if "ends with" in line]
    assert line.startswith("> - Warning (6 times): ")
    assert [f"{n}.yaml#L3)" in line for n in range(6)] == [True] * 6
    assert "and 10 more." in text(plans.plan(diagnostics=plans.padded(40)))


def test_an_outcome() -> None:
    whole = outcome_text(plans.happened())
    Page(whole).check()
    for words in (
        "### `production`: not fully applied, 1 added, 1 changed, 0 destroyed, 2 failed, 2 skipped, 1 not started\n",
        "> - `mice` is **unclear**: the project could not be read back.\n> - `cats` **failed**",
        "> - Interrupted by `SIGINT`: no further writes were started.\n",
        "> - 1 project **not started**: the next apply continues with it. To continue now: run the "
        "workflow **reconciler apply** with everything: `true`.\n",
        "| `~` | `kitten_labeling` | changed | params version 4, ontology version 2 |\n",
        "|  | `owls` | protected, not written | params version 3 |\n",
        "<details><summary><code>failed cats</code></summary>\n\nTo apply it again: run the workflow "
        "**reconciler apply** with names: `cats`, everything: `true`.\n\n```text\n"
        "projects/cats.yaml:9:3: error[rejected]:",
        "<sub>Plan `9c1e` of `3f2c1ab`, applied 2026-11-25 10:02 UTC.</sub>",
    ):
        assert words in whole, words
    assert "`same`" not in whole


def test_outcomes_of_other_kinds() -> None:
    assert "### `production`: applied, nothing to do\n" in outcome_text(plans.outcome())
    failed = [ProjectOutcome(f"p{n}", Action.UPDATE, Status.BLOCKED) for n in range(10)]
    many = replace(plans.outcome(*failed, interrupted_by=1), commit=Commit("1a2b3c4d5e", dirty=True))
    whole = outcome_text(many)
    assert "> - `p7` is **blocked**.\n> - … and 2 more projects.\n> - Interrupted by `SIGHUP`" in whole
    assert "of `1a2b3c4` with uncommitted changes" in whole
    started = [ProjectOutcome(f"p{n}", Action.UPDATE, Status.NOT_STARTED) for n in range(2)]
    whole = outcome_text(replace(plans.outcome(*started), commit=Commit(), diagnostics=(error("record", "not kept"),)))
    assert (
        "> - 2 projects **not started**: the next apply continues with them. To continue now: run "
        "the workflow **reconciler apply** with everything: `true`.\n> - Error: not kept.\n"
    ) in whole
    assert "<sub>Plan `9c1e`, applied" in whole
    killed = outcome_text(replace(plans.outcome(*started), finished_at=None))
    assert ", then interrupted.</sub>" in killed
    twice = ProjectOutcome("p", Action.UPDATE, Status.DONE, diagnostics=(warning("sent-twice", "written 2 times"),))
    assert "> - Warning: written 2 times.\n" in outcome_text(plans.outcome(twice))


def test_drift() -> None:
    source = Source("/r/projects/p.yaml", 1)
    moved = ProjectDrift(
        "kittens",
        source,
        (
            unit("params.min", before=10, after=12),
            unit("params.both", Cause.CONFLICT, at=None),
            unit("params.next", Cause.PENDING),
        ),
        (Transient("params.rate", (5, 6)),),
        (warning("taking-turns", "two writers take turns", detail="Agree."),),
    )
    pending = ProjectDrift("puppies", source, (unit("params.x", Cause.PENDING),))
    whole = drift_text(
        drift(
            moved,
            pending,
            ProjectDrift("quiet", source),
            blocked=(BLOCKED,),
            vanished=("lost",),
            unmanaged=("old", "b"),
            diagnostics=(error("broken", "it cannot be read"),),
        )
    )
    Page(whole).check()
    for words in (
        "### `production`: drift in 2 of 4 projects, 1 blocked\n",
        "> - `broken` is **blocked**: the live state of `project.broken` cannot be read. Fix that value.\n",
        "> - `lost` has **vanished**: an apply wrote it, but Scale no longer lists it. If it was renamed, "
        "use the new name in git.\n",
        "> - Error: it cannot be read.\n",
        "| `!` | `kittens` | `params.min` and `params.both` (1 conflict) | 2026-11-24 09:12 UTC, 25 h ago | 1 |",
        "| `~` | `puppies` |  |  | 1 |",
        "Warning: two writers take turns. Agree.\n",
        "! params.min = 10 -> 12   # version 7, 2026-11-24 09:12 UTC, 25 h ago\n",
        "To keep the changes made on Scale: in a clone, run `reconciler adopt kittens --target production`.\n",
        "To undo the changes: run the workflow **reconciler apply** with names: `kittens`, everything: `true`.\n",
        "2 live projects have no manifest (`old` and `b`).",
        "<sub>Compared with the last apply: `1a2b3c4`, 2 days ago. Live state read 2026-11-25 10:12 UTC.</sub>",
    ):
        assert words in whole, words


def test_drift_of_other_kinds() -> None:
    assert "### `production`: no drift\n" in drift_text(drift())
    many = drift_text(drift(blocked=(BLOCKED,) * (MOST_BLOCKED + 1)))
    assert f"### `production`: no drift, {MOST_BLOCKED + 1} blocked\n" in many
    assert "> - … and 1 more blocked project.\n" in many
    assert "the cause of any difference is unknown. Live state" in drift_text(drift(baseline=None))
    source = Source("/r/projects/p.yaml", 1)
    both = [ProjectDrift(name, source, (unit("params.a", at=DRIFT_NOW),)) for name in "ab"]
    found = drift(*both, vanished=("c", "d"), unmanaged=("e",), baseline=Baseline(None, "2026-11-25T10:11:59Z"))
    whole = drift_text(replace(found, made_at=DRIFT_NOW - timedelta(hours=2)))
    assert "`c` and `d` have **vanished**: an apply wrote them, but Scale no longer lists them." in whole
    assert "To keep the changes made on Scale: in a clone, run `reconciler adopt a b --target production`.\n" in whole
    assert "To undo the changes: run the workflow **reconciler apply** with names: `a b`" in whole
    assert "1 live project has no manifest (`e`)." in whole
    assert "Live state read 2026-11-25 08:12 UTC, 2 h ago.</sub>" in whole
    assert "| `!` | `a` | `params.a` | 2026-11-25 10:12 UTC |  |" in whole


def test_very_many_differences_are_all_shown() -> None:
    units = tuple(unit(f"params.k{number}", at=None, version=None) for number in range(250))
    assert "\n! params.k249 = " in drift_text(drift(ProjectDrift("p", Source("/r/p.yaml", 1), units)))


pieces = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["`", "```", "~~~", "\n", "\n\n", "|", "\\", "<", "-->", "</code>", "<script>", "@a", "#1", "$", "* ", "> ",
         "- ", "1. ", "[a](b)", "![", "www.a.b", "https://a.b", "GH-1", "o/r#1", "\t", "\r", "\x1b[2J", "\u202e",
         "&lt;", "::error::", "##[a]"]
    ),
)  # fmt: skip
foreign = st.lists(pieces, max_size=5).map(lambda parts: MARK.join(["", *parts, ""]))


@st.composite
def hostile_plans(draw: st.DrawFn) -> Plan:
    def fields() -> list[Field]:
        one, other = draw(foreign), draw(foreign)
        return [
            changed(("params", one), one, other, Source(f"/repo/{other}", 1)),
            changed(("params", other), f"{one}\n{other}", f"{other}\n{one}\n"),
            changed(("params", "long"), f"{one}. " * 30, f"{other}. " * 30),
            Field(("params", "gone"), Kind.REMOVE, before={one: [other]}),
            Field(("params", "new"), Kind.ADD, after=one * 20),
            Field(("params", "rows"), Kind.REORDER, [one, other + "x"], [other + "x", one]),
            choice(one, description=other),
            choice("A", other, kind=Kind.REMOVE),
            changed(("ontology", one, Attribute("display")), one, other),
        ]

    printed = Diagnostic(
        Severity.WARNING, "odd", draw(foreign), draw(foreign), plans.location(draw(foreign), 1, 1, 2, None)
    )
    name = draw(foreign)
    one = updated(name, draw(foreign), fields(), diagnostics=(printed,), patch=draw(st.booleans()))
    held = replace(
        one, held_by=(Held("takeover", draw(foreign), draw(foreign)),), waived_by=(Waived("g", draw(foreign)),)
    )
    return plans.plan(
        one,
        replace(held, name=name + "2"),
        plans.blocked(name + "3", draw(foreign), None, error("bad", draw(foreign), detail=draw(foreign))),
        replace(one, name=name + "4", kept={draw(foreign): None}),
        target=TargetInfo(draw(foreign), "e"),
        unmanaged=(draw(foreign),),
        diagnostics=(printed,),
        summary=Summary(change=2, held=1),
    )


@pytest.mark.untraced
@given(hostile_plans())
def test_no_content_gets_out(plan: Plan) -> None:
    shown = text(plan, links=links())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", shown)
    page = Page(shown)
    page.check("https://github.com/o/r/blob/")
    assert page.tags.count("details") == len(plan.changes) - 1  # what blocks the third is in the warnings
    assert page.tags.count("tr") == len(plan.changes) + 1


@given(foreign, foreign, foreign)
def test_no_content_of_an_outcome_or_of_drift_gets_out(name: str, reason: str, other: str) -> None:
    failed = ProjectOutcome(name, Action.UPDATE, Status.FAILED, reason, diagnostics=(error("x", other, detail=reason),))
    whole = replace(plans.outcome(failed), target=TargetInfo(other, "e"), diagnostics=(error("y", reason),))
    Page(outcome_text(whole)).check()
    project = ProjectDrift(
        name,
        Source(f"/r/{other}", 1),
        (unit("params.a", before=reason, after=other), unit("ontology", kind=Kind.ADD, within="ontology.x")),
        (Transient("params.b", (1,)),),
        (warning("z", other, detail=reason),),
    )
    Page(drift_text(drift(project, vanished=(other,), unmanaged=(reason,)), links=links())).check(
        "https://github.com/o/r/blob/"
    )


def test_how_old_a_snapshot_is() -> None:
    planned = plans.plan(plans.unchanged("a"), snapshot_at=plans.NOW - timedelta(hours=3))
    assert "live state from the snapshot of 2026-11-25 07:02 UTC, 3 h ago." in text(planned)
    found = drift(snapshot_at=DRIFT_NOW)
    assert "Live state from the snapshot of 2026-11-25 10:12 UTC." in drift_text(found)


def test_a_manifest_is_linked_to_its_line() -> None:
    shown = text(crowd(1), links=lambda source: f"https://x{source.file}#L{source.line}")
    assert "[`p00000.yaml`](https://x/repo/projects/p00000.yaml#L1) |" in shown
