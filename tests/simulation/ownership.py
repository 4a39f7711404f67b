"""The second judge: whose value is live in each unit, and whether runs know and respect it.

It knows every account's histories, with who made each version, the line of commits and what runs planned and reported;
nothing of how the record works. What is demanded:

- A unit (a parameter, the ontology) that a person changed after an apply had entered its project is drift or a conflict
  to every later plan and to `drift`, until a run that shows it overwrites it, another person does, or git says the
  same. The same holds for an edit that a plan has once called drift.
- A run of pending changes overwrites no edit. A plain run overwrites those alone that its plan shows.
- A unit that no person changed is never drift or a conflict. A plan may only mistake the write of a run that recorded
  its intent after this plan's record was read; `drift` by the record as it is may not.
- What a run changes, it changes to what its commit says.
- No two runs write a project at the same time, and no run writes what another one has just written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.fieldpath import format_path
from reconciler.model.drift import ProjectDrift
from reconciler.model.outcome import Status
from reconciler.model.plan import Cause, ProjectChange, unit_of
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode
from reconciler.model.record import Entries
from reconciler.planning.drift import project_drift
from tests.simulation.checker import Run
from tests.simulation.commits import Content
from tests.simulation.server import ARCHIVE, CREATE, SET_ONTOLOGY, SET_PARAMS, Json, Project, Server, Write

ABSENT = object()
ONTOLOGY = "ontology"
THEIRS = (Cause.DRIFT, Cause.CONFLICT)


@dataclass(slots=True)
class Turn(Run):
    """A run of a story. Times are virtual seconds, infinite where it did not come to that.

    `read_at` is when it had read the record, `announced_at` when its intent was
    recorded, `concluding_at` when it was about to record its outcome. `entered` are the projects that this entered, and
    when. `ids` are how the record names the run; `is_recorded` is whether its outcome is there.
    """

    account: str = ""
    clone: str = ""
    commit: int = 0
    pending: bool = False
    read_at: float = 0.0
    announced_at: float = float("inf")
    concluding_at: float = float("inf")
    entered: Mapping[str, Entered] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    is_recorded: bool = False

    @property
    def released_at(self) -> float:
        return min(self.concluding_at, self.ended_at or float("inf"))


@dataclass(frozen=True, slots=True)
class Entered:
    """When a run entered a project in the record, and at which versions."""

    at: float
    params_version: int | None
    ontology_version: int | None

    def version(self, unit: str) -> int:
        """The version of the unit's part, -1 if there was none."""
        version = self.ontology_version if unit == ONTOLOGY else self.params_version
        return -1 if version is None else version


@dataclass(frozen=True, slots=True)
class Origin:
    """The version that brought a unit's value, and whether that was a person's edit."""

    version: int
    write: Write
    is_edit: bool


