"""The configuration file: found, read, checked; every mistake of it collected before any is raised.

`reconciler.toml`, or `[tool.reconciler]` of `pyproject.toml` with the same keys. Knows nothing of flags or environment.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.diagnostics import Diagnostic, Span, error
from reconciler.errors import DiagnosedError, UsageError
from reconciler.fieldpath import parse_pattern

SCALE_ENDPOINT = "https://api.scale.com/v1"
"""[D] in scale-api.md."""

BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "sandbox": {"sandbox": ".reconciler/sandbox.db"},
    "production": {"endpoint": SCALE_ENDPOINT, "api_key_env": "SCALE_API_KEY"},
}


_KEY_VARIABLE = re.compile(r"SCALE_[A-Z0-9_]+", re.ASCII)
_FILES = ("reconciler.toml", "pyproject.toml")
_TOP_KEYS = {"manifests": str, "target": str, "sensitive": list, "targets": dict}
_TARGET_KEYS = {
    "sandbox": str,
    "endpoint": str,
    "api_key_env": str,
    "parallelism": int,
    "writes": bool,
    "record": str,
}
_LATER = {"guards", "waivers", "overlay"}
_LATER_DETAIL = (
    "Rather than act as if it were not there, this version of reconciler stops. Take it out, or use a version that "
    "has it."
)
_KIND_NAMES = {
    str: "a string",
    list: "a list of strings",
    dict: "a table",
    int: "a whole number",
    bool: "true or false",
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


def _place(file: Path, start: str) -> Span:
    """The first line that starts with `start`, as nearly as can be told: TOML's reader gives no places."""
    for number, text in enumerate(file.read_text("utf-8-sig").split("\n"), 1):
        stripped = text.strip()
        if stripped.startswith(start) and (start[0] == "[" or re.match(r"\s*=", stripped[len(start) :])):
            column = len(text) - len(text.lstrip()) + 1
            return Span(file.as_posix(), number, column, column + len(start), text.rstrip("\r"))
    return Span(file.as_posix(), 1, 1, 2)


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

    def read(self, tables: Any) -> None:
        if not isinstance(tables, dict):
            self._report("wrong-type", "reconciler", "[tool.reconciler] is not a table")
            return
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
        if isinstance(table.get("record"), str) and table["record"] != "local":
            self._report("not-in-this-version", "record", "this version keeps no record", detail=_LATER_DETAIL)

    def _check_keys(self, table: dict[str, Any], known: Mapping[str, type], prefix: str = "") -> None:
        for key, value in table.items():
            if key in _LATER:
                self._report(
                    "not-in-this-version", key, f"this version does not know {prefix}{key}", detail=_LATER_DETAIL
                )
            elif key not in known:
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
        place = _place(self.file, key)
        if place.text is None and not key.startswith("["):
            place = _place(self.file, f"[{key}")
        self.diagnostics.append(error(code, summary, detail=detail, label=label, span=place))


def _did_you_mean(near: list[str]) -> str:
    return f'did you mean "{near[0]}"?' if near else ""


def check_endpoint(text: str) -> str:
    """The endpoint without a slash at its end.

    Raises:
        UsageError: it is no URL that a key may be sent to at all.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise UsageError(f'the endpoint "{text}" is no URL', f"It looks like {SCALE_ENDPOINT}.")
    if parts.username is not None or parts.password is not None:
        raise UsageError("the endpoint holds a user name or password", "The key belongs into an environment variable.")
    if parts.query or parts.fragment:
        raise UsageError(f'the endpoint "{text}" has a query or fragment', f"It looks like {SCALE_ENDPOINT}.")
    url = text.rstrip("/")
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageError(
            f'the endpoint "{text}" is plain http', "A key is sent over https, or to this machine itself (loopback)."
        )
    return url


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_a(value: Any, kind: type) -> bool:
    """Whether a TOML value is of that kind, where `true` is no number and a list is one of strings."""
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is kind
