"""The configuration file: found, read, checked; every mistake of it collected before any is raised.

`reconciler.toml`, or `[tool.reconciler]` of `pyproject.toml` with the same keys. Knows nothing of flags or environment.
"""

from __future__ import annotations

import difflib
import os.path
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.diagnostics import Diagnostic, Span, error
from reconciler.endpoint import SCALE_ENDPOINT, check_endpoint
from reconciler.errors import DiagnosedError, UsageError
from reconciler.fieldpath import parse_pattern

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

_KEY_VARIABLE = re.compile(r"SCALE_[A-Z0-9_]+", re.ASCII)
_REMOTE = re.compile(r"(?![-./])(?!.*(?:\.\.|//|@\{|[./]$))[^\s\x00-\x20\x7f~^:?*\[\\]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILES = ("reconciler.toml", "pyproject.toml")


class _Tables:
    """The kind of a list of tables."""


_TOP_KEYS = {
    "manifests": str,
    "target": str,
    "sensitive": list,
    "targets": dict,
    "guards": dict,
    "checks": dict,
    "waivers": _Tables,
}
_TARGET_KEYS = {
    "sandbox": str,
    "endpoint": str,
    "api_key_env": str,
    "parallelism": int,
    "writes": bool,
    "record": str,
    "overlay": str,
}
_GUARD_KEYS = {
    "max_creates": int,
    "max_change_ratio": float,
    "max_forgets": int,
    "choice_removal": str,
    "near_name": str,
}
_WAIVER_KEYS = {"guard": str, "project": str, "reason": str, "until": date}
_KIND_NAMES = {
    str: "a string",
    list: "a list of strings",
    dict: "a table",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    date: "a day, written YYYY-MM-DD",
    _Tables: "a list of tables, each under its own [[waivers]]",
}


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
                        span=_place(parent / "pyproject.toml", "[tool.reconciler"),
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
        raise DiagnosedError("no TOML", [error("syntax", f"this is no TOML: {text}", span=span)]) from None


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


def _place(file: Path, start: str, *, after: int = 0) -> Span:
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


def _line_of_table(file: Path, name: str, number: int) -> int:
    """The line of the `number`th (from 0) `[name]` or `[[name]]`; 0 where it is not written so."""
    header = re.compile(rf"\[\[?\s*(?:tool\s*\.\s*reconciler\s*\.\s*)?{re.escape(name)}\s*\]")
    lines = file.read_text("utf-8-sig").split("\n")
    found = [line for line, text in enumerate(lines, 1) if header.match(text.strip())]
    return found[number] if number < len(found) else 0


def check_configuration(file: Path, tables: Any) -> list[Diagnostic]:
    """What is wrong with the tables of `file`, whose folder is the repository root."""
    reader = _Reader(file, file.parent)
    reader.read(tables)
    return reader.diagnostics


class _Reader:
    """Checks the tables of one file; `diagnostics` gathers what is wrong."""

    def __init__(self, file: Path, root: Path) -> None:
        self.file = file
        self.root = root
        self.diagnostics: list[Diagnostic] = []
        self._table = ""
        self._table_line = 0
        self._tables: dict[str, Any] = {}

    def read(self, tables: Any) -> None:
        if not isinstance(tables, dict):
            self._report("wrong-type", "reconciler", "[tool.reconciler] is not a table")
            return
        self._tables = tables
        self._check_keys(tables, _TOP_KEYS)
        self._check_folder("manifests", tables.get("manifests"))
        for text in tables["sensitive"] if isinstance(tables.get("sensitive"), list) else ():
            self._check_pattern(text)
        targets = tables.get("targets", {})
        for name, table in targets.items() if isinstance(targets, dict) else ():
            if isinstance(table, dict):
                self._check_target(name, table)
            else:
                self._report("wrong-type", name, f"targets.{name} is not a table")
        if isinstance(tables.get("guards"), dict):
            self._check_guards(tables["guards"])
        if isinstance(tables.get("checks"), dict):
            self._check_checks(tables["checks"])
        if _is_a(tables.get("waivers"), _Tables):
            for position, waiver in enumerate(tables["waivers"]):
                self._check_waiver(position, waiver)
        target = tables.get("target")
        known = {*BUILT_IN, *(targets if isinstance(targets, dict) else ())}
        if isinstance(target, str) and target not in known:
            near = difflib.get_close_matches(target, known, n=1)
            self._report("unknown-target", "target", f'there is no target "{target}"', label=_did_you_mean(near))

    def _check_target(self, name: str, table: dict[str, Any]) -> None:
        self._check_keys(table, _TARGET_KEYS, f"targets.{name}.")
        if "sandbox" in table and "endpoint" in table:
            self._report("two-kinds", "sandbox", f'target "{name}" has both a sandbox and an endpoint: keep one')
        elif name not in BUILT_IN and not {"sandbox", "endpoint"} & table.keys():
            self._report("missing-key", f"[targets.{name}]", f'target "{name}" has neither an endpoint nor a sandbox')
        self._check_folder("sandbox", table.get("sandbox"))
        self._check_folder("overlay", table.get("overlay"))
        self._check_overlay(table.get("overlay"))
        variable = table.get("api_key_env")
        if isinstance(variable, str) and not _KEY_VARIABLE.fullmatch(variable):
            self._report(
                "bad-variable",
                "api_key_env",
                "api_key_env is not the name of a variable that starts with SCALE_",
                detail="It names the variable that holds the key, such as SCALE_API_KEY; it is never the key itself.",
            )
        parallelism = table.get("parallelism")
        if type(parallelism) is int and not 1 <= parallelism <= 100:
            self._report("out-of-range", "parallelism", f"parallelism is {parallelism}; it goes from 1 to 100")
        if isinstance(table.get("endpoint"), str):
            try:
                check_endpoint(table["endpoint"])
            except UsageError as problem:
                self._report("bad-endpoint", "endpoint", problem.summary, detail=problem.detail)
        record = table.get("record")
        if isinstance(record, str) and not _REMOTE.fullmatch(record):
            self._report(
                "bad-remote",
                "record",
                f'record = "{record}" is no name of a git remote',
                detail='It is "local", or the name of a remote as `git remote` lists it, such as "origin".',
            )

    def _check_overlay(self, overlay: Any) -> None:
        """Its files must not be found as manifests."""
        manifests = self._tables.get("manifests", "projects")
        if not isinstance(overlay, str) or not isinstance(manifests, str):
            return
        path = PurePosixPath(os.path.relpath(overlay, manifests))
        if ".." not in path.parts and not any(part.startswith("_") for part in path.parts):
            self._report(
                "overlay-among-manifests",
                "overlay",
                f'overlay = "{overlay}" lies among the manifests',
                detail="Its files would be read as manifests of their own. Give its folder a name that starts with _.",
            )

    def _check_guards(self, table: dict[str, Any]) -> None:
        self._table, self._table_line = "guards", _line_of_table(self.file, "guards", 0)
        self._check_keys(table, _GUARD_KEYS, "guards.")
        for key in ("max_creates", "max_forgets"):
            value = table.get(key)
            if type(value) is int and value < 0:
                self._report("out-of-range", key, f"guards.{key} is {value}; it goes from 0 up")
        ratio = table.get("max_change_ratio")
        if isinstance(ratio, int | float) and _is_a(ratio, float) and not 0 <= ratio <= 1:
            self._report("out-of-range", "max_change_ratio", f"guards.max_change_ratio is {ratio}; it goes from 0 to 1")
        for key in ("choice_removal", "near_name"):
            value = table.get(key)
            if isinstance(value, str) and value not in ("warn", "hold"):
                near = difflib.get_close_matches(value, ("warn", "hold"), n=1)
                summary = f'guards.{key} is "{value}"; it is "warn" or "hold"'
                self._report("bad-choice", key, summary, label=_did_you_mean(near))
        self._table, self._table_line = "", 0

    def _check_checks(self, table: dict[str, Any]) -> None:
        self._table, self._table_line = "checks", _line_of_table(self.file, "checks", 0)
        for code, switch in table.items():
            if code not in CHECKS:
                near = difflib.get_close_matches(code, CHECKS, n=1)
                label, detail = _did_you_mean(near), f"Known: {', '.join(CHECKS)}."
                self._report("unknown-check", code, f'there is no check "{code}"', detail=detail, label=label)
            elif switch not in SWITCHES:
                near = difflib.get_close_matches(switch, SWITCHES, n=1) if isinstance(switch, str) else []
                summary = f'checks.{code} is "off", "note" or "warn"'
                self._report("bad-choice", code, summary, label=_did_you_mean(near))
        self._table, self._table_line = "", 0

    def _check_waiver(self, position: int, table: dict[str, Any]) -> None:
        self._table, self._table_line = "waivers", _line_of_table(self.file, "waivers", position)
        which = f"waiver {position + 1}"
        self._check_keys({key: value for key, value in table.items() if key != "until"}, _WAIVER_KEYS, "waivers.")
        if missing := [key for key in _WAIVER_KEYS if key not in table]:
            detail = f"A waiver needs {', '.join(_WAIVER_KEYS)}."
            self._report("missing-key", "[[waivers]]", f"{which} has no {', no '.join(missing)}", detail=detail)
        if "until" in table and read_day(table["until"]) is None:
            self._report("bad-date", "until", f"until of {which} is not {_KIND_NAMES[date]}")
        for key in ("project", "reason"):
            if isinstance(table.get(key), str) and not table[key].strip():
                self._report("empty", key, f"{key} of {which} is empty")
        guard = table.get("guard")
        if guard == NO_MANIFESTS:
            detail = f"Say --allow {NO_MANIFESTS} where a run is meant to have none."
            self._report("unknown-guard", "guard", f"{NO_MANIFESTS} is waived by --allow alone", detail=detail)
        elif isinstance(guard, str) and guard not in GUARD_NAMES:
            near = difflib.get_close_matches(guard, GUARD_NAMES, n=1)
            detail = f"Known: {', '.join(GUARD_NAMES)}."
            summary = f'there is no guard "{guard}"'
            self._report("unknown-guard", "guard", summary, detail=detail, label=_did_you_mean(near))
        self._table, self._table_line = "", 0

    def _check_keys(self, table: dict[str, Any], known: Mapping[str, Any], prefix: str = "") -> None:
        for key, value in table.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                self._report("unknown-key", key, f'there is no setting "{prefix}{key}"', label=_did_you_mean(near))
            elif not _is_a(value, known[key]):
                self._report("wrong-type", key, f"{prefix}{key} is not {_KIND_NAMES[known[key]]}")

    def _check_pattern(self, text: Any) -> None:
        if isinstance(text, str):
            try:
                parse_pattern(text)
            except ValueError as problem:
                self._report("bad-pattern", "sensitive", f'"{text}" is no path: {problem}')

    def _check_folder(self, key: str, value: Any) -> None:
        if isinstance(value, str):
            try:
                inside = (self.root / value).resolve().is_relative_to(self.root)
            except (OSError, ValueError):
                inside = False
            if not inside or not value:
                self._report(
                    "path-outside", key, f'{key} = "{value}" leads out of the repository', detail=str(self.root)
                )

    def _report(self, code: str, key: str, summary: str, *, detail: str = "", label: str = "") -> None:
        place = self._find(key)
        self.diagnostics.append(error(code, summary, detail=detail, label=label, span=place))

    def _find(self, key: str) -> Span:
        """Where `key` stands: in the table that is being checked, else that table's own line, else anywhere."""
        places = [(key, 0), (f"[{key}", 0)]
        if self._table_line:
            places = [(key, self._table_line), ("[", self._table_line - 1)]
        elif self._table:
            places = [(self._table, 0)]
        found = [_place(self.file, start, after=after) for start, after in places]
        return next((place for place in found if place.text is not None), found[0])


def _did_you_mean(near: list[str]) -> str:
    return f'did you mean "{near[0]}"?' if near else ""


def _is_a(value: Any, kind: type) -> bool:
    """Whether a TOML value is of that kind, where `true` is no number and a list is one of strings."""
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is _Tables:
        return isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return type(value) is kind or (kind is float and type(value) is int)
