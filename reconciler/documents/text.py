"""The text of a document: JSON that is always written in the same way, and checked when it is read.

A document can be sealed: it then ends with a `digest` over the bytes of everything else in it. The seal shows that a
document was edited or cut short. It does not show who wrote the document, so a sealed document is checked too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pydantic_core
from pydantic import ValidationError

from reconciler.diagnostics import Remedy
from reconciler.documents.parts import Shape
from reconciler.errors import ReconcilerError
from reconciler.files.reading import LARGEST_SAVED, read_named
from reconciler.files.walking import is_below
from reconciler.files.writing import check_named, write_whole
from reconciler.frozen import dataclass
from reconciler.model.rebuilding import with_files
from reconciler.model.values import Json, digest, to_json

DEEPEST: Final = 220
"""Levels of nesting: the 200 that an answer of the API may have, plus the levels that a document adds."""

MOST_VALUES: Final = 20_000_000
"""Values in a document. Each takes about 100 bytes of memory."""


class UnfitError(ValueError):
    """Why a text is not a document, as the end of a sentence, and what to do."""

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document.

    `name` includes the article. `key` is one that every document of this kind has; if `value` is given, the key has
    this value. `remedy` says how to get another one; a `FILE` in its command stands for this one. `unsealed` says what
    a document without its seal is. A document that is larger than `most_bytes`, or may have more than `most_values`, is
    neither written nor read. A kind that a user saves has a `noun`, its name in messages, and a `sign`, which only its
    files have in their first 200 bytes.
    """

    name: str
    key: str
    error: type[ReconcilerError]
    remedy: Remedy
    value: str | None = None
    sealed: bool = False
    unsealed: str = "was changed or truncated after it was written"
    noun: str = ""
    sign: bytes = b""
    most_bytes: int = LARGEST_SAVED
    most_values: int = MOST_VALUES
    format_version: str = "1.0"

    def write(self, document: Mapping[str, Json]) -> bytes:
        """The document as UTF-8 JSON on one line. Raises the kind's error if it is too large."""
        content = _written(document)
        if self.sealed:
            content = content[:-1] + _SEAL + hashlib.sha256(content).hexdigest().encode() + _END
        content += b"\n"
        try:
            self._check_size(content)
        except UnfitError as problem:
            raise self.error(f"{self.name} cannot be written: it {problem}") from None
        return content

    def check_place(self, file: Path, manifests: Path) -> None:
        """Check that saving a document there replaces nothing but an older one. Raises the kind's error."""
        if is_below(os.path.realpath(file), os.path.realpath(manifests)):
            raise self.error(
                f"the {self.noun} cannot be saved in the manifest folder: {file}", "Choose a file outside that folder."
            )
        try:
            check_named(file)
            if not file.is_file():
                return
            with file.open("rb") as stream:
                start = stream.read(200)
        except OSError as problem:
            raise self._unsaved(file, problem) from None
        if start and self.sign not in start:
            why = f"{file} already exists and is not a {self.noun}"
            raise self.error(why, "Choose a different file, or remove this one.")

    def save(self, document: Mapping[str, Json], file: Path) -> None:
        """Save a document: mode 0600, all of it or nothing. Raises the kind's error."""
        content = self.write(document)
        try:
            write_whole(content, file)
        except OSError as problem:
            raise self._unsaved(file, problem) from None

    def _unsaved(self, file: Path, problem: OSError) -> ReconcilerError:
        return self.error(f"the {self.noun} cannot be saved as {file}: {problem.strerror}")

    def read_file(self, file: Path, shape: type[Shape], *, base: Path) -> Any:
        """The value of a document in a file that a user names. The files in it are relative to `base`.

        Raises the kind's error.
        """
        try:
            content = read_named(file, self.most_bytes)
        except OSError as problem:
            summary = f"{file} cannot be read: {problem.strerror}"
            raise self.error(summary, remedies=[self._remedy(str(file))]) from None
        value = self.read(content, shape, place=str(file))
        return with_files(value, lambda name: os.path.normpath(os.path.join(base, name)))

    def read(self, content: bytes, shape: type[Shape], *, place: str) -> Any:
        """The value of a document. `place` names the text in the kind's error."""
        try:
            self._check_size(content)
            document = self._checked(parsed(content), content)
        except UnfitError as problem:
            raise self.error(f"{place} {problem}", problem.advice, remedies=[self._remedy(place)]) from None
        try:
            return shape.model_validate(document).read()
        except ValueError as problem:
            where = f"The first mistake is at {place_of(problem)}." if isinstance(problem, ValidationError) else ""
            summary = f"{place} does not match the format of {self.name}"
            raise self.error(summary, where, remedies=[self._remedy(place)]) from None

    def _remedy(self, file: str) -> Remedy:
        return replace(self.remedy, run=tuple(file if word == "FILE" else word for word in self.remedy.run))

    def _check_size(self, content: bytes) -> None:
        if len(content) > self.most_bytes:
            raise UnfitError(f"has {len(content):,} bytes; {self.name} can have at most {self.most_bytes:,}")
        if sum(map(content.count, (b"[", b"{", b","))) > self.most_values:  # no fewer than there are values
            raise UnfitError(f"might have more than {self.most_values:,} values, the limit for {self.name}")

    def _checked(self, document: Json, content: bytes) -> Json:
        is_one = isinstance(document, dict) and self.key in document
        if not is_one or self.value not in (None, document[self.key]):
            raise UnfitError(f"is not {self.name}")
        version = document.get("format_version")
        if version != self.format_version:
            found = f"format version {str(version)[:20]}, not {self.format_version}"
            raise UnfitError(
                f"has {'no format version' if version is None else found}",
                "Use the version of reconciler that wrote the file, or a later version.",
            )
        if self.sealed:
            if document.get("masked") or "digest" not in document:
                raise UnfitError(self.unsealed)
            seal = document.pop("digest")
            if seal != _seal_of(content) and seal != digest(document):  # earlier versions sealed the value
                raise UnfitError("was changed or truncated after it was written")
        return document


