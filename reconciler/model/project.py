"""A project as git declares it, and as Scale has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from reconciler.fieldpath import Pattern
from reconciler.model.ontology import Ontology, Unreadable
from reconciler.model.values import Json

CREATE_ONLY = ("rapid", "studio", "pipeline", "consensus_attempts")
"""What a create takes beside `type`, `name` and `params`, and nothing can change later. [D] in scale-api.md."""

RESERVED_PARAMS = frozenset({"patch", "version", "created_at"})
"""What cannot be a parameter's name: the API uses these beside the parameters. [D] in scale-api.md."""


@dataclass(frozen=True, slots=True)
class Source:
    """A line of a file. `file` is absolute with `/`; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def origin(self) -> Origin:
        """That of the document which begins there, with all of it written there."""
        return Origin(self.file, self.line)


class ParamsMode(StrEnum):
    EXACT = "exact"
    """The manifest's params are the whole truth."""
    MERGE = "merge"
    """Parameters that the manifest does not name are not managed; a named one is whole."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A live value that is nobody's business. `until` is the last day (UTC) it is meant to hold; it holds after too."""

    pattern: Pattern
    reason: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """Which paths of a project git owns."""

    params: ParamsMode = ParamsMode.EXACT
    ignore: tuple[Ignore, ...] = ()
    units: frozenset[str] | None = None
    """With `--pending`, the units (`params.KEY`, `ontology`) that may be written; None for all of them."""


RawPath = tuple[str | int, ...]
"""Keys and indexes from the root of a document down to a value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: at the path `at` of the document that begins on `line` of `file`, as in `Source`.

    `inner` are the places in the value that were written elsewhere, by their path below it, outermost alone: what lies
    deeper is in their own `inner`. `text` means that the value is the whole of a text file; `keyed` that the key of the
    value is there too, as it is if a key is inherited, but not where a value is referred to.
    """

    file: str
    line: int
    at: RawPath = ()
    inner: Mapping[RawPath, Origin] = field(default_factory=dict)
    text: bool = False
    keyed: bool = False

    def at_path(self, path: RawPath) -> Origin:
        """As `below`, without `inner`: only places on the way are looked up, even if many were written elsewhere."""
        origin = self
        while (length := origin._nearest(path)) is not None:
            origin, path = origin.inner[path[:length]], path[length:]
        if not path:
            return Origin(origin.file, origin.line, origin.at, text=origin.text, keyed=origin.keyed)
        return Origin(origin.file, origin.line, (*origin.at, *path))

    def _nearest(self, path: RawPath) -> int | None:
        """The length of the longest beginning of `path` that was written elsewhere; None if there is none."""
        if not self.inner:
            return None
        return next((length for length in range(len(path), -1, -1) if path[:length] in self.inner), None)

    def below(self, path: RawPath) -> Origin:
        """The origin of what lies at `path` below the value."""
        origin = self
        laid_over: dict[RawPath, Origin] = {}
        while True:
            size = len(path)
            beyond = {at[size:]: inner for at, inner in origin.inner.items() if len(at) > size and at[:size] == path}
            laid_over = {**beyond, **laid_over}
            length = origin._nearest(path)
            if length is None:
                exactly = not path
                return Origin(
                    origin.file,
                    origin.line,
                    (*origin.at, *path),
                    laid_over,
                    text=exactly and origin.text,
                    keyed=exactly and origin.keyed,
                )
            origin, path = origin.inner[path[:length]], path[length:]

    def written(self, path: RawPath) -> Origin:
        """The place of the key, item or directive at `path`, which is not empty: its value may stand elsewhere."""
        origin, rest = self, path[:-1]
        while True:
            slot = origin.inner.get((*rest, path[-1]))
            if slot is not None:
                break
            length = origin._nearest(rest)
            if length is None:
                break
            origin, rest = origin.inner[rest[:length]], rest[length:]
        if slot is not None and slot.keyed:
            return slot
        holder = self.at_path(path[:-1])
        return Origin(holder.file, holder.line, (*holder.at, path[-1]))


@dataclass(frozen=True, slots=True)
class DesiredProject:
    """What a manifest says, composed.

    `create_only` holds those of CREATE_ONLY that the manifest names. `params` and `ontology` are None where that part
    is not managed; the ontology has at least one choice, and its name is None if the manifest gives none.
    `document` is all of it as composed, and `origins` the places in it that were written elsewhere than in the
    manifest's own document; both are empty where the project does not come from a manifest. `locator` knows the files
    that they were read from; only manifest/ uses it.
    """

    name: str
    type: str
    source: Source
    create_only: Mapping[str, Json] = field(default_factory=dict)
    params: Mapping[str, Json] | None = None
    ontology: Ontology | None = None
    mask: Mask = Mask()
    protect: bool = False
    document: Mapping[str, Json] = field(default_factory=dict, compare=False, repr=False)
    origins: Mapping[RawPath, Origin] = field(default_factory=dict, compare=False, repr=False)
    locator: object = field(default=None, compare=False, repr=False)

    @property
    def origin(self) -> Origin:
        """That of the whole document."""
        return Origin(self.source.file, self.source.line, (), self.origins)


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a history. `content` is the parameters or an `Ontology`, None if the entry cannot be read.

    `number` is the API's, or the position. `at` is aware, in UTC. `digest` is the SHA-256 of the whole content if a
    snapshot leaves some of it out and the record has the same one; else None.
    """

    number: int
    at: datetime | None
    content: Json
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class LiveProject:
    """What the API last answered about a project, as far as this tool uses it.

    `params` is the last entry of `param_history` without `version` and `created_at`; empty, with `params_version`
    None, where no parameters were ever set. `ontology` is the last entry's, or None if none was ever set.
    Times are aware, in UTC, None where the API gives none or one that cannot be read. The histories are those that
    the API showed, oldest first, the last entry included.
    `origins` is None but in a snapshot, which keeps the end of a history alone: there it has, for units whose value is
    older than what is kept, the version that brought it, with its time.
    """

    name: str
    type: str
    params: Mapping[str, Json] = field(default_factory=dict)
    params_version: int | None = None
    params_at: datetime | None = None
    ontology: Ontology | Unreadable | None = None
    ontology_version: int | None = None
    ontology_at: datetime | None = None
    pipeline: str | None = None
    archived: bool = False
    created_at: str | None = None
    params_history: tuple[Version, ...] = ()
    ontology_history: tuple[Version, ...] = ()
    origins: Mapping[str, tuple[int, datetime | None]] | None = None


@dataclass(frozen=True, slots=True)
class UnreadableProject:
    """A live project whose state cannot be read: it is compared with nothing, and nothing is written to it.

    `path` is the place in the API's answer, such as `projects[3].param_history[2].instruction`; `problem` continues a
    sentence that starts with it. `name` is None if that is what cannot be read, and so is `created_at`. `archived` is
    true if the answer surely says so.
    """

    name: str | None
    path: str
    problem: str
    created_at: str | None = None
    archived: bool = False

    @property
    def why(self) -> str:
        """Where, and what is wrong there."""
        return f"{self.path} {self.problem}"


Shown = LiveProject | UnreadableProject
"""A project that the API shows, whether or not it can be read."""
