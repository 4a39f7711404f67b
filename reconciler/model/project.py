"""A project as git declares it, and as Scale has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from reconciler.fieldpath import Pattern, format_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Ontology, Unreadable
from reconciler.model.values import Json

PERMANENT = "The API cannot delete or rename a project."
"""What plans and guards say about a create. A person can rename a project in the dashboard. [D] in scale-api.md."""

CREATE_ONLY = ("rapid", "studio", "pipeline", "consensus_attempts")
"""What a create takes besides `type`, `name`, and `params`. It can never be changed later. [D] in scale-api.md."""

RESERVED_PARAMS = frozenset({"patch", "version", "created_at"})
"""Names that no parameter can have, because the API uses them next to the parameters. [D] in scale-api.md."""


def address_of(name: str) -> str:
    """A project in a message: `project.kitten`, or `project."Lane: solid"`. It is spelled as the path of a field is."""
    return format_path(("project", name))


@dataclass(frozen=True, slots=True)
class Source:
    """A line of a file. `file` is absolute with `/`; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class ParamsMode(StrEnum):
    EXACT = "exact"
    """The project has the manifest's parameters and no others."""
    MERGE = "merge"
    """Parameters that the manifest does not name are not managed. A named one is managed as a whole."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A live value that is not managed. `until` is the last day (UTC) it is meant for. It still applies after that."""

    pattern: Pattern
    reason: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """Which paths of a project are managed in git."""

    params: ParamsMode = ParamsMode.EXACT
    ignore: tuple[Ignore, ...] = ()
    units: frozenset[str] | None = None
    """With `--pending`, the units (`params.KEY`, `ontology`) that may be written. None means all."""


@dataclass(frozen=True, slots=True)
class DesiredProject:
    """What a manifest says, composed.

    `create_only` holds those of CREATE_ONLY that the manifest names. `params` or `ontology` is None if that part is not
    managed. The ontology has at least one choice; its name is None if the manifest gives none. `renames` has the new
    name of each choice and label that was renamed; it is only shown, and never sent.
    `document` is all of it as composed, and `origin` knows where each value in it was written: only manifest/ uses it.
    They are empty and None if the project was not read from a manifest.
    """

    name: str
    type: str
    source: Source
    create_only: Mapping[str, Json] = field(default_factory=dict)
    params: Mapping[str, Json] | None = None
    ontology: Ontology | None = None
    mask: Mask = Mask()
    protect: bool = False
    renames: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Json] = field(default_factory=dict, compare=False, repr=False)
    origin: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a history. `content` is the parameters or an `Ontology`, None if the entry cannot be read.

    `number` is the API's, or the position. `at` is aware, in UTC. If a snapshot leaves out some of the content, and the
    record has the digest (SHA-256) of all of it, `digest` is that; else None.
    """

    number: int
    at: datetime | None
    content: Json
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class LiveProject:
    """The API's last answer about a project, as far as this tool uses it.

    `params` is the last entry of `param_history` without `version` and `created_at`. If no parameters were ever set, it
    is empty, and `params_version` is None. `ontology` is that of the last entry, or None if none was ever set.
    Times are aware, in UTC, and None if the API gives none or one that cannot be read. The histories are those that
    the API showed, oldest first, including the last entry.
    `taxonomy` is whether new tasks may take labels from Scale's Taxonomy Service. The field of that name probably shows
    it, by not being null ([A] in scale-api.md).
    `origins` is None except in a snapshot, which keeps only the end of a history. It then has, for units whose value
    is older than that, the version that introduced the value, with its time.
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
    taxonomy: bool = False
    created_at: str | None = None
    params_history: tuple[Version, ...] = ()
    ontology_history: tuple[Version, ...] = ()
    origins: Mapping[str, tuple[int, datetime | None]] | None = None


@dataclass(frozen=True, slots=True)
class UnreadableProject:
    """A live project whose state cannot be read. It is not compared, and nothing is written to it.

    `path` is the place in the API's answer, such as `projects[3].param_history[2].instruction`, and `problem` continues
    a sentence that starts with it. `name` and `created_at` are None if they cannot be read. `archived` is true only if
    the answer says so.
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