class Ownership:
    """Judges each run when it has planned and when it has ended.

    `people` are the names of those who edit, `lagging` the accounts whose reads may lag.
    """

    def __init__(
        self,
        servers: Mapping[str, Server],
        commits: Callable[[], Sequence[Content]],
        people: frozenset[str],
        lagging: frozenset[str],
    ) -> None:
        self._lagging = lagging
        self._servers = servers
        self._commits = commits
        self._people = people
        self.runs: list[Turn] = []
        self.kept = 0
        """How many edits were left by plans of pending changes."""
        self._known: dict[tuple[str, str, str, int], float] = {}
        """When an edit, (account, project, unit, version), was first called drift or a conflict."""

    def check_plan(self, run: Turn, now: float) -> Iterator[str]:
        """What the plan says of each unit, by the versions that it was made from."""
        assert run.plan is not None
        for change in run.plan.changes:
            project = self._servers[run.account].projects.get(change.name)
            if change.before is None or change.blocked or project is None:
                continue
            found = _classes(change)
            for unit in _units(project, change.desired):
                origin = self._origin(run.account, project, unit, _version(change, unit))
                theirs = found.get(unit) in THEIRS
                where = f"{run.name}: {unit} of {change.name}"
                if origin is None:
                    if theirs:
                        yield f"{where} is {found[unit]}, and nobody ever set it"
                    continue
                key = (run.account, change.name, unit, origin.version)
                if origin.is_edit and theirs:
                    if self._is_touched(run.account, change.name):
                        self._known.setdefault(key, now)
                    self.kept += unit in change.kept
                elif theirs and not (
                    self._is_mixed(run.account, project, unit, origin)
                    or self._is_late(run, origin)
                    or self._is_behind(run, change, unit)
                ):
                    yield (
                        f"{where} is {found[unit]}, and nobody edited it: version {origin.version} is of "
                        f"{origin.write.actor}"
                    )
                elif (
                    unit in found
                    and not self._is_behind(run, change, unit)
                    and self._is_tracked(run, key, origin)
                    and not self._is_accepted(project, unit, key)
                ):
                    yield f"{where} is {found[unit]}, and version {origin.version} is an edit of {origin.write.actor}"

    def check_drift(
        self, account: str, live: Sequence[LiveProject], entries: Entries, newest: Content, when: str
    ) -> Iterator[str]:
        """What `drift` says now, by the record as it is now."""
        server = self._servers[account]
        shown = {each.name: each for each in live}
        for name, desired in newest.items():
            project = server.projects.get(name)
            if project is None or project.archived:
                continue
            drift = project_drift(desired, shown[name], entries.get(name))
            assert isinstance(drift, ProjectDrift)
            reported = {unit.path: unit.cause for unit in drift.units}
            for unit in _units(project, desired):
                last = len(project.history(_kind(unit))) - 1
                origin = self._origin(account, project, unit, last)
                where = f"{when}, drift of {account}: {unit} of {name}"
                theirs = reported.get(unit) in THEIRS
                if origin is None or (not origin.is_edit and not theirs):
                    continue
                key = (account, name, unit, origin.version)
                if not origin.is_edit:
                    if not self._is_mixed(account, project, unit, origin):
                        yield f"{where} is {reported[unit]}, and nobody edited it: {origin.write.actor} wrote it"
                elif not theirs and self._is_tracked(None, key, origin) and not self._is_accepted(project, unit, key):
                    yield (
                        f"{where} is {reported.get(unit, 'not reported')}, and version {origin.version} is an edit of "
                        f"{origin.write.actor}"
                    )

    def check_writes(self) -> Iterator[str]:
        """What every write of a run replaced, and what it put there."""
        runs = {run.name: run for run in self.runs}
        for account, server in self._servers.items():
            for write in server.writes:
                run = runs.get(write.actor)
                if run is not None and write.version is not None and write.kind not in (CREATE, ARCHIVE):
                    yield from self._check_write(account, server.projects[write.project], write, run)

    def check_meetings(self) -> Iterator[str]:
        """Runs whose intents held at the same time, and versions that say what the one before them says."""
        for account, server in self._servers.items():
            runs = {run.name: run for run in self.runs if run.account == account}
            touched: dict[str, dict[str, None]] = {}
            for write in server.writes:
                if write.actor in runs:
                    touched.setdefault(write.project, {})[write.actor] = None
            for project, names in touched.items():
                yield from _meetings(project, [runs[name] for name in names])
            for project_name, there in server.projects.items():
                for kind in (SET_PARAMS, SET_ONTOLOGY):
                    yield from self._repeats(account, project_name, there, kind, runs)

    def _repeats(self, account: str, name: str, project: Project, kind: str, runs: Mapping[str, Turn]) -> Iterator[str]:
        history = project.history(kind)
        for number in range(1, len(history)):
            before, after = history[number - 1], history[number]
            if before.actor == after.actor or not {before.actor, after.actor} <= runs.keys():
                continue
            earlier, later = (self._write(account, name, kind, each) for each in (number - 1, number))
            alive = all(each.at <= (runs[each.actor].ended_at or float("inf")) for each in (earlier, later))
            hidden = self._is_hidden(account, runs[after.actor], earlier, later)
            if alive and not hidden and _spelled(kind, before.content) == _spelled(kind, after.content):
                yield f"{after.actor}: version {number} of {kind} of {name} says what {before.actor} had just written"

    def _is_hidden(self, account: str, run: Turn, earlier: Write, later: Write) -> bool:
        """Whether the run's last read under its intent lagged, so that it did not show the earlier write.

        The later write may be sent a while after that read, since all requests share one pace.
        """
        reads = [
            read
            for read in self._servers[account].reads
            if read.actor == later.actor
            and later.project in read.seen
            and read.delivered_at is not None
            and run.announced_at <= read.delivered_at <= later.sent_at
        ]
        if account not in self._lagging or not reads or earlier.version is None:
            return False
        params, ontologies = max(reads, key=lambda read: read.delivered_at or 0.0).seen[later.project]
        return (ontologies if later.kind == SET_ONTOLOGY else params) <= earlier.version

    def _check_write(self, account: str, project: Project, write: Write, run: Turn) -> Iterator[str]:
        assert run.plan is not None
        assert write.version is not None
        change = next(change for change in run.plan.changes if change.name == write.project)
        history = project.history(write.kind)
        there = write.version - 1
        planned = change.expected.ontology_version if write.kind == SET_ONTOLOGY else change.expected.params_version
        for unit in _units(project, change.desired) if there >= 0 else ():
            if _kind(unit) != (SET_ONTOLOGY if write.kind == SET_ONTOLOGY else SET_PARAMS):
                continue
            before, after = _value(unit, history[there].content), _value(unit, history[write.version].content)
            if before == after:
                continue
            where = f"{run.name}: {write.kind} of {write.project}, version {write.version} at {write.at:.3f},"
            stale = _value(unit, history[planned].content) if planned is not None else ABSENT
            if after not in (_wanted(change.desired, unit), stale):
                yield f"{where} made {unit} {after}, which its commit does not say"
            origin = self._origin(account, project, unit, there)
            if origin is None or not origin.is_edit or planned is None or origin.version > planned:
                continue
            found = _classes(change).get(unit)
            reverts = run.pending and found is not Cause.UNKNOWN
            key = (account, write.project, unit, origin.version)
            if (reverts or found is None) and not self._is_accepted(project, unit, key):
                yield (
                    f"{where} reverted {unit}, which {origin.write.actor} had saved in version {origin.version} "
                    f"({'pending, ' if run.pending else ''}{found})"
                )

    def _origin(self, account: str, project: Project, unit: str, version: int | None) -> Origin | None:
        history = project.history(_kind(unit))
        if version is None or version < 0:
            return None
        value = _value(unit, history[version].content)
        while version and _value(unit, history[version - 1].content) == value:
            version -= 1
        if version == 0 and value is ABSENT:
            return None
        write = self._write(account, project.name, _kind(unit), version)
        run = next((run for run in self.runs if run.name == write.actor and run.plan is not None), None)
        planned = self._kept_from(run, project.name, unit) if run is not None else None
        if planned is not None and planned < version and _value(unit, history[planned].content) == value:
            return self._origin(account, project, unit, planned)  # the run put back the edit that it kept
        return Origin(version, write, write.actor in self._people)

    def _kept_from(self, run: Turn, name: str, unit: str) -> int | None:
        """The version in which the run's plan saw an edit of the unit that it keeps."""
        assert run.plan is not None
        change = next((change for change in run.plan.changes if change.name == name), None)
        return _version(change, unit) if change is not None and unit in change.kept else None

    def _write(self, account: str, name: str, kind: str, version: int) -> Write:
        ontology = kind == SET_ONTOLOGY
        return next(
            write
            for write in self._servers[account].writes
            if write.project == name and write.version == version and (write.kind == SET_ONTOLOGY) == ontology
        )

    def _is_tracked(self, run: Turn | None, key: tuple[str, str, str, int], origin: Origin) -> bool:
        """Whether the record, as the run read it or as it is now, shows that this is an edit."""
        account, name, _, _ = key
        read_at = float("inf") if run is None else run.read_at
        entered = (other.entered[name] for other in self.runs if other.account == account and name in other.entered)
        if any(entry.at <= min(origin.write.at, read_at) for entry in entered):
            return True
        return key in self._known and self._known[key] <= read_at

    def _is_touched(self, account: str, name: str) -> bool:
        """Whether a run has written to the project or entered it. Otherwise only an intent can say that it drifted.

        Such an intent names content that a person saved before it, which no history distinguishes from the run's write.
        It goes with its run.
        """
        actors = {run.name for run in self.runs}
        return any(write.project == name and write.actor in actors for write in self._servers[account].writes) or any(
            run.account == account and name in run.entered for run in self.runs
        )

    def _is_behind(self, run: Turn, change: ProjectChange, unit: str) -> bool:
        """Whether the plan's reads lagged: the record that it read knows a later version."""
        entries = (
            other.entered[change.name]
            for other in self.runs
            if other.account == run.account and change.name in other.entered
        )
        seen = _version(change, unit)
        return any(
            entry.at <= run.read_at and entry.version(unit) > (-1 if seen is None else seen) for entry in entries
        )

    def _is_accepted(self, project: Project, unit: str, key: tuple[str, str, str, int]) -> bool:
        """Whether git says, or once said, the very same, or left the unit to others when a run entered the project."""
        account, name, _, version = key
        for run in self.runs:
            entry = run.entered.get(name) if run.account == account else None
            if entry is not None and entry.version(unit) >= version and unit not in _units(project, run.desired[name]):
                return True
        value = _value(unit, project.history(_kind(unit))[version].content)
        return any(_wanted(content[name], unit) == value for content in self._commits() if name in content)

    def _is_mixed(self, account: str, project: Project, unit: str, origin: Origin) -> bool:
        """Whether somebody's edit came between a run's plan and its write, and the run has not entered the project.

        Then the version holds both, and nothing shows that the run made it.
        """
        run = next((run for run in self.runs if run.name == origin.write.actor), None)
        if run is None or run.plan is None:
            return origin.write.actor == "before"
        change = next(change for change in run.plan.changes if change.name == project.name)
        if run.outcome is not None and any(
            reported.name == project.name and reported.status is Status.DONE for reported in run.outcome.projects
        ):
            return False
        assert change.after is not None
        content = project.history(_kind(unit))[origin.version].content
        intended = change.after.ontology if unit == ONTOLOGY else dict(change.after.params)
        return _spelled(_kind(unit), content) != _spelled(_kind(unit), intended)

    def _is_late(self, run: Turn, origin: Origin) -> bool:
        """Whether the version is of a run whose intent came after this run had read the record."""
        writer = next((each for each in self.runs if each.name == origin.write.actor), None)
        return writer is not None and writer.announced_at > run.read_at


