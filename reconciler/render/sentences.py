"""The sentences of a plan: why a project is blocked and what a person can do, what a create or a removal means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.model.drift import Drift
from reconciler.model.plan import Action, Held, Plan, ProjectChange, Reason, Summary, Waived
from reconciler.render.counting import count, listed
from reconciler.render.escape import plain, quoted
from reconciler.render.moments import read_at, snapshot_of
from reconciler.render.values import compact
from reconciler.render.view import OntologyView, ParamsView, Write

FOREVER = "A project on Scale can never be deleted or renamed."
PROTECTED = "Protected by its manifest: shown, and never written."


def seen(found: Plan | Drift, now: datetime) -> str:
    """`42 live projects, read 10:02:11 UTC`, or `…, snapshot of 2026-11-25 10:02 UTC, 3 h ago`."""
    live = "" if found.live_count is None else f"{count(found.live_count, 'live project')}, "
    if found.snapshot_at is not None:
        return live + snapshot_of(found.snapshot_at, now)
    return f"{live}read {read_at(found.made_at, now)}"


def fate(change: ProjectChange) -> str:
    """`will be created`; `would` where it is shown and not done."""
    if change.action is Action.FORGET:
        return "will no longer be managed"
    would = "would" if change.protected or change.held_by else "will"
    return f"{would} be {'created' if change.action is Action.CREATE else 'updated in-place'}"


def forgotten(change: ProjectChange) -> str:
    """What it means that a manifest is gone."""
    return f"project {quoted(change.name)}: its manifest is gone. Nothing is sent: it stays on Scale."


def to_allow(held: Held) -> str:
    """How to have done what a guard holds."""
    return f"To allow it: --allow {held.guard}, or a waiver in reconciler.toml."


def waived(waived: Waived) -> str:
    """Which guard does not hold, and why not."""
    return f"The guard {waived.guard} is waived by {plain(waived.by)}."


def counts(summary: Summary) -> str:
    """`1 to add, 2 to change, 0 to destroy, 1 held`; empty where all of them are zero."""
    rest = (
        (summary.forget, "to forget"),
        (summary.held, "held"),
        (summary.blocked, "blocked"),
        (summary.protected, "protected"),
    )
    if not any((summary.add, summary.change, summary.destroy, *(number for number, _ in rest))):
        return ""
    more = "".join(f", {number} {words}" for number, words in rest if number)
    return f"{summary.add} to add, {summary.change} to change, {summary.destroy} to destroy{more}"


def blocked(change: ProjectChange) -> tuple[str, list[str]]:
    """Why nothing is written to a project, in one sentence, and what a person can do, a line each."""
    why, to_do = blocked_why(change)
    return f"project {quoted(change.name)}: {why}", to_do


def blocked_why(change: ProjectChange) -> tuple[str, list[str]]:
    """The same without the project's name."""
    match change.reason:
        case Reason.TYPE_DIFFERS:
            live = compact(change.before.type) if change.before else "another"
            why = f"type is {live} on Scale, {compact(change.desired.type)} here; a type cannot be changed."
            to_do = [f"Give the manifest a new name, or set its type to {live}."]
        case Reason.PIPELINE_DIFFERS:
            wanted = compact(change.desired.create_only.get("pipeline"))
            why = f"pipeline is not {wanted} on Scale; a pipeline cannot be changed."
            to_do = _told(change)
        case Reason.ARCHIVED:
            why = "a project of this name is archived on Scale; an archived project keeps its name."
            to_do = ["Bring it back in Scale's dashboard, or give the manifest a new name."]
        case Reason.ONTOLOGY_UNREADABLE:
            why = "its ontology on Scale cannot be read, so no change to it can be planned."
            to_do = [*_told(change), "Look at it in Scale's dashboard, or leave `ontology` out of the manifest."]
        case Reason.NOT_SENDABLE:
            why = "what would be sent holds a value that no request can carry."
            to_do = [*_told(change), "Fix the value, in the manifest or on Scale."]
        case Reason.UNREADABLE:
            why = "its live state cannot be read, so no change to it can be planned."
            to_do = _told(change)
        case _:
            why = "nothing can be written to it."
            to_do = _told(change)
    return why, to_do


def _told(change: ProjectChange) -> list[str]:
    """What the planner says itself, for reasons whose cause only it knows."""
    lines: list[str] = []
    for diagnostic in change.diagnostics:
        if diagnostic.is_error:
            lines += [plain(line) for line in (diagnostic.summary, *diagnostic.detail.split("\n")) if line]
    return lines


def params_call(params: ParamsView) -> str:
    """`(version 3 -> 4, patch)`: what will be sent, and why the whole where it is the whole."""
    write = params.write
    if write is None:
        return ""
    how = "patch" if write.patch else "all parameters sent"
    if params.removed and not write.patch:
        how += f": {'a parameter is' if params.removed == 1 else f'{params.removed:,} parameters are'} removed"
    return f"({_versions(write)}, {how})"


def ontology_call(ontology: OntologyView) -> str:
    """`(version 1 -> 2; reaches work in flight)`."""
    return f"({_versions(ontology.write)}; reaches work in flight)" if ontology.write else ""


def _versions(write: Write) -> str:
    return "first version" if write.version is None else f"version {write.version} -> {write.version + 1}"


def creates(names: tuple[str, ...]) -> str:
    """What several creates mean, once for all of them."""
    shown = listed([plain(name) for name in names])
    return f"{len(names):,} projects would be created ({shown}). {FOREVER} Check the names once more."


def unmanaged(names: tuple[str, ...]) -> str:
    """Live projects without a manifest, and what to do about them."""
    shown = listed([plain(name) for name in names])
    if len(names) == 1:
        return f"1 live project has no manifest ({shown}). It is left alone. To manage it, write a manifest for it."
    return (
        f"{len(names):,} live projects have no manifest ({shown}). They are left alone. "
        "To manage one, write a manifest for it."
    )


def reverted(edits: Sequence[tuple[str, str]]) -> str:
    """The edits of others that an apply would undo, and how to keep them."""
    would = f"{count(len(edits), 'edit')} of others would be reverted ({_edits(edits)})."
    them = "it" if len(edits) == 1 else "them"
    return f"{would} To keep {them}, write {them} into the manifests, or apply with --pending."


def kept(edits: Sequence[tuple[str, str]]) -> str:
    """The changes made on Scale that a plan of pending changes keeps."""
    are = "is" if len(edits) == 1 else "are"
    return f"{count(len(edits), 'change')} made on Scale {are} kept ({_edits(edits)})."


def _edits(edits: Sequence[tuple[str, str]]) -> str:
    return listed([f"{plain(name)}: {plain(unit)}" for name, unit in edits])
