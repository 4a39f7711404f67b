"""The configuration file, found and parsed: `reconciler.toml`, or `[tool.reconciler]` in `pyproject.toml`.

`keys.py` defines its keys, and reads their values. Flags and the environment are not read here.
"""

from __future__ import annotations

import os.path
import re
import sys
import tomllib
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from reconciler.configuration.spans import Node, Span, Spans, tokens
from reconciler.diagnostics import Location, error, first_line
from reconciler.errors import DiagnosedError, FileRefusedError, UsageError
from reconciler.files.reading import LARGEST_CONFIGURATION, read_file
from reconciler.files.walking import Refusal

FILES = ("reconciler.toml", "pyproject.toml")

_LONGEST_NUMBER = 4_300
"""The maximum number of digits. The time to read a number grows with the square of its length."""

_DIGITS = re.compile(rf"[+-]?[0-9](?:_?+[0-9]){{{_LONGEST_NUMBER}}}")

_MOST_KEY_PARTS = 30
"""The maximum number of parts in a dotted key. The time that `tomllib` needs grows with the square of their number."""

_REPEATED = ("Cannot ", "Duplicate ")
"""How messages about a key that is already defined start."""


class _Source:
    """A text, and the locations in it."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text
        self._lines = text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))

    def location(self, start: int, end: int) -> Location:
        """The location of a range of indexes. It ends at the end of its first line."""
        number = bisect_right(self._starts, start)
        line, before = self._lines[number - 1], self._starts[number - 1]
        last = max(min(end - before, len(line)), start - before + 1)
        return Location(self.file.as_posix(), number, start - before + 1, last + 1, line)

    def index(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1


class Configuration:
    """A parsed configuration file: its tables, and their locations in its text. Its folder is the repository root."""

    def __init__(self, source: _Source, tables: Any) -> None:
        self.file = source.file
        self.tables = tables
        self._source = source
        self._base = ("tool", "reconciler") if self.file.name == "pyproject.toml" else ()

    @cached_property
    def _root(self) -> Node:
        return Spans(self._source.text).root

    def locate(self, path: tuple[str | int, ...], *, at_key: bool) -> Location:
        """The location of a value or its key; otherwise, of the nearest table around it; otherwise, the first line."""
        node = self._root
        for part in (*self._base, *path):
            if part not in node.below:
                break
            node = node.below[part]
        span = (node.key if at_key else node.value) or node.key or node.value
        return first_line(self.file.as_posix()) if span is None else self._source.location(*span)


def find_configuration(folder: Path, top: Path | None) -> Configuration | None:
    """The configuration that applies in `folder`, an absolute path without links."""
    for parent in (folder, *folder.parents):
        found = [read for name in FILES if (read := _load(parent / name)) is not None]
        if len(found) > 1:
            raise _refuse(
                "two-configurations",
                "reconciler.toml and [tool.reconciler] in pyproject.toml both exist",
                found[1].locate((), at_key=False),
                "Keep one of them.",
            )
        if found:
            return found[0]
        if top is None or parent == top:
            return None
    return None


def _load(file: Path) -> Configuration | None:
    """The configuration in a file; None if the file does not exist or has no configuration."""
    if not os.path.lexists(file):
        return None
    try:
        text = read_file(file.parent, file.name, limit=LARGEST_CONFIGURATION, dots=False).decode("utf-8-sig")
    except FileRefusedError as problem:
        summary = f"{file.name} cannot be read: {problem.why}"
        if problem.reason == Refusal.MISSING:
            summary = f"{file.name} is a link to a file that does not exist"
        raise _refuse("file", summary, first_line(file.as_posix()), problem.detail) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8", f"Save this file as UTF-8: {file}") from None
    source = _Source(file, text.replace("\r\n", "\n"))
    tables: Any = _parse(source)
    if file.name == "pyproject.toml":
        tables = _of_tool(tables)
    return None if tables is None else Configuration(source, tables)


def is_configuration(text: str) -> bool:
    """Whether a text would be one as `pyproject.toml`. One that is not TOML is: it would be an error."""
    try:
        return _of_tool(tomllib.loads(text)) is not None
    except (ValueError, RecursionError):
        return True


def _of_tool(tables: dict[str, Any]) -> Any:
    tool = tables.get("tool", {})
    return tool.get("reconciler") if isinstance(tool, dict) else None


def _parse(source: _Source) -> dict[str, Any]:
    text = source.text
    if (long := _long_key(text)) is not None:
        detail = "Shorten the key."
        raise _refuse("too-deep", f"a key has more than {_MOST_KEY_PARTS} parts", source.location(*long), detail)
    longest = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(_LONGEST_NUMBER)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        words = re.sub(r"\s*\(at .*\)$", "", str(problem))
        at = re.search(r"at line (\d+), column (\d+)", str(problem))
        index = source.index(int(at[1]), int(at[2])) if at else len(text)
        span = None
        if words.startswith(_REPEATED):
            # tomllib reports a key that repeats another one where its value ends, or behind the key in a header.
            read = text[:index].rstrip(" \t")
            span = Spans(read).keys_by_end.get(len(read))
        location = source.location(*(span or (index, index + 1)))
        bare = words == "Invalid value" and text[index : index + 1].isalpha()
        label = "quote it" if bare else ""
        raise _refuse("syntax", f"invalid TOML: {words[0].lower()}{words[1:]}", location, label=label) from None
    except RecursionError:
        summary, detail = f"{source.file.name} is nested too deeply", "Use fewer levels of tables and arrays."
        raise _refuse("too-deep", summary, first_line(source.file.as_posix()), detail) from None
    except ValueError:
        # The only mistake without a location: tomllib leaves it to the parser of numbers.
        number = next(token for token in tokens(text) if _DIGITS.match(token.text))
        location = source.location(number.start, number.end)
        raise _refuse("too-large", f"a number has more than {_LONGEST_NUMBER:,} digits", location) from None
    finally:
        sys.set_int_max_str_digits(longest)


def _long_key(text: str) -> Span | None:
    """The first key with more parts than are allowed. A key does not span lines."""
    if all(line.count(".") < _MOST_KEY_PARTS for line in text.split("\n")):
        return None
    start = parts = 0
    after_dot = False
    for token in tokens(text):
        if token.text == ".":
            after_dot = True
            continue
        if not (after_dot and parts):
            start, parts = token.start, 0
        after_dot = False
        parts = parts + 1 if token.is_part else 0
        if parts > _MOST_KEY_PARTS:
            return start, token.end
    return None


def _refuse(code: str, summary: str, location: Location, detail: str = "", *, label: str = "") -> DiagnosedError:
    return DiagnosedError(summary, [error(code, summary, detail=detail, location=location, label=label)])
