"""What a snapshot's document holds, project by project: made of the model, and checked before it is one again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, UnreadableProject, Version
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import Json

_MOST_PATTERNS: Final = 10_000


def project_document(project: SnapshotProject) -> dict[str, Json]:
    """One project as `Document` reads it. Times are ISO 8601 with their zone."""
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


def unreadable_document(project: UnreadableProject) -> dict[str, Json]:
    """A project that could not be read: its error in place of its content.

    It is one of `projects`, so that an older reconciler does not take the snapshot for one without it.
    """
    return {
        "name": project.name,
        "archived": project.archived,
        "created_at": project.created_at,
        "unreadable": {"path": project.path, "problem": project.problem},
    }


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


class _Problem(_Model):
    path: str
    problem: str


class _Unreadable(_Model):
    name: Annotated[str, Field(min_length=1)] | None
    archived: bool
    created_at: str | None
    unreadable: _Problem

    def read(self) -> UnreadableProject:
        problem = self.unreadable
        return UnreadableProject(self.name, problem.path, problem.problem, self.created_at, self.archived)


def _kind(entry: object) -> str:
    return "unreadable" if isinstance(entry, dict) and "unreadable" in entry else "project"


def place_of(location: tuple[int | str, ...]) -> str:
    """Where a mistake is, without the tag that pydantic puts behind the number of a project."""
    return ".".join(str(part) for level, part in enumerate(location) if not (level == 2 and location[0] == "projects"))


class _Target(_Model):
    name: str
    endpoint: str
    account: str | None


class Document(_Model):
    """The whole document. Strict: pydantic's ValidationError for what a snapshot cannot hold."""

    format_version: Literal["1.0"]
    timestamp: _Moment
    target: _Target
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")] | None
    projects: list[
        Annotated[Annotated[_Project, Tag("project")] | Annotated[_Unreadable, Tag("unreadable")], Discriminator(_kind)]
    ]

    def read(self) -> Snapshot:
        return Snapshot(
            target=TargetInfo(self.target.name, self.target.endpoint, self.target.account),
            taken_at=_moment(self.timestamp),
            commit=self.commit,
            projects=tuple(project.read() for project in self.projects if isinstance(project, _Project)),
            unreadable=tuple(project.read() for project in self.projects if isinstance(project, _Unreadable)),
        )


def _read_time(text: str | None) -> datetime | None:
    return _moment(text) if text is not None else None
