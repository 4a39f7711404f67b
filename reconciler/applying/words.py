"""The messages of an apply: reasons, and diagnostics that end with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.diagnostics import Diagnostic, error, warning
from reconciler.errors import ReconcilerError, ScaleError
from reconciler.fieldpath import format_path
from reconciler.instants import readable
from reconciler.model.outcome import CallOutcome, CallResult
from reconciler.model.plan import Action, Call, CallKind, Field, ProjectChange
from reconciler.model.project import LiveProject, Version

INTERRUPTED = "the run was interrupted"
UNAVAILABLE = "no further project was started, because {} projects in a row got no usable answer from the API"


def diagnosed(problem: ReconcilerError) -> Diagnostic:
    """An error as a diagnostic."""
    return error(problem.code, problem.summary, detail=problem.detail)


def halfway(reason: str) -> str:
    """`reason` is why no further write may start."""
    return f"{reason}, so the project was not finished"


def out_of_time(seconds: float) -> str:
    return f"it took longer than {seconds / 60:.0f} minutes"


def who_moved(change: ProjectChange, live: LiveProject | None, own: Mapping[str, LiveProject]) -> str:
    """Which versions came since the plan, and when. `own` is the project as read after this run wrote that part."""
    expected = change.expected
    if live is None:
        return "the project is no longer there (archived, renamed?)"
    if change.action is Action.CREATE and not own:
        return f"the project was created meanwhile, at {live.created_at}"
    moved = [
        f"{part} went from version {version(before)} to {version(now)}" + (f" at {readable(at)}" if at else "")
        for part, before, now, at in (
            (
                "params",
                own["params"].params_version if "params" in own else expected.params_version,
                live.params_version,
                live.params_at,
            ),
            (
                "ontology",
                own["ontology"].ontology_version if "ontology" in own else expected.ontology_version,
                live.ontology_version,
                live.ontology_at,
            ),
        )
        if before != now
    ]
    return " and ".join(moved) + ", not from this run" if moved else "it no longer matches the plan"


def truth(calls: Sequence[CallOutcome], live: LiveProject | None) -> str:
    """What is true now, for a project some of whose calls did not land."""
    if live is None:
        return "nothing was written: there is no such project on Scale"
    landed = [call.call.value for call in calls if call.result is CallResult.LANDED]
    now = f"params are at version {version(live.params_version)}, the ontology at {version(live.ontology_version)}"
    if landed:
        return f"{' and '.join(landed)} landed; {now}"
    if any(call.result is CallResult.UNCLEAR for call in calls):
        return now
    return f"nothing was written; {now}"


def version(number: int | None) -> str:
    return "none" if number is None else str(number)


def what(call: Call) -> str:
    """What is sent, in a few words."""
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


def lost_race(name: str, kind: CallKind, own: Sequence[Version], others: Sequence[Version]) -> Diagnostic:
    """Someone else wrote between the last read and this write, or right after it."""
    ours = _versions(own) if own else "the create"
    return error(
        "lost-race",
        f"another writer changed project.{name} at the same time as {kind.value}: {_versions(others)}",
        detail=f"Ours is {ours}. Both are in the project's history. Check whether the other change was overwritten, "
        "and plan again.",
    )


def overtaken(name: str, others: Mapping[str, Sequence[Version]]) -> Diagnostic:
    """Someone else wrote after this run's write of that part, before the run ended."""
    came = "; ".join(f"{part} {_versions(versions)}" for part, versions in others.items())
    return error(
        "lost-race",
        f"another writer changed project.{name} right after this run: {came}",
        detail="What this run wrote is in the project's history, before it. Plan again to see what is there now.",
    )


def someone_else(name: str, kind: CallKind, others: Sequence[Version], live: LiveProject | None) -> Diagnostic:
    """No answer, and what came meanwhile is not what was sent."""
    if kind is CallKind.CREATE:
        at = f" at {live.created_at}" if live is not None and live.created_at else ""
        seen = f"a project of that name was created{at}, and its content is not what was sent"
    else:
        seen = f"the version that appeared is not what was sent: {_versions(others)}"
    return error(
        "someone-else",
        f"{kind.value} of project.{name} had no clear answer, and {seen}",
        detail="Someone else wrote, or Scale changed what it was sent. It is not sent again. Plan again to see "
        "what is there now.",
    )


def sent_twice(name: str, part: str, versions: Sequence[Version]) -> Diagnostic:
    """More than one sending of the same write took effect."""
    return warning(
        "sent-twice",
        f"the {part} of project.{name} was written {len(versions)} times by this run: {_versions(versions)}",
        detail="An earlier request took effect after this run gave up on it. This run wrote all of these versions, "
        "and each has the content that was sent. Nothing needs to be done.",
    )


def not_there(name: str, kind: CallKind) -> Diagnostic:
    return error(
        "not-there",
        f"Scale answered that {kind.value} of project.{name} is done, but it cannot be read back",
        detail="The history does not show it. It is not sent again, since it may still appear. Plan again in a minute.",
    )


def gave_up(problem: ScaleError, sends: int, *, proven: bool) -> Diagnostic:
    """A write that no answer and no read confirmed. `proven`: the history was read until it could no longer land."""
    known = problem.explanation if problem.may_have_landed else problem.detail
    times = f"It was sent {sends} times." if sends > 1 else "It was sent once." if sends else "It was not sent."
    shows = "The project's history shows that it did not land." if proven else "It is not known whether it landed."
    return error(problem.code, problem.summary, detail="\n".join(filter(None, (known, f"{times} {shows}"))))


def not_kept(name: str, fields: tuple[Field, ...]) -> Diagnostic:
    """Scale accepted a write, and shows another value."""
    paths = ", ".join(format_path(field.path) for field in fields[:10])
    more = f" and {len(fields) - 10} more" if len(fields) > 10 else ""
    only_whitespace = all(
        isinstance(field.before, str) and isinstance(field.after, str) and field.before.strip() == field.after.strip()
        for field in fields
    )
    return error(
        "not-kept",
        f"Scale took the write to project.{name}, but it reads back differently: {paths}{more}",
        detail=(
            "Only leading or trailing whitespace differs: remove it from the manifest."
            if only_whitespace
            else "Scale keeps a different value. Declare the value that it keeps, or add the path to reconcile.ignore."
        )
        + " Until then, the guard not-kept holds the project, so that runs do not keep writing it.",
    )


def _versions(versions: Sequence[Version]) -> str:
    return ", ".join(
        f"version {version.number}" + (f" at {readable(version.at)}" if version.at else "") for version in versions
    )
