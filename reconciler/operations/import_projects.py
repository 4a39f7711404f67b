"""Import: write manifests for live projects, so that a plan right after it has no changes.

Before anything is written, the new files are read as a plan would read them, and compared with live state. A project
for which they would not mean exactly what is live is named and left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from reconciler.collection import collector_paused
from reconciler.diagnostics import merged, with_suggestion
from reconciler.errors import DiagnosedError, FileRefusedError, UsageError
from reconciler.fieldpath import Pattern, format_path, parse_pattern
from reconciler.files.reading import read_below
from reconciler.files.walking import is_below
from reconciler.files.writing import write_new_below
from reconciler.manifest.codes import Code
from reconciler.manifest.discovery import DEFAULTS
from reconciler.manifest.exporting import SHARED, Exported, Subject, There, export, why_not
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.located import display
from reconciler.manifest.origins import Origin
from reconciler.model.project import DesiredProject, LiveProject, Shown, UnreadableProject
from reconciler.operations.live import get_projects, list_account
from reconciler.operations.session import Session
from reconciler.planning.blocking import blocked
from reconciler.planning.intent import compare
from reconciler.planning.live import Live
from reconciler.planning.sensitive import leave_out
from reconciler.scale.client import ScaleClient

_FEW: Final = 8
"""Up to this many names are read one by one."""

_WILD: Final = "*?["


_ON_SCALE: Final = "Change it on Scale, and import again."
_BY_HAND: Final = "Write its manifest by hand, and start with what differs."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which projects to import: those that `names` select, or all; with a `kind`, only those of this type."""

    names: tuple[str, ...] = ()
    kind: str | None = None
    archived: bool = False
    factor: bool = False


@dataclass(slots=True)
class Imported:
    """`manifests` has the file of each imported project, `others` the other files, all absolute. `kept` has the
    manifest of each selected project that has one. `refused` has the reason for each project that was not imported,
    and what to do, and `nameless` the reasons for projects whose name cannot be read. `archived` are imported projects
    that are archived, and `sensitive` those without some of their values. `not_factored` are the folders, absolute,
    that could not get a `_defaults.yaml`.
    """

    manifests: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    sensitive: list[str] = field(default_factory=list)
    not_factored: list[str] = field(default_factory=list)


_Pair = tuple[Subject, LiveProject]
"""A project as it is written, without sensitive values, and as it is."""

Progress = Callable[[str, int, int], None]
"""Called with a step, how much of it is done, and how much there is."""


def import_projects(session: Session, wanted: Wanted, progress: Progress = lambda step, done, total: None) -> Imported:
    """Write manifests for the wanted projects that have none.

    Raises:
        DiagnosedError: a manifest has errors, so it is not known which projects have one.
        UsageError: a name or type matches no live project, or the manifest folder is missing.
        FileRefusedError: a file cannot be written. Those written before it are complete.
        ScaleError: live state cannot be read.
    """
    before = _load(session, {})
    _check(before)
    live = session.ask(lambda client: _read(client, wanted.names))
    result = Imported()
    with collector_paused():
        subjects = _subjects(session, before, _select(live, wanted, before, result), result)
        exported = _proven(session, before, subjects, wanted, result, progress)
    _write(session, exported, result, progress)
    return result


def _load(session: Session, pending: Mapping[str, bytes]) -> Manifests:
    settings = session.settings
    return load_manifests(settings.manifests, root=settings.repo_root, overlay=session.target.overlay, replaced=pending)


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
        picked = {name: exact for name, exact in picked.items() if _is_of(known[name], wanted.kind)}
        if not picked:
            raise _no_type(wanted.kind, known)
    files = {entry.name: entry.file for entry in manifests.entries if entry.name is not None}
    found = []
    for name, exact in sorted(picked.items()):
        if name in files:
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
        result.refused[name] = f"it cannot be read: {project.why}", _ON_SCALE
    elif (reason := why_not(project)) is not None:
        result.refused[name] = reason, _ON_SCALE
    elif manifests.layers.home(name) is None:
        if exact:
            file = display(os.path.join(manifests.folder, DEFAULTS), manifests.root)
            result.refused[name] = f"`names` in {file} does not allow it", "Add a pattern for it to `names`."
    else:
        return project
    return None


def _nothing(name: str, known: Mapping[str, Shown]) -> UsageError:
    summary = f'no live project matches "{name}"'
    is_pattern = any(character in name for character in _WILD)
    return UsageError(
        summary if is_pattern else with_suggestion(summary, name, known),
        "NAME is the name of a project on Scale, or a pattern such as 'kitten_*'.",
    )


def _no_type(kind: str, known: Mapping[str, Shown]) -> UsageError:
    kinds = {project.type for project in known.values() if isinstance(project, LiveProject)}
    summary = with_suggestion(f'no selected live project is of the type "{kind}"', kind, kinds)
    return UsageError(summary, f"The account has projects of these types: {', '.join(sorted(kinds))}." if kinds else "")


def _subjects(session: Session, manifests: Manifests, projects: Sequence[LiveProject], result: Imported) -> list[_Pair]:
    """Each project as it is written, and as it is."""
    layers = manifests.layers
    assert layers is not None
    found = []
    for live in projects:
        folder = layers.home(live.name)
        assert folder is not None
        public, left_out = _without_sensitive(live, session.settings.sensitive)
        inherited = layers.inherited(folder).layers
        relative = os.path.relpath(folder, manifests.folder)
        subject = Subject(public, "" if relative == "." else relative, left_out, inherited)
        found.append((subject, live))
        if left_out:
            result.sensitive.append(live.name)
        if live.archived:
            result.archived.append(live.name)
    return found


