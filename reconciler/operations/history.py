"""History, blame, and relabel: read the record and its log, read live state, and trace the versions. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from reconciler.diagnostics import Diagnostic, Remedy, listed, quoted, warning, with_suggestion
from reconciler.errors import ReconcilerError, UsageError
from reconciler.frozen import dataclass
from reconciler.git.authors import read_authors
from reconciler.manifest.loading import load_manifests
from reconciler.model.history import Author, Blame, History, Made, Part, Range, Relabel, Revision
from reconciler.model.ontology import Unreadable
from reconciler.model.project import LiveProject, address_of
from reconciler.model.record import NO_LOG, Entries
from reconciler.operations.live import Account, get_projects, list_account, recognize
from reconciler.operations.recording import Logged, read_logged
from reconciler.operations.session import Session
from reconciler.planning.blame import blame as blame_of
from reconciler.planning.blocking import readable_project
from reconciler.planning.history import between, no_version, span_of, state_at, timeline, untimed
from reconciler.planning.live import Live
from reconciler.planning.makers import Makers, histories, makers_of
from reconciler.planning.relabel import renames_between
from reconciler.scale.client import ScaleClient


@dataclass(frozen=True, slots=True)
class Traced:
    """A live project, its account, and what made each of its versions."""

    live: LiveProject
    account: Account
    makers: Makers
    diagnostics: tuple[Diagnostic, ...] = ()


def history(session: Session, name: str, *, compared: Range | None = None, at: datetime | None = None) -> History:
    """The versions of a project: all of them, what changed between two, or those of a time.

    Raises:
        RecordError, GitRefusedError: the record or its log is unavailable.
        UsageError: there is no such project or version.
        ScaleError: live state cannot be read.
    """
    traced = _trace(session, name)
    live, makers = traced.live, traced.makers
    renames = _declared_renames(session, name)
    notes = list(traced.diagnostics)
    if at is not None:
        revisions = state_at(live, at, makers)
        if not revisions and not untimed(live.ontology_history):
            raise no_version(live, at)
    elif compared is not None:
        revisions = between(live, compared, makers, renames)
    else:
        revisions = timeline(live, makers, renames)
    notes += _notes(live, revisions, at=at, compared=compared)
    return History(
        target=traced.account.target,
        name=live.name,
        type=live.type,
        read_at=session.now(),
        revisions=revisions,
        span=span_of(live),
        authors=_authors(session, (revision.made for revision in revisions)),
        at=at,
        compared=compared is not None,
        diagnostics=tuple(notes),
    )


def blame(session: Session, name: str) -> Blame:
    """Every live value of a project with the version that introduced it. Raises the errors of `history`."""
    traced = _trace(session, name)
    live = traced.live
    fields = blame_of(live, traced.makers)
    notes = list(traced.diagnostics)
    if isinstance(live.ontology, Unreadable):
        notes.append(warning("unreadable-version", "the live ontology cannot be read", detail=f"{live.ontology.why}."))
    return Blame(
        target=traced.account.target,
        name=live.name,
        type=live.type,
        read_at=session.now(),
        fields=fields,
        authors=_authors(session, (field.made for field in fields)),
        diagnostics=tuple(notes),
    )


def relabel(session: Session, name: str, asked: Range) -> Relabel:
    """The renames between two versions of a project. Raises the errors of `history`."""
    traced = _trace(session, name)
    declared = _declared_renames(session, name)
    part, first, last, renames = renames_between(traced.live, asked, traced.makers, declared)
    return Relabel(
        target=traced.account.target,
        name=traced.live.name,
        part=part,
        first=first,
        last=last,
        read_at=session.now(),
        renames=renames,
        authors=_authors(session, (one.made for one in renames)),
        diagnostics=traced.diagnostics,
    )


def _authors(session: Session, made: Iterable[Made]) -> Mapping[str, Author]:
    """The authors of the commits that made versions, as far as this clone has them."""
    commits = (one.commit for one in made if one.commit is not None)
    return read_authors(session.settings.git_root, commits)


def _declared_renames(session: Session, name: str) -> Mapping[str, str]:
    """The renames that the project's manifest declares. None if it has no manifest, or if the manifest has errors."""
    settings = session.settings
    try:
        manifests = load_manifests(settings.manifests, root=settings.repo_root, overlay=session.target.overlay)
    except ReconcilerError:
        return {}
    found = [entry.project for entry in manifests.entries if entry.name == name and entry.project is not None]
    return found[0].renames if found else {}


