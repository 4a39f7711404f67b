"""What is wrong with a document, before its line is known: at paths into its value, or at stretches of the text.

A path is *raw*: the keys and indexes as they are written in the document, directives included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.diagnostics import Severity
from reconciler.manifest.codes import Code
from reconciler.model.project import RawPath as RawPath


@dataclass(frozen=True, slots=True)
class At:
    """The value at a raw path, or its key. Where the path leads nowhere, the nearest thing on the way there."""

    path: RawPath
    key: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of the parsed text, from `start` up to `end`."""

    start: int
    end: int


NOWHERE: Final = Stretch(0, 0)

Where: TypeAlias = At | Stretch


@dataclass(frozen=True, slots=True)
class Problem:
    """`first` is where the thing that this repeats is; it is shown at the caret."""

    code: Code
    summary: str
    where: Where
    detail: str = ""
    label: str = ""
    first: Where | None = None
    severity: Severity = Severity.ERROR
