"""One project: read it anew, see that what would be written is what was approved, write, read back, compare.

Nothing here repeats a write. A write without a clear answer is looked at once more and told as it is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import ReconcilerError, ScaleError
from reconciler.fieldpath import format_path
from reconciler.model.outcome import CallOutcome, CallResult, Event, ProjectOutcome, Status
from reconciler.model.plan import Action, Call, CallKind, Field, ProjectChange
from reconciler.model.project import LiveProject
from reconciler.planning.intent import compare, identity_of
from reconciler.planning.normalize import UnreadableOntologyError
from reconciler.planning.planner import plan_project

Emit = Callable[[Event], None]


class Projects(Protocol):
    """What an apply needs of the Projects API. `scale.client.ScaleClient` is one."""

    async def get_project(self, name: str) -> LiveProject | None: ...

    async def send(self, call: Call) -> None: ...


@dataclass(frozen=True, slots=True)
class ProjectApply:
    """The apply of one project's change. `stopping` is asked before each write."""

    change: ProjectChange
    projects: Projects
    emit: Emit
    stopping: Callable[[], bool]

    async def run(self) -> ProjectOutcome:
        """Never raises for what the API or a person did; the outcome tells."""
        try:
            live = await self.projects.get_project(self.change.name)
        except ScaleError as problem:
            return self._outcome(Status.FAILED, "it could not be read", diagnostics=(diagnosed(problem),))
        fresh = plan_project(self.change.desired, live)
        if fresh.blocked:
            return self._outcome(Status.BLOCKED, "it cannot be written", live, diagnostics=fresh.diagnostics)
        approved = {identity_of(field) for field in self.change.fields}
        if any(identity_of(field) not in approved for field in fresh.fields):
            return self._outcome(Status.STALE, self._who_moved(live), live, stale_fields=fresh.fields)
        if not fresh.calls:
            return self._outcome(Status.UNCHANGED, "Scale's side is there already", live)
        return await self._write(fresh.calls)

    async def _write(self, calls: tuple[Call, ...]) -> ProjectOutcome:
        results: list[CallOutcome] = []
        diagnostics: list[Diagnostic] = []
        reason = ""
        for call in calls:
            if diagnostics or reason or self.stopping():
                reason = reason or ("" if diagnostics else "the run was interrupted before it was finished")
                results.append(CallOutcome(call.kind, CallResult.NOT_SENT))
                continue
            self.emit(Event(self.change.name, self.change.action, call=call.kind, detail=_what(call)))
            try:
                await self.projects.send(call)
            except ScaleError as problem:
                diagnostics.append(diagnosed(problem))
                result = CallResult.UNCLEAR if problem.may_have_landed else CallResult.REFUSED
            else:
                result = CallResult.LANDED
            results.append(CallOutcome(call.kind, result))
        return await self._read_back(tuple(results), tuple(diagnostics), reason)

    async def _read_back(
        self, calls: tuple[CallOutcome, ...], diagnostics: tuple[Diagnostic, ...], reason: str
    ) -> ProjectOutcome:
        unclear = any(call.result is CallResult.UNCLEAR for call in calls)
        try:
            live = await self.projects.get_project(self.change.name)
            fields = compare(self.change.desired, live).fields
        except (ScaleError, UnreadableOntologyError) as problem:
            told = diagnosed(problem) if isinstance(problem, ScaleError) else _unreadable(self.change.name, problem)
            status = Status.UNCLEAR if unclear or not diagnostics else Status.FAILED
            return self._outcome(
                status, "it could not be read back", None, calls=calls, diagnostics=(*diagnostics, told)
            )
        refused = any(call.result is CallResult.REFUSED for call in calls)
        if not fields and not refused:
            return self._outcome(Status.DONE, "", live, calls=_as_landed(calls))
        if not diagnostics and not reason:
            diagnostics = (_not_kept(self.change.name, fields),)
        status = Status.UNCLEAR if unclear else Status.FAILED
        return self._outcome(status, reason or _truth(calls, live), live, calls=calls, diagnostics=diagnostics)

    def _who_moved(self, live: LiveProject | None) -> str:
        """Which versions came since the plan, and when."""
        expected = self.change.expected
        if live is None:
            return "the project is no longer there (archived, renamed?)"
        if self.change.action is Action.CREATE:
            return f"the project was created meanwhile, at {live.created_at}"
        moved = [
            f"{part} went from version {_version(before)} to {_version(now)}"
            + (f" at {at:%Y-%m-%d %H:%M:%S} UTC" if at else "")
            for part, before, now, at in (
                ("params", expected.params_version, live.params_version, live.params_at),
                ("ontology", expected.ontology_version, live.ontology_version, live.ontology_at),
            )
            if before != now
        ]
        return " and ".join(moved) + ", not from this run" if moved else "it is no longer as it was planned"

    def _outcome(
        self,
        status: Status,
        reason: str,
        live: LiveProject | None = None,
        *,
        calls: tuple[CallOutcome, ...] = (),
        diagnostics: tuple[Diagnostic, ...] = (),
        stale_fields: tuple[Field, ...] = (),
    ) -> ProjectOutcome:
        return ProjectOutcome(
            name=self.change.name,
            action=self.change.action,
            status=status,
            reason=reason,
            params_version=live.params_version if live else None,
            ontology_version=live.ontology_version if live else None,
            calls=calls,
            diagnostics=diagnostics,
            stale_fields=stale_fields,
        )


