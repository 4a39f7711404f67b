"""Pins: the version of the params that the last apply of each project wrote or found equal. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.diagnostics import Diagnostic, Remedy, error, named, quoted, warning, with_suggestion
from reconciler.errors import RecordError, UsageError
from reconciler.model.history import Pin, Pins
from reconciler.model.project import Shown, UnreadableProject
from reconciler.model.record import RecordedProject
from reconciler.operations.live import read_account
from reconciler.operations.recording import read_logged
from reconciler.operations.selection import Recorded, matching
from reconciler.operations.session import Session
from reconciler.planning.bases import ONTOLOGY, base_of, content_hash
from reconciler.planning.blocking import unreadable_remedy
from reconciler.scale.client import ScaleClient


def pins(session: Session, names: Sequence[str] = ()) -> Pins:
    """The pins of the recorded projects that `names` select, or of all. Each problem of a project is a diagnostic.

    Raises:
        RecordError, GitRefusedError: the record is unavailable, or has no apply.
        UsageError: a name matches no recorded project.
        ScaleError: live state cannot be read.
    """
    logged = read_logged(session)
    record = logged.seen.record

    async def read(client: ScaleClient) -> tuple[Mapping[str, RecordedProject], Mapping[str, Shown | None]]:
        recorded = {name for _, section in record.at(session.target.endpoint) for name in section.projects}
        few = bool(names) and recorded.issuperset(names)
        read = list(names) if few else sorted(recorded)
        account, live = await read_account(session, client, read, record, few=few)
        entries = {name: one for name, one in account.entries(record).items() if one.written}
        if not entries:
            raise RecordError(
                f"the record of {session.target.name} has no applied project of this account",
                "A pin is the params version that the last apply wrote or found equal to the manifest.",
                remedies=[*_fetching(logged.notes), Remedy("To apply the manifests:", ("apply", "--"))],
            )
        return _selected(session, entries, names), live.projects

    entries, live = session.ask(read)
    made: list[Pin] = []
    problems: list[Diagnostic] = []
    for name, entry in sorted(entries.items()):
        pin, problem = _pin(name, entry, live.get(name))
        made += [pin] if pin is not None else []
        problems += problem
    return Pins(tuple(made), (*logged.notes, *problems))


def _fetching(notes: Sequence[Diagnostic]) -> Iterator[Remedy]:
    """How to get a record that this clone lacks."""
    for note in notes:
        yield from note.remedies


def _selected(
    session: Session, entries: Mapping[str, RecordedProject], names: Sequence[str]
) -> dict[str, RecordedProject]:
    """The entries that the names select, as in other commands."""
    if not names:
        return dict(entries)
    base = session.settings.git_root
    recorded = [Recorded(name, (base / entry.file).as_posix()) for name, entry in entries.items()]
    picked: dict[str, RecordedProject] = {}
    for name in names:
        found = matching(recorded, name, session.settings.cwd)
        if not found:
            summary = with_suggestion(f"no project in the record matches {quoted(name)}", name, entries)
            raise UsageError(summary, "Only a project that was applied has a pin.")
        picked |= {recorded[at].name: entries[recorded[at].name] for at in found}
    return picked


def _pin(name: str, entry: RecordedProject, live: Shown | None) -> tuple[Pin | None, list[Diagnostic]]:
    """The pin of a project, and what is wrong about it. None if there is no version to name."""
    if live is None:
        detail = (
            "If the project was renamed in the dashboard, use the new name in its manifest. Otherwise, remove the "
            "manifest; the next apply then removes the project from the record."
        )
        return None, [error("vanished", f"project.{name} no longer exists on Scale", detail=detail)]
    if isinstance(live, UnreadableProject):
        return None, [
            error("unreadable", f"project.{name} cannot be read", detail=f"{live.why}.\n{unreadable_remedy()}")
        ]
    known = base_of(entry, live).known
    if known is None:
        detail = (
            "The project on Scale was created at a different time than the recorded one, which was renamed or "
            "replaced. To record the new project, apply its manifest."
        )
        return None, [error("replaced", f"project.{name} is not the recorded project", detail=detail)]
    notes = [warning("archived", f"project.{name} is archived on Scale")] if live.archived else []
    if kept := sorted(unit for unit in known.older if unit != ONTOLOGY):
        summary = f"the pinned version of project.{name} has changes made on Scale"
        notes.append(warning("drift-kept", summary, detail=f"The last apply kept these changes: {named(kept)}."))
    number = known.params_version
    version = next((one for one in live.params_history if one.number == number), None)
    if number is not None and (version is None or version.content is None):
        why = "is not in the history that Scale shows" if version is None else "cannot be read"
        summary = f"params version {number} of project.{name} {why}"
        notes.append(warning("history-cut", summary, detail="The pin of this project has no content hash."))
    hashed = content_hash(version.content) if version is not None and version.content is not None else None
    return Pin(name, number, known.commit, hashed, known.recorded_at), notes
