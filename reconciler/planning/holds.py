"""Which changes are held, which are waived, and which only get a warning. The guards do not know about waivers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase

from reconciler.diagnostics import Diagnostic, quoted, warning
from reconciler.model.guards import OLDER_COMMIT, Waiver
from reconciler.model.plan import Action, Held, ProjectChange, Waived
from reconciler.model.project import address_of
from reconciler.planning.guards import GUARDS, WHOLE_PLAN
from reconciler.planning.situation import Situation


def with_holds(
    changes: Iterable[ProjectChange], situation: Situation
) -> tuple[tuple[ProjectChange, ...], tuple[Diagnostic, ...]]:
    """The changes with their holds and waivers, and the plan's warnings about waivers.

    A guard that only warns adds a warning to the change. A guard over the whole plan neither counts nor holds projects
    that a waiver matches. A waiver without effect is reported only if the plan covers every manifest and the guard was
    able to look.
    """
    changes = tuple(changes)
    held: dict[str, list[Held]] = defaultdict(list)
    waived: dict[str, list[Waived]] = defaultdict(list)
    warned: dict[str, list[Diagnostic]] = defaultdict(list)
    used: set[Waiver] = set()
    for guard, find in GUARDS:
        found = list(find(changes, situation))
        if not found:
            continue
        matching = {
            change.name: matching_waivers(situation.rules.waivers, guard, change.name, situation.today)
            for change in changes
        }
        if guard in WHOLE_PLAN and any(matching.values()):
            rest = {objection.change.name: objection for objection in find(_without(changes, matching), situation)}
            found = [
                rest.get(objection.change.name, objection)
                for objection in found
                if objection.change.name in rest or matching[objection.change.name]
            ]
        for objection in found:
            name, unchanged = objection.change.name, objection.change.action is Action.NO_OP
            used.update(matching[name])
            if guard in situation.rules.allowed or matching[name]:
                by = f"--allow {guard}" if guard in situation.rules.allowed else reported(matching[name][0])
                waived[name] += [] if unchanged else [Waived(guard, by)]
            elif unchanged or situation.warns(guard):
                summary = f"{address_of(name)}: {objection.what[0].lower()}{objection.what[1:]}"
                detail = " ".join(filter(None, (objection.more, objection.remedy)))
                warned[name].append(warning(guard, summary, detail=detail))
            else:
                held[name].append(Held(guard, objection.why, objection.remedy))
    judged = held.keys() | waived.keys() | warned.keys()
    with_verdicts = tuple(
        replace(
            change,
            held_by=tuple(held[change.name]),
            waived_by=tuple(waived[change.name]),
            diagnostics=(*change.diagnostics, *warned[change.name]),
        )
        if change.name in judged
        else change
        for change in changes
    )
    whole = situation.managed.keys() <= {change.name for change in changes}
    return with_verdicts, tuple(_about_waivers(situation, used, whole=whole))


def matching_waivers(waivers: Iterable[Waiver], guard: str, name: str, today: date) -> list[Waiver]:
    """The waivers of a guard that match a project and have not expired."""
    return [
        waiver
        for waiver in waivers
        if waiver.guard == guard and waiver.until >= today and fnmatchcase(name, waiver.project)
    ]


def _without(changes: Iterable[ProjectChange], matching: Mapping[str, list[Waiver]]) -> tuple[ProjectChange, ...]:
    return tuple(change for change in changes if not matching[change.name])


def reported(waiver: Waiver) -> str:
    """A waiver as `waived_by` names it."""
    return f"the waiver until {waiver.until.isoformat()}: {waiver.reason}"


def _about_waivers(situation: Situation, used: set[Waiver], *, whole: bool) -> Iterator[Diagnostic]:
    silent = {"conflict": not situation.pending, "near-name": not situation.listed, OLDER_COMMIT: situation.rules.older}
    for waiver in situation.rules.waivers:
        which = f"the {waiver.guard} waiver for {quoted(waiver.project)}"
        if waiver.until < situation.today:
            detail = f"Remove the waiver ({waiver.reason}), or set until to a later date."
            yield warning("waiver-void", f"{which} expired on {waiver.until.isoformat()}", detail=detail)
        elif whole and waiver not in used and not silent.get(waiver.guard, False):
            detail = f"The guard holds no project that the waiver matches. Remove the waiver ({waiver.reason})."
            yield warning("waiver-idle", f"{which} has no effect", detail=detail)
