"""The faults of a document, by path. The code that reads the document turns paths into locations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, time
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import Severity, shortened
from reconciler.fieldpath import format_path
from reconciler.frozen import dataclass

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a document to a value."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a text: its characters from `start` up to `end`, and its line and column there, counted from 1."""

    start: int
    end: int
    line: int
    column: int
    shown: str
    """The whole line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a document, at a value of it or, with `at_key`, at the value's key.

    A check leaves out the code, which is that of its rule.
    """

    path: Path
    summary: str
    detail: str = ""
    label: str = ""
    code: str = ""
    at_key: bool = False
    first: Path | None = None
    """The path of the value that this one repeats."""
    severity: Severity = Severity.ERROR
    excerpt: Excerpt | None = None
    """The part of the text at `path` that is wrong."""


class Faults(list[Fault]):
    """The faults found so far. `reported` are the paths of values that were replaced because of an earlier message."""

    def __init__(self, reported: Collection[Path] = ()) -> None:
        super().__init__()
        self.reported = reported

    def add(
        self, code: str, summary: str, path: Path, detail: str = "", label: str = "", *, at_key: bool = False
    ) -> None:
        self.append(Fault(path, summary, detail, label, code, at_key))


@dataclass(eq=False)
class RefusedError(Exception):
    """Raised by a rule for a value that it does not accept. `{name}` in the summary stands for the value's path."""

    code: str
    summary: str
    detail: str = ""
    label: str = ""


def name_of(path: Path) -> str:
    """A path for messages. A long part is shortened, because it may appear in many messages."""
    return format_path(tuple(part if isinstance(part, int) else shortened(part) for part in path))


def kind_of(value: Any) -> str:
    """The kind of a value, for a message."""
    return (
        f"the boolean {str(value).lower()}"
        if isinstance(value, bool)
        else _KINDS.get(type(value), "a date with a time")
    )


_KINDS: Final = {
    type(None): "null",
    int: "a number",
    float: "a decimal number",
    str: "a string",
    dict: "a mapping",
    list: "a list",
    date: "a date",
    time: "a time",
}
