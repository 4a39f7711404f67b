"""How a run's entries are laid over a record that another run may have written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from reconciler.model.record import Record, RecordedProject, Section

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Changes:
    """What one run has to enter, for one endpoint and account (None: not known).

    `forgotten` are names that leave the record, as of `at` (RFC 3339 in UTC).
    """

    endpoint: str
    account: str | None
    entries: Section = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    at: str = ""


def lay_over(record: Record, changes: Changes, *, seen: Record | None = None) -> Record:
    """`record` with a run's changes; sections that they do not concern stay as they are.

    Of an entry there and one of the changes, the one with the higher version stays, at equal versions the later one;
    where one has the higher version of params and the other of ontology, each gives that part. What the run intends
    replaces what was intended there, and what it no longer intends is cleared, unless the entry there is later than the
    run's. An entry that is as it was in `seen`, the record that the run went on from, gives way whatever its versions
    are: a project that was made anew counts from 1 again. A forgotten name stays where the entry there is later than
    `changes.at` and not the one seen.

    A section whose account was not known becomes that of the account that it now stands for.
    """
    key = record.key(changes.endpoint, changes.account)
    known = seen.section(changes.endpoint, changes.account) if seen else {}
    there = record.sections[key] if key else {}
    projects = {
        name: project
        for name, project in there.items()
        if name not in changes.forgotten
        or not (project == known.get(name) or _moment(project.recorded_at) <= _moment(changes.at))
    }
    for name, project in changes.entries.items():
        other = there.get(name)
        projects[name] = project if other is None or other == known.get(name) else _joined(other, project)
    if key is None and not projects:
        return record
    final = (changes.endpoint, changes.account if key is None or changes.account is not None else key[1])
    return Record({**{at: section for at, section in record.sections.items() if at != key}, final: projects})


def _joined(theirs: RecordedProject, ours: RecordedProject) -> RecordedProject:
    ours_is_later = _moment(ours.recorded_at) >= _moment(theirs.recorded_at)

    def ahead(one: RecordedProject, other: RecordedProject) -> tuple[bool, bool]:
        return (
            (one.params_version or 0) > (other.params_version or 0),
            (one.ontology_version or 0) > (other.ontology_version or 0),
        )

    our_params, our_ontology = ahead(ours, theirs)
    their_params, their_ontology = ahead(theirs, ours)
    intended = ours.intended if ours.intended or ours_is_later else theirs.intended
    written = theirs.written or ours.written
    later = ours if ours_is_later else theirs
    if not (our_params or our_ontology):
        whole = theirs if their_params or their_ontology else later
        return replace(whole, intended=intended, written=written)
    if not (their_params or their_ontology):
        return replace(ours, intended=intended, written=written)
    params, ontology = (ours, theirs) if our_params else (theirs, ours)
    return replace(
        later,
        params_version=params.params_version,
        ontology_version=ontology.ontology_version,
        ontology_hash=ontology.ontology_hash,
        commit=ours.commit if ours.commit == theirs.commit else None,
        older={**_of_params(params.older), **_of_ontology(ontology.older)},
        not_kept={**_of_params(params.not_kept), **_of_ontology(ontology.not_kept)},
        intended=intended,
        written=written,
    )


def _of_params(places: Mapping[str, Value]) -> dict[str, Value]:
    return {place: value for place, value in places.items() if not place.startswith("ontology")}


def _of_ontology(places: Mapping[str, Value]) -> dict[str, Value]:
    return {place: value for place, value in places.items() if place.startswith("ontology")}


def _moment(text: str) -> datetime:
    """A text that is no time is earlier than every time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def differences(before: Record, after: Record) -> Iterator[Changes]:
    """The changes that lead from one record to a later one of the same clone."""
    for (endpoint, account), section in after.sections.items():
        known = before.section(endpoint, account)
        entries = {name: project for name, project in section.items() if project != known.get(name)}
        forgotten = known.keys() - section.keys()
        if entries or forgotten:
            yield Changes(endpoint, account, entries, frozenset(forgotten))
