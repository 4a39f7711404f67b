"""What the loader promises for any input: no exception, nothing slow or large, nothing opened outside."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from reconciler.diagnostics import Diagnostic, merged
from reconciler.manifest.checks.rules import Checks
from reconciler.manifest.codes import Code
from reconciler.manifest.loading import load_manifests
from reconciler.manifest.parsing import Parser
from reconciler.manifest.places import resolved_sources
from reconciler.model.values import Json, equal
from tests.fuzz.inputs import write_repository
from tests.render.shown import render_annotations, render_validation

SECONDS: Final = 2.0
MEGABYTES: Final = 500

_opened: list[str] = []
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_watch)
_open = os.open


def _watched_open(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """The audit event of an open relative to a folder does not say which folder that is."""
    if dir_fd is not None:
        _opened.append(os.path.normpath(os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), path)))
    return _open(path, flags, mode, dir_fd=dir_fd)


def check(seed: int, root: Path) -> int:
    """Write and check the repository of that seed."""
    write_repository(root, Random(seed))
    return check_repository(root, overlay=root / "over" if (root / "over").is_dir() else None, laid=bool(seed % 2))


def check_repository(root: Path, *, overlay: Path | None, laid: bool = False) -> int:
    """Load a repository with both parsers; how many diagnostics there were. Asserts every promise.

    The overlay overrides values of the manifests, or is only checked.
    """
    global _watching
    # Of the process, which may have run other tests before.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded: list[dict[tuple[str, int], Json]] = []
    for parser in Parser:
        _opened.clear()
        _watching = True
        begun = time.monotonic()
        try:
            with patch.object(os, "open", _watched_open):
                manifests = load_manifests(
                    root / "projects",
                    root=root,
                    overlay=overlay if laid else None,
                    checked=[overlay] if overlay else [],
                    checks=Checks({}, date(2027, 1, 20)),
                    parser=parser,
                )
        finally:
            _watching = False
        assert time.monotonic() - begun < SECONDS
        assert str(root) in _opened  # where every way begins
        outside = [file for file in _opened if file.startswith("/") and not f"{file}/".startswith(f"{root}/")]
        assert not [file for file in outside if not file.endswith((".py", ".pyc"))], outside
        entries = (*manifests.entries, *manifests.variants)
        diagnostics = [diagnostic for entry in entries for diagnostic in entry.diagnostics]
        for diagnostic in diagnostics:
            _check_place(diagnostic)
        reported = merged(diagnostics)
        render_validation(reported, manifests=1, base=str(root), colour=True)
        render_annotations(reported, base=str(root))
        projects = [entry.project for entry in manifests.entries if entry.project is not None]
        resolved_sources(projects)
        loaded.append({(project.source.file, project.source.line): project.document for project in projects})
    # The parsers differ in what they accept, never in the values of what both do.
    for place in loaded[0].keys() & loaded[1].keys():
        assert equal(loaded[0][place], loaded[1][place]), place
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < max(MEGABYTES * 1024, peak + 1024)
    return len(diagnostics)


def _check_place(diagnostic: Diagnostic) -> None:
    location = diagnostic.location
    assert diagnostic.code in set(Code)
    assert location is not None
    assert location.line >= 1
    assert 1 <= location.column < location.end_column
    for user in diagnostic.used_by:
        assert user.line >= 1
    if location.text is not None and os.path.isfile(location.file):
        assert location.column <= len(location.text) + 1


def run(seeds: range) -> tuple[int, float]:
    """Check every seed; how many diagnostics in all, and the slowest in seconds. Names a seed that fails."""
    reported, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "projects").mkdir()
        for seed in seeds:
            begun = time.monotonic()
            try:
                reported += check(seed, root)
            except BaseException:
                print(f"seed {seed} breaks a promise: python -m tests.fuzz 1 {seed}", file=sys.stderr)  # noqa: T201
                raise
            slowest = max(slowest, time.monotonic() - begun)
    return reported, slowest
