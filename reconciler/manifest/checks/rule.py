"""What a rule is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.diagnostics import Severity
from reconciler.manifest.checks.subject import Subject
from reconciler.manifest.codes import Code
from reconciler.manifest.problems import At, RawPath


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the composed document, and words. `doubtful` makes a note of what else is a warning."""

    path: RawPath
    summary: str
    detail: str = ""
    label: str = ""
    key: bool = False
    doubtful: bool = False

    @property
    def where(self) -> At:
        return At(self.path, self.key)


@dataclass(frozen=True, slots=True)
class Rule:
    """`severity` is WARNING for what Scale's documentation or code tells, else NOTE; never more."""

    code: Code
    severity: Severity
    find: Callable[[Subject], Iterator[Finding]]
