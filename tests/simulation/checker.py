"""The judge: knows the server's log and histories, and what runs reported; nothing of how they work.

What is demanded of each run, killed or not:

- No call took effect twice (`too_many` counts those that did).
- A finished run reported the truth: what it reports as landed is in the log once, what it reports as refused or not
  sent is not there, and a project that is done has no call that did not land.
- Nobody's edit is lost silently. What somebody changed after the plan was made is not overwritten by a run that had
  read it before it wrote. Where the edit came between the run's last read and its write, the run says "lost-race" and
  names the version, or says that it could not look.

One thing no client can tell: a request that got lost, from a request of another run with the very same content that
landed at the same moment. A call that was reported as landed may therefore be such a twin's, and an overwritten version
with the very same content need not be reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from reconciler.model.outcome import CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Cause, Plan, ProjectChange
from reconciler.model.project import DesiredProject
from tests.simulation.network import MOST_LAG
from tests.simulation.server import ARCHIVE, CREATE, SET_ONTOLOGY, Json, Server, Write

ABSENT = object()

Units = Mapping[str, object]
"""The parts of a content that can be lost one by one: parameters by name, choices by name."""


@dataclass(slots=True)
class Run:
    """`outcome` is what it reported, None where it never came to that: it was killed, or could not plan.

    `planned_at` is when its plan was made.
    """

    name: str
    desired: Mapping[str, DesiredProject]
    started_at: float
    ended_at: float = 0.0
    planned_at: float = float("inf")
    plan: Plan | None = None
    outcome: Outcome | None = None
    end: str = ""


@dataclass(slots=True)
class Verdict:
    violations: list[str] = field(default_factory=list)
    too_many: int = 0


def check(server: Server, runs: Iterable[Run]) -> Verdict:
    """Judges everything that happened so far."""
    verdict = Verdict()
    by_run: dict[str, list[Write]] = {}
    for write in server.writes:
        by_run.setdefault(write.actor, []).append(write)
    for run in runs:
        writes = by_run.get(run.name, [])
        for (project, kind), count in Counter((write.project, write.kind) for write in writes).items():
            if count > 1:
                verdict.too_many += count - 1
                verdict.violations.append(f"{run.name}: {kind} of {project} landed {count} times")
        if run.outcome is not None:
            verdict.violations += _untruths(server, run, run.outcome, writes)
        for write in writes:
            verdict.violations += _losses(server, run, write)
    return verdict


def check_converged(server: Server, desired: Mapping[str, DesiredProject], plan: Plan) -> list[str]:
    """What the last plan of a quiet world still wants, and where the server is not as the manifests say."""
    violations = [f"the last quiet plan still changes {change.name}" for change in plan.changes if change.writes]
    for name, wanted in desired.items():
        project = server.projects.get(name)
        if project is None:
            violations.append(f"{name} was never made")
            continue
        if project.archived:
            continue
        for kind, content in (
            ("setParams", wanted.params),
            (SET_ONTOLOGY, _choices(wanted)),
        ):
            if content is None:
                continue
            history = project.history(kind)
            if not history or not _holds(
                _units(kind, history[-1].content), _owned(wanted, kind, _units(kind, content))
            ):
                violations.append(f"{kind} of {name}: the last version is not as the manifest says")
    return violations


def check_named(server: Server, runs: Iterable[Run], *, with_people: bool) -> list[str]:
    """Where one reconciler works alone: what its killed runs landed, and the next one has not named as theirs.

    Only what was there long enough for every read to show it, and came on the version that the killed run went on from,
    can be distinguished from the edits of people. Without people, nothing can have been moved by anybody else since the
    first version of the record.
    """
    violations = []
    planned = [run for run in runs if run.plan is not None]
    for run, following in pairwise(planned):
        assert run.plan is not None
        assert following.plan is not None
        expected = {change.name: change.expected for change in run.plan.changes}
        reported = {change.name: change.diagnostics for change in following.plan.changes}
        for write in server.writes:
            if run.end != "killed" or write.actor != run.name or write.version is None:
                continue
            before = expected[write.project]
            seen = before.ontology_version if write.kind == SET_ONTOLOGY else before.params_version
            if write.at + MOST_LAG > following.started_at or write.version != (0 if seen is None else seen + 1):
                continue
            named = f"{SET_ONTOLOGY if write.kind == SET_ONTOLOGY else 'setParams'} (version {write.version})"
            if not any(
                reported.code == "interrupted-run" and named in f"{reported.summary} {reported.detail}"
                for reported in reported[write.project]
            ):
                violations.append(f"{following.name}: does not name {named} of {write.project}, landed by {run.name}")
    for run in planned if not with_people else ():
        assert run.plan is not None
        for change in run.plan.changes:
            for moved in change.fields:
                if moved.cause in (Cause.DRIFT, Cause.CONFLICT):
                    violations.append(f"{run.name}: {moved.path} of {change.name} is {moved.cause.value}")
    return violations


def _untruths(server: Server, run: Run, outcome: Outcome, writes: list[Write]) -> Iterator[str]:
    landed = Counter((write.project, write.kind) for write in writes)
    reported = set()
    for project in outcome.projects:
        for call in project.calls:
            kind = call.call.value
            reported.add((project.name, kind))
            count = landed[project.name, kind]
            where = f"{run.name}: {kind} of {project.name}"
            if call.result is CallResult.LANDED and count == 0 and not _has_twin(server, run, project.name, kind):
                yield f"{where} was reported as landed and did not land"
            if call.result in (CallResult.REFUSED, CallResult.NOT_SENT) and count:
                yield f"{where} was reported as {call.result.value} and landed"
            if project.status is Status.DONE and call.result is not CallResult.LANDED:
                yield f"{where} is {call.result.value}, and the project was reported as done"
        if project.status is Status.DONE and not project.calls:
            yield f"{run.name}: {project.name} was reported as done without a call"
    for name, kind in landed.keys() - reported:
        yield f"{run.name}: {kind} of {name} landed and was not reported at all"


def _has_twin(server: Server, run: Run, name: str, kind: str) -> bool:
    """Whether another actor wrote the very same while the run went on, or so shortly before that a read may lag."""
    wanted = run.desired[name]
    change = _change_of(run, name)
    sent = {each.path[1] for each in change.fields if each.path[0] == "params"} if change is not None else set()
    for write in server.writes:
        same_time = run.started_at - MOST_LAG <= write.at <= run.ended_at
        if write.project != name or write.kind != kind or write.actor == run.name or not same_time:
            continue
        content = _choices(wanted) if kind == SET_ONTOLOGY else wanted.params
        if write.version is None:
            return kind == CREATE and not content
        history = server.projects[name].history(kind)
        after, intended = _units(kind, history[write.version].content), _units(kind, content)
        before = _units(kind, history[write.version - 1].content) if write.version else {}
        changed = {unit: value for unit, value in after.items() if before.get(unit, ABSENT) != value}
        # A patch of the same parameters is the same call, even if others differ from what is wanted.
        same_patch = bool(changed) and kind != SET_ONTOLOGY and _holds(intended, changed)
        owned = _owned(wanted, kind, intended)
        if kind != SET_ONTOLOGY and sent:
            owned = {unit: value for unit, value in owned.items() if unit in sent}
        if same_patch or _holds(after, owned):
            return True
    return False


def _losses(server: Server, run: Run, write: Write) -> Iterator[str]:
    """Other writers' edits that this write took away, and that the run did not report."""
    if write.version is None or write.kind in (CREATE, ARCHIVE):
        return
    history = server.projects[write.project].history(write.kind)
    seen = _versions_seen(server, run, write)
    where = f"{run.name}: {write.kind} of {write.project}, version {write.version},"
    after = _units(write.kind, history[write.version].content)
    reported = _outcome_of(run, write.project)
    for number in range(seen, write.version):
        other = history[number]
        twin = _units(write.kind, other.content) == after
        if other.actor == run.name or twin or run.outcome is None:
            continue
        # A run that saw another's very same version took it for its own, and waits no more for what it sent.
        mistaken = _has_twin(server, run, write.project, write.kind)
        if (reported is None or not _tells_race(reported, number, write.kind)) and not mistaken:
            yield f"{where} came after version {number} of {other.actor}, unread, and no lost race is reported"
    change = _change_of(run, write.project)
    if change is None or seen == 0:
        return
    known = _known_units(change, write.kind)
    read = _units(write.kind, history[seen - 1].content)
    there = _units(write.kind, history[write.version - 1].content)
    for unit in read.keys() | known.keys():
        found = read.get(unit, ABSENT)
        kept = after.get(unit, ABSENT) in (found, there.get(unit, ABSENT))
        if found != known.get(unit, ABSENT) and not kept:
            yield f"{where} overwrote {unit}, which had changed after the plan and before the run's last read"