def diagnosed(problem: ReconcilerError) -> Diagnostic:
    """An error as a diagnostic."""
    return error(problem.code, problem.summary, detail=problem.detail)


def _as_landed(calls: tuple[CallOutcome, ...]) -> tuple[CallOutcome, ...]:
    """Live is at the intent: what was unclear landed."""
    return tuple(
        replace(call, result=CallResult.LANDED) if call.result is CallResult.UNCLEAR else call for call in calls
    )


def _truth(calls: tuple[CallOutcome, ...], live: LiveProject | None) -> str:
    """What is true now, for a project whose calls did not all land."""
    if live is None:
        return "nothing was written: there is no such project on Scale"
    landed = [call.call.value for call in calls if call.result is CallResult.LANDED]
    now = f"params are at version {_version(live.params_version)}, the ontology at {_version(live.ontology_version)}"
    if landed:
        return f"{' and '.join(landed)} landed; {now}"
    if calls[0].call is CallKind.CREATE:
        return f"the project is there now; {now}"
    return f"nothing is known to have been written; {now}"


def _version(version: int | None) -> str:
    return "none" if version is None else str(version)


def _what(call: Call) -> str:
    match call.kind:
        case CallKind.CREATE:
            params = call.body.get("params")
            return f"create, {_count(len(params), 'parameter')}" if params else "create"
        case CallKind.SET_PARAMS:
            patch = "patch" if call.body["patch"] else "all"
            return f"setParams {patch}, {_count(len(call.body) - 1, 'parameter')}"
        case CallKind.SET_ONTOLOGY:
            return f"setOntology, {_count(_choices(call.body['ontology']), 'choice')}"


def _choices(ontology: list[object]) -> int:
    return sum(1 + (_choices(choice.get("subchoices", [])) if isinstance(choice, dict) else 0) for choice in ontology)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _not_kept(name: str, fields: tuple[Field, ...]) -> Diagnostic:
    paths = ", ".join(format_path(field.path) for field in fields[:10])
    more = f" and {len(fields) - 10} more" if len(fields) > 10 else ""
    only_blanks = all(
        isinstance(field.before, str) and isinstance(field.after, str) and field.before.strip() == field.after.strip()
        for field in fields
    )
    return error(
        "not-kept",
        f"Scale took the write to project.{name}, but read back it is not as written: {paths}{more}",
        detail=(
            "Only leading or trailing white space differs: leave it out of the manifest."
            if only_blanks
            else "Scale keeps another value than was sent. Declare the value that it keeps, or put the path under "
            "reconcile.ignore. The next plan shows the difference."
        ),
    )


def _unreadable(name: str, problem: Exception) -> Diagnostic:
    return error("ontology-unreadable", f"the ontology of project.{name} cannot be read back: {problem}")
