"""The timeline of a project: what changed in each version, between two, and what there was at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.fieldpath import Attribute, parse_path
from reconciler.model.history import Part, Range, Revision
from reconciler.model.ontology import Choice, Ontology, walk
from reconciler.model.plan import Kind
from reconciler.model.project import LiveProject
from reconciler.model.values import ABSENT, Json, canonical_json, equal
from reconciler.planning.history import between, span_of, state_at, timeline
from reconciler.planning.makers import makers_of
from tests.building import AT, live
from tests.ontologies import ontology
from tests.strategies import ontologies

APART = timedelta(hours=1)


def timed(project: LiveProject, apart: timedelta = APART) -> LiveProject:
    """The same, with a time for each version of the ontology: half an hour after that of params."""
    versions = (replace(version, at=AT + version.number * apart + apart / 2) for version in project.ontology_history)
    return replace(project, ontology_history=tuple(versions))


def untimed(project: LiveProject) -> LiveProject:
    return replace(project, ontology_history=tuple(replace(one, at=None) for one in project.ontology_history))


def names(revisions: Iterable[Revision]) -> list[str]:
    """`params 0-2` of two versions that are compared, `params 2` of one shown whole."""
    return [f"{one.part} {f'{one.since}-' if one.since is not None else ''}{one.number}" for one in revisions]


def line(project: LiveProject) -> tuple[Revision, ...]:
    return timeline(project, makers_of(project, ()), {})


def ranged(project: LiveProject, text: str) -> tuple[Revision, ...]:
    asked = Range.of(text)
    assert asked is not None
    return between(project, asked, makers_of(project, ()), {})


PROJECT = live({"a": 0}, {"a": 1}, {"a": 2}, ontologies=(["Cat"], ["Cat", "Dog"]), apart=APART)


def test_versions_are_in_the_order_of_their_times() -> None:
    assert names(line(timed(PROJECT))) == ["params 0", "ontology 0", "params 0-1", "ontology 0-1", "params 1-2"]
    assert names(line(untimed(PROJECT))) == ["params 0", "params 0-1", "params 1-2", "ontology 0", "ontology 0-1"]
    assert span_of(PROJECT) == {Part.PARAMS: (0, 2), Part.ONTOLOGY: (0, 1)}
    assert line(live()) == ()


def test_what_cannot_be_read_or_is_not_shown_has_unknown_changes() -> None:
    broken = live({"a": 0}, None, {"a": 2}, ontologies=(["Cat"], None, ["Dog"]))
    found = {name: one.fields is None for name, one in zip(names(line(broken)), line(broken), strict=True)}
    assert found == {"params 0": False, "params 0-1": True, "params 1-2": True,
                     "ontology 0": False, "ontology 0-1": True, "ontology 1-2": True}  # fmt: skip
    cut = replace(PROJECT, params_history=PROJECT.params_history[1:])
    assert [one.fields is None for one in line(cut) if one.part is Part.PARAMS] == [True, False]
    [first] = [one for one in line(cut) if one.number == 1 and one.part is Part.PARAMS]
    assert first.after is not None
    assert first.after.params == {"a": 1}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("0..2", ["params 0-2", "ontology 1"]),
        ("1..2", ["params 1-2", "ontology 0-1"]),
        ("1..", ["params 1-2", "ontology 0-1"]),
        ("1..1", ["params 1-1", "ontology 0-0"]),
        ("params:0..1", ["params 0-1"]),
        ("ontology:0..", ["ontology 0-1"]),
        ("ontology:0..1", ["ontology 0-1"]),
    ],
)
def test_a_range_of_params_shows_the_ontology_of_these_times(asked: str, found: list[str]) -> None:
    assert names(ranged(timed(PROJECT), asked)) == found


def test_without_times_the_ontology_is_compared_by_number() -> None:
    bare = untimed(PROJECT)
    assert names(ranged(bare, "0..1")) == ["params 0-1", "ontology 0-1"]
    assert names(ranged(bare, "0..")) == ["params 0-2", "ontology 0-1"]
    assert names(ranged(bare, "1..2")) == ["params 1-2"]
    assert names(ranged(live({"a": 0}, {"a": 1}), "0..1")) == ["params 0-1"]
    assert names(ranged(live(ontologies=(["Cat"], ["Dog"])), "0..1")) == ["ontology 0-1"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("0..3", "params has no version 3|from 0 to 2"),
        ("7..", "params has no version 7"),
        ("2..1", "the range 2..1 ends before it begins"),
        ("ontology:0..5", "the ontology has no version 5"),
    ],
)
def test_a_range_that_names_no_versions_is_an_error(asked: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        ranged(PROJECT, asked)
    for part in words.split("|"):
        assert part in f"{caught.value.summary} {caught.value.detail}"


def test_a_range_with_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="params has no version 0"):
        ranged(live(), "0..")
    with pytest.raises(UsageError, match="version 1 of params cannot be read"):
        ranged(live({"a": 0}, None), "0..1")
    cut = replace(PROJECT, params_history=PROJECT.params_history[1:])
    with pytest.raises(UsageError) as caught:
        ranged(cut, "0..1")
    assert "no longer available" in caught.value.detail


def test_the_state_at_a_time() -> None:
    project = timed(PROJECT)
    makers = makers_of(project, ())
    then = state_at(project, AT + 1.2 * APART, makers)
    assert names(then) == ["params 1", "ontology 0"]
    assert then[0].fields is not None
    assert [(one.kind, one.after) for one in then[0].fields] == [(Kind.ADD, 1)]
    assert names(state_at(untimed(PROJECT), AT + APART, makers)) == ["params 1"]
    assert state_at(project, AT - APART, makers) == ()
    broken = live(None, apart=APART)
    assert [one.fields for one in state_at(broken, AT, makers)] == [None]
    cut = replace(PROJECT, params_history=PROJECT.params_history[1:])
    with pytest.raises(UsageError, match="does not go back to 2026"):
        state_at(cut, AT, makers)


def test_a_range_is_two_numbers() -> None:
    assert Range.of("6..8") == Range(None, 6, 8)
    assert Range.of("ontology:6..") == Range(Part.ONTOLOGY, 6, None)
    for text in ("", "6", "..8", "6...8", "a..b", "6..8 ", "choices:1..2", "-1..2", "٣..٤"):
        assert Range.of(text) is None


def test_declared_renames_are_marked() -> None:
    project = live(ontologies=(["Kitten"], ["Cat"]))
    [_, last] = timeline(project, makers_of(project, ()), {"Kitten": "Cat"})
    assert last.fields is not None
    assert [one.renamed and (one.renamed.old, one.renamed.new) for one in last.fields] == [("Kitten", "Cat")] * 2


# ---- Each version's changes, carried out one after another from nothing, give the next version

_KEYS = st.sampled_from(["a", "b", "choice", "name", "é", "a.b"])
_scalars = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from([0.5, 2.0]), _KEYS)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_KEYS, inner, max_size=3),
        st.lists(st.fixed_dictionaries({"name": _KEYS}, optional={"x": inner}), max_size=4),
    ),
    max_leaves=8,
)
_params = st.dictionaries(_KEYS, _values, max_size=4)


@pytest.mark.untraced
@settings(max_examples=40)
@given(st.lists(_params, min_size=1, max_size=4))
def test_the_changes_of_params_compose(versions: list[dict[str, Json]]) -> None:
    state: dict[str, Json] = {}
    for revision, version in zip(line(live(*versions)), versions, strict=True):
        assert revision.fields is not None
        state = carried_out(state, ("params",), revision.fields)
        assert equal(state, version)


def carried_out(value: Any, path: tuple[Any, ...], fields: Sequence[Any]) -> Any:
    """The value at a path after the fields at and below it."""
    own = [field for field in fields if field.path == path]
    if any(field.kind in (Kind.CHANGE, Kind.ADD) for field in own):
        [field] = own
        return field.after
    below = [field for field in fields if len(field.path) > len(path) and field.path[: len(path)] == path]
    if not below and not own:
        return value
    here = [field for field in below if len(field.path) == len(path) + 1]
    removed = {field.path[-1] for field in here if field.kind is Kind.REMOVE}
    added = {field.path[-1]: field.after for field in here if field.kind is Kind.ADD}
    rest = [field for field in below if field not in here or field.kind not in (Kind.REMOVE, Kind.ADD)]
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if key not in removed}
        return {key: carried_out(inner, (*path, key), rest) for key, inner in kept.items()} | added
    items = [item for position, item in enumerate(value) if position not in removed]
    for field in own:
        order = [canonical_json(identity) for identity in (field.before or [])]
        items = [items[order.index(canonical_json(identity))] for identity in (field.after or [])]
    for position in sorted(added):
        items.insert(position, added[position])
    return [
        item if position in added else carried_out(item, (*path, position), rest) for position, item in enumerate(items)
    ]


@pytest.mark.untraced
@settings(max_examples=40)
@given(st.lists(ontologies(), min_size=1, max_size=4))
def test_the_changes_of_an_ontology_compose(versions: list[Json]) -> None:
    state = Ontology(())
    for revision, version in zip(line(live(ontologies=tuple(versions))), versions, strict=True):
        assert revision.fields is not None
        state = rearranged(state, revision.fields)
        assert state == ontology(version)


def rearranged(before: Ontology, fields: Sequence[Any]) -> Ontology:
    """The choices after the fields: each is added, moved, or reordered among its siblings."""
    facts = {choice.choice: {"display": choice.display, "description": choice.description}
             for _, _, choice in walk(before.choices)}  # fmt: skip
    below: dict[str | None, list[str]] = {}
    for parents, _, choice in walk(before.choices):
        below.setdefault(parents[-1] if parents else None, []).append(choice.choice)
    arriving: list[tuple[str | None, int, str]] = []
    for field in fields:
        last = field.path[-1]
        if isinstance(last, Attribute):
            facts[str(field.path[-2])][last.name] = None if field.after is ABSENT else field.after
        elif field.kind in (Kind.REMOVE, Kind.MOVE):
            there = field.path if field.kind is Kind.REMOVE else parse_path(field.before["path"])
            below[_parent(there)].remove(str(there[-1]))
            if field.kind is Kind.REMOVE:
                facts.pop(str(last))
        if field.kind in (Kind.ADD, Kind.MOVE) and not isinstance(last, Attribute):
            arriving.append((_parent(field.path), field.after["index"], str(last)))
        if field.kind is Kind.ADD and not isinstance(last, Attribute):
            facts[str(last)] = {name: field.after.get(name) for name in ("display", "description")}
    for field in fields:
        if field.kind is Kind.REORDER:
            below[None if len(field.path) == 1 else str(field.path[-1])] = list(deepcopy(field.after))
    for parent, index, name in sorted(arriving, key=lambda one: one[1]):
        below.setdefault(parent, []).insert(index, name)

    def grown(parent: str | None) -> tuple[Choice, ...]:
        return tuple(Choice(name, **_texts(facts[name]), subchoices=grown(name)) for name in below.get(parent, ()))

    return Ontology(grown(None))


def _parent(path: tuple[Any, ...]) -> str | None:
    return str(path[-2]) if len(path) > 2 else None


def _texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts.get(name) for name in ("display", "description")}
