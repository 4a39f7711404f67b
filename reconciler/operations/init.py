"""Lay out a repository: configuration, an example, workflows. Existing files are not changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import read_below
from reconciler.files.writing import exists_below, write_below
from reconciler.manifest.editorschema import editor_schema, schema_text
from reconciler.operations.pin import PACKAGE_LOCK, Pin, Unpinned

SCHEMA: Final = "schema"
"""A source that is not a template: the JSON Schema of manifests, for editors."""

_LAID_OUT: Final = (
    ("reconciler.toml", "reconciler.toml"),
    ("projects/_example.yaml", "projects/_example.yaml"),
    ("projects/_example.md", "projects/_example.md"),
    ("projects/_schema.json", SCHEMA),
)
"""Each file of a new repository, and the one that it is made from."""

_ACTION: Final = ".github/actions/reconciler"
_ACTION_FILES: Final = ("action.yml", "action.lock", "installer.lock")
_WORKFLOWS: Final = ("plan.yml", "apply.yml", "drift.yml")

_JOBS: Final = (f"{_ACTION}/action.yml", *(f".github/workflows/{name}" for name in _WORKFLOWS))
"""The action and the workflows that use it."""

_IGNORE: Final = ".gitignore"
_UNTRACKED: Final = (".reconciler/", "*.plan")
_PATHS: Final = '["projects/**", "reconciler.toml", ".github/workflows/*.yml", ".github/actions/reconciler/*"]'


@dataclass(frozen=True, slots=True)
class LaidOut:
    """File names below the folder, in the order in which they were looked at."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out_repository(folder: Path, pin: Pin | Unpinned) -> LaidOut:
    """Write what a new repository needs into `folder`, which is created if it is missing. No link below it is followed.

    Without a pin there is nothing that a job could install, so no job is written.

    Raises:
        UsageError: a file or a folder cannot be written, and which. If one is a link, nothing was written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unwritten(folder, problem.strerror or str(problem)) from None
    texts = {name: _text(source) for name, source in _LAID_OUT}
    there = {name for name in (*texts, *_JOBS) if _is_there(folder, name)}
    if isinstance(pin, Pin):
        texts.update(_jobs(pin, with_action=_JOBS[0] not in there))
    ignored = _not_ignored(folder)
    written, kept = [], []
    for name, text in texts.items():
        if name in there:
            kept.append(name)
        else:
            _write(folder, name, text)
            written.append(name)
    if ignored is None:
        kept.append(_IGNORE)
    else:
        _write(folder, _IGNORE, ignored)
        written.append(_IGNORE)
    return LaidOut(tuple(written), tuple(kept))


def _text(source: str) -> str:
    return schema_text(editor_schema("manifest")) if source == SCHEMA else template(source)


def _jobs(pin: Pin, *, with_action: bool) -> dict[str, str]:
    """The action and the workflows that use it. An action that is there keeps its own locks."""
    action = {name: template(f"action/{name}", package=pin) for name in _ACTION_FILES} if with_action else {}
    if with_action and pin.hashed:
        action[PACKAGE_LOCK] = pin.lock
    workflows = {f".github/workflows/{name}": template(f"workflows/{name}") for name in _WORKFLOWS}
    return {f"{_ACTION}/{name}": text for name, text in (action or {"action.yml": ""}).items()} | workflows


def _is_there(folder: Path, name: str) -> bool:
    try:
        return exists_below(folder, name)
    except FileRefusedError as problem:
        raise _unwritten(folder / name, problem.why) from None


def template(
    source: str,
    *,
    action: str = f"./{_ACTION}",
    locks: str = "",
    package: Pin | str = "",
    paths: str = _PATHS,
) -> str:
    """One of the files in `reconciler/initial`, filled in.

    `action` is what the workflows use, `locks` the folder of its lock files below it. `package` is what it installs: a
    pin, or arguments for uv as a shell reads them. `paths` are the paths that start a job.
    """
    text = files("reconciler").joinpath("initial", *source.split("/")).read_text("utf-8")
    values = {
        "@ACTION@": f"{action} # zizmor: ignore[self-repository]",
        "@LOCKS@": locks,
        "@PACKAGE@": _arguments(package) if isinstance(package, Pin) else package,
        "@PATHS@": paths,
    }
    return re.sub(r"@[A-Z]+@", lambda found: values[found[0]], text)


def _arguments(pin: Pin) -> str:
    return f'--require-hashes --requirement "$locks/{PACKAGE_LOCK}"' if pin.hashed else f"'{pin.requirement}'"


def _not_ignored(folder: Path) -> str | None:
    """The text that has git ignore what runs leave behind; None if it does already, or if that is unknown."""
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
