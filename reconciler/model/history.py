"""A project's history: the versions of its parameters and of its ontology, and what made each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import FieldPath
from reconciler.frozen import dataclass
from reconciler.model.plan import Field, State, TargetInfo
from reconciler.model.record import NO_LOG, RecordedProject
from reconciler.model.values import Json

_RANGE: Final = re.compile(r"(?:(params|ontology):)?([0-9]{1,9})\.\.([0-9]{1,9})?", re.ASCII)


class Part(StrEnum):
    """What has versions of its own."""

    PARAMS = "params"
    ONTOLOGY = "ontology"


class Maker(StrEnum):
    """What made a version."""

    APPLY = "apply"
    SCALE = "scale"
    """Someone on Scale: no apply made it, although the record was kept by then."""
    UNKNOWN = "before-record"
    """It is not newer than the first version that the record names."""


@dataclass(frozen=True, slots=True)
class Apply:
    """An apply that made a version. `record` is the commit in the record's log that shows it."""

    run: str
    at: datetime
    record: str


@dataclass(frozen=True, slots=True)
class Made:
    """What made a version. `commit` holds the manifest that the apply carried out, None if no commit holds it."""

    by: Maker = Maker.UNKNOWN
    commit: str | None = None
    apply: Apply | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit, and the first line of its message."""

    name: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A commit in the record's log that changed a project's entry, None if the commit removed it.

    `manifests` has the commit that each new intent carries out, by run, and whether it had uncommitted changes.
    """

    id: str
    at: datetime
    entry: RecordedProject | None
    manifests: Mapping[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """A version, and what changed in it since another one: `since`, None if it is shown whole.

    `before` and `after` are the states of one part. `before` is None if there was no version before, and `after` is
    None if the version cannot be read. `fields` is None if what changed is unknown, because an earlier version is not
    shown or cannot be read.
    """

    part: Part
    number: int
    at: datetime | None
    made: Made
    since: int | None = None
    before: State | None = None
    after: State | None = None
    fields: tuple[Field, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the past of one project. `authors` are those of the commits, as far as this clone has them."""

    target: TargetInfo
    name: str
    read_at: datetime
    authors: Mapping[str, Author] = field(default_factory=dict, kw_only=True)
    diagnostics: tuple[Diagnostic, ...] = field(default=(), kw_only=True)
    masked: bool = field(default=False, kw_only=True)

    @property
    def has_log(self) -> bool:
        """Whether there is a log of applies. Without one, the maker of every version is unknown."""
        return all(diagnostic.code != NO_LOG for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class History(Past):
    """Versions of one project, in the order in which they were made.

    `span` has the first and the last version of each part that the API shows. `at` is the time that was asked for: the
    revisions are then the versions of that time, shown whole. `compared` is whether two versions were asked for.
    """

    type: str
    revisions: tuple[Revision, ...] = ()
    span: Mapping[Part, tuple[int, int]] = field(default_factory=dict)
    at: datetime | None = None
    compared: bool = False

    def of(self, part: Part) -> tuple[Revision, ...]:
        return tuple(revision for revision in self.revisions if revision.part is part)


@dataclass(frozen=True, slots=True)
class Range:
    """Two versions, as `A..B`, or as `A..` for the latest one. `part` is None if the range names none."""

    part: Part | None
    first: int
    last: int | None

    @classmethod
    def of(cls, text: str) -> Range | None:
        """The range in a text, such as `6..8` or `ontology:2..`; None if it is not one."""
        match = _RANGE.fullmatch(text)
        if match is None:
            return None
        part, first, last = match.groups()
        return cls(Part(part) if part else None, int(first), int(last) if last else None)


@dataclass(frozen=True, slots=True)
class Blamed:
    """A live value, and the version that introduced it.

    `value` is that of a parameter, of a part of one, or of an attribute of a choice; for a choice, its name.
    With `or_earlier`, an earlier version may have introduced it, which is not shown or cannot be read.
    """

    path: FieldPath
    value: Json
    version: int
    at: datetime | None
    made: Made
    or_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Blame(Past):
    """Every live value of a project, in the order of the parameters and of the choices."""

    type: str
    fields: tuple[Blamed, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """The version of a project's params that the last apply wrote or found equal, None if there are no params.

    `commit` holds the manifest, None if no commit does. `content_hash` is the SHA-256 of the version's content as
    canonical JSON, None if the version is not shown. `recorded_at` is RFC 3339 in UTC.
    """

    name: str
    params_version: int | None
    commit: str | None
    content_hash: str | None
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Pins:
    """Pins by name. `diagnostics` say which projects have none."""

    pins: tuple[Pin, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Renaming:
    """A choice or a label that got a new name in a version.

    `old` and `new` are its names, `old_path` and `path` its places before and since. If it is not `declared`, it only
    looks renamed: it was removed in the version that added a similar name.
    """

    old: str
    new: str
    old_path: FieldPath
    path: FieldPath
    version: int
    at: datetime | None
    made: Made
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Relabel(Past):
    """The renames between two versions of a part of a project, in the order of the versions."""

    part: Part
    first: int
    last: int
    renames: tuple[Renaming, ...] = ()