def _trace(session: Session, name: str) -> Traced:
    """The live project and what made its versions. Raises the errors of `history`."""
    logged = read_logged(session)
    live, account = session.ask(lambda client: _find(session, client, logged, name))
    steps = None
    if account.section is not None:
        steps = logged.store.log(logged.seen, account.section, name)
    makers = makers_of(live, steps or ())
    noted = any(note.code == NO_LOG for note in logged.notes)
    unknown = [] if noted else _without_log(makers, is_logged=steps is not None)
    return Traced(live, account, makers, (*logged.notes, *unknown))


def _without_log(makers: Makers, *, is_logged: bool) -> list[Diagnostic]:
    """Why it is not known what made any version."""
    if any(first is not None for first in makers.first.values()):
        return []
    if is_logged:
        summary = "the record's log has no apply of this project"
        return [warning(NO_LOG, summary, detail=_UNKNOWN)]
    detail = f"{_UNKNOWN} The first apply in a git repository starts a record with a log."
    return [warning(NO_LOG, "there is no log of applies", detail=detail)]


_UNKNOWN: Final = "It is unknown which commit and which apply made each version."


async def _find(session: Session, client: ScaleClient, logged: Logged, name: str) -> tuple[LiveProject, Account]:
    found = (await get_projects(client, [name]))[name]
    record = logged.seen.record
    if found is None:
        whole = await list_account(client)
        account = await recognize(session.target, client, whole, record)
        raise _missing(name, [one.name for one in whole.listed if one.name is not None], account.entries(record))
    live = readable_project(name, found)
    return live, await recognize(session.target, client, Live({name: live}, whole=False), record)


def _missing(name: str, known: Collection[str], recorded: Entries) -> UsageError:
    """The error for a name that Scale does not show."""
    if name in recorded and recorded[name].written:
        return UsageError(
            f"{address_of(name)} no longer exists on Scale",
            "An earlier apply wrote this project. If it was renamed in the dashboard, use the new name.",
        )
    summary = with_suggestion(f"no project on Scale is named {quoted(name)}", name, known)
    return UsageError(summary, "Check the name and the target.")


def _notes(
    live: LiveProject, revisions: Collection[Revision], *, at: datetime | None, compared: Range | None
) -> list[Diagnostic]:
    """What a reader has to know about the history: what is not shown, and what cannot be read or placed."""
    notes = []
    if live.archived:
        notes.append(warning("archived", f"{address_of(live.name)} is archived on Scale"))
    shown = {revision.part for revision in revisions}
    for part, versions in histories(live).items():
        if versions and versions[0].number > 0 and compared is None and at is None:
            summary = f"the history of {part} starts at version {versions[0].number}"
            notes.append(warning("history-cut", summary, detail="Scale does not show the versions before it."))
        if unread := [str(version.number) for version in versions if version.content is None]:
            one = len(unread) == 1
            summary = f"{part} version{'' if one else 's'} {listed(unread, 10)} cannot be read"
            detail = f"What changed in {'this version' if one else 'these versions'} is not shown."
            notes.append(warning("unreadable-version", summary, detail=detail))
    if live.ontology_history and untimed(live.ontology_history):
        is_alone = len(live.ontology_history) == 1
        if at is not None:
            detail = "To see what changed between two of its versions, compare them by number:"
            notes.append(_by_number(live, "the ontology is not shown, because its versions have no timestamps", detail))
        elif compared is not None and compared.part is None and Part.ONTOLOGY not in shown and not is_alone:
            detail = "To compare its versions, specify their numbers:"
            notes.append(
                _by_number(live, "the ontology is not compared, because its versions have no timestamps", detail)
            )
    return notes


def _by_number(live: LiveProject, summary: str, detail: str) -> Diagnostic:
    first, last = span_of(live)[Part.ONTOLOGY]
    if first == last:
        return warning("untimed", summary, remedies=(Remedy("To see its only version:", ("history", "--", live.name)),))
    run = ("history", "--diff", f"ontology:{first}..{last}", "--", live.name)
    return warning("untimed", summary, remedies=(Remedy(detail, run),))