def _versions_seen(server: Server, run: Run, write: Write) -> int:
    """How many versions of that part the run had read when it sent the write; a later read may have shown fewer."""
    return max(
        (
            read.seen.get(write.project, (0, 0))[write.kind == SET_ONTOLOGY]
            for read in server.reads
            if read.actor == run.name and read.delivered_at is not None and read.delivered_at <= write.sent_at
            # A saved plan's run lists the account, and compares nothing with it but the account.
            if len(read.seen) == 1 or read.delivered_at <= run.planned_at
        ),
        default=0,
    )


def _tells_race(reported: ProjectOutcome, version: int, kind: str) -> bool:
    if any(call.call.value == kind and call.result is CallResult.UNCLEAR for call in reported.calls):
        return reported.status is not Status.DONE
    return any(
        diagnostic.code == "lost-race" and re.search(rf"\b{version}\b", f"{diagnostic.summary}\n{diagnostic.detail}")
        for diagnostic in reported.diagnostics
    )


def _outcome_of(run: Run, project: str) -> ProjectOutcome | None:
    return (
        next((reported for reported in run.outcome.projects if reported.name == project), None) if run.outcome else None
    )


def _change_of(run: Run, project: str) -> ProjectChange | None:
    return next((change for change in run.plan.changes if change.name == project), None) if run.plan else None


def _known_units(change: ProjectChange, kind: str) -> Units:
    if change.before is None:
        return {}
    return _units(kind, change.before.ontology if kind == SET_ONTOLOGY else change.before.params)


def _units(kind: str, content: Json) -> Units:
    if kind != SET_ONTOLOGY:
        return dict(content or {})
    return {choice["choice"] if isinstance(choice, dict) else choice: True for choice in content or []}


def _owned(wanted: DesiredProject, kind: str, units: Units) -> Units:
    """Without what the manifest ignores, and without what the run leaves as it is."""
    ignored = {pattern.pattern.text.removeprefix("params.") for pattern in wanted.mask.ignore}
    allowed = wanted.mask.units
    return {
        unit: value
        for unit, value in units.items()
        if unit not in ignored
        and (allowed is None or ("ontology" if kind == SET_ONTOLOGY else f"params.{unit}") in allowed)
    }


def _holds(content: Units, wanted: Units) -> bool:
    return all(content.get(unit, ABSENT) == value for unit, value in wanted.items())


def _choices(wanted: DesiredProject) -> Json:
    return wanted.ontology.spelled if wanted.ontology is not None else None
