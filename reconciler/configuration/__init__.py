"""The configuration file, found and read; `checking.py` says what is wrong with it.

`reconciler.toml`, or `[tool.reconciler]` of `pyproject.toml` with the same keys. Knows nothing of flags or environment.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Span, error
from reconciler.endpoint import SCALE_ENDPOINT
from reconciler.errors import DiagnosedError, UsageError

BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "sandbox": {"sandbox": ".reconciler/sandbox.db"},
    "production": {"endpoint": SCALE_ENDPOINT, "api_key_env": "SCALE_API_KEY"},
}

GUARD_NAMES = (
    "near-name",
    "vanished",
    "takeover",
    "not-kept",
    "choice-removal",
    "conflict",
    "expired-ignore",
    "max-creates",
    "max-change-ratio",
    "max-forgets",
)
"""The guards that a waiver can name."""

NO_MANIFESTS = "no-manifests"
"""The guard that `--allow` alone waives."""

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


def find_configuration(folder: Path, top: Path | None) -> tuple[Path, dict[str, Any]] | None:
    """The configuration file that holds, and its tables."""
    for parent in (folder, *folder.parents):
        found = []
        for name in _FILES:
            if (parent / name).exists():
                tables = _load(parent / name)
                if name == "pyproject.toml":
                    tables = tables.get("tool", {}).get("reconciler")
                if tables is not None:
                    found.append((parent / name, tables))
        if len(found) > 1:
            raise DiagnosedError(
                "two configurations",
                [
                    error(
                        "two-configurations",
                        "both reconciler.toml and [tool.reconciler] in pyproject.toml are there",
                        detail="Keep one of them.",
                        span=find_line(parent / "pyproject.toml", "[tool.reconciler"),
                    )
                ],
            )
        if found:
            return found[0]
        if top is None or parent == top:
            return None
    return None


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as problem:
        raise UsageError(f"{file.name} cannot be read: {problem.strerror}", str(file)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8", str(file)) from None
    except tomllib.TOMLDecodeError as problem:
        text = re.sub(r"\s*\(at .*\)$", "", str(problem))
        at = re.search(r"at line (\d+), column (\d+)", str(problem))
        line, column = (int(at[1]), int(at[2])) if at else (1, 1)
        shown = file.read_text("utf-8-sig", errors="replace").split("\n")[line - 1 : line]
        span = Span(file.as_posix(), line, column, column + 1, shown[0] if shown else None)
        bare = text == "Invalid value" and bool(shown) and shown[0][column - 1 : column].isalpha()
        found = error("syntax", f"this is no TOML: {text}", span=span, label="quote it" if bare else "")
        raise DiagnosedError("no TOML", [found]) from None


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


def find_value(place: Span, text: str = "") -> Span:
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


def find_line(file: Path, start: str, *, after: int = 0) -> Span:
    """The first line below line `after` that starts with `start`, as nearly as can be told.

    TOML's reader gives no places. Below a table's line only that table is looked through.
    """
    for number, text in enumerate(file.read_text("utf-8-sig").split("\n"), 1):
        stripped = text.strip()
        if number <= after:
            continue
        if after and stripped.startswith("[") and start != "[":
            break
        if stripped.startswith(start) and (start[0] == "[" or re.match(r"\s*=", stripped[len(start) :])):
            column = len(text) - len(text.lstrip()) + 1
            return Span(file.as_posix(), number, column, column + len(start), text.rstrip("\r"))
    return Span(file.as_posix(), 1, 1, 2)
