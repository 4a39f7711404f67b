"""The page: whole, harmless, masked, bounded, quiet where nothing is to be done."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity, error, warning
from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.forge.github.commands import shield
from reconciler.model.plan import Action, Cause, Field, Held, Kind, Plan, ProjectChange, State, Waived
from reconciler.model.project import Source
from reconciler.model.values import Json
from reconciler.render.escape import plain, quoted
from reconciler.render.html import page as html_page
from tests.render import plans
from tests.render import test_drift as drifts
from tests.render.pages import Page
from tests.render.plans import added, changed, choice, created, moved, updated
from tests.render.shown import render_drift_page, render_page

NASTY = st.sampled_from(
    [
        *(
            "</script>",
            "<!--",
            "-->",
            "<script>alert(1)</script>",
            '" onload="x',
            "'><img src=x>",
            "&lt;",
            "&#0;",
            "]]>",
        ),
        *(
            "{{ 7*7 }}",
            "{% raw %}",
            "::error::",
            "##[group]",
            "a\nb",
            "<b>",
            "</pre>",
            "<plaintext>",
            "<?x",
            "<![CDATA[",
        ),
        *("\x00", "\u202e", "\ud800", "\x1b[31m", "\u2028", "é"),
    ]
)
TEXTS = st.lists(NASTY | st.text(max_size=6), min_size=1, max_size=4).map(lambda bits: "zq7" + "".join(bits))
UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")


def draw(plan: Plan, *sensitive: str, **more: Any) -> str:
    patterns = [parse_pattern(text) for text in sensitive]
    return render_page(plan, base=plans.BASE, now=plans.NOW, sensitive=patterns, **more)


def read(plan: Plan, *sensitive: str, **more: Any) -> Page:
    page = Page(draw(plan, *sensitive, **more))
    assert page.problems() == []
    return page


def of(*fields: Field, **more: Any) -> str:
    return read(plans.plan(updated("p", "p.yaml", fields, **more))).text


def everything() -> Plan:
    held = replace(plans.birds(), name="crows", held_by=(Held("takeover", "3 would go.", "Keep them."), Held("b", "c")))
    waived = replace(plans.birds(), name="doves", waived_by=(Waived("not-kept", "--allow not-kept"),))
    gone = ProjectChange(
        "gone", Action.FORGET, plans.source("g.yaml"), plans.desired("gone", "g.yaml"), None, None, held_by=()
    )
    careful = warning("w", "careful", detail="x\ny")
    moves = updated("edited", "e.yaml", [changed(("params", "a"), 1, 2)], diagnostics=(careful,))
    return plans.plan(
        plans.birds(), held, waived, moves, plans.fish(), gone, plans.kitten(), plans.owls(), plans.puppy(),
        unmanaged=("old_demo",), diagnostics=tuple(plans.diagnosed()),
    )  # fmt: skip


def test_everything_is_there() -> None:
    page = read(everything())
    for words in (
        "held by takeover: 3 would go.", "To keep the values on Scale:",
        "To allow the change, add a waiver to reconciler.toml. To allow it once: reconciler apply crows --target "
        "production "
        "--allow takeover --allow b",
        "The guard not-kept is waived by --allow not-kept.",
        "no manifest declares it anymore. Nothing is sent.",
        "Protected by the manifest", "will no longer be managed", "would be updated in-place", "Warning: careful",
        'project "fish": its type is "categorization" on Scale',
        "old_demo", "error[unknown-key]", 'did you mean "params"?',
        "version 8 → 9, all parameters sent: a parameter is removed", "version 1 → 2; reaches work in flight",
        "moved here from Rodent", "projects/kitten.md:7", "12 choices", "cannot delete or rename a project",
        "removes 1 choice", "4 unchanged choices hidden",
    ):  # fmt: skip
        assert words in page.text, words
    assert [each["id"] for each in page.of("article")] == [f"project-{number}" for number in range(1, 10)]
    assert len(page.of("article", "removes")) == 4
    assert not page.of("a", "where")
    assert "Plan: 1 to add, 4 to change, 0 to destroy, 1 blocked, 1 protected." in page.text


def test_headings_go_one_step_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in read(everything()).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_labels_lead_somewhere() -> None:
    page = read(everything())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids)
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_the_policy_lets_in_this_style_and_script_alone() -> None:
    text = draw(everything())
    [policy] = [each["content"] for each in Page(text).of("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; ")
    for element in ("style", "script"):
        [inline] = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "http://" not in text
    assert "unsafe" not in policy


def test_links_go_where_they_are_reported() -> None:
    def links(source: Source) -> str | None:
        return None if source.line == 1 else f"https://x.org/a?b=1&c={source.line}"

    page = read(replace(plans.picture(), diagnostics=tuple(plans.diagnosed())), links=links)
    assert {each["href"] for each in page.of("a", "where")} >= {"https://x.org/a?b=1&c=7", "https://x.org/a?b=1&c=3"}
    assert not read(plans.picture(), links=lambda _: "javascript:alert(1)").of("a", "where")


def test_a_quiet_plan_is_a_quiet_page() -> None:
    page = read(plans.plan(plans.unchanged("a")))
    assert not page.of("nav") + page.of("form") + page.of("article") + page.of("section")
    assert " ".join(page.text.split()) == (
        "Skip to the projects Plan for production https://api.scale.com/v1 42 live projects, read 10:02:11 UTC "
        "No changes. Your projects match the manifests."
    )
    assert "narrowed to 1" in read(plans.plan(plans.unchanged("a"), complete=False)).text


@pytest.mark.untraced
@given(TEXTS, TEXTS, TEXTS)
def test_nothing_foreign_is_ever_markup(first: str, second: str, third: str) -> None:
    fields = [
        changed(("params", first), second, third, Source(f"{plans.BASE}/{second}", 2)),
        changed(("params", "instruction"), f"{first}\n{second}", f"{first}\n{third}"),
        Field(("params", "gone"), Kind.REMOVE, before=f"{first}\n{second}"),
        added("list", [first, {second: third}]),
        Field(("params", "rows"), Kind.REORDER, [first, second, "a"], ["a", second, first]),
        choice(first, display=second, description=third),
        moved([second, third], [third]),
        changed(("ontology", "kept", Attribute("description")), second, third),
        Field(("ontology", Attribute("name")), Kind.ADD, after=third),
    ]
    state = State("x", {}, ["kept", {"choice": second, "subchoices": [third]}])
    after = State("x", {}, ["kept", first, second, third])
    printed = warning("odd", second, detail=f"{third}\n{first}")
    change = updated(first, f"{third}.yaml", fields, before=state, after=after, diagnostics=(printed,))
    change = replace(change, held_by=(Held("takeover", second, third),), waived_by=(Waived("x", third),))
    plan = plans.plan(
        change,
        created(second, f"{second}.yaml", fields=[choice(third)], ontology=[third]),
        plans.blocked(third, "p.yaml", None, error("x", first, detail=second)),
        unmanaged=(first,),
        diagnostics=(replace(printed, location=plans.location(first, 2, 1, 4, second), label=third),),
        target=replace(plans.TARGET, name=first, endpoint=second),
        manifests=f"/{third}",
    )
    for text in (draw(plan), _drift_page(first, second, third)):
        page = Page(text)
        assert page.problems() == []
        assert not UNSHOWN.search(text)
        text.encode()
        assert text == shield(text)
        for tag, attributes in page.elements:
            assert not [value for value in attributes.values() if "zq7" in value], tag
        inline = "".join(text for text, within in page.texts if {"style", "script"} & set(within))
        assert "zq7" not in inline
        assert plain(first)[:60] in page.text


def _drift_page(first: str, second: str, third: str) -> str:
    unit = drifts.unit("params.a", before=first, after=second)
    unit = replace(unit, source=Source(f"{plans.BASE}/{third}", 1))
    gone = drifts.unit("ontology", kind=Kind.REMOVE, before=first, within="ontology.a")
    gone = replace(gone, fields=(replace(gone.fields[0], path=("ontology", second)),))
    printed = (warning("odd", second, detail=third), error("bad", third))
    project = replace(drifts.PROJECT, name=first, units=(unit, gone), diagnostics=printed)
    found = drifts.drift(project, unmanaged=(second,), vanished=(third,))
    return render_drift_page(found, base="/r", now=drifts.NOW)


@pytest.mark.parametrize(
    ("before", "after"), [("1", 1), ("true", True), (None, "null"), ("a b c", "a b c "), (1.5, "1.5"), ([], {})]
)
def test_both_sides_look_different(before: Json, after: Json) -> None:
    page = read(plans.plan(updated("p", "p.yaml", [changed(("params", "a"), before, after)])))
    cells = [text for text, within in page.texts if within[-1:] in (("td",), ("ins",), ("del",)) and text.strip()]
    assert len(cells) >= 2
    assert cells[0] != cells[1]


def test_masked_values_never_appear() -> None:
    secret = ["hush one two", "hush one three"]
    fields = [
        changed(("params", "secret"), secret[0], secret[1]),
        changed(("params", "long"), f"a\nb\n{secret[0]}\nc", f"a\nb\n{secret[1]}\nc"),
        changed(("params", "deep"), [{"key": secret[0]}], [{"key": secret[1]}]),
        changed(("params", "half"), "open", secret[0]),
        Field(("params", "rows"), Kind.REORDER, secret, secret[::-1]),
        added("new", {"secret": secret[0]}),
        Field(("params", "old"), Kind.REMOVE, before=f"{secret[0]}\n" * 30),
        choice("hush", display=secret[0]),
        moved(["Hidden", "hush two"], ["hush two"]),
        changed(("ontology", "kept", Attribute("display")), secret[0], secret[1]),
        Field(("ontology", "kept"), Kind.REORDER, secret, secret[::-1]),
    ]
    state = State("x", {}, ["kept", {"choice": "Hidden", "subchoices": ["hush two"]}])
    after = State("x", {}, ["kept", "hush", "hush two"])
    patterns = ["params.secret", "params.long", "params.deep[*].key", "params.half", "params.rows[*]", "params.new.*",
                "params.old", "ontology.**"]  # fmt: skip
    plan = plans.plan(updated("p", "p.yaml", fields, before=state, after=after))
    page = read(plan, *patterns)
    assert "hush" not in draw(plan, *patterns)
    assert page.text.count("(sensitive value, changed)") >= 3
    assert "hush" in draw(plan)
    units = (
        drifts.unit("params.secret", before=secret[0], after=secret[1]),
        drifts.unit("ontology", kind=Kind.ADD, before=None, after="hush", within="ontology.hush"),
    )
    found = drifts.drift(replace(drifts.PROJECT, units=units))
    hidden = render_drift_page(found, base="/r", now=drifts.NOW, sensitive=[parse_pattern("**")])
    assert "hush" not in hidden


def _deep(levels: int) -> list[Json]:
    tree: list[Json] = ["leaf"]
    for level in range(levels):
        tree = [{"choice": f"level {level}", "subchoices": tree}]
    return tree


def test_a_deep_tree_says_how_deep() -> None:
    names = [f"level {level}" for level in reversed(range(100))]
    fields = [choice(*names[: depth + 1]) for depth in range(100)] + [choice(*names, "leaf")]
    page = read(plans.plan(created("p", "p.yaml", ontology=_deep(100), fields=fields)))
    assert max(len(within) for _, within in page.texts) < 200
    assert "level 101" in page.text
    assert "101 choices" in page.text


def test_the_tree_closes_what_it_opens() -> None:
    tree: list[Json] = [{"choice": "a", "subchoices": [{"choice": "b", "subchoices": ["c"]}, "d"]}, "e"]
    paths = [("a",), ("a", "b"), ("a", "b", "c"), ("a", "d"), ("e",)]
    page = read(plans.plan(created("p", "p.yaml", ontology=tree, fields=[choice(*path) for path in paths])))
    depths = {text: within.count("ul") for text, within in page.texts if text in "abcde"}
    assert depths == {"a": 1, "b": 2, "c": 3, "d": 2, "e": 1}


def test_many_choices_are_folded() -> None:
    names = [f"choice {n}" for n in range(300)]
    page = read(plans.plan(created("p", "p.yaml", ontology=names, fields=[choice(name) for name in names])))
    assert all(name in page.text for name in names)
    assert [each for each in page.of("details", "text") if "open" not in each]


def test_orders_and_odd_fields() -> None:
    state = State("x", {}, ["a", {"choice": "b", "description": "old"}])
    shown = of(
        Field(("ontology",), Kind.REORDER, ["a", "b"], ["b", "a"]),
        Field(("ontology", "b", Attribute("description")), Kind.REMOVE, before="old"),
        Field(("ontology", "b", Attribute("display")), Kind.CHANGE, "x\ny", "x\nz"),
        Field(("ontology", "nowhere"), Kind.REMOVE, before="nowhere"),
        Field(("params", "rows"), Kind.REORDER, ["a", "b"], ["b", "a"]),
        *(added(f"k{number}", number) for number in range(300)),
        before=state,
        after=state,
    )
    assert 'order "a", "b" → "b", "a"' in shown
    assert '- description "old"' in shown
    assert "k299" in shown
    assert "nowhere" in shown


def test_an_edit_that_is_reverted_is_marked() -> None:
    drifted = replace(changed(("params", "a"), 1, 2), cause=Cause.DRIFT, moved_by=(8, plans.READ_AT))
    shown = of(drifted)
    assert shown.count("reverts changes made on Scale") == 2
    assert "drift: version 8, 2026-11-25 10:02 UTC" in shown
    assert "1 change made on Scale would be reverted (p: params.a)." in shown


def test_equal_warnings_are_one_with_a_link_to_each_place() -> None:
    plan = plans.plan(diagnostics=plans.padded(6))
    page = read(plan, links=lambda source: f"https://x{source.file}#L{source.line}")
    assert len(page.of("div", "diagnostic")) == 1
    assert "6 such warnings: " in page.text
    assert 'Also: the choice "Cat2 " ends with a space' in page.text
    assert len(page.of("a", "where")) == 6
    assert "and 2 more" in read(plans.plan(diagnostics=plans.padded(1_002))).text


@pytest.mark.parametrize("count", [1, 60])
def test_diagnostics_are_counted(count: int) -> None:
    printed = [Diagnostic(Severity.WARNING, "x", f"warning {number}") for number in range(count)]
    page = read(plans.plan(diagnostics=tuple(printed)))
    assert len(page.of("div", "diagnostic")) == min(count, 50)
    assert ("… 10 more messages" in page.text) == (count == 60)


def test_what_does_not_fit_is_reported_in_brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "MOST_BYTES", 27_000)
    small = [updated(f"p{number}", "p.yaml", [changed(("params", "a"), 1, 2)]) for number in range(4)]
    page = read(plans.plan(*small, plans.puppy()))
    assert "Too long for this page. To see it: reconciler plan puppy_labeling --target production" in page.text
    assert "A puppy is a young dog" not in page.text
    assert page.text.count("Too long") == 1
    assert len(page.of("article")) == 5
    monkeypatch.setattr(html_page, "MOST_BYTES", 10)
    assert read(plans.plan(*small, plans.puppy())).text.count("Too long") == 5


@pytest.mark.untraced
@pytest.mark.parametrize(
    "make",
    [
        lambda: [changed(("params", "a"), "x" * 10_000_000, "x" * 5_000_000 + "y" * 5_000_000)],
        lambda: [changed(("params", "a"), "x\n" * 5_000_000, "y\n" * 5_000_000)],
        lambda: [changed(("params", "a"), "\x00 " * 5_000_000, "\x01 " * 5_000_000)],
        lambda: [added("a", {str(number): number for number in range(1_000_000)})],
        lambda: [changed(("params", "a"), list(range(1_000_000)), list(range(1, 1_000_001)))],
        lambda: [changed(("params", f"k{n}"), f"{n} old\n" * 100, f"{n} new\x00\n" * 100) for n in range(250)],
        lambda: [changed(("params", "n" * 1_000_000), 1, 2)],
        lambda: [choice("c" * 1_000_000)],
    ],
    ids=["line", "lines", "controls", "keys", "items", "texts", "name", "choice"],
)
def test_the_size_is_bounded(make: Callable[[], Sequence[Field]]) -> None:
    page = draw(plans.plan(updated("p", "p.yaml", make()))).encode()
    assert len(page) <= html_page.MOST_BYTES
    assert (b"Too long for this page" in page) == (len(page) < 100_000)


@pytest.mark.untraced
def test_very_many_projects_stay_below_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "MOST_BYTES", 600_000)
    text = "\n".join(f"{number} a rule of some words" for number in range(60))
    fields = [changed(("params", "k"), text, text.replace("rule", "\x00rule"))]
    many = [updated(f"project_{number:04}", "p.yaml", fields) for number in range(150)]
    page = draw(plans.plan(*many))
    assert len(page.encode()) <= 600_000
    assert page.count("<article") == 150
    assert 0 < page.count("Too long for this page") < 150


def test_instructions_are_rendered_as_long_as_the_page_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [changed(("params", "instruction"), "a\n\nold\n", "a\n\n**new**\n" + "<b>" * 200)]
    several = plans.plan(*(updated(f"p{number}", "p.yaml", fields) for number in range(4)))
    whole = len(draw(several).encode())
    sheets = []
    for most in (whole + 1_000, whole - 1, whole - 900, whole - 100_000):
        monkeypatch.setattr(html_page, "MOST_BYTES", most)
        page = read(several)
        assert page.problems() == []
        sheets.append(len(page.of("section", "new")))
        assert page.text.count("because the page has too many instructions") == (4 - sheets[-1] if sheets[-1] else 0)
    assert sheets == [4, 3, 2, 0]


def test_drift() -> None:
    page = Page(_drift(drifts.PROJECT, unmanaged=("old",), vanished=("lost",)))
    assert page.problems() == []
    for words in (
        "has changed outside git", "params.min", "added, version 7, 2026-11-24 09:12 UTC, 25 h ago",
        "conflict: git changed too", "unknown: not in the record", "pending: changed in git, not yet applied",
        "changed and changed back: params.rate (versions 5 and 6)", "two writers take turns", "Agree.",
        "lost has vanished: an apply wrote it", "1 live project has no manifest (old).",
        "Compared with the last apply: 1a2b3c4, 2 days ago",
        "Drift: 5, 1 conflict, 1 unknown, 1 vanished in 2 of 1 project; 2 pending, 2 transient.", "reordered",
    ):  # fmt: skip
        assert words in page.text, words
    quiet = Page(_drift())
    assert "No drift. Your projects match the manifests of 1a2b3c4." in quiet.text
    assert not quiet.of("article")


def _drift(*projects: Any, **more: Any) -> str:
    return render_drift_page(drifts.drift(*projects, **more), base="/r", now=drifts.NOW)


def test_drift_has_errors_and_its_bounds() -> None:
    many = tuple(drifts.unit(f"params.k{number}") for number in range(250))
    pending = drifts.unit("ontology", Cause.PENDING, Kind.ADD, within="ontology.Fox")
    project = replace(drifts.PROJECT, units=many, transient=(), diagnostics=())
    alone = replace(project, name="next", units=(replace(pending, source=None),))
    page = Page(_drift(project, alone, blocked=(drifts.BLOCKED,), diagnostics=(error("bad", "it broke"),)))
    assert page.problems() == []
    assert "params.k249" in page.text
    assert "error[bad]: it broke" in page.text
    assert "has changes in git that are not yet applied" in page.text
    assert "the live state of project.broken cannot be read" in page.text
    assert len(page.of("article")) == 3


def test_foreign_names_are_quoted_where_they_could_mislead() -> None:
    assert quoted('a "b"') in of(choice('a "b"'))


def test_an_instruction_whose_rendering_does_not_fit_has_a_note_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "**bold** text\n\n" * 40
    plan = plans.plan(updated("p", "p.yaml", [changed(("params", "instruction"), text, text.replace("bold", "slim"))]))

    def page(most: int) -> str:
        monkeypatch.setattr(html_page, "MOST_BYTES", most)
        return render_page(plan, base=plans.BASE, now=plans.NOW)

    whole = page(4_000_000)
    assert "<strong>slim</strong>" in whole
    short = page(len(whole.encode()) - 10)
    assert "<strong>slim</strong>" not in short
    assert len(short.encode()) < len(whole.encode()) - 10
