"""Lay out a repository: configuration, an example, workflows. Existing files are not changed."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import read_below
from reconciler.files.writing import exists_below, write_below
from reconciler.manifest.editorschema import editor_schema, schema_text
from reconciler.operations.pin import PACKAGE_LOCK, Pin, Unpinned
from reconciler.operations.surroundings import WORKFLOWS, Surroundings, look_around
from reconciler.operations.templates import ACTION, Placeholders, template

_ACTION_FILES: Final = ("action.yml", "action.lock", "installer.lock")
_ACTION_FILE: Final = f"{ACTION}/action.yml"
_IGNORE: Final = ".gitignore"
_UNTRACKED: Final = (".reconciler/", "*.plan")


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What was done. File names are relative to the working folder, in the order in which they were looked at.

    `had_action` is whether there was an action already: the jobs go on using it.
    """

    surroundings: Surroundings
    written: tuple[str, ...]
    kept: tuple[str, ...]
    had_action: bool


@dataclass(frozen=True, slots=True)
class _File:
    """A file to lay out, below `base`. Without a text, it is only looked for."""

    base: Path
    name: str
    text: str | None


def has_action(folder: Path, *, named: bool = False) -> bool:
    """Whether the repository that `folder` is in has the action already, which then decides what the jobs install."""
    return _is_there(look_around(folder, named=named).top, _ACTION_FILE)


def lay_out_repository(folder: Path, pin: Pin | Unpinned | None, *, named: bool = False) -> LaidOut:
    """Write what a repository needs for a configuration in `folder`, which is created if it is missing.

    Another folder is used if `folder` already has a configuration above it, unless the user `named` it. No link below
    the top of the repository is followed. Without a pin and without an action, there is nothing that a job could
    install, so no job is written.

    Raises:
        UsageError: a file or a folder, which the message names, cannot be written. If one is a link, nothing was
            written.
        DiagnosedError: the existing configuration has mistakes.
        GitRefusedError: git refuses the repository, fails, or is missing.
    """
    place = look_around(folder, named=named)
    had_action = _is_there(place.top, _ACTION_FILE)
    files = [*_configuration(place), *_jobs(place, pin, had_action)]
    there = {file for file in files if _is_there(file.base, file.name)}
    if had_action:  # it has the locks that belong to it
        files = [file for file in files if not file.name.startswith(f"{ACTION}/") or file in there]
    ignored = _not_ignored(place.root)
    _make_folder(place.root)
    written, kept = [], []
    for file in files:
        if file in there:
            kept.append(file)
        elif file.text is not None:
            _write(file.base, file.name, file.text)
            written.append(file)
    ignore = _File(place.root, _IGNORE, ignored)
    if ignored is None:
        kept.append(ignore)
    else:
        _write(place.root, _IGNORE, ignored)
        written.append(ignore)
    return LaidOut(place, tuple(map(_shown, written)), tuple(map(_shown, kept)), had_action)


def _configuration(place: Surroundings) -> list[_File]:
    """The files that are needed even without a forge."""
    schema = schema_text(editor_schema("manifest"))
    config = place.config_file.name if place.config_file is not None else "reconciler.toml"
    below = PurePosixPath(place.manifests)
    return [
        _File(place.root, config, template("reconciler.toml")),
        _File(place.root, str(below / "_example.yaml"), template("projects/_example.yaml")),
        _File(place.root, str(below / "_example.md"), template("projects/_example.md")),
        _File(place.root, str(below / "_schema.json"), schema),
        _File(place.top, ".vscode/settings.json", template("settings.json", Placeholders(place))),
    ]


def _jobs(place: Surroundings, pin: Pin | Unpinned | None, had_action: bool) -> list[_File]:
    """The action, the workflows that use it, and what keeps them current."""
    texts = {f"{ACTION}/{name}": f"action/{name}" for name in _ACTION_FILES}
    texts |= {place.workflow(command): f"workflows/reconciler-{command}.yml" for command in WORKFLOWS}
    other = ".github/dependabot.yaml"
    texts[other if _is_there(place.top, other) else ".github/dependabot.yml"] = "dependabot.yml"
    if not isinstance(pin, Pin) and not had_action:
        return [_File(place.top, name, None) for name in texts]
    package = pin if isinstance(pin, Pin) else ""
    found = [_File(place.top, name, template(source, Placeholders(place, package))) for name, source in texts.items()]
    if isinstance(pin, Pin) and pin.hashed:
        found.append(_File(place.top, f"{ACTION}/{PACKAGE_LOCK}", pin.lock))
    return found


def _shown(file: _File) -> str:
    return Path(os.path.relpath(file.base / file.name)).as_posix()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unwritten(folder, problem.strerror or str(problem)) from None


def _is_there(folder: Path, name: str) -> bool:
    try:
        return exists_below(folder, name)
    except FileRefusedError as problem:
        raise _unwritten(folder / name, problem.why) from None


def _not_ignored(folder: Path) -> str | None:
    """The text that makes git ignore the files that runs create. None if it already does, or if that is unknown."""
    try:
        there = (read_below(folder, _IGNORE) or b"").decode()
    except FileRefusedError as problem:
        raise _unwritten(folder / _IGNORE, problem.why) from None
    except UnicodeDecodeError:
        return None
    missing = [line for line in _UNTRACKED if line not in there.split("\n")]
    if not missing:
        return None
    ended = there if not there or there.endswith("\n") else f"{there}\n"
    return ended + "".join(f"{line}\n" for line in missing)


def _write(folder: Path, name: str, text: str) -> None:
    try:
        write_below(folder, name, text.encode(), mode=None)
    except FileRefusedError as problem:
        raise _unwritten(
            folder / name, problem.why, "The files that were written before it are kept. Fix this, then run init again."
        ) from None


def _unwritten(file: Path, why: str, detail: str = "Nothing was written.") -> UsageError:
    return UsageError(f"{file} cannot be written: {why}", detail)
