"""What is wrong, where, and what to do: collected, never thrown one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file.

    `file` is absolute, with `/`. `line` and `column` count from 1; a column counts characters, a tab as one, a byte
    order mark as none. `end_column` is one past the last character on that line. `text` is the whole source line
    without its end, or None where the file cannot be shown (not UTF-8, gone).
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, one message.

    `summary` is terse, without a final full stop. `label` stands at the caret ("did you mean …?"). `detail` says why
    and what to do. `used_by` names manifests that a shared file's mistake reaches.
    """

    severity: Severity
    code: str
    summary: str
    detail: str = ""
    span: Span | None = None
    label: str = ""
    used_by: tuple[Span, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def merged(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each mistake once, where its message first stood, with all that use what it stands in."""
    found: dict[object, Diagnostic] = {}
    users: dict[object, dict[Span, None]] = {}
    for diagnostic in diagnostics:
        same = (diagnostic.severity, diagnostic.code, diagnostic.summary, diagnostic.span)
        key: object = same if diagnostic.span is not None else object()
        found.setdefault(key, diagnostic)
        users.setdefault(key, {}).update(dict.fromkeys(diagnostic.used_by))
    return [replace(each, used_by=tuple(users[key])) for key, each in found.items()]


def error(code: str, summary: str, *, detail: str = "", span: Span | None = None, label: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, summary, detail, span, label)


def warning(code: str, summary: str, *, detail: str = "", span: Span | None = None, label: str = "") -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, summary, detail, span, label)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """The label that names the nearest known word; empty where none is near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near is not None else ""


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that is most like one, or the only one that begins with it; None where there is no such."""
    if close := get_close_matches(word, list(known), n=1):
        return close[0]
    longer = [other for other in known if len(word) >= _SHORTEST_BEGINNING and other.startswith(word)]
    return longer[0] if len(longer) == 1 else None


_SHORTEST_BEGINNING = 3
