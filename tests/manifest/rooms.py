"""A repository with manifests in a temporary folder, and what loading it reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.parsing import Parser
from reconciler.model.project import DesiredProject

HEAD = "name: p\ntype: imageannotation\n"

BOTH_PARSERS = pytest.mark.parametrize("parser", list(Parser), ids=[parser.value for parser in Parser])


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Files by their path below `root`, byte for byte."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def load(root: Path, files: Mapping[str, str | bytes], parser: Parser | None = None) -> Manifests:
    """Write the files and load `projects/`; a name without a folder goes there."""
    write(root, {name if "/" in name else f"projects/{name}": content for name, content in files.items()})
    return load_manifests(root / "projects", root=root, parser=parser)


def load_one(root: Path, text: str | bytes, parser: Parser | None = None) -> DesiredProject:
    """The project of a manifest without errors."""
    (entry,) = load(root, {"p.yaml": text}, parser).entries
    assert entry.project is not None, reported(entry.diagnostics)
    return entry.project


def reported(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """`code:line:column` each, warnings with a question mark behind."""
    return [
        f"{diagnostic.code}:{diagnostic.location.line}:{diagnostic.location.column}{'' if diagnostic.is_error else '?'}"
        for diagnostic in diagnostics
        if diagnostic.location is not None
    ]


def all_reported(manifests: Manifests) -> list[str]:
    return [line for entry in manifests.entries for line in reported(entry.diagnostics)]
