"""Unified diffs of files, as `git apply` takes them. Only LF ends a line."""

from __future__ import annotations

import difflib
import re
from typing import Final

_IN_QUOTES: Final = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\"}


def patch(name: str, old: bytes, new: bytes, *, context: int = 3) -> str:
    """The diff of a file with that path, with so many lines around each change. Bytes that are not UTF-8 are in it as
    surrogate escapes."""
    before, after = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    pieces = [f"diff --git {before} {after}\n"]
    for line in difflib.unified_diff(_by_line(old), _by_line(new), before, after, n=context):
        pieces.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(pieces)


def _quoted(path: str) -> str:
    """A path as git writes it."""
    if not _IN_QUOTES.search(path):
        return path
    return '"' + _IN_QUOTES.sub(lambda found: _ESCAPES.get(found[0]) or f"\\{ord(found[0]):03o}", path) + '"'


def _by_line(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
