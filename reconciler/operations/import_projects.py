"""Import: write manifests for live projects, so that a plan right after it has no changes.

Before anything is written, the new files are read as a plan would read them, and compared with live state. A project
for which they would not mean exactly what is live is named and left out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Final

from reconciler.collection import collector_paused
from reconciler.diagnostics import joined, merged, quoted, with_suggestion
from reconciler.errors import DiagnosedError, UsageError
from reconciler.fieldpath import Pattern, parse_pattern
from reconciler.frozen import dataclass
from reconciler.manifest.codes import Code
from reconciler.manifest.discovery import DEFAULTS
from reconciler.manifest.exporting import Subject, why_not
from reconciler.manifest.loading import Manifests
from reconciler.manifest.located import display
from reconciler.model.project import LiveProject, Shown, UnreadableProject
from reconciler.operations.import_files import Pair, Progress, Proven, load, prove, write_files
from reconciler.operations.live import get_projects, list_account
from reconciler.operations.session import Session
from reconciler.planning.blocking import unreadable_remedy
from reconciler.planning.live import Live
from reconciler.planning.sensitive import leave_out
from reconciler.scale.client import ScaleClient

_FEW: Final = 8
"""Up to this many names are read one by one."""

_WILD: Final = "*?["
_ON_SCALE: Final = "Change the project on Scale, then import it again."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which projects to import: those that `names` select, or all; with a `kind`, only those of this type.

    With `factor`, shared parameters go to a `_defaults.yaml`. With `force`, existing manifests are re-created.
    """

    names: tuple[str, ...] = ()
    kind: str | None = None
    archived: bool = False
    factor: bool = False
    force: bool = False


@dataclass(slots=True)
class Imported:
    """`manifests` has the file of each imported project. `written` has all written files, and whether each existed; all
    paths are absolute. `kept` has the manifest of each selected project that had one, and keeps it. `refused` has the
    reason for each project that was not imported, and what to do, and `nameless` the reasons for projects whose name
    cannot be read. `archived` are imported projects that are archived, and `sensitive` those without some of their
    values. `not_factored` are the folders, absolute, that could not get a `_defaults.yaml`.
    """

    manifests: dict[str, str] = field(default_factory=dict)
    written: dict[str, bool] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    sensitive: list[str] = field(default_factory=list)
    not_factored: list[str] = field(default_factory=list)


Approve = Callable[[Proven], bool]
"""Called with what would be overwritten."""


def import_projects(
    session: Session,
    wanted: Wanted,
    *,
    approve: Approve = lambda proven: False,
    progress: Progress = lambda step, done, total: None,
) -> Imported | None:
    """Write manifests for the wanted projects that have none, and with `force`, for those that have one.

    `approve` is called only before a file is overwritten. None if it returns False: nothing was written.

    Raises:
        DiagnosedError: a manifest has errors, so it is not known which projects have one.
        UsageError: a name or type matches no live project, or the manifest folder is missing.
        FileRefusedError: a file cannot be written. Those written before it are complete.
        ScaleError: live state cannot be read.
    """
    before = load(session, {})
    _check(before)
    live = session.ask(lambda client: _read(client, wanted.names))
    result = Imported()
    with collector_paused():
        pairs = _pairs(session, before, _select(live, wanted, before, result), result)
        proven = prove(session, before, pairs, factor=wanted.factor, progress=progress)
    if proven.overwritten and not approve(proven):
        return None
    write_files(session.settings, proven, progress)
    _summarize(proven, pairs, result)
    return result


def _summarize(proven: Proven, pairs: Sequence[Pair], result: Imported) -> None:
    result.refused |= proven.refused
    result.not_factored = proven.not_factored
    result.manifests = {name: file for name, file in proven.manifests.items() if file in proven.files}
    result.kept |= {name: file for name, file in proven.manifests.items() if file not in proven.files}
    result.written = {file: file in proven.overwritten for file in proven.files}
    written = [pair for pair in pairs if pair[1].name in result.manifests]
    result.sensitive = [live.name for subject, live in written if subject.left_out]
    result.archived = [live.name for _, live in written if live.archived]


def _check(manifests: Manifests) -> None:
    """Check that it is known which projects have a manifest.

    Raises:
        DiagnosedError: it is not.
    """
    found = merged(each for entry in manifests.entries for each in entry.diagnostics if each.is_error)
    found = [each for each in found if each.code != Code.OVERLAY_WITHOUT_MANIFEST] + [*manifests.duplicates]
    if found:
        raise DiagnosedError("the manifests have errors", found)


async def _read(client: ScaleClient, names: Sequence[str]) -> Live:
    """The named projects if they are few and all of them exist, otherwise the account."""
    if 0 < len(names) <= _FEW and not any(character in name for name in names for character in _WILD):
        found = await get_projects(client, names)
        if all(project is not None for project in found.values()):
            return Live(found, whole=False)
    return await list_account(client)


