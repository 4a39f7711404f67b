"""The configuration file, found and read; `checking.py` says what is wrong with it.

`reconciler.toml`, or `[tool.reconciler]` of `pyproject.toml` with the same keys. Knows nothing of flags or environment.
"""

from __future__ import annotations

import os.path
import re
import sys
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Location, error
from reconciler.endpoint import SCALE_ENDPOINT
from reconciler.errors import DiagnosedError, FileRefusedError, UsageError
from reconciler.files import LARGEST_CONFIGURATION, Refusal, read_file

BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "sandbox": {"sandbox": ".reconciler/sandbox.db"},
    "production": {"endpoint": SCALE_ENDPOINT, "api_key_env": "SCALE_API_KEY"},
}

CHECKS = (
    "project-key-in-params",
    "misspelt-parameter",
    "parameter-kind",
    "parameter-of-other-type",
    "parameter-of-task",
    "left-to-tasks",
    "legacy-type",
    "unknown-type",
    "unknown-reference",
    "over-limit",
    "no-effect",
    "empty-instruction",
    "private-link",
    "like-choices",
    "ignore-ends-soon",
    "label-not-in-ontology",
    "choice-without-label",
    "heading-and-leaf",
    "duplicate-label",
    "renamed-choice",
)
"""The checks that know the field; each can be switched."""

SWITCHES = ("off", "note", "warn")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILES = ("reconciler.toml", "pyproject.toml")

_LONGEST_NUMBER = 4_300
"""Digits. The time to read a number grows with the square of its length."""

_DIGITS = re.compile(rf"[0-9](?:_?+[0-9]){{{_LONGEST_NUMBER}}}")

_MOST_KEY_PARTS = 30
"""Parts of a dotted key. `tomllib` goes through them for each value; its time grows with the square of their number."""

_KEY = r"""(?>[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?m)(?:^[ \t]*+\[?\[?|[{{,])[ \t]*+{_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{_MOST_KEY_PARTS}}}")


class Configuration:
    """A configuration file that was read: its tables, and where things are in its text. Its folder is the repository
    root.

    TOML's reader gives no places, so a place is an estimate: it is found by what a line starts with.
    """

    def __init__(self, file: Path, lines: Sequence[str], tables: Any) -> None:
        self.file = file
        self.tables = tables
        self._lines = lines
        self._keys: dict[str, list[int]] = {}
        self._headers: list[int] = []
        self._header_texts: list[str] = []
        self._tables: dict[str, list[int]] = {}
        for number, line in enumerate(lines, 1):
            stripped = line.strip()
            if stripped.startswith("["):
                self._headers.append(number)
                self._header_texts.append(stripped)
            elif match := _KEY_AT_START.match(stripped):
                self._keys.setdefault(match[1], []).append(number)

    def find_key(self, key: str, *, after: int = 0) -> Location | None:
        """The first line of a key, below line `after` and in that line's table if it is given."""
        lines = self._keys.get(key, [])
        at = bisect_right(lines, after)
        if at == len(lines) or (after and lines[at] > self._end_of_table(after)):
            return None
        return self.location(lines[at], key)

    def find_header(self, start: str) -> Location | None:
        """The first line of a table that starts with `start`."""
        for number, text in zip(self._headers, self._header_texts, strict=True):
            if text.startswith(start):
                return self.location(number, start)
        return None

    def find_table(self, name: str, number: int) -> int:
        """The line of the `number`th (from 0) `[name]` or `[[name]]`; 0 if it is not written so."""
        if name not in self._tables:
            header = re.compile(rf"\[\[?\s*(?:tool\s*\.\s*reconciler\s*\.\s*)?{re.escape(name)}\s*\]")
            headers = zip(self._headers, self._header_texts, strict=True)
            self._tables[name] = [line for line, text in headers if header.match(text)]
        found = self._tables[name]
        return found[number] if number < len(found) else 0

    def location(self, line: int, start: str) -> Location:
        """Where `start` is at the beginning of a line."""
        text = self._lines[line - 1]
        column = len(text) - len(text.lstrip()) + 1
        return Location(self.file.as_posix(), line, column, column + len(start), text.rstrip("\r"))

    def _end_of_table(self, line: int) -> int:
        at = bisect_right(self._headers, line)
        return self._headers[at] if at < len(self._headers) else len(self._lines)