def _without_sensitive(live: LiveProject, patterns: Sequence[Pattern]) -> tuple[LiveProject, tuple[str, ...]]:
    """The project without its sensitive values, and the patterns left out. A list with one is left out as a whole."""
    now = replace(live, params_history=live.params_history[-1:], ontology_history=live.ontology_history[-1:])
    _, found = leave_out(now, patterns)
    if not found:
        return live, ()
    whole = sorted({path.split("[*]")[0] for path in found})
    return leave_out(now, [parse_pattern(path) for path in whole])


def _proven(
    session: Session,
    before: Manifests,
    subjects: list[_Pair],
    wanted: Wanted,
    result: Imported,
    progress: Progress,
) -> Exported:
    """The files for the subjects. A subject that they do not reproduce exactly is left out, and the rest is tried again
    without it, because they share files."""
    there = _there(before, {subject.folder for subject, _ in subjects})

    def prepared(number: int) -> None:
        progress("prepared", number, len(subjects))

    while True:
        projects = [subject for subject, _ in subjects]
        factored = _factored(before, projects) if wanted.factor else []
        exported = export(projects, there, factored=factored, done=prepared)
        pending = {os.path.join(before.folder, path): content for path, content in exported.files.items()}
        wrong = _differing(_load(session, pending), subjects, before.root)
        if not wrong:
            if wanted.factor:
                rest = {subject.folder for subject in projects} - {*factored}
                result.not_factored = [os.path.join(before.folder, folder) for folder in sorted(rest)]
            return exported
        result.refused |= wrong
        subjects = [(subject, live) for subject, live in subjects if live.name not in wrong]
        result.sensitive = [name for name in result.sensitive if name not in wrong]
        result.archived = [name for name in result.archived if name not in wrong]


def _there(before: Manifests, folders: set[str]) -> There:
    """What exists in the folders that get files."""
    names = {folder: _names_in(os.path.join(before.folder, folder)) for folder in (SHARED, *folders)}
    shared: dict[str, bytes] = {}
    for name in names[SHARED]:
        path = os.path.join(SHARED, name)
        with suppress(FileRefusedError):
            content = read_below(before.root, os.path.relpath(os.path.join(before.folder, path), before.root))
            if content is not None:
                shared[path] = content
    return There(names, shared)


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise UsageError(f"{folder} cannot be read: {problem.strerror or problem}", "Nothing was written.") from None


def _factored(before: Manifests, subjects: Sequence[Subject]) -> list[str]:
    """The folders that can get a `_defaults.yaml`: those without one, and without a manifest that would inherit from
    it."""
    found = []
    for folder in sorted({subject.folder for subject in subjects}):
        path = os.path.normpath(os.path.join(before.folder, folder))
        if not os.path.lexists(os.path.join(path, DEFAULTS)) and not any(
            is_below(entry.file, path) for entry in before.entries
        ):
            found.append(folder)
    return found


def _differing(
    after: Manifests, subjects: Sequence[tuple[Subject, LiveProject]], root: str
) -> dict[str, tuple[str, str]]:
    """Why the manifests of some subjects would not mean exactly what is live, by name."""
    entries = {entry.name: entry for entry in after.entries if entry.name is not None}
    found = {}
    for _, live in subjects:
        entry = entries.get(live.name)
        if entry is None:
            found[live.name] = "its manifest would not be found", _BY_HAND
        elif entry.project is None:
            summary = next((each.summary for each in entry.diagnostics if each.is_error), "it would not be valid")
            found[live.name] = f"its manifest would have an error: {summary}", _BY_HAND
        elif (reason := _difference(entry.project, live, root)) is not None:
            found[live.name] = reason, _BY_HAND
    return found


def _difference(desired: DesiredProject, live: LiveProject, root: str) -> str | None:
    block = blocked(desired, replace(live, archived=False))
    if block is not None:
        return block.diagnostic.summary
    fields = compare(desired, live).fields
    if not fields:
        return None
    path = fields[0].path
    where = desired.source.file
    if isinstance(desired.origin, Origin):
        where = desired.origin.at(tuple(part for part in path if isinstance(part, str | int))).file
    if where != desired.source.file:
        return f"{display(where, root)} overrides {format_path(path)}"
    return f"a manifest cannot reproduce {format_path(path)}"


def _write(session: Session, exported: Exported, result: Imported, progress: Progress) -> None:
    """Write the files, those first that others use.

    Raises:
        FileRefusedError: one cannot be written.
    """
    settings = session.settings
    folder = os.path.relpath(settings.manifests, settings.repo_root)
    names = {path: name for name, path in exported.manifests.items()}
    total, written = len(exported.files), 0

    def done() -> None:
        nonlocal written
        written += 1
        progress("written", written, total)

    others = {path: content for path, content in exported.files.items() if path not in names}
    manifests = {path: content for path, content in exported.files.items() if path in names}
    try:
        for files in (others, manifests):
            write_new_below(
                settings.repo_root,
                {os.path.normpath(os.path.join(folder, path)): each for path, each in files.items()},
                done,
            )
    except FileRefusedError as problem:
        raise FileRefusedError(
            problem.summary,
            f"{problem.detail}\n{written:,} of {total:,} files were written, and they are complete. Fix the problem, "
            "and run the same command again: it imports the rest.".lstrip(),
            reason=problem.reason,
            why=problem.why,
        ) from None
    result.manifests = {name: os.path.join(settings.manifests, path) for name, path in exported.manifests.items()}
    result.others = [os.path.join(settings.manifests, path) for path in others]