def _select(live: Live, wanted: Wanted, manifests: Manifests, result: Imported) -> list[LiveProject]:
    """The projects to import. Others that were asked for are noted in the result."""
    known = {name: project for name, project in live.projects.items() if project is not None}
    picked: dict[str, bool] = {}
    for name in wanted.names:
        matching = [name] if name in known else [each for each in known if fnmatchcase(each, name)]
        if not matching:
            raise _nothing(name, known)
        for each in matching:
            picked[each] = picked.get(each, False) or each == name
    if not wanted.names:
        picked = dict.fromkeys(known, False)
        result.nameless = [project.why for project in live.nameless]
    if wanted.kind is not None:
        selected = [known[name] for name in picked]
        picked = {name: exact for name, exact in picked.items() if _is_of(known[name], wanted.kind)}
        if not picked:
            raise _no_type(wanted.kind, selected)
    files = {entry.name: entry.file for entry in manifests.entries if entry.name is not None}
    found = []
    for name, exact in sorted(picked.items()):
        if name in files and not wanted.force:
            result.kept[name] = files[name]
        elif (project := _importable(known[name], wanted, manifests, result, exact=exact)) is not None:
            found.append(project)
    return found


def _is_of(project: Shown, kind: str) -> bool:
    return isinstance(project, LiveProject) and project.type == kind


def _importable(
    project: Shown, wanted: Wanted, manifests: Manifests, result: Imported, *, exact: bool
) -> LiveProject | None:
    name = project.name
    assert name is not None
    assert manifests.layers is not None
    if project.archived and not wanted.archived:
        if exact:
            result.refused[name] = "it is archived", "To import archived projects, add --archived."
    elif isinstance(project, UnreadableProject):
        result.refused[name] = "its state on Scale cannot be read", f"{project.why}.\n{unreadable_remedy()}"
    elif (reason := why_not(project)) is not None:
        result.refused[name] = reason, _ON_SCALE
    elif manifests.layers.home(name) is None and all(entry.name != name for entry in manifests.entries):
        if exact:
            file = display(os.path.join(manifests.folder, DEFAULTS), manifests.root)
            why = f"`names` in {file} does not match its name"
            result.refused[name] = why, "Add a pattern that matches the name to `names`."
    else:
        return project
    return None


def _nothing(name: str, known: Mapping[str, Shown]) -> UsageError:
    summary = f"no live project matches {quoted(name)}"
    is_pattern = any(character in name for character in _WILD)
    return UsageError(
        summary if is_pattern else with_suggestion(summary, name, known),
        "NAME is the name of a project on Scale, or a pattern such as 'kitten_*'.",
    )


def _no_type(kind: str, selected: Iterable[Shown]) -> UsageError:
    kinds = sorted({project.type for project in selected if isinstance(project, LiveProject)})
    summary = with_suggestion(f"no selected live project has the type {quoted(kind)}", kind, kinds)
    found = f"Type{'' if len(kinds) == 1 else 's'} found: {joined(kinds)}." if kinds else "Check the target."
    return UsageError(summary, found)


def _pairs(session: Session, manifests: Manifests, projects: Sequence[LiveProject], result: Imported) -> list[Pair]:
    """Each project as it is written, and as it is."""
    layers = manifests.layers
    assert layers is not None
    documents = Counter(entry.file for entry in manifests.entries if entry.is_manifest)
    files = {entry.name: entry.file for entry in manifests.entries if entry.name is not None}
    found = []
    for live in projects:
        file = files.get(live.name)
        if file is not None and documents[file] > 1:
            shown = display(file, manifests.root)
            why = f"{shown} also declares other projects"
            result.refused[live.name] = why, "Move each project to its own file, then import again."
            continue
        folder = layers.home(live.name) if file is None else os.path.dirname(file)
        assert folder is not None
        public, left_out = _without_sensitive(live, session.settings.sensitive)
        relative = os.path.relpath(folder, manifests.folder)
        manifest = None if file is None else os.path.relpath(file, manifests.folder)
        inherited = layers.inherited(folder).layers
        subject = Subject(public, "" if relative == "." else relative, left_out, inherited, manifest)
        found.append((subject, live))
    return found


def _without_sensitive(live: LiveProject, patterns: Sequence[Pattern]) -> tuple[LiveProject, tuple[str, ...]]:
    """The project without its sensitive values, and the patterns left out. A list with one is left out as a whole."""
    now = replace(live, params_history=live.params_history[-1:], ontology_history=live.ontology_history[-1:])
    _, found = leave_out(now, patterns)
    if not found:
        return live, ()
    whole = sorted({path.split("[*]")[0] for path in found})
    return leave_out(now, [parse_pattern(path) for path in whole])
