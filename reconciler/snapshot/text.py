"""The one text of a snapshot: what is written of it, and read again with nothing taken on trust."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from reconciler import __version__
from reconciler.errors import SnapshotError
from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, Version
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import Json, canonical_json, to_json

FORMAT_VERSION: Final = "1.0"
SIGN: Final = b'"kind":"snapshot"'
"""What stands in the first bytes of every snapshot, and of nothing else that is saved."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""A larger snapshot is neither written nor read."""

REMEDY: Final = "Take a new one where the key is: reconciler snapshot --publish, or --out FILE."
_DEEPEST: Final = 220
"""Levels of nesting: the 200 that an answer of the API may have, and those around them."""

_MOST_DIGITS: Final = 10_000
_MOST_VALUES: Final = 5_000_000
_MOST_PATTERNS: Final = 10_000


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as UTF-8 JSON on one line, with a `digest` over everything else.

    Raises:
        SnapshotError: it is larger than one may be.
    """
    document: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "kind": "snapshot",
        "tool_version": __version__,
        "timestamp": snapshot.taken_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": {
            "name": snapshot.target.name,
            "endpoint": snapshot.target.endpoint,
            "account": snapshot.target.account,
        },
        "commit": snapshot.commit,
        "projects": [_to_json(project) for project in snapshot.projects],
    }
    text = to_json({**document, "digest": _digest(document)}) + "\n"
    content = text.encode("utf-8", "surrogatepass")
    if len(content) > MOST_BYTES:
        raise SnapshotError(f"the snapshot has {len(content):,} bytes, more than the {MOST_BYTES:,} that one may have")
    return content


def decode(content: bytes, *, place: str) -> Snapshot:
    """The snapshot of a text; keys that are not known are passed over. `place` names it in an error.

    Raises:
        SnapshotError: it is too large, damaged, of another format version, or not what a snapshot is.
    """
    check_size(len(content), place=place)
    if sum(map(content.count, (b"[", b"{", b","))) > _MOST_VALUES:  # no fewer than there are values
        raise SnapshotError(f"{place} is no snapshot: it may hold more than {_MOST_VALUES:,} values", REMEDY)
    try:
        document = json.loads(content.decode("utf-8", "surrogatepass"), parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise SnapshotError(f"{place} is damaged: it is not JSON that a snapshot may hold", REMEDY) from None
    if not isinstance(document, dict) or document.get("kind") != "snapshot":
        raise SnapshotError(f"{place} is no snapshot", REMEDY)
    version = document.get("format_version")
    if isinstance(version, str) and version != FORMAT_VERSION:
        raise SnapshotError(
            f"{place} has the format version {version[:20]}; this reconciler reads {FORMAT_VERSION}",
            "Use the version of reconciler that wrote it, or a later one. Else: " + REMEDY,
        )
    if _is_deep(document):
        raise SnapshotError(f"{place} is damaged: it has more than {_DEEPEST} levels of nesting", REMEDY)
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise SnapshotError(f"{place} was changed or cut short after it was written", REMEDY)
    try:
        return _Document.model_validate(document).read()
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        raise SnapshotError(
            f"{place} is damaged: it does not hold what a snapshot holds", f"First at {where[:200]}. {REMEDY}"
        ) from None


def check_size(size: int, *, place: str) -> None:
    """Raises:
    SnapshotError: so many bytes are no snapshot's.
    """
    if size > MOST_BYTES:
        raise SnapshotError(
            f"{place} has {size:,} bytes, more than the {MOST_BYTES:,} that a snapshot may have", REMEDY
        )


def _digest(document: dict[str, Json]) -> str:
    return hashlib.sha256(canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")


def _is_deep(document: Json) -> bool:
    """Asked level by level: what recurses would not come back from a deep one."""
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _to_json(project: SnapshotProject) -> dict[str, Json]:
    live = project.live
    entry: dict[str, Json] = {
        "name": live.name,
        "type": live.type,
        "pipeline": live.pipeline,
        "archived": live.archived,
        "created_at": live.created_at,
        "params": [_version(version) for version in live.params_history],
        "ontology": [{**_version(version), "name": version.name} for version in live.ontology_history],
    }
    if live.ontology_problem is not None:
        entry["ontology_problem"] = live.ontology_problem
    if live.origins:
        entry["origins"] = {
            unit: {"version": number, "created_at": _time(at)} for unit, (number, at) in live.origins.items()
        }
    if project.left_out:
        entry["left_out"] = list(project.left_out)
    return entry


def _version(version: Version) -> dict[str, Json]:
    entry: dict[str, Json] = {"version": version.number, "created_at": _time(version.at), "content": version.content}
    if version.digest is not None:
        entry["digest"] = version.digest
    return entry


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def checked(text: str) -> str:
        check(text)
        return text

    return AfterValidator(checked)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no time in UTC") from None


_Number = Annotated[int, Field(ge=0)]
_Moment = Annotated[str, _checked(_moment)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Pattern = Annotated[str, _checked(parse_pattern)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Origin(_Model):
    version: _Number
    created_at: _Moment | None


class _Params(_Model):
    version: _Number
    created_at: _Moment | None
    content: dict[str, Any] | None
    digest: _Hash | None = None

    def read(self) -> Version:
        return Version(self.version, _read_time(self.created_at), self.content, digest=self.digest)


class _Ontology(_Model):
    version: _Number
    created_at: _Moment | None
    content: list[Any] | None
    name: str | None
    digest: _Hash | None = None

    def read(self) -> Version:
        return Version(self.version, _read_time(self.created_at), self.content, self.name, self.digest)


class _Project(_Model):
    name: Annotated[str, Field(min_length=1)]
    type: str
    pipeline: str | None
    archived: bool
    created_at: str | None
    params: list[_Params]
    ontology: list[_Ontology]
    ontology_problem: str | None = None
    origins: dict[str, _Origin] = {}
    left_out: Annotated[list[_Pattern], Field(max_length=_MOST_PATTERNS)] = []

    @field_validator("params")
    @classmethod
    def _ends_readable(cls, versions: list[_Params]) -> list[_Params]:
        if versions and versions[-1].content is None:
            raise ValueError("the latest version has no content")
        return versions

    def read(self) -> SnapshotProject:
        params = tuple(version.read() for version in self.params)
        ontologies = tuple(version.read() for version in self.ontology)
        now = params[-1] if params else None
        ontology = ontologies[-1] if ontologies else None
        return SnapshotProject(
            LiveProject(
                name=self.name,
                type=self.type,
                params=(now.content if now else None) or {},
                params_version=now.number if now else None,
                params_at=now.at if now else None,
                ontology=ontology.content if ontology else None,
                ontology_name=ontology.name if ontology else None,
                ontology_version=ontology.number if ontology else None,
                ontology_at=ontology.at if ontology else None,
                ontology_problem=self.ontology_problem,
                pipeline=self.pipeline,
                archived=self.archived,
                created_at=self.created_at,
                params_history=params,
                ontology_history=ontologies,
                origins={unit: (told.version, _read_time(told.created_at)) for unit, told in self.origins.items()},
            ),
            tuple(self.left_out),
        )


class _Target(_Model):
    name: str
    endpoint: str
    account: str | None


class _Document(_Model):
    format_version: Literal["1.0"]
    timestamp: _Moment
    target: _Target
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")] | None
    projects: list[_Project]

    def read(self) -> Snapshot:
        return Snapshot(
            target=TargetInfo(self.target.name, self.target.endpoint, self.target.account),
            taken_at=_moment(self.timestamp),
            commit=self.commit,
            projects=tuple(project.read() for project in self.projects),
        )


def _read_time(text: str | None) -> datetime | None:
    return _moment(text) if text is not None else None
