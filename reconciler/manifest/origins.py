"""The origin of each value of a composed document: the manifest, or a file that it inherits from or refers to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from itertools import islice
from typing import Final, TypeVar

from reconciler.diagnostics import Diagnostic, Location, Severity, first_line
from reconciler.frozen import dataclass
from reconciler.keys.faults import Excerpt, Fault
from reconciler.manifest.located import LITERAL, Document, Part, RawPath, SourceText, Stretch, first_at
from reconciler.model.values import Json

_LONGEST_SEARCHED: Final = 100_000
"""Characters. Whether a part of a longer text is where it is looked for is not worth the time."""
_NO_PARTS: Final[Mapping[str | int, Origin]] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of one value: the part of a document that contains it, and the value as it is `written` there.

    `parts` are the origins of entries and items that were written elsewhere. `reference` is the origin of the reference
    to this value, which also has its key, and `through` are all files that the reference uses. `text` is set if the
    value is the content of that text file; then this is the origin of its directive.
    """

    document: Document
    written: Json
    part: Part
    parts: Mapping[str | int, Origin] = field(default_factory=lambda: _NO_PARTS)
    reference: Origin | None = None
    through: frozenset[str] = frozenset()
    text: str | None = None

    @classmethod
    def of(cls, document: Document) -> Origin:
        """The origin of a whole document."""
        return cls(document, document.value, document.whole)

    @property
    def file(self) -> str:
        return self.document.source.file

    @property
    def line(self) -> int:
        """The first line of the document."""
        return self.document.line

    def child(self, key: str | int) -> Origin | None:
        """The origin of an entry or item. The path to it may leave out `$literal`, which is not part of a value."""
        if (known := self.parts.get(key)) is not None:
            return known
        written, block = self.written, self.part.block
        if key != LITERAL and isinstance(written, dict) and written.keys() == {LITERAL}:
            block = self.document.entries.entry(block, 0)[4]
            written = written[LITERAL]
        part = self.document.part(written, block, key)
        return None if part is None else Origin(self.document, written[key], part)

    def entry(self, key: str) -> Origin:
        """The origin of an entry. If the entry was not written, an empty origin at the location of the whole value."""
        return self.child(key) or Origin(self.document, None, self.part)

    def at(self, path: RawPath) -> Origin:
        """The origin of the value at a path, or of the nearest value above it that exists."""
        origin = self
        for key in path:
            below = origin.child(key)
            if below is None:
                break
            origin = below
        return origin

    def location(self, path: RawPath = (), *, at_key: bool = False) -> Location:
        """The location of the value at a path, or of its key; if it does not exist, of the nearest value above it."""
        source, stretch = self.at(path).stretch(at_key=at_key)
        return source.location(stretch)

    def stretch(self, *, at_key: bool = False) -> tuple[SourceText, Stretch]:
        """Where the value itself is written, or its key."""
        origin = self
        if origin.reference is not None and (at_key or origin.text):
            origin = origin.reference
        return origin.document.source, origin.part.key if at_key else origin.part.value

    def apart(self, path: RawPath, first: RawPath) -> tuple[Location, Location]:
        """The locations of a value and of the first one like it. If an alias, a merge, or a reference brings both from
        one place, they are the locations of what brings them."""
        here, there = self.location(path), self.location(first)
        while here == there and len(path) > 1 and len(first) > 1:
            below, above = self.at(path), self.at(first)
            if below.reference is not None and above.reference is not None:
                here, there = below.reference.location(), above.reference.location()
                if here != there:
                    break
            path, first = path[:-1], first[:-1]
            here, there = self.location(path), self.location(first)
        return here, there

    def excerpt(self, path: RawPath, part: Excerpt) -> Location:
        """The location of a part of the text at a path. The location of the text if the part is spelled differently
        there, or if the text is too long to look for it."""
        origin, length = self.at(path), part.end - part.start
        if origin.text is not None:
            return Location(origin.text, part.line, part.column, part.column + length, part.shown)
        written, source, value = origin.written, origin.document.source, origin.part.value
        if isinstance(written, str) and len(written) <= _LONGEST_SEARCHED:
            words, at = written[part.start : part.end], value.start - length
            for _ in range(written.count(words, 0, part.start) + 1):
                at = source.parsed.find(words, at + length, value.end)
                if at < 0:
                    return self.location(path)
            return source.location(Stretch(at, at + length))
        return self.location(path)

    def user(self, path: RawPath) -> Location:
        """The location at which this document gets the value at a path: a reference, or its first line if it is
        inherited."""
        origin = self
        for key in path:
            below = origin.child(key)
            if below is None:
                break
            origin = below.reference or below
            if origin.document is not self.document:
                return first_line(self.file, self.line)
            if below.reference is not None:
                break
        return origin.document.source.location(origin.part.value)

    def files(self) -> set[str]:
        """Every file that contains a part of the value."""
        if self.reference is not None:
            return {self.reference.file, *self.through}
        files = {self.file} if self.text is None else {self.file, self.text}
        return files if not self.parts else files.union(*(below.files() for below in self.parts.values()))

    def with_parts(self, parts: Mapping[str | int, Origin]) -> Origin:
        return replace(self, parts={**self.parts, **parts}) if parts else self

    def with_origins(self, origins: Mapping[RawPath, Origin]) -> Origin:
        """This origin with the given origins of parts written elsewhere, by path. No path is below a different one."""
        if () in origins:
            return origins[()]
        below: dict[str | int, dict[RawPath, Origin]] = defaultdict(dict)
        for path, origin in origins.items():
            below[path[0]][path[1:]] = origin
        return self.with_parts({key: self.at((key,)).with_origins(inner) for key, inner in below.items()})


def diagnosed(fault: Fault, root: Origin) -> Diagnostic:
    """The message about a fault in the document that has the origin `root`."""
    location = root.location(fault.path, at_key=fault.at_key)
    label = fault.label
    if fault.first is not None:
        location, first = root.apart(fault.path, fault.first)
        label = first_at(first, root.document.source.root)
    elif fault.excerpt is not None:
        location = root.excerpt(fault.path, fault.excerpt)
    elif label and (anchor := _alias(location)) is not None:
        label = f"at the anchor &{anchor}: {label}"
    used_by = () if location.file == root.file else (root.user(fault.path),)
    return Diagnostic(fault.severity, fault.code, fault.summary, fault.detail, location, label, used_by)


def _alias(location: Location) -> str | None:
    """The name of the anchor, if an alias is written at the location."""
    found = _ALIAS.match(location.text or "", location.column - 1)
    return found and found[1]


_ALIAS: Final = re.compile(r"\*([^\s,\[\]{}]+)")

_Found = TypeVar("_Found", Diagnostic, Fault)


_MOST_REPEATED: Final = 100_000
"""The maximum number of messages that one load repeats, counted for each document that uses the value or file."""


class Repetition:
    """Limits how often one load repeats the mistakes in values and files that many documents use."""

    def __init__(self) -> None:
        self._room = _MOST_REPEATED

    def limited(self, found: Iterable[_Found]) -> list[_Found]:
        """The diagnostics to repeat. After the limit, one error is enough to show that the document is broken."""
        shown: list[_Found] = list(found)
        if len(shown) > self._room:
            shown = list(islice((each for each in shown if each.severity is Severity.ERROR), 1))
        self._room = max(0, self._room - len(shown))
        return shown

    def used(self, reported: Iterable[Diagnostic], user: Location) -> list[Diagnostic]:
        """The diagnostics of a file, for a document that uses it at `user`."""
        return [replace(diagnostic, used_by=(user,)) for diagnostic in self.limited(reported)]
