"""The snapshot document: the live state of an account, sealed. What is read of one is checked, whoever sealed it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Discriminator, StrictBool, Tag
from pydantic import Field as Key

from reconciler import __version__
from reconciler.documents.parts import FORMAT_VERSION, Moment, Shape, TargetShape, as_json, values_of, whole_second
from reconciler.documents.text import Kind
from reconciler.errors import SnapshotError
from reconciler.fieldpath import parse_pattern
from reconciler.model.ontology import Choice, Ontology, Unreadable, read_ontology, spell, spell_alone
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, UnreadableProject, Version
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import Json

REMEDY: Final = "Take a new one where the key is: reconciler snapshot --publish, or --out FILE."
SIGN: Final = b'"kind":"snapshot"'
"""What is in the first bytes of every snapshot, and of no other document."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""A larger snapshot is neither written nor read."""

KIND: Final = Kind(
    "a snapshot",
    key="kind",
    value="snapshot",
    error=SnapshotError,
    remedy=REMEDY,
    sealed=True,
    most_bytes=MOST_BYTES,
    most_values=5_000_000,
)
_MOST_PATTERNS: Final = 10_000


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as a text.

    Raises:
        SnapshotError: it is larger than one may be.
    """
    return KIND.write(as_json(SnapshotShape.of(snapshot)))


def decode(content: bytes, *, place: str) -> Snapshot:
    """The snapshot of a text. Unknown keys are ignored. `place` names the text in an error.

    Raises:
        SnapshotError: it is too large, damaged, of another format version, or not a snapshot.
    """
    return KIND.read(content, lambda document: SnapshotShape.model_validate(document).read(), place=place)


def too_large(size: int | None, *, place: str) -> SnapshotError:
    """The error for a snapshot of so many bytes; None if it has too many files to count them."""
    if size is None:
        return SnapshotError(f"{place} has more files than a snapshot may have", REMEDY)
    return SnapshotError(f"{place} has {size:,} bytes, more than the {MOST_BYTES:,} that a snapshot may have", REMEDY)


def _is_pattern(text: str) -> str:
    parse_pattern(text)
    return text


def _ends_readable(versions: tuple[ParamsShape, ...]) -> tuple[ParamsShape, ...]:
    if versions and versions[-1].content is None:
        raise ValueError("the latest version has no content")
    return versions


_Number = Annotated[int, Key(ge=0, strict=True)]
_Hash = Annotated[str, Key(pattern=r"^[0-9a-f]{64}$")]


class OriginShape(Shape):
    """The version that brought a value that is older than the history in the snapshot."""

    version: _Number
    created_at: Moment | None


class ParamsShape(Shape):
    """A version of the parameters. `digest` is that of the whole content, if some of it is left out."""

    version: _Number
    created_at: Moment | None
    content: dict[str, Any] | None
    digest: _Hash | None = None

    @classmethod
    def of(cls, version: Version) -> ParamsShape:
        return cls(version=version.number, created_at=version.at, content=version.content, digest=version.digest)

    def read(self) -> Version:
        return Version(self.version, self.created_at, self.content, digest=self.digest)


class OntologyShape(Shape):
    """A version of the ontology."""

    version: _Number
    created_at: Moment | None
    content: list[Any] | None
    name: str | None
    digest: _Hash | None = None

    @classmethod
    def of(cls, version: Version) -> OntologyShape:
        known = version.content if isinstance(version.content, Ontology) else None
        content = [_choice(choice) for choice in known.choices] if known is not None else None
        name = known.name if known is not None else None
        return cls(version=version.number, created_at=version.at, content=content, name=name, digest=version.digest)

    def read(self) -> Version:
        read = read_ontology(self.content, self.name) if self.content is not None else None
        content = read if isinstance(read, Ontology) else None
        return Version(self.version, self.created_at, content, digest=self.digest)


def _choice(choice: Choice) -> Json:
    """Keys that a manifest cannot have are there without their value: a plan only warns of them."""
    if not choice.subchoices and not choice.dropped:
        return spell(choice)
    spelled = spell_alone(choice)
    whole = dict.fromkeys(choice.dropped, True) | ({"choice": spelled} if isinstance(spelled, str) else spelled)
    return {**whole, "subchoices": [_choice(below) for below in choice.subchoices]} if choice.subchoices else whole


class ProjectShape(Shape):
    """A project. Its last versions are its state."""

    name: Annotated[str, Key(min_length=1)]
    type: str
    pipeline: str | None
    archived: StrictBool
    created_at: str | None
    params: Annotated[tuple[ParamsShape, ...], AfterValidator(_ends_readable)]
    ontology: tuple[OntologyShape, ...]
    ontology_problem: str | None = None
    origins: dict[str, OriginShape] | None = None
    left_out: Annotated[tuple[Annotated[str, AfterValidator(_is_pattern)], ...], Key(max_length=_MOST_PATTERNS)] = ()

    @classmethod
    def of(cls, project: SnapshotProject) -> ProjectShape:
        live = project.live
        origins = {
            unit: OriginShape(version=number, created_at=at) for unit, (number, at) in (live.origins or {}).items()
        }
        return cls(
            name=live.name,
            type=live.type,
            pipeline=live.pipeline,
            archived=live.archived,
            created_at=live.created_at,
            params=tuple(map(ParamsShape.of, live.params_history)),
            ontology=tuple(map(OntologyShape.of, live.ontology_history)),
            ontology_problem=live.ontology.why if isinstance(live.ontology, Unreadable) else None,
            origins=origins or None,
            left_out=project.left_out,
        )

    def read(self) -> SnapshotProject:
        params = tuple(version.read() for version in self.params)
        ontologies = tuple(version.read() for version in self.ontology)
        now = params[-1] if params else None
        ontology = ontologies[-1] if ontologies else None
        unreadable = None
        if self.ontology_problem is not None:
            path, _, problem = self.ontology_problem.partition(" ")
            unreadable = Unreadable(path.strip("`"), problem)
        live = LiveProject(
            name=self.name,
            type=self.type,
            params=(now.content if now else None) or {},
            params_version=now.number if now else None,
            params_at=now.at if now else None,
            ontology=unreadable or (ontology.content if ontology else None),
            ontology_version=ontology.number if ontology else None,
            ontology_at=ontology.at if ontology else None,
            pipeline=self.pipeline,
            archived=self.archived,
            created_at=self.created_at,
            params_history=params,
            ontology_history=ontologies,
            origins={unit: (origin.version, origin.created_at) for unit, origin in (self.origins or {}).items()},
        )
        return SnapshotProject(live, self.left_out)


class ProblemShape(Shape):
    path: str
    problem: str


class UnreadableShape(Shape):
    """A project that could not be read: its error in place of its content.

    It is one of `projects`, so that an older reconciler does not take the snapshot for one without it.
    """

    name: Annotated[str, Key(min_length=1)] | None
    archived: StrictBool
    created_at: str | None
    unreadable: ProblemShape

    @classmethod
    def of(cls, project: UnreadableProject) -> UnreadableShape:
        problem = ProblemShape(path=project.path, problem=project.problem)
        return cls(name=project.name, archived=project.archived, created_at=project.created_at, unreadable=problem)

    def read(self) -> UnreadableProject:
        return UnreadableProject(
            self.name, self.unreadable.path, self.unreadable.problem, self.created_at, self.archived
        )


def _sort_of(entry: object) -> str:
    is_unreadable = "unreadable" in entry if isinstance(entry, dict) else isinstance(entry, UnreadableShape)
    return "unreadable" if is_unreadable else "project"


_Project = Annotated[
    Annotated[ProjectShape, Tag("project")] | Annotated[UnreadableShape, Tag("unreadable")], Discriminator(_sort_of)
]


class SnapshotShape(Shape):
    format_version: Literal["1.0"]
    kind: Literal["snapshot"]
    tool_version: str = ""
    timestamp: Moment
    target: TargetShape
    commit: Annotated[str, Key(pattern=r"^[0-9a-f]{40,64}$")] | None
    projects: tuple[_Project, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> SnapshotShape:
        return cls(
            format_version=FORMAT_VERSION,
            kind="snapshot",
            tool_version=__version__,
            timestamp=whole_second(snapshot.taken_at),
            target=TargetShape(**values_of(snapshot.target)),
            commit=snapshot.commit,
            projects=(*map(ProjectShape.of, snapshot.projects), *map(UnreadableShape.of, snapshot.unreadable)),
        )

    def read(self) -> Snapshot:
        return Snapshot(
            target=TargetInfo(**vars(self.target)),
            taken_at=self.timestamp,
            commit=self.commit,
            projects=tuple(project.read() for project in self.projects if isinstance(project, ProjectShape)),
            unreadable=tuple(project.read() for project in self.projects if isinstance(project, UnreadableShape)),
        )
