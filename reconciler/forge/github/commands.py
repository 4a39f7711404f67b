"""Workflow commands: diagnostics as annotations, and output in which GitHub finds no command.

GitHub's rules [S], [D]: properties and data are escaped, `%` first. A step keeps ten annotations of a kind. `file` is
relative to the workspace, which is the git top level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, count
from reconciler.render.escape import plain
from reconciler.render.view.diagnostics import in_order

MOST: Final = 10
"""Annotations of one kind that GitHub keeps for a step [S]."""

_LONGEST: Final = 3_000
"""Characters of one message; GitHub cuts the escaped text at 4,096 [S]."""

_COMMAND_AT_START: Final = re.compile(r"(^|\r)([^\S\r\n]*)::", re.MULTILINE)
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def lay_out_annotations(diagnostics: Iterable[Diagnostic]) -> str:
    """A line for each diagnostic, errors first. There are at most ten of each kind; a notice counts the rest."""
    every = dict.fromkeys(in_order(diagnostics))
    lines: list[str] = []
    rest: list[str] = []
    for severity in Severity:
        of_kind = [diagnostic for diagnostic in every if diagnostic.severity is severity]
        # The lines that count the rest are notices too.
        room = MOST if severity is not Severity.NOTE else MOST - len(rest) - (len(of_kind) > MOST - len(rest))
        lines += [_command(diagnostic) for diagnostic in of_kind[:room]]
        if len(of_kind) > room:
            noun = f"more {_COMMANDS[severity]}"
            rest.append(f"::notice title=more::{count(len(of_kind) - room, noun)}, not shown as annotations")
    return "".join(f"{line}\n" for line in (*lines, *rest))


def shield(text: str) -> str:
    """A finished output, changed so that a GitHub Actions runner finds no command in it.

    The runner obeys `::` at the start of a line, after any whitespace, and `##[` anywhere. One character of each is
    spelled as its code. Not for output that is meant to be annotations.
    """
    return _COMMAND_AT_START.sub(r"\1\2\\u003a:", text).replace("##[", "#\\u0023[")


def _command(diagnostic: Diagnostic) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(diagnostic))
    words = [diagnostic.summary, diagnostic.label, *diagnostic.explanation.split("\n")]
    text = "\n".join(plain(line) for line in words if line)
    return f"::{_COMMANDS[diagnostic.severity]} {properties}::{_data(_within(text))}"


def _properties(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    location = diagnostic.location
    if location is not None:
        yield "file", plain(location.file)
        yield "line", str(location.line)
        yield "col", str(location.column)
    yield "title", plain(diagnostic.code)


def _within(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("##[", "#\\u0023[")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
