"""Lay out a repository: configuration, an example, workflows. What is there already stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from reconciler import __version__
from reconciler.errors import UsageError
from reconciler.manifest.editorschema import schema_text

SCHEMA: Final = "schema"
"""A source that is no template: the JSON Schema of manifests, for editors."""

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

_UNTRACKED: Final = (".reconciler/", "*.plan")
_PATHS: Final = '["projects/**", "reconciler.toml", ".github/workflows/*.yml", ".github/actions/reconciler/*"]'


@dataclass(frozen=True, slots=True)
class LaidOut:
    """File names below the folder, in the order in which they were looked at."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out_repository(folder: Path) -> LaidOut:
    """Write what a new repository needs into `folder`, which is made where it is missing.

    Raises:
        UsageError: a file or a folder cannot be written, and which.
    """
    written, kept = [], []
    for name, source in _LAID_OUT:
        file = folder / name
        if file.exists() or file.is_symlink():
            kept.append(name)
            continue
        _write(file, schema_text("manifest") if source == SCHEMA else template(source))
        written.append(name)
    (written if _ignore(folder / ".gitignore") else kept).append(".gitignore")
    return LaidOut(tuple(written), tuple(kept))


def template(source: str, *, action: str = "./.github/actions/reconciler", install: str = "", paths: str = "") -> str:
    """One of the files in `reconciler/initial`, filled in.

    `action` is what the workflows use, `install` the lines that install reconciler, `paths` those that start a job.
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


def _ignore(file: Path) -> bool:
    """Have git ignore what runs leave behind; False where it does already."""
    try:
        there = file.read_text("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError):
        return False
    missing = [line for line in _UNTRACKED if line not in there.split("\n")]
    if missing:
        ended = there if not there or there.endswith("\n") else f"{there}\n"
        _write(file, ended + "".join(f"{line}\n" for line in missing))
    return bool(missing)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    except OSError as problem:
        raise UsageError(
            f"{file} cannot be written: {problem.strerror}", "What was written before it stays; run init again."
        ) from None
