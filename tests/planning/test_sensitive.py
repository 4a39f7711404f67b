"""What is sensitive is left out of live state, and nothing is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.fieldpath import Pattern, covered, format_path, parse_pattern
from reconciler.model.ontology import Ontology, Unreadable
from reconciler.model.plan import Action, Cause
from reconciler.model.printed import mask
from reconciler.model.project import Ignore, Mask
from reconciler.model.record import Intended, RecordedProject
from reconciler.planning.bases import content_hash
from reconciler.planning.intent import compare
from reconciler.planning.planner import plan_project
from reconciler.planning.sensitive import Comparable, comparable, leave_out
from tests.building import desired, live
from tests.ontologies import hash_of, ontology
from tests.strategies import ontologies, params

CHOICES: list[Any] = ["A", {"choice": "B", "description": "d", "display": "x", "subchoices": [{"choice": "C"}]}]


def patterns(*texts: str) -> tuple[Pattern, ...]:
    return tuple(map(parse_pattern, texts))


@pytest.mark.parametrize(
    ("pattern", "before", "after", "left_out"),
    [
        ("params.a", {"a": 1, "b": 2}, {"b": 2}, ["params.a"]),
        ("params.a.b", {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}, ["params.a.b"]),
        ("params.a.b", {"a": {"b": 1}}, {"a": {}}, ["params.a.b"]),
        ("params.a[*].b", {"a": [{"b": 1, "c": 2}, {"c": 3}]}, {"a": [{"c": 2}, {"c": 3}]}, ["params.a[*].b"]),
        ("params.a[1]", {"a": [1, 2]}, {}, ["params.a"]),
        ("params.a[*][0]", {"a": [[1], []], "b": 2}, {"b": 2}, ["params.a"]),
        ("**.secret", {"a": {"secret": 1}, "secret": 2}, {"a": {}}, ["params.a.secret", "params.secret"]),
        ("params.*_key", {"x_key": 1, "y": 2}, {"y": 2}, ["params.x_key"]),
        ("params", {"a": 1}, {}, ["params"]),
        ('params."*"', {"*": 1, "a": 1}, {"a": 1}, ['params."*"']),
    ],
)
def test_a_key_that_is_covered_is_left_out(pattern: str, before: Any, after: Any, left_out: list[str]) -> None:
    rest, found = leave_out(live(before), patterns(pattern))
    assert (rest.params, rest.params_history[-1].content, list(found)) == (after, after, left_out)
    assert all(parse_pattern(text).text == text for text in found)


def test_all_versions_are_without_it() -> None:
    rest, found = leave_out(live({"a": "old"}, None, {"b": 1}), patterns("params.a"))
    assert [version.content for version in rest.params_history] == [{}, None, {"b": 1}]
    assert found == ("params.a",)


def test_without_anything_covered_it_is_the_project_itself() -> None:
    project = live({"b": 1}, ontologies=(CHOICES,), ontology_names=("n",))
    for sensitive in ((), patterns("params.a", "ontology.X", "ontology.**.@links")):
        assert leave_out(project, sensitive) == (project, ())
    empty = live()
    assert leave_out(empty, patterns("params.a", "ontology.**")) == (empty, ())


@pytest.mark.parametrize(
    ("pattern", "content", "name", "left_out"),
    [
        ("ontology", None, None, ["ontology", "ontology.@name"]),
        ("ontology.A", None, None, ["ontology"]),
        ("ontology.B.C", None, None, ["ontology"]),
        ("ontology.**.@choice", None, None, ["ontology"]),
        (
            "ontology.B.@description",
            ["A", {"choice": "B", "display": "x", "subchoices": [{"choice": "C"}]}],
            "n",
            ["ontology.**.@description"],
        ),
        (
            "ontology.**.@display",
            ["A", {"choice": "B", "description": "d", "subchoices": [{"choice": "C"}]}],
            "n",
            ["ontology.**.@display"],
        ),
        ("ontology.@name", CHOICES, None, ["ontology.@name"]),
    ],
)
def test_an_ontology_is_left_out_by_attribute_or_whole(
    pattern: str, content: Any, name: str | None, left_out: list[str]
) -> None:
    rest, found = leave_out(live(ontologies=(CHOICES,), ontology_names=("n",)), patterns(pattern))
    assert (rest.ontology, list(found)) == (ontology(content, name), left_out)
    assert rest.ontology_version == 0


def test_a_version_that_nobody_can_read_stays_that() -> None:
    rest, _ = leave_out(live(ontologies=(None, CHOICES)), patterns("ontology.**.@display"))
    assert rest.ontology_history[0].content is None
    assert rest.ontology == ontology(["A", {"choice": "B", "description": "d", "subchoices": [{"choice": "C"}]}])


def test_of_keys_that_no_manifest_can_have_only_the_names_are_read() -> None:
    raw = [{"choice": "A", "attachments": [{"url": "s3cr3t"}], "links": ["k"]}]
    rest, found = leave_out(live({"a": 1}, ontologies=(raw,)), patterns("ontology.A.@attachments.@url", "params.a"))
    assert isinstance(rest.ontology, Ontology)
    assert rest.ontology.choices[0].dropped == ("attachments", "links")
    assert "s3cr3t" not in repr(rest)
    assert found == ("params.a",)


def test_an_ontology_that_cannot_be_read_stays_that() -> None:
    shown = live({"a": 1}, ontologies=(None, [{"no": "choice"}]))
    rest, found = leave_out(shown, patterns("ontology.**.@description", "params.a"))
    assert ([version.content for version in rest.ontology_history], found) == ([None, None], ("params.a",))
    assert isinstance(rest.ontology, Unreadable)
    assert rest.ontology == shown.ontology


def test_a_hash_is_kept_where_the_record_has_it() -> None:
    whole, other = {"a": "s3cr3t", "b": 1}, {"a": "s3cr3t", "b": 2}
    known = RecordedProject(
        "p.yaml",
        intents=(Intended("r", params_hash=content_hash(whole)),),
        ontology_hash=hash_of(CHOICES),
    )
    project = live(other, whole, ontologies=(["A"], CHOICES))
    sensitive = patterns("params.a", "ontology.**.@description")
    rest, _ = leave_out(project, sensitive, known=known)
    assert [version.digest for version in rest.params_history] == [None, content_hash(whole)]
    assert [version.digest for version in rest.ontology_history] == [None, hash_of(CHOICES)]
    assert leave_out(rest, patterns("params.b"), known=known)[0].params_history[1].digest == content_hash(whole)
    assert leave_out(project, sensitive, known=RecordedProject("p.yaml"))[0].params_history[1].digest is None


def test_what_an_interrupted_run_wrote_is_still_known_as_ours() -> None:
    """Its hash is of the whole content, which the snapshot does not have."""
    before, after = {"key": "s3cr3t", "a": 1}, {"key": "s3cr3t", "a": 2}
    now = live(before, after, ontologies=(["B"], CHOICES))
    known = RecordedProject("p.yaml", 0, 0, intents=(Intended("r", 0, 0, content_hash(after), hash_of(CHOICES)),))
    sensitive = patterns("params.key", "ontology.**.@description")
    rest, left_out = leave_out(now, sensitive, known=known)
    sides = comparable(desired({"a": 3, "key": "x"}, ["A"]), rest, left_out, sensitive)
    change = plan_project(sides.desired, sides.live, known=known)
    assert {field.cause for field in change.fields} == {Cause.PENDING}
    assert [reported.code for reported in change.diagnostics] == ["interrupted-run"]
    assert change.base is not None
    assert (change.base.params_version, change.base.ontology_version) == (1, 1)


def _silent(sides: Comparable) -> bool:
    return compare(sides.desired, sides.live).fields == ()


@pytest.mark.parametrize("declared", [{"b": 1}, {"a": "mine", "b": 1}, {"a": "s3cr3t", "b": 1}])
@pytest.mark.parametrize("shown", [{"b": 1}, {"a": "s3cr3t", "b": 1}])
def test_neither_an_addition_nor_a_removal_nor_a_change(declared: Any, shown: Any) -> None:
    sensitive = patterns("params.a")
    rest, left_out = leave_out(live(shown), sensitive)
    assert _silent(comparable(desired(declared), rest, left_out, sensitive))
    # The names in the snapshot do it alone, whatever the configuration of a branch says.
    assert "a" not in shown or _silent(comparable(desired(declared), rest, left_out, ()))


def test_what_is_not_covered_is_compared() -> None:
    sensitive = patterns("params.a.key")
    rest, left_out = leave_out(live({"a": {"key": "x", "b": 1}, "c": 1}), sensitive)
    sides = comparable(desired({"a": {"key": "y", "b": 2}}), rest, left_out, sensitive)
    assert [format_path(field.path) for field in compare(sides.desired, sides.live).fields] == [
        "params.a.b",
        "params.c",
    ]
    # A write takes the value from what is live then.
    [call] = compare(sides.desired, live({"a": {"key": "x", "b": 1}, "c": 1})).calls
    assert call.body == {"a": {"key": "x", "b": 2}, "patch": False}


def test_params_that_are_sensitive_as_a_whole_are_not_managed() -> None:
    rest, left_out = leave_out(live({"a": 1}), patterns("params"))
    sides = comparable(desired({"a": 2}), rest, left_out, ())
    assert sides.desired.params is None
    assert _silent(sides)


@pytest.mark.parametrize(
    "pattern", ["ontology", "ontology.A", "ontology.New", "ontology.**.@description", "ontology.@name"]
)
def test_ontologies_of_both_sides(pattern: str) -> None:
    declared = ["A", {"choice": "B", "description": "mine", "display": "x", "subchoices": ["C"]}]
    if pattern == "ontology.New":
        declared.append("New")
    sensitive = patterns(pattern)
    rest, left_out = leave_out(live({}, ontologies=(CHOICES,), ontology_names=("n",)), sensitive)
    name = "m" if pattern in ("ontology", "ontology.@name") else "n"
    if pattern == "ontology.@name":
        declared = CHOICES
    sides = comparable(desired(choices=declared, ontology_name=name), rest, left_out, sensitive)
    assert sides.uncompared
    assert _silent(sides)


def test_a_name_that_is_not_known_is_compared_before_a_write() -> None:
    sensitive = patterns("ontology.@name")
    now = live({}, ontologies=(["A"],), ontology_names=("theirs",))
    rest, left_out = leave_out(now, sensitive)
    sides = comparable(desired(choices=["A", "B"], ontology_name="ours"), rest, left_out, sensitive)
    assert [format_path(field.path) for field in compare(sides.desired, sides.live).fields] == ["ontology.B"]
    before_the_write = [format_path(field.path) for field in compare(sides.desired, now).fields]
    assert before_the_write == ["ontology.@name", "ontology.B"]


def test_a_declared_name_where_there_is_no_ontology_yet() -> None:
    sides = comparable(desired(choices=["A"], ontology_name="n"), live({}), (), patterns("ontology.@name"))
    assert sides.live.ontology is None
    assert not _silent(sides)


def test_other_projects_are_left_as_they_are() -> None:
    declared, shown = desired({"b": 1}, ["A"], ontology_name="n"), live({"b": 2})
    for sensitive in ((), patterns("params.a", "ontology.X")):
        assert comparable(declared, shown, (), sensitive) == Comparable(declared, shown)
    assert comparable(desired(), shown, (), patterns("params.a")).uncompared == ()


def test_what_was_ignored_stays_ignored() -> None:
    ignore = Ignore(parse_pattern("params.x"))
    sides = comparable(desired({}, mask=Mask(ignore=(ignore,))), live({}), ("params.a",), ())
    assert [one.pattern.text for one in sides.desired.mask.ignore] == ["params.x", "params.a"]


_SENSITIVE = [
    "params.a",
    "params.*",
    "params.**.b",
    "params.a[*].x",
    "params.a[0]",
    "**.name",
    "params.b.a",
    "ontology",
]
_SENSITIVE += ["ontology.a", "ontology.**.@description", "ontology.**.@display", "ontology.a.**", "ontology.b.@display"]
sensitive_ones = st.lists(st.sampled_from(_SENSITIVE).map(parse_pattern), min_size=1, max_size=3).map(tuple)


@given(params, ontologies(), sensitive_ones)
def test_nothing_is_left_to_be_masked(content: Any, choices: Any, sensitive: tuple[Pattern, ...]) -> None:
    """Judged by what masks values in print, which is another walk."""
    rest, _ = leave_out(live(content, content, ontologies=(choices,), ontology_names=("n",)), sensitive)
    for version in rest.params_history:
        assert mask(version.content, ("params",), sensitive) in (version.content, "(sensitive value)")
        if covered(("params",), sensitive):
            assert version.content == {}
    if rest.ontology is not None:
        assert isinstance(rest.ontology, Ontology)
        spelled = rest.ontology.spelled
        assert mask(spelled, ("ontology",), sensitive) == spelled


@given(params, params, ontologies(), ontologies(), sensitive_ones)
def test_no_field_of_what_is_covered(
    ours: Any, theirs: Any, our_choices: Any, their_choices: Any, sensitive: tuple[Pattern, ...]
) -> None:
    rest, left_out = leave_out(live(theirs, ontologies=(their_choices,), ontology_names=("n",)), sensitive)
    sides = comparable(desired(ours, our_choices), rest, left_out, sensitive)
    change = plan_project(sides.desired, sides.live)
    assert change.action is not Action.CREATE
    assert not [field for field in change.fields if covered(field.path, sensitive)]
    same = comparable(desired(theirs, their_choices), rest, left_out, sensitive)
    assert plan_project(same.desired, same.live).fields == ()
    assert replace(same.desired, mask=Mask()).name == "p"
