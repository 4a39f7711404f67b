"""Lay out a repository: configuration, an example, workflows. Existing files are not changed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from reconciler import __version__
from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import read_below
from reconciler.files.writing import exists_below, write_below
from reconciler.manifest.editorschema import editor_schema, schema_text

SCHEMA: Final = "schema"
"""A source that is not a template: the JSON Schema of manifests, for editors."""

_LAID_OUT: Final = (
    ("reconciler.toml", "reconciler.toml"),
    ("projects/_example.yaml", "projects/_example.yaml"),
    ("projects/_example.md", "projects/_example.md"),
    ("projects/_schema.json", SCHEMA),
    (".github/actions/reconciler/action.yml", "action.yml"),
    (".github/workflows/plan.yml", "workflows/plan.yml"),
    (".github/workflows/apply.yml", "workflows/apply.yml"),
    (".github/workflows/drift.yml", "workflows/drift.yml"),
)
"""Each file of a new repository, and the one that it is made from."""

_IGNORE: Final = ".gitignore"
_UNTRACKED: Final = (".reconciler/", "*.plan")
_PATHS: Final = '["projects/**", "reconciler.toml", ".github/workflows/*.yml", ".github/actions/reconciler/*"]'


@dataclass(frozen=True, slots=True)
class LaidOut:
    """File names below the folder, in the order in which they were looked at."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out_repository(folder: Path) -> LaidOut:
    """Write what a new repository needs into `folder`, which is created if it is missing. No link below it is followed.

    Raises:
        UsageError: a file or a folder cannot be written, and which. If one is a link, nothing was written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unwritten(folder, problem.strerror or str(problem)) from None
    there = {name for name, _ in _LAID_OUT if _is_there(folder, name)}
    ignored = _not_ignored(folder)
    written, kept = [], []
    for name, source in _LAID_OUT:
        if name in there:
            kept.append(name)
        else:
            _write(folder, name, schema_text(editor_schema("manifest")) if source == SCHEMA else template(source))
            written.append(name)
    if ignored is None:
        kept.append(_IGNORE)
    else:
        _write(folder, _IGNORE, ignored)
        written.append(_IGNORE)
    return LaidOut(tuple(written), tuple(kept))


def _is_there(folder: Path, name: str) -> bool:
    try:
        return exists_below(folder, name)
    except FileRefusedError as problem:
        raise _unwritten(folder / name, problem.why) from None


def template(source: str, *, action: str = "./.github/actions/reconciler", install: str = "", paths: str = "") -> str:
    """One of the files in `reconciler/initial`, filled in.

    `action` is what the workflows use, `install` the lines that install reconciler, `paths` the paths that start a job.
    """
    text = files("reconciler").joinpath("initial", *source.split("/")).read_text("utf-8")
    return (
        text.replace("@INSTALL@", _indented(install or _from_the_index()))
        .replace("@ACTION@", f"{action} # zizmor: ignore[self-repository]")
        .replace("@PATHS@", paths or _PATHS)
    )


def _from_the_index() -> str:
    return f'reconciler/bin/python -I -m pip install --quiet "scale-reconciler=={__version__}"'


def _indented(lines: str) -> str:
    return "\n".join(f"        {line}" for line in lines.split("\n"))


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