def _meetings(project: str, runs: Sequence[Turn]) -> Iterator[str]:
    for number, one in enumerate(runs):
        for other in runs[number + 1 :]:
            first, second = sorted((one, other), key=lambda run: run.announced_at)
            if second.announced_at < first.released_at:
                yield (
                    f"{second.name}: its intent for {project} was recorded at {second.announced_at:.3f}, while that of "
                    f"{first.name} held"
                )


def _classes(change: ProjectChange) -> dict[str, Cause]:
    found = {unit: each.cause for each in change.fields if (unit := unit_of(each.path)) is not None}
    return found | dict.fromkeys(change.kept, Cause.DRIFT)


def _units(project: Project, desired: DesiredProject) -> list[str]:
    """The units that git owns."""
    keys = dict.fromkeys(desired.params or ())
    for version in project.params:
        keys |= dict.fromkeys(version.content)
    ignored = {ignore.pattern.text for ignore in desired.mask.ignore}
    foreign = desired.mask.params is ParamsMode.MERGE
    units = (
        [format_path(("params", key)) for key in keys if not foreign or key in (desired.params or {})]
        if desired.params is not None
        else []
    )
    return [unit for unit in units if unit not in ignored] + ([ONTOLOGY] if desired.ontology is not None else [])


def _wanted(desired: DesiredProject, unit: str) -> object:
    return _value(unit, (desired.ontology and desired.ontology.spelled) if unit == ONTOLOGY else desired.params)


def _value(unit: str, content: Json) -> object:
    if unit == ONTOLOGY:
        return _spelled(SET_ONTOLOGY, content)
    return (content or {}).get(unit.removeprefix("params."), ABSENT)


def _spelled(kind: str, content: Json) -> str:
    """One text for equal contents."""
    if kind == SET_ONTOLOGY and content:
        content = [choice if isinstance(choice, dict) else {"choice": choice} for choice in content]
    return json.dumps(content or None, sort_keys=True)


def _kind(unit: str) -> str:
    return SET_ONTOLOGY if unit == ONTOLOGY else SET_PARAMS


def _version(change: ProjectChange, unit: str) -> int | None:
    return change.expected.ontology_version if unit == ONTOLOGY else change.expected.params_version
