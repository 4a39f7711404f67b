"""Edits the manifests so that they declare other values: proven first, then written, all files or none.

Before anything is written, the manifests are composed as they would be. Every wanted value must be declared, and no
other project may change, except to what it is compared with.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from reconciler.diagnostics import Diagnostic, error, first_line, listed, sentence
from reconciler.errors import DiagnosedError
from reconciler.fieldpath import format_path
from reconciler.files.together import Change, write_together
from reconciler.frozen import dataclass
from reconciler.manifest.codes import Code
from reconciler.manifest.concealing import concealed
from reconciler.manifest.editing import Declaring, NotEditableError
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.origins import Origin
from reconciler.manifest.places import files_of
from reconciler.model.ontology import Ontology, texts_in
from reconciler.model.plan import unit_of
from reconciler.model.project import DesiredProject, LiveProject, Source, address_of
from reconciler.model.values import ABSENT, Absent, Json, equal
from reconciler.operations.ledger import remember, uncommitted
from reconciler.operations.patches import patch
from reconciler.planning.bases import ONTOLOGY, parameter_in, unit_words
from reconciler.planning.intent import compare
from reconciler.settings import Settings, Target

_MOST_ROUNDS: Final = 50
_CONTEXTS: Final = (3, 2, 1)
"""Lines of context around a change. `git apply` does not accept a patch without any."""

IGNORE: Final = "reconcile.ignore"
_BY_HAND: Final = "Edit the manifest by hand."
_SHARED: Final = "That project uses a value from this file. First, set the value in the project's own manifest."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a manifest should declare for a unit: a parameter's value, an `Ontology`, or ABSENT.

    For the unit `reconcile.ignore`, the value is an item that is added to that list.
    """

    project: DesiredProject
    unit: str
    value: Json | Absent


@dataclass(frozen=True, slots=True)
class Revision:
    """`files` has the old and the new bytes of each file that differs, by absolute path, and `shown` the same without
    sensitive values. `places` is the file that each wanted value goes to, in their order."""

    files: Mapping[str, tuple[bytes, bytes]]
    places: tuple[str, ...]
    shown: Mapping[str, tuple[bytes, bytes]]
    manifests: Manifests | None = field(default=None, compare=False, repr=False)

    def diff(self, base: Path) -> str:
        """The edits for people to read, with paths relative to `base`."""
        return "".join(patch(os.path.relpath(file, base), *both) for file, both in sorted(self.shown.items()))

    def patch(self, base: Path) -> str:
        """What `git apply` takes, with paths relative to `base`. Fewer lines are around a change if one has a sensitive
        value.

        Raises:
            DiagnosedError: a sensitive value is in a line that changes, or beside one.
        """
        return "".join(self._patch(file, os.path.relpath(file, base)) for file in sorted(self.files))

    def _patch(self, file: str, name: str) -> str:
        for context in _CONTEXTS:
            found = patch(name, *self.files[file], context=context)
            if found == patch(name, *self.shown[file], context=context):
                return found
        raise DiagnosedError(
            "the patch would show a sensitive value",
            [
                error(
                    "sensitive-patch",
                    "a patch of this file would show a sensitive value",
                    detail="It is in a changed line, or next to one. To edit the file directly, run the command "
                    "without --diff.",
                    location=first_line(file),
                )
            ],
        )


