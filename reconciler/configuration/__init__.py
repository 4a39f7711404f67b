"""The configuration file, found and parsed: `reconciler.toml`, or `[tool.reconciler]` in `pyproject.toml`.

`keys.py` defines its keys, and reads their values. Flags and the environment are not read here.
"""

from __future__ import annotations

import os.path
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Location, error
from reconciler.errors import DiagnosedError, FileRefusedError, UsageError
from reconciler.files.reading import LARGEST_CONFIGURATION, read_file
from reconciler.files.walking import Refusal

FILES = ("reconciler.toml", "pyproject.toml")

_LONGEST_NUMBER = 4_300
"""The maximum number of digits. The time to read a number grows with the square of its length."""

_DIGITS = re.compile(rf"[0-9](?:_?+[0-9]){{{_LONGEST_NUMBER}}}")

_MOST_KEY_PARTS = 30
"""The maximum number of parts in a dotted key. The time that `tomllib` needs grows with the square of their number."""

_KEY = r"""(?>[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?m)(?:^[ \t]*+\[?\[?|[{{,])[ \t]*+{_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{_MOST_KEY_PARTS}}}")


class Configuration:
    """A parsed configuration file: its tables, and their locations in its text. Its folder is the repository root.

    `tomllib` gives no locations, so a location is an estimate from what lines start with.
    """

    def __init__(self, file: Path, lines: Sequence[str], tables: Any) -> None:
        self.file = file
        self.tables = tables
        self._lines = lines
        self._base = ("tool", "reconciler") if file.name == "pyproject.toml" else ()
        self._tables: dict[tuple[str, ...], list[int]] = {}
        """The lines of the headers of each table. An array of tables has several."""
        self._keys: dict[int, dict[str, int]] = {0: {}}
        """The lines of the keys in each table, by the line of its header; 0 is the top of the file."""
        keys = self._keys[0]
        for number, line in enumerate(lines, 1):
            stripped = line.strip()
            if stripped.startswith("["):
                self._tables.setdefault(_parts(stripped), []).append(number)
                keys = self._keys[number] = {}
            elif match := _KEY_AT_START.match(stripped):
                keys.setdefault(match[1], number)

    def locate(self, path: tuple[str | int, ...], *, at_key: bool) -> Location:
        """The location of a value or its key; otherwise, of the nearest table around it; otherwise, the first line."""
        part = path[-1] if path else ""
        if isinstance(part, int) and not self._table(path):
            return self._within(self.locate(path[:-1], at_key=False), self._value(path))
        found = self._find(path)
        value = None if at_key else _VALUE.match(found.text or "", found.end_column - 1)
        return replace(found, column=value.start(1) + 1, end_column=value.end(1) + 1) if value else found

    def header(self, *parts: str) -> Location | None:
        """The first line of a table whose name starts with these parts."""
        for names, lines in self._tables.items():
            if names[: len(parts)] == parts:
                return self._location(lines[0], f"[{'.'.join(parts)}")
        return None

    def _find(self, path: tuple[str | int, ...]) -> Location:
        for length in range(len(path), -1, -1):
            header = self._table(path[:length])
            if header or not length:
                below = [str(part) for part in path[length:]]
                for key in (".".join(below), *below[:1]):
                    if line := self._keys[header].get(key):
                        return self._location(line, key)
                if length:
                    return self._location(header, "[")
        return self.header(*self._base, *(str(part) for part in path[:1])) or first_line(self.file)

    def _table(self, path: tuple[str | int, ...]) -> int:
        """The line of the header of a table; 0 if the table has none."""
        number = path[-1] if path and isinstance(path[-1], int) else 0
        names = tuple(part for part in path if isinstance(part, str))
        lines = self._tables.get((*self._base, *names), []) if self._base or names else []
        return lines[number] if number < len(lines) else 0

    def _value(self, path: tuple[str | int, ...]) -> Any:
        value = self.tables
        for part in path:
            value = value[part]
        return value

    def _within(self, place: Location, value: Any) -> Location:
        """The estimated location of a string in the value at `place`, otherwise `place`."""
        for quoted in (f'"{value}"', f"'{value}'") if isinstance(value, str) else ():
            if place.text is not None and (at := place.text.find(quoted, place.column - 1)) >= 0:
                return replace(place, column=at + 1, end_column=at + 1 + len(quoted))
        return place

    def _location(self, line: int, start: str) -> Location:
        """The location of the line that starts with `start`."""
        text = self._lines[line - 1]
        column = len(text) - len(text.lstrip()) + 1
        return Location(self.file.as_posix(), line, column, column + len(start), text.rstrip("\r"))


def _parts(header: str) -> tuple[str, ...]:
    """The name of a table, from the line that starts it."""
    return tuple(part.strip("\"'") for part in _PART.findall(header.split("]")[0]))


_PART = re.compile(r"""[^\s.\[\]"']+|"[^"]*"|'[^']*'""")
_KEY_AT_START = re.compile(r"([^\s=]+)\s*=")


def find_configuration(folder: Path, top: Path | None) -> Configuration | None:
    """The configuration that applies in `folder`, an absolute path without links."""
    for parent in (folder, *folder.parents):
        found = [read for name in FILES if (read := _load(parent / name)) is not None]
        if len(found) > 1:
            raise DiagnosedError(
                "there are two configurations",
                [
                    error(
                        "two-configurations",
                        "reconciler.toml and [tool.reconciler] in pyproject.toml both exist",
                        detail="Keep one of them.",
                        location=found[1].header("tool", "reconciler") or first_line(found[1].file),
                    )
                ],
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
        raise _refuse("file", summary, first_line(file), problem.detail) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8", f"Save this file as UTF-8: {file}") from None
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
        # The only mistake without a location: tomllib leaves it to the parser of numbers.
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


_VALUE = re.compile(r"""\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\[{].*|[^\s#]+)""")
