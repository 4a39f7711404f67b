"""The messages of an apply: reasons, and diagnostics that end with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.diagnostics import Diagnostic, Remedy, count, error, listed, warning
from reconciler.errors import ScaleError
from reconciler.fieldpath import format_path
from reconciler.instants import read_instant, readable
from reconciler.model.outcome import CallOutcome, CallResult
from reconciler.model.plan import Action, Call, CallKind, Field, ProjectChange
from reconciler.model.project import LiveProject, Version, address_of

INTERRUPTED = "the run was interrupted"
UNAVAILABLE = "the API returned no usable response for {} projects in a row, so no further project was started"


def who_moved(change: ProjectChange, live: LiveProject | None, own: Mapping[str, LiveProject]) -> str:
    """Which versions were added since the plan, and when.

    `own` maps each part that this run wrote to the project as read after that write.
    """
    expected = change.expected
    if live is None:
        return "the project no longer exists on Scale; it might have been archived or renamed"
    if change.action is Action.CREATE and not own:
        return f"the project was created on Scale{_created(live)}, after the plan was made"
    params = own["params"].params_version if "params" in own else expected.params_version
    ontology = own["ontology"].ontology_version if "ontology" in own else expected.ontology_version
    moved = [
        f"{part} from {_version(before)} to {_version(now)}" + (f" at {readable(at)}" if at else "")
        for part, before, now, at in (
            ("params", params, live.params_version, live.params_at),
            ("the ontology", ontology, live.ontology_version, live.ontology_at),
        )
        if before != now
    ]
    return (
        f"another writer changed {' and '.join(moved)}"
        if moved
        else "the remaining changes are not the ones in the plan"
    )


def _created(live: LiveProject | None) -> str:
    moment = read_instant(live.created_at) if live is not None and live.created_at else None
    return f" at {readable(moment)}" if moment else ""


def truth(calls: Sequence[CallOutcome], live: LiveProject | None) -> str:
    """What is live after an apply that did not finish a project."""
    landed = [call.call.value for call in calls if call.result is CallResult.LANDED]
    now = "the project does not exist on Scale"
    if live is not None:
        parts = (("params", live.params_version), ("ontology", live.ontology_version))
        now = "Scale has " + " and ".join(f"no {part}" if at is None else f"{part} version {at}" for part, at in parts)
    if landed:
        return f"{' and '.join(landed)} landed; {now}"
    if any(call.result is CallResult.UNCLEAR for call in calls):
        return now
    return f"nothing was written; {now}"


def _version(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"


def what(call: Call) -> str:
    """A short description of a call."""
    match call.kind:
        case CallKind.CREATE:
            params = call.body.get("params")
            return f"create, {count(len(params), 'parameter')}" if params else "create"
        case CallKind.SET_PARAMS:
            patch = "patch" if call.body["patch"] else "all"
            return f"setParams {patch}, {count(len(call.body) - 1, 'parameter')}"
        case CallKind.SET_ONTOLOGY:
            return f"setOntology, {count(_choices(call.body['ontology']), 'choice')}"


def _choices(ontology: list[object]) -> int:
    return sum(1 + (_choices(choice.get("subchoices", [])) if isinstance(choice, dict) else 0) for choice in ontology)


def _plan_again(name: str, words: str = "To see what is live now:") -> tuple[Remedy]:
    return (Remedy(words, ("plan", "--", name)),)


def lost_race(name: str, kind: CallKind, own: Sequence[Version], others: Sequence[Version]) -> Diagnostic:
    """Another writer added a version between the last read and this write, or right after it."""
    ours = f"added {_versions(own)}" if own else "created the project"
    return error(
        "lost-race",
        f"another writer changed {address_of(name)} during the {kind.value} call",
        detail=f"The other writer added {_versions(others)}. This run {ours}. The later write might have replaced the "
        "values of the earlier one. The project's history has both.",
        remedies=(Remedy("To see both changes:", ("history", "--", name)),),
    )


def overtaken(name: str, others: Mapping[str, Sequence[Version]]) -> Diagnostic:
    """Another writer changed a part after this run wrote it, before the run ended."""
    came = "; ".join(f"{part} {_versions(versions)}" for part, versions in others.items())
    return error(
        "lost-race",
        f"another writer changed {address_of(name)} right after this run wrote it",
        detail=f"The other writer added {came}, which might have replaced the values that this run wrote. Those values "
        "are still in the project's history.",
        remedies=_plan_again(name),
    )


def someone_else(name: str, kind: CallKind, others: Sequence[Version], live: LiveProject | None) -> Diagnostic:
    """A call had no clear answer, and the content of the new version is not what was sent."""
    if kind is CallKind.CREATE:
        seen = f"A project with this name was created{_created(live)}, but not with the content that this run sent."
    elif len(others) == 1:
        seen = f"The new version does not have the content that this run sent: {_versions(others)}."
    else:
        seen = f"None of the new versions has the content that this run sent: {_versions(others)}."
    return error(
        "someone-else",
        f"it is unclear whether the {kind.value} call for {address_of(name)} landed",
        detail=f"{seen} Either another writer made the change, or Scale altered the content. The call is not repeated.",
        remedies=_plan_again(name),
    )


def sent_twice(name: str, part: str, versions: Sequence[Version]) -> Diagnostic:
    """More than one request for the same write took effect."""
    return warning(
        "sent-twice",
        f"this run wrote the {part} of {address_of(name)} {len(versions)} times",
        detail="An earlier request took effect after this run had sent the write again. These versions have the same "
        f"content: {_versions(versions)}. No action is needed.",
    )


def not_there(name: str, kind: CallKind) -> Diagnostic:
    missing = "The project does not exist yet." if kind is CallKind.CREATE else "The history has no new version yet."
    return error(
        "not-there",
        f"Scale confirmed the {kind.value} call for {address_of(name)}, but shows no change",
        detail=f"{missing} The change might still appear, so the call is not repeated.",
        remedies=_plan_again(name, "Wait a minute, then check what is live:"),
    )


def gave_up(problem: ScaleError, sends: int, *, proven: bool) -> Diagnostic:
    """A write that neither an answer nor a read confirmed.

    `proven` is whether the history was read until the write could no longer land.
    """
    known = problem.explanation if problem.may_have_landed else problem.detail
    times = "once" if sends == 1 else f"{sends} times"
    landed = "The project's history shows that the write did not land."
    landed = landed if proven else "It is unknown whether the write landed."
    effort = f"The request was sent {times}. {landed}" if sends else "The request was not sent."
    return error(problem.code, problem.summary, detail="\n".join(filter(None, (known, effort))))


def not_kept(name: str, fields: tuple[Field, ...]) -> Diagnostic:
    """Scale accepted a write, but shows different values."""
    paths = listed([format_path(field.path) for field in fields], 10)
    only_whitespace = all(
        isinstance(field.before, str) and isinstance(field.after, str) and field.before.strip() == field.after.strip()
        for field in fields
    )
    return error(
        "not-kept",
        f"Scale accepted a write to {address_of(name)}, but stored different values",
        detail=f"The values differ at: {paths}. "
        + (
            "Only leading or trailing whitespace differs. Remove this whitespace from the manifest."
            if only_whitespace
            else "In the manifest, declare the values that Scale stored, or add the paths to reconcile.ignore."
        )
        + " Until then, the guard not-kept holds the project, so that later runs do not repeat the write.",
    )


def _versions(versions: Sequence[Version]) -> str:
    return ", ".join(
        f"version {version.number}" + (f" at {readable(version.at)}" if version.at else "") for version in versions
    )
