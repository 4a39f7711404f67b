"""What made each version of a project: an apply, as the record's log shows, or someone on Scale. Pure.

A version is an apply's if the apply announced its content beforehand and if it comes after the version that the apply
started from. Versions that are not newer than the first one that the record names are from before the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.history import Apply, Made, Maker, Part, Step
from reconciler.model.project import LiveProject, Version
from reconciler.model.record import Intended, RecordedProject
from reconciler.planning.bases import content_hash

_SOON: Final = timedelta(minutes=10)
"""If Scale did not keep a value, an apply's version has other content than announced. It follows the intent soon."""


@dataclass(slots=True)
class _Begun:
    """An apply that announced a write to the project, and the step in which its intent is gone, None if there is none.

    `place` is that of the step in the log. `manifests` is the commit that it carries out, and whether there were
    uncommitted changes.
    """

    intent: Intended
    place: int
    step: Step
    manifests: tuple[str, bool] | None
    end: Step | None = None

    @property
    def entered(self) -> RecordedProject | None:
        """The entry at its end, if the project was entered then."""
        entry = self.end.entry if self.end is not None else None
        return entry if entry is not None and entry.written else None


@dataclass(frozen=True, slots=True)
class Makers:
    """What made the versions of one project."""

    known: Mapping[tuple[Part, int], Made]
    first: Mapping[Part, int | None]
    """The first version that the record names, None if it names none. Everything up to it is older than the record."""

    def of(self, part: Part, number: int) -> Made:
        if (made := self.known.get((part, number))) is not None:
            return made
        first = self.first[part]
        return Made(Maker.UNKNOWN if first is None or number <= first else Maker.SCALE)


def makers_of(live: LiveProject, steps: Iterable[Step]) -> Makers:
    """What made each version that the API shows. `steps` are the commits that changed the project's entry.

    Entries of another project that had the same name (a different `created_at`) are left out.
    """
    begun, entries = _walk(steps, live.created_at)
    known: dict[tuple[Part, int], Made] = {}
    for part, history in histories(live).items():
        by_hash: dict[str, list[Version]] = {}
        for version in history if begun else ():
            if version.content is not None:
                by_hash.setdefault(content_hash(version.content), []).append(version)
        for run in begun:
            for version in _versions(part, run, by_hash, history):
                known[part, version.number] = _made(part, run, version.number)
    return Makers(known, {part: _first(part, begun, entries) for part in Part})


def histories(live: LiveProject) -> dict[Part, tuple[Version, ...]]:
    """The versions of each part, oldest first."""
    return {Part.PARAMS: live.params_history, Part.ONTOLOGY: live.ontology_history}


def _walk(steps: Iterable[Step], created_at: str | None) -> tuple[list[_Begun], list[tuple[int, RecordedProject]]]:
    """The applies that announced writes, and the entries with their places in the log, both of this project only."""
    open_runs: dict[str, _Begun] = {}
    begun: list[_Begun] = []
    entries: list[tuple[int, RecordedProject]] = []
    for place, step in enumerate(steps):
        intents = {intent.run: intent for intent in step.entry.intents} if step.entry is not None else {}
        for run in [run for run in open_runs if run not in intents]:
            open_runs.pop(run).end = step
        for run, intent in intents.items():
            if run not in open_runs:
                open_runs[run] = _Begun(intent, place, step, step.manifests.get(run))
                begun.append(open_runs[run])
        if step.entry is not None and step.entry.written and step.entry.is_of(created_at):
            entries.append((place, step.entry))
    return [run for run in begun if run.entered is None or run.entered.is_of(created_at)], entries


def _first(part: Part, begun: Sequence[_Begun], entries: Sequence[tuple[int, RecordedProject]]) -> int | None:
    """The first version that the record names: an apply started from it, or found it. -1 if there was none yet."""
    named = [(run.place, _version(part, run.intent)) for run in begun[:1]]
    named += [(place, _version(part, entry)) for place, entry in entries[:1]]
    if not named:
        return None
    number = min(named, key=lambda one: one[0])[1]
    return -1 if number is None else number


def _version(part: Part, of: Intended | RecordedProject) -> int | None:
    return of.params_version if part is Part.PARAMS else of.ontology_version


def _versions(
    part: Part, run: _Begun, by_hash: Mapping[str, Sequence[Version]], history: Sequence[Version]
) -> Sequence[Version]:
    """The versions that an apply made. There are several if a write was sent twice."""
    wanted = run.intent.params_hash if part is Part.PARAMS else run.intent.ontology_hash
    if wanted is None:
        return ()
    start, entered = _version(part, run.intent), run.entered
    end = _version(part, entered) if entered is not None else None
    after = -1 if start is None else start
    found = [
        version
        for version in by_hash.get(wanted, ())
        if version.number > after and (end is None or version.number <= end)
    ]
    if found or entered is None or end is None or end <= after:
        return found if entered is not None else found[:1]
    last = [version for version in history if version.number == end]
    kept = not any(path.startswith(part.value) for path in entered.not_kept)
    return [] if last and kept and not _is_soon(run.step.at, last[0].at) else last


def _is_soon(announced: datetime, made: datetime | None) -> bool:
    return made is not None and abs(made - announced) <= _SOON


def _made(part: Part, run: _Begun, number: int) -> Made:
    """The commit is the one of the entry, or if another apply entered the project, the one that was announced."""
    entered, (commit, dirty) = run.entered, run.manifests or (None, False)
    if entered is not None and _version(part, entered) == number and entered.commit in (None, commit):
        assert run.end is not None
        return Made(Maker.APPLY, entered.commit, Apply(run.intent.run, run.step.at, run.end.id))
    return Made(Maker.APPLY, None if dirty else commit, Apply(run.intent.run, run.step.at, run.step.id))
