"""What documents that are read back have in common: the checks before, and the parts that stand in each."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.errors import ResultFileError
from reconciler.files import read_named
from reconciler.model.plan import Commit, TargetInfo
from reconciler.model.project import Source
from reconciler.model.values import Json

DEEPEST: Final = 220
"""Levels of nesting: the 200 that an answer of the API may have, and those around them."""


def is_deep(document: Json) -> bool:
    """Whether it has more than DEEPEST levels. Checked level by level, because recursion would overflow."""
    level = [document]
    for _ in range(DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _moment(moment: datetime) -> datetime:
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        pass
    raise ValueError("no time with a zone")


Moment = Annotated[datetime, AfterValidator(_moment)]
"""A time in UTC."""


def _utf8(text: str) -> str:
    text.encode()
    return text


Name = Annotated[str, AfterValidator(_utf8)]
"""A project's name, which a URL can hold."""


def read_saved(file: Path, key: str, what: str, remedy: str) -> dict[str, Any]:
    """A document of ours, which has `key` where it is `what`.

    Raises:
        ResultFileError: it cannot be read, is no JSON, is something else, or is of another format version.
    """
    try:
        document = json.loads(read_named(file).decode("utf-8", "surrogatepass"))
    except OSError as problem:
        raise ResultFileError(f"{file} cannot be read: {problem.strerror}", remedy) from None
    except (ValueError, RecursionError):
        raise ResultFileError(f"{file} is not {what}: it is not JSON", remedy) from None
    if not isinstance(document, dict) or key not in document:
        raise ResultFileError(f"{file} is not {what}", remedy)
    if is_deep(document):
        raise ResultFileError(f"{file} is not {what}: it has more than {DEEPEST} levels of nesting", remedy)
    version = document.get("format_version")
    if version != "1.0":
        raise ResultFileError(f"{file} has the format version {version}; this reconciler reads 1.0", remedy)
    return document


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class SavedSource(_Model):
    file: str
    line: int

    def read(self, base: str) -> Source:
        return Source(_absolute(self.file, base), self.line)


class SavedDiagnostic(_Model):
    severity: Severity
    code: str
    summary: str
    detail: str
    file: str | None
    line: int | None
    column: int | None

    def read(self, base: str) -> Diagnostic:
        location = None
        if self.file is not None and self.line is not None and self.column is not None:
            location = Location(_absolute(self.file, base), self.line, self.column, self.column + 1)
        return Diagnostic(self.severity, self.code, self.summary, self.detail, location)


class SavedTarget(_Model):
    name: str
    endpoint: str
    account: str | None

    def read(self) -> TargetInfo:
        return TargetInfo(self.name, self.endpoint, self.account)


class SavedCommit(_Model):
    commit: str | None
    dirty: bool

    def read(self) -> Commit:
        return Commit(self.commit, self.dirty)


def _absolute(file: str, base: str) -> str:
    return os.path.normpath(os.path.join(base, file))