_SEAL: Final = b',"digest":"'
_END: Final = b'"}'


def _seal_of(content: bytes) -> str:
    """The seal that a sealed text should have: the digest of all that is before the seal."""
    digested = hashlib.sha256(memoryview(content)[: max(content.rfind(_SEAL), 0)])
    digested.update(b"}")
    found = digested.hexdigest()
    return found if content.endswith(_SEAL + found.encode() + _END + b"\n") else ""


def _written(document: Mapping[str, Json]) -> bytes:
    """The document as pydantic-core writes it, which takes a third of the time.

    The exceptions are numbers that overflowed, halves of surrogate pairs, and deep nesting, which it cannot write.
    """
    try:
        content = pydantic_core.to_json(document)
    except ValueError:
        return to_json(document).encode("utf-8", "surrogatepass")
    if b"Infinity" in content:
        return to_json(document).encode("utf-8", "surrogatepass")
    return content


def parsed(content: bytes) -> Json:
    """The value of a JSON text. UnfitError if it is not JSON, or if it is nested too deeply.

    pydantic-core takes a third of the time. It refuses halves of surrogate pairs, and nesting of more than about 200
    levels, which may still be a document.
    """
    with suppress(ValueError):
        return pydantic_core.from_json(content, allow_inf_nan=False)
    try:
        value = json.loads(content.decode("utf-8", "surrogatepass"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise UnfitError("is not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise UnfitError("is not JSON") from None
    # Level by level, because recursion would overflow.
    level = [value] if type(value) in _NESTED else []
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) in _NESTED
        ]
        if not level:
            return value
    raise UnfitError(f"is nested more than {DEEPEST} levels deep")


_NESTED: Final = frozenset({dict, list})
"""What json makes of collections: exactly these types, and whether one is in a set is the fastest question."""


def place_of(problem: ValidationError) -> str:
    """Where the first mistake is, shortened, and without the tag that pydantic adds for a project of a snapshot."""
    path = problem.errors()[0]["loc"]
    tagged = path[:1] == ("projects",) and path[2:3] in (("project",), ("unreadable",))
    return ".".join(map(str, (*path[:2], *path[3:]) if tagged else path))[:200]


def _refuse(constant: str) -> Json:
    raise ValueError(constant)