def revise(
    settings: Settings,
    target: Target,
    wanted: Sequence[Wanted],
    reference: Mapping[str, LiveProject],
    manifests: Manifests,
) -> Revision:
    """The edits that make the manifests declare what is `wanted`. Nothing is written.

    `manifests` are those that the wanted projects come from. `reference` has projects by name: what is wanted must then
    not differ from them, and any other unit may be changed only if it does not differ from them then.

    Raises:
        DiagnosedError: something cannot be declared. The diagnostics say what and why.
    """
    overlay = target.overlay.as_posix() if target.overlay is not None else None
    before = {entry.name: entry.project for entry in manifests.entries if entry.project is not None and entry.name}
    users = Counter(file for project in before.values() for file in files_of(project))
    kept = {entry.file for entry in manifests.entries if entry.is_manifest}  # each is edited for its own projects only
    unset: set[tuple[str, str]] = set()
    undone: set[tuple[str, str]] = set()
    for _ in range(_MOST_ROUNDS):
        declaring = Declaring(settings.repo_root.as_posix(), kept, overlay=overlay)
        places, failures = [], []
        for each in wanted:
            try:
                places.append(_declare(declaring, each, is_unset=(each.project.name, each.unit) in unset))
            except NotEditableError as problem:
                failures.append(_failure(each, str(problem)))
        for name, old in sorted(undone):
            try:
                declaring.not_renamed(before[name], old)
            except NotEditableError as problem:
                failures.append(_refused(f"{address_of(name)} cannot be edited: {problem}", before[name].source))
        if failures:
            raise DiagnosedError("the manifests cannot be edited", failures)
        try:
            files = declaring.files()
        except NotEditableError as problem:
            source = Source(problem.file, 1) if problem.file is not None else None
            raise DiagnosedError("the manifests cannot be edited", [_refused(str(problem), source)]) from None
        after = load_manifests(
            settings.manifests,
            root=settings.repo_root,
            overlay=target.overlay,
            replaced={file: new for file, (_, new) in files.items()},
        )
        if again := _undone(wanted, before, after) - undone:
            undone |= again
            continue
        shared, inherited, failures = _checked(wanted, before, after, reference, files, users)
        if not (shared.keys() - kept or inherited - unset):
            failures += [
                _refused(f"an edit of this file would change {address_of(name)}, too", Source(file, 1), remedy=_SHARED)
                for file, name in shared.items()
            ]
            if failures:
                raise DiagnosedError("the manifests cannot declare the values", failures)
            return Revision(files, tuple(places), _shown(settings, files, before, after), after)
        kept |= shared.keys()
        unset |= inherited
    circular = _refused("the files of these manifests depend on each other", remedy="Edit the manifests by hand.")
    raise DiagnosedError("the manifests cannot be edited", [circular])


def _shown(
    settings: Settings, files: Mapping[str, tuple[bytes, bytes]], before: Mapping[str, DesiredProject], after: Manifests
) -> dict[str, tuple[bytes, bytes]]:
    """The files without sensitive values."""
    now = [entry.project for entry in after.entries if entry.project is not None]
    old = concealed({file: both[0] for file, both in files.items()}, before.values(), settings.sensitive)
    new = concealed({file: both[1] for file, both in files.items()}, now, settings.sensitive)
    return {file: (old[file], new[file]) for file in files}


def _declare(declaring: Declaring, wanted: Wanted, *, is_unset: bool) -> str:
    if wanted.unit == IGNORE:
        return declaring.ignored(wanted.project, wanted.value)
    if isinstance(wanted.value, Ontology):
        return declaring.ontology(wanted.project, wanted.value)
    key = parameter_in(wanted.unit)
    return declaring.unset(wanted.project, key) if is_unset else declaring.parameter(wanted.project, key, wanted.value)


def _undone(wanted: Sequence[Wanted], before: Mapping[str, DesiredProject], after: Manifests) -> set[tuple[str, str]]:
    """The declared renames that the wanted values undo, because they have the old name: each with its project."""
    refused = {
        entry.name
        for entry in after.entries
        if entry.project is None and any(each.code == Code.OLD_NAME_DECLARED for each in entry.diagnostics)
    }
    found: set[tuple[str, str]] = set()
    for each in wanted:
        name = each.project.name
        if name in refused and each.value is not ABSENT and (renames := before[name].renames):
            value = each.value.spelled if isinstance(each.value, Ontology) else each.value
            found |= {(name, old) for old in renames.keys() & set(texts_in(value))}
    return found


def _checked(
    wanted: Sequence[Wanted],
    before: Mapping[str, DesiredProject],
    after: Manifests,
    reference: Mapping[str, LiveProject],
    files: Mapping[str, tuple[bytes, bytes]],
    users: Mapping[str, int],
) -> tuple[dict[str, str], set[tuple[str, str]], list[Diagnostic]]:
    """The shared files that must not be edited, each with a project that it changes, the parameters to unset, and what
    is not reached."""
    shared: dict[str, str] = {}
    inherited: set[tuple[str, str]] = set()
    failures: list[Diagnostic] = []
    units: dict[str, dict[str, Wanted]] = {}
    for each in wanted:
        units.setdefault(each.project.name, {})[each.unit] = each
    now = {entry.name: entry for entry in after.entries if entry.name}
    for name, old in before.items():
        new = now[name].project if name in now else None
        if new is None:
            found = now[name].diagnostics if name in now else ()
            failures += [_would_be(each, old) for each in found if each.is_error] or [
                _refused(f"the edit would remove {address_of(name)} from the manifests")
            ]
            continue
        own = units.get(name, {})
        changed = _changed(old, new)
        if not (changed or own):
            continue
        others = changed - own.keys()
        different = _differing(new, reference.get(name), changed | own.keys())
        if others & different:
            shared |= dict.fromkeys(sorted(_sources(old, new, others, users) & files.keys()), name)
            summary = f"the edit would also change {unit_words(sorted(others)[0])} of {address_of(name)}"
            failures.append(_refused(summary, old.source))
        for unit, each in own.items():
            if unit == IGNORE or unit not in different:
                continue
            if each.value is ABSENT and (name, unit) not in inherited and not isinstance(each.value, Ontology):
                inherited.add((name, unit))
            failures.append(_failure(each, "the edited manifest would still differ from the value"))
    return shared, inherited, failures


