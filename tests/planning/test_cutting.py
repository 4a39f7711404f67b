"""A snapshot's histories: short, and enough to report the same as the whole ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.drift import BlockedProject, ProjectDrift, Unit
from reconciler.model.project import LiveProject, Version
from reconciler.model.record import Intended, RecordedProject
from reconciler.planning.bases import content_hash, origin_of
from reconciler.planning.cutting import cut, shows_base
from reconciler.planning.drift import project_drift
from reconciler.planning.planner import plan_project
from tests.building import AT, desired, live
from tests.ontologies import hash_of


def hourly(*params: Any, ontologies: Any = ()) -> LiveProject:
    """A live project whose versions were written an hour apart."""
    return live(*params, ontologies=tuple(ontologies), apart=timedelta(hours=1))


def known(params: int | None = None, ontology: int | None = None, **more: Any) -> RecordedProject:
    return RecordedProject("projects/p.yaml", params, ontology, **more)


def numbers(history: tuple[Version, ...]) -> list[int]:
    return [version.number for version in history]


TEN = hourly(*({"a": number} for number in range(10)), ontologies=(["A"], ["B"], ["C"], ["D"], ["E"], ["F"]))


def test_without_a_record_the_latest_alone() -> None:
    kept = cut(TEN, None)
    assert (numbers(kept.params_history), numbers(kept.ontology_history)) == ([9], [5])
    assert cut(live(), None) == replace(live(), origins={})


def test_everything_since_the_oldest_that_the_record_names() -> None:
    kept = cut(TEN, known(9, 5))
    assert (numbers(kept.params_history), numbers(kept.ontology_history)) == ([9], [5])
    kept = cut(TEN, known(9, 5, older={"params.a": 7, "ontology": 3}))
    assert (numbers(kept.params_history), numbers(kept.ontology_history)) == ([7, 8, 9], [3, 4, 5])
    kept = cut(TEN, known(9, 5, intents=(Intended("r", 6, 4, "x", "y"),)))
    assert (numbers(kept.params_history), numbers(kept.ontology_history)) == ([6, 7, 8, 9], [4, 5])
    assert numbers(cut(TEN, known(None, None)).params_history) == list(range(10))


def test_somebody_wrote_after_it() -> None:
    """Two writers who take turns show in the last four."""
    assert numbers(cut(TEN, known(8, 5)).params_history) == [6, 7, 8, 9]
    assert numbers(cut(hourly({"a": 1}, {"a": 2}), known(0)).params_history) == [0, 1]
    assert numbers(cut(TEN, known(11, 5)).params_history) == [9]


def test_an_ontology_is_found_by_its_hash() -> None:
    kept = cut(TEN, known(9, 5, ontology_hash=hash_of(["B"])))
    assert numbers(kept.ontology_history) == [1, 2, 3, 4, 5]


def test_a_value_older_than_what_is_kept_has_its_origin() -> None:
    project = hourly({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, ontologies=(["A"], ["A"]))
    kept = cut(project, known(2, 1))
    assert kept.origins == {
        "params.a": (0, AT),
        "params.b": (1, AT + timedelta(hours=1)),
        "params.c": (2, AT + timedelta(hours=2)),
        "ontology": (0, AT),
    }
    assert origin_of(kept, "params.a") == origin_of(project, "params.a")
    assert origin_of(kept, "params.gone") is None
    assert origin_of(project, "params.gone") is None
    assert origin_of(replace(kept, origins={}), "params.a") is None


def test_whether_the_base_is_shown() -> None:
    assert shows_base(TEN, known(9, 5))
    assert not shows_base(TEN, known(11, 5))
    assert not shows_base(TEN, known(9, 7))
    assert not shows_base(TEN, known(9, 5, older={"params.a": 12}))
    assert shows_base(TEN, known(11, 5, written=False))
    assert shows_base(TEN, known(None, None))


values = st.fixed_dictionaries({}, optional={"a": st.integers(0, 2), "b": st.integers(0, 1), "c": st.integers(0, 1)})
choices = st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=2, unique=True)


@st.composite
def recorded(draw: st.DrawFn, params: list[Any], ontologies: list[Any]) -> RecordedProject | None:
    """A record that some apply may have left of these histories, or none."""
    if draw(st.integers(0, 4)) == 0:
        return None
    drifting, interrupted, hashing = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    number: int | None = draw(st.none() | st.integers(0, len(params))) if params else None
    shown: int | None = draw(st.none() | st.integers(0, len(ontologies))) if ontologies else None
    older: dict[str, int | None] = {}
    if number is not None and drifting:
        older["params.a"] = draw(st.integers(0, number))
    intents: tuple[Intended, ...] = ()
    if params and interrupted:
        later = draw(st.integers(number or 0, len(params)))
        wanted = content_hash(params[later]) if later < len(params) else "none"
        intents = (Intended("r", number, shown, wanted, None),)
    hashed = hash_of(draw(st.sampled_from(ontologies))) if ontologies and hashing else None
    return RecordedProject(
        "projects/p.yaml",
        number,
        shown,
        older=older,
        intents=intents,
        written=draw(st.integers(0, 5)) > 0,
        ontology_hash=hashed,
    )


def _without_older(found: ProjectDrift | BlockedProject) -> ProjectDrift | BlockedProject:
    """Of a unit that is not there, a snapshot does not show since when."""
    if isinstance(found, BlockedProject):
        return found
    units = tuple(_timeless(unit) for unit in found.units)
    return replace(found, units=units, diagnostics=())


def _timeless(unit: Unit) -> Unit:
    return replace(unit, version=None, at=None) if not isinstance(unit.live, int | list) else unit


@pytest.mark.untraced
@given(st.data(), st.lists(values, max_size=8), st.lists(choices, max_size=5), values, choices, st.booleans())
def test_both_are_reported_alike(
    data: st.DataObject, params: list[Any], ontologies: list[Any], ours: Any, our_choices: Any, pending: bool
) -> None:
    project = hourly(*params, ontologies=ontologies)
    record = data.draw(recorded(params, ontologies))
    wanted = desired(ours, our_choices)
    kept = cut(project, record)
    assert plan_project(wanted, kept, known=record, pending=pending) == plan_project(
        wanted, project, known=record, pending=pending
    )
    assert _without_older(project_drift(wanted, kept, record)) == _without_older(project_drift(wanted, project, record))


def test_an_entry_of_another_project_of_this_name_names_no_version() -> None:
    known = RecordedProject("projects/p.yaml", 99, 99, created_at="2026-01-01T00:00:00Z")
    assert shows_base(replace(TEN, created_at="2026-02-01T00:00:00Z"), known)
    assert not shows_base(replace(TEN, created_at="2026-01-01T00:00:00Z"), known)