_KEY_AT_START = re.compile(r"([^\s=]+)\s*=")


def find_configuration(folder: Path, top: Path | None) -> Configuration | None:
    """The configuration that applies in `folder`, an absolute path without links."""
    for parent in (folder, *folder.parents):
        found = [read for name in _FILES if (read := _load(parent / name)) is not None]
        if len(found) > 1:
            raise DiagnosedError(
                "two configurations",
                [
                    error(
                        "two-configurations",
                        "both reconciler.toml and [tool.reconciler] in pyproject.toml are there",
                        detail="Keep one of them.",
                        location=found[1].find_header("[tool.reconciler") or first_line(found[1].file),
                    )
                ],
            )
        if found:
            return found[0]
        if top is None or parent == top:
            return None
    return None


def _load(file: Path) -> Configuration | None:
    """The configuration in a file; None if there is no file, or nothing in it that is ours."""
    if not os.path.lexists(file):
        return None
    try:
        text = read_file(file.parent, file.name, limit=LARGEST_CONFIGURATION, dots=False).decode("utf-8-sig")
    except FileRefusedError as problem:
        summary = f"{file.name} cannot be read: {problem.why}"
        if problem.reason == Refusal.MISSING:
            summary = f"{file.name} is a link to a file that does not exist"
        raise _refuse("file", summary, first_line(file), problem.detail) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8", str(file)) from None
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    tables: Any = _parse(file, text, lines)
    if file.name == "pyproject.toml":
        tool = tables.get("tool", {})
        tables = tool.get("reconciler") if isinstance(tool, dict) else None
    return None if tables is None else Configuration(file, lines, tables)


def _parse(file: Path, text: str, lines: Sequence[str]) -> dict[str, Any]:
    if (long := _LONG_KEY.search(text)) is not None:
        raise _refuse(
            "too-deep", f"a key has more than {_MOST_KEY_PARTS} parts", _location_at(file, text, long.start())
        )
    longest = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(_LONGEST_NUMBER)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        words = re.sub(r"\s*\(at .*\)$", "", str(problem))
        at = re.search(r"at line (\d+), column (\d+)", str(problem))
        line, column = (int(at[1]), int(at[2])) if at else (len(lines), len(lines[-1]) + 1)
        location = Location(file.as_posix(), line, column, column + 1, lines[line - 1])
        bare = words == "Invalid value" and lines[line - 1][column - 1 : column].isalpha()
        raise _refuse("syntax", f"this is not TOML: {words}", location, label="quote it" if bare else "") from None
    except RecursionError:
        raise _refuse("too-deep", f"{file.name} is nested too deeply", first_line(file)) from None
    except ValueError:
        # The one mistake that tomllib leaves to the reader of numbers, and so gives no place.
        digits = _DIGITS.search(text)
        location = first_line(file) if digits is None else _location_at(file, text, digits.start())
        raise _refuse("too-large", f"a number has more than {_LONGEST_NUMBER:,} digits", location) from None
    finally:
        sys.set_int_max_str_digits(longest)


def _refuse(code: str, summary: str, location: Location, detail: str = "", *, label: str = "") -> DiagnosedError:
    return DiagnosedError(summary, [error(code, summary, detail=detail, location=location, label=label)])


def first_line(file: Path) -> Location:
    return Location(file.as_posix(), 1, 1, 2)


def _location_at(file: Path, text: str, index: int) -> Location:
    start = text.rfind("\n", 0, index) + 1
    line, _, _ = text[start:].partition("\n")
    return Location(file.as_posix(), text.count("\n", 0, index) + 1, index - start + 1, index - start + 2, line)


def read_day(value: Any) -> date | None:
    """A TOML date, or a string that is exactly YYYY-MM-DD; None for anything else, a date with a time too."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def find_value(place: Location, text: str = "") -> Location:
    """The value of the key at `place`, or the string `text` in it, as nearly as can be told; else the key."""
    match = _VALUE.match(place.text or "", place.end_column - 1)
    if match is None:
        return place
    column, end = match.start(1), match.end(1)
    for quoted in (f'"{text}"', f"'{text}'") if text else ():
        if (at := match.string.find(quoted, column)) >= 0:
            column, end = at, at + len(quoted)
    return replace(place, column=column + 1, end_column=end + 1)


_VALUE = re.compile(r"""\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\[{].*|[^\s#]+)""")