def _sources(old: DesiredProject, new: DesiredProject, units: set[str], users: Mapping[str, int]) -> set[str]:
    """The files that these units come from, except those that no other project uses. All files of the project if there
    is none. `users` has how many projects use each file."""
    found: set[str] = set()
    for project in (old, new):
        assert isinstance(project.origin, Origin)
        for unit in units:
            path = ("ontology",) if unit == ONTOLOGY else ("params", parameter_in(unit))
            if unit == ONTOLOGY or path[-1] in (project.params or {}):
                found |= project.origin.at(path).files()
    own = files_of(old)
    return {file for file in found if users.get(file, 0) > (file in own)} or own


def _changed(old: DesiredProject, new: DesiredProject) -> set[str]:
    """The units whose declared values differ."""
    params = [project.params or {} for project in (old, new)]
    found = {
        format_path(("params", key))
        for key in {**params[0], **params[1]}
        if not equal(params[0].get(key, ABSENT), params[1].get(key, ABSENT))
    }
    return found | ({ONTOLOGY} if old.ontology != new.ontology else set())


def _differing(new: DesiredProject, reference: LiveProject | None, units: set[str]) -> set[str]:
    """Those of the units in which something differs from the reference."""
    if reference is None:
        return units
    return units & {unit_of(each.path) or "" for each in compare(new, reference).fields}


def _failure(wanted: Wanted, why: str) -> Diagnostic:
    summary = f"{unit_words(wanted.unit)} of {address_of(wanted.project.name)} cannot be written to the manifest"
    remedy = "Edit the manifest by hand, or select other projects."
    return _refused(summary, wanted.project.source, why=f"{sentence(why)} ", remedy=remedy)


def _refused(summary: str, at: Source | None = None, *, why: str = "", remedy: str = _BY_HAND) -> Diagnostic:
    location = first_line(at.file, at.line) if at is not None else None
    return error("not-editable", summary, detail=f"{why}Nothing was written. {remedy}", location=location)


def _would_be(found: Diagnostic, project: DesiredProject) -> Diagnostic:
    """An error that an edited manifest would have. The lines of the file are not yet those that it is about."""
    summary = f"{address_of(project.name)} cannot be edited: {found.summary}"
    location = first_line(project.source.file, project.source.line)
    return error(found.code, summary, detail=f"Nothing was written. {found.detail}".rstrip(), location=location)


def write(settings: Settings, revision: Revision, *, allow_dirty: bool) -> None:
    """Write the files of a revision, all or none.

    Raises:
        DiagnosedError: a file has uncommitted changes that reconciler did not write. Nothing was written.
        FileRefusedError: a file cannot be written, or was changed in the meantime. The detail says what was written.
        GitRefusedError: git does not answer.
    """
    if not allow_dirty:
        check_committed(settings, revision)
    remember(settings, {file: new for file, (_, new) in revision.files.items()})
    changes = {
        os.path.relpath(file, settings.repo_root): Change(*both) for file, both in sorted(revision.files.items())
    }
    write_together(settings.repo_root, changes)


def check_committed(settings: Settings, revision: Revision) -> None:
    """Check that the files of a revision have no uncommitted changes that reconciler did not write.

    Raises:
        DiagnosedError: one has.
        GitRefusedError: git does not answer.
    """
    if dirty := uncommitted(settings, {file: both[0] for file, both in revision.files.items()}):
        shown = listed([os.path.relpath(file, settings.cwd) for file in dirty])
        raise DiagnosedError(
            "uncommitted changes",
            [
                error(
                    "uncommitted",
                    f"{shown} {'has' if len(dirty) == 1 else 'have'} uncommitted changes",
                    detail="Nothing was written. Commit the changes, or run the command with --allow-dirty.",
                )
            ],
        )
