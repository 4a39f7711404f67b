"""What is wrong with the tables of a configuration file: every mistake is collected before any is raised."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from reconciler.configuration import (
    BUILT_IN,
    CHECKS,
    SWITCHES,
    Configuration,
    find_value,
    first_line,
    read_day,
)
from reconciler.diagnostics import Diagnostic, Location, did_you_mean, error, few_suggestions, nearest
from reconciler.endpoint import check_endpoint
from reconciler.errors import UsageError
from reconciler.fieldpath import parse_pattern
from reconciler.files import is_below
from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS

_KEY_VARIABLE = re.compile(r"SCALE_[A-Z0-9_]+", re.ASCII)
_REMOTE = re.compile(r"(?![-./])(?!.*(?:\.\.|//|@\{|[./]$))[^\s\x00-\x20\x7f~^:?*\[\\]+")


_KINDS = ("sandbox", "endpoint")
_OF_THE_KEY = ("unknown-key", "unknown-check", "missing-key", "two-kinds")
"""What is wrong with a key, where all else is with its value."""


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


MOST_MESSAGES = 1_000
"""Mistakes that are shown; of the rest, there is a count."""


def check_configuration(configuration: Configuration) -> list[Diagnostic]:
    """What is wrong with the tables of a configuration."""
    reader = _Reader(configuration)
    with few_suggestions():
        reader.read(configuration.tables)
    if (more := reader.number - MOST_MESSAGES) > 0:
        summary = f"{more:,} more {'mistake is' if more == 1 else 'mistakes are'} not shown"
        reader.diagnostics.append(error("more-mistakes", summary, location=first_line(configuration.file)))
    return reader.diagnostics


class _Reader:
    """Checks the tables of one file; `diagnostics` gathers what is wrong, and `number` counts it."""

    def __init__(self, configuration: Configuration) -> None:
        self.root = configuration.file.parent
        self.diagnostics: list[Diagnostic] = []
        self.number = 0
        self._configuration = configuration
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
            with self._within("guards"):
                self._check_guards(tables["guards"])
        if isinstance(tables.get("checks"), dict):
            with self._within("checks"):
                self._check_checks(tables["checks"])
        if _is_a(tables.get("waivers"), _Tables):
            for position, waiver in enumerate(tables["waivers"]):
                with self._within("waivers", position):
                    self._check_waiver(position, waiver)
        target = tables.get("target")
        known = {*BUILT_IN, *(targets if isinstance(targets, dict) else ())}
        if isinstance(target, str) and target not in known:
            label = did_you_mean(target, known)
            self._report("unknown-target", "target", f'there is no target "{target}"', label=label)

    @contextmanager
    def _within(self, table: str, number: int = 0) -> Iterator[None]:
        """Keys are looked for in the `number`th (from 0) table of that name."""
        self._table, self._table_line = table, self._configuration.find_table(table, number)
        yield
        self._table, self._table_line = "", 0

    def _check_target(self, name: str, table: dict[str, Any]) -> None:
        self._check_keys(table, _TARGET_KEYS, f"targets.{name}.")
        if "sandbox" in table and "endpoint" in table:
            self._report("two-kinds", "sandbox", f'target "{name}" has both a sandbox and an endpoint: keep one')
        elif name not in BUILT_IN and not any(key in _KINDS or nearest(key, _KINDS) for key in table):
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
        if not isinstance(overlay, str) or not overlay or not isinstance(manifests, str):
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
                summary = f'guards.{key} is "{value}"; it is "warn" or "hold"'
                self._report("bad-choice", key, summary, label=did_you_mean(value, ("warn", "hold")))

    def _check_checks(self, table: dict[str, Any]) -> None:
        for code, switch in table.items():
            if code not in CHECKS:
                label, detail = did_you_mean(code, CHECKS), f"Known: {', '.join(CHECKS)}."
                self._report("unknown-check", code, f'there is no check "{code}"', detail=detail, label=label)
                continue
            # A plan, which alone can see this, shows no notes.
            known = ("off", "warn") if code == "renamed-choice" else SWITCHES
            if switch not in known:
                near = did_you_mean(switch, known) if isinstance(switch, str) else ""
                wanted = " or ".join(", ".join(f'"{each}"' for each in known).rsplit(", ", 1))
                self._report("bad-choice", code, f"checks.{code} is {wanted}", label=near)

    def _check_waiver(self, position: int, table: dict[str, Any]) -> None:
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
            detail = f"Known: {', '.join(GUARD_NAMES)}."
            summary = f'there is no guard "{guard}"'
            self._report("unknown-guard", "guard", summary, detail=detail, label=did_you_mean(guard, GUARD_NAMES))

    def _check_keys(self, table: dict[str, Any], known: Mapping[str, Any], prefix: str = "") -> None:
        for key, value in table.items():
            if key not in known:
                label = "" if self.number >= MOST_MESSAGES else did_you_mean(key, known)
                detail = "" if label else f"Known: {', '.join(known)}."
                self._report("unknown-key", key, f'there is no setting "{prefix}{key}"', detail=detail, label=label)
            elif not _is_a(value, known[key]):
                self._report("wrong-type", key, f"{prefix}{key} is not {_KIND_NAMES[known[key]]}")

    def _check_pattern(self, text: Any) -> None:
        if isinstance(text, str):
            try:
                parse_pattern(text)
            except ValueError as problem:
                self._report("bad-pattern", "sensitive", f'"{text}" is no path: {problem}', text=text)

    def _check_folder(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            return
        try:
            inside = is_below(os.path.realpath(self.root / value), str(self.root))
        except ValueError:
            inside = False
        if not inside or not value:
            self._report("path-outside", key, f'{key} = "{value}" leads outside the repository', detail=str(self.root))
        elif ".git" in PurePosixPath(value.lower()).parts:
            self._report("path-in-git", key, f'{key} = "{value}" leads into git\'s own folder')

    def _report(self, code: str, key: str, summary: str, *, detail: str = "", label: str = "", text: str = "") -> None:
        """`text` is the string in the value of `key` that is wrong, where the whole value is not."""
        self.number += 1
        if self.number > MOST_MESSAGES:
            return
        place = self._find(key)
        if code not in _OF_THE_KEY:
            place = find_value(place, text)
        self.diagnostics.append(error(code, summary, detail=detail, label=label, location=place))

    def _find(self, key: str) -> Location:
        """Where `key` stands: in the table that is being checked, else that table's own line, else anywhere."""
        found = None
        if self._table_line:
            found = self._configuration.find_key(key, after=self._table_line)
            found = found or self._configuration.location(self._table_line, "[")
        elif self._table:
            found = self._configuration.find_key(self._table)
        elif not key.startswith("["):
            found = self._configuration.find_key(key) or self._configuration.find_header(f"[{key}")
        else:
            found = self._configuration.find_header(key)
        return found or first_line(self._configuration.file)


def _is_a(value: Any, kind: type) -> bool:
    """Whether a TOML value is of that kind, where `true` is no number and a list is one of strings."""
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is _Tables:
        return isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return type(value) is kind or (kind is float and type(value) is int)
