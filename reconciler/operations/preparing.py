"""Prepares what is needed before anything is sent: the selected manifests, checked, and their commit."""

from __future__ import annotations

import os.path
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import Final

from reconciler.diagnostics import Diagnostic, Remedy, Severity, count, error, listed, quoted, warning
from reconciler.errors import DiagnosedError, GitRefusedError
from reconciler.frozen import dataclass
from reconciler.git.sources import Sources, read_sources
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.places import files_of
from reconciler.manifest.sharedfiles import NOT_REPLACED
from reconciler.model.guards import NO_MANIFESTS
from reconciler.model.plan import Commit
from reconciler.model.project import DesiredProject
from reconciler.model.record import Record
from reconciler.operations.selection import Recorded, select, usable
from reconciler.operations.session import Session
from reconciler.operations.standing import CommitCheck
from reconciler.operations.wholeness import require_files, require_folders
from reconciler.planning.planner import Declared
from reconciler.settings import Settings, Target

_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a plan or a drift needs besides live state.

    With `pending`, a plan has only what git changed; `allowed` names the guards that are waived for it. `check`
    compares the commit with the last applied one. `manifests` are all that were loaded.
    """

    declared: Declared
    record: Record = field(default_factory=Record)
    pending: bool = False
    allowed: frozenset[str] = frozenset()
    check: CommitCheck | None = None
    manifests: Manifests | None = None


def prepare(
    session: Session,
    names: Sequence[str],
    known: tuple[Record, Sequence[Diagnostic]],
    *,
    pending: bool = False,
    allowed: Collection[str] = (),
    needs_git: bool = False,
    replaced: Mapping[str, bytes] = NOT_REPLACED,
) -> Prepared:
    """Load and check the manifests, and ask git for the commit.

    `known` is the record, and the diagnostics about it. `names` may name projects that are only in the record. If git
    refuses, fails or is missing, that is a warning, or with `needs_git` an error. `replaced` has the new content of
    files that are about to be written, by absolute path.

    Raises:
        GitRefusedError: git does not answer, and `needs_git` is set.
        DiagnosedError: something that a selected project uses has an error, there is no manifest at all, or git leaves
            files that the plan needs out of the checkout.
        UsageError: the folder is missing, or a name matches nothing.
    """
    settings, target = session.settings, session.target
    record, notes = known
    unanswered: list[Diagnostic] = []
    with _asking_git(unanswered, needed=needs_git):
        require_folders(settings, target.overlay)
    session.step("Reading the manifests")
    manifests = load_manifests(settings.manifests, root=settings.repo_root, overlay=target.overlay, replaced=replaced)
    with _asking_git(unanswered, needed=needs_git):
        require_files(settings, manifests.missing)
    recorded = _recorded(settings, manifests, target, record)
    selection = select(manifests, names, folder=settings.cwd, recorded=recorded)
    desired, diagnostics = usable(manifests, selection)
    if not any(entry.is_manifest for entry in manifests.entries) and NO_MANIFESTS not in allowed:
        raise DiagnosedError("no manifests", [_no_manifests(settings)])
    sources = Sources(Commit())
    with _asking_git(unanswered, needed=needs_git):
        sources = _read_sources(settings, target.overlay, desired)
    if replaced:
        sources = replace(sources, commit=replace(sources.commit, dirty=True), unheld=sources.unheld | replaced.keys())
    diagnostics = (*diagnostics, *unanswered)
    if sources.ignored:
        diagnostics = (*diagnostics, _ignored(sources.ignored, settings))
    check = CommitCheck(session, allowed)
    check.look(sources.commit, record)
    unheld = (project.name for project in desired if sources.unheld and sources.unheld & files_of(project))
    declared = Declared(
        desired,
        managed={entry.name: entry.file for entry in manifests.entries if entry.name is not None},
        folder=Path(os.path.relpath(settings.manifests, settings.repo_root)).as_posix(),
        manifest_count=sum(entry.is_manifest for entry in manifests.entries),
        commit=sources.commit,
        own_names=manifests.names,
        complete=not selection.narrowed,
        gone=selection.recorded,
        undeclared={project.name: project.file for project in recorded},
        diagnostics=tuple(dict.fromkeys((*notes, *diagnostics))),  # git may have refused both in the same words
        unheld=frozenset(unheld),
    )
    return Prepared(declared, record, pending, frozenset(allowed), check, manifests)


@contextmanager
def _asking_git(unanswered: list[Diagnostic], *, needed: bool) -> Iterator[None]:
    """If git refuses, that is noted as a warning, or raised if the answer is needed."""
    try:
        yield
    except GitRefusedError as problem:
        if needed:
            raise
        unanswered.append(problem.diagnostic(Severity.WARNING))


def _recorded(settings: Settings, manifests: Manifests, target: Target, record: Record) -> list[Recorded]:
    """The recorded projects of this endpoint and manifest folder that no longer have a manifest."""
    folder = settings.manifests.as_posix() + "/"
    declared = {entry.name for entry in manifests.entries}
    files = {
        name: (settings.git_root / project.file).as_posix()
        for _, section in record.at(target.endpoint)
        for name, project in section.projects.items()
        if name not in declared
    }
    return [Recorded(name, file) for name, file in sorted(files.items()) if file.startswith(folder)]


def _read_sources(settings: Settings, overlay: Path | None, desired: Sequence[DesiredProject]) -> Sources:
    """What git reports about everything that the plan reads."""
    config = [settings.config_file] if settings.config_file else []
    files = {file for project in desired for file in files_of(project)}
    paths = [settings.manifests, *([overlay] if overlay else []), *config]
    return read_sources(settings.repo_root, paths, [*files, *(file.as_posix() for file in config)])


def _ignored(files: Sequence[str], settings: Settings) -> Diagnostic:
    """One warning for all files that git ignores."""
    names = [Path(os.path.relpath(file, settings.git_root)).as_posix() for file in files]
    paths = (os.path.relpath(file, settings.cwd) for file in files[:_EXAMPLES])
    others = len(names) - _EXAMPLES
    rest = f"\nDo the same for {count(others, 'more file')}." if others > 0 else ""
    them = "it" if len(names) == 1 else "them"
    return warning(
        "git-ignored",
        f"git ignores {quoted(names[0])}, which this run reads"
        if len(names) == 1
        else f"git ignores {len(names):,} files that this run reads",
        detail=f"Ignored: {listed(names, _EXAMPLES)}. Other clones do not have "
        f"{them}, so their plans differ.\nIf the manifests need {them}, add {them} to git:\n"
        f"git add --force {shlex.join(paths)}{rest}",
    )


def _no_manifests(settings: Settings) -> Diagnostic:
    return error(
        NO_MANIFESTS,
        f"{settings.manifests} contains no manifests",
        detail="An incomplete checkout would look the same, so reconciler does not plan without manifests. A manifest "
        "is a file whose name ends in .yaml or .yml and does not start with _ or a dot.",
        remedies=(
            Remedy("To write manifests for live projects:", ("import", "--all", "--")),
            Remedy("To plan without manifests:", ("plan", "--allow", NO_MANIFESTS)),
        ),
    )
