"""The snapshot document: the live state of an account, sealed.

The seal does not show who wrote it, so everything that is read is checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Discriminator, StrictBool, Tag
from pydantic import Field as Key

from reconciler.diagnostics import Remedy
from reconciler.documents.parts import Document, Moment, Shape, TargetShape, WholeSecond
from reconciler.documents.text import Kind
from reconciler.errors import SnapshotError
from reconciler.fieldpath import parse_pattern
from reconciler.model.ontology import Choice, Ontology, Unreadable, read_ontology, spell, spell_alone
from reconciler.model.project import LiveProject, UnreadableProject, Version
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import Json

REMEDY: Final = Remedy("Take a new snapshot where the API key is available:", ("snapshot", "--publish"))
MOST_BYTES: Final = 64 * 1024 * 1024
"""A larger snapshot is neither written nor read."""

KIND: Final = Kind(
    "a snapshot",
    key="kind",
    value="snapshot",
    error=SnapshotError,
    remedy=REMEDY,
    sealed=True,
    noun="snapshot",
    sign=b'"kind":"snapshot"',
    most_bytes=MOST_BYTES,
    most_values=5_000_000,
)
_MOST_PATTERNS: Final = 10_000


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as a text.

    Raises:
        SnapshotError: it is larger than one may be.
    """
    return KIND.write(SnapshotShape.document(snapshot))


def write_snapshot_file(snapshot: Snapshot, file: Path) -> None:
    """Save the snapshot: mode 0600, all of it or nothing.

    Raises:
        SnapshotError: the file cannot be written, or the snapshot is too large.
    """
    KIND.save(SnapshotShape.document(snapshot), file)


def decode(content: bytes, *, place: str) -> Snapshot:
    """The snapshot in a text. Unknown keys are ignored. `place` names the text in an error.

    Raises:
        SnapshotError: it is too large, is damaged, has another format version, or is not a snapshot.
    """
    snapshot: Snapshot = KIND.read(content, SnapshotShape, place=place)
    return snapshot


def too_large(size: int | None, *, place: str) -> SnapshotError:
    """The error for a snapshot of `size` bytes. None means that it has too many files to count its bytes."""
    if size is None:
        return SnapshotError(f"{place} has too many files for a snapshot", remedies=[REMEDY])
    summary = f"{place} has {size:,} bytes; a snapshot can have at most {MOST_BYTES:,}"
    return SnapshotError(summary, remedies=[REMEDY])


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
    """The version that introduced a value, if that version is older than the history in the snapshot."""

    version: _Number
    created_at: Moment | None


class ParamsShape(Shape):
    """A version of the parameters. If some of the content is left out, `digest` is the digest of all of it."""

    describes = Version

    number: Annotated[_Number, Key(alias="version")]
    at: Annotated[Moment | None, Key(alias="created_at")]
    content: dict[str, Any] | None
    digest: _Hash | None = None


class OntologyShape(Shape):
    """A version of the ontology."""

    describes = Version

    number: Annotated[_Number, Key(alias="version")]
    at: Annotated[Moment | None, Key(alias="created_at")]
    content: list[Any] | None
    name: str | None
    digest: _Hash | None = None

    @classmethod
    def of(cls, version: Version, /, **given: Any) -> Self:
        known = version.content if isinstance(version.content, Ontology) else None
        content = [_choice(choice) for choice in known.choices] if known is not None else None
        return super().of(version, content=content, name=known.name if known is not None else None, **given)

    def read(self, **given: Any) -> Any:
        read = read_ontology(self.content, self.name) if self.content is not None else None
        return super().read(content=read if isinstance(read, Ontology) else None, **given)


def _choice(choice: Choice) -> Json:
    """Keys that a manifest cannot have are saved without their values, because a plan only warns about them."""
    if not choice.subchoices and not choice.dropped:
        return spell(choice)
    spelled = spell_alone(choice)
    whole = dict.fromkeys(choice.dropped, True) | ({"choice": spelled} if isinstance(spelled, str) else spelled)
    return {**whole, "subchoices": [_choice(below) for below in choice.subchoices]} if choice.subchoices else whole


class ProjectShape(Shape):
    """A project. Its last versions are its state."""

    describes = LiveProject

    name: Annotated[str, Key(min_length=1)]
    type: str
    pipeline: str | None
    archived: StrictBool
    taxonomy: StrictBool = False
    created_at: str | None
    params_history: Annotated[tuple[ParamsShape, ...], AfterValidator(_ends_readable), Key(alias="params")]
    ontology_history: Annotated[tuple[OntologyShape, ...], Key(alias="ontology")]
    ontology_problem: str | None = None
    origins: dict[str, OriginShape] | None = None
    left_out: Annotated[tuple[Annotated[str, AfterValidator(_is_pattern)], ...], Key(max_length=_MOST_PATTERNS)] = ()

    @classmethod
    def of(cls, project: SnapshotProject, /, **given: Any) -> Self:
        live = project.live
        origins = {
            unit: OriginShape(version=number, created_at=at) for unit, (number, at) in (live.origins or {}).items()
        }
        return super().of(
            live,
            ontology_problem=live.ontology.why if isinstance(live.ontology, Unreadable) else None,
            origins=origins or None,
            left_out=project.left_out,
            **given,
        )

    def read(self, **given: Any) -> Any:
        params = self.params_history[-1].read() if self.params_history else None
        ontology = self.ontology_history[-1].read() if self.ontology_history else None
        unreadable = None
        if self.ontology_problem is not None:
            path, _, problem = self.ontology_problem.partition(" ")
            unreadable = Unreadable(path.strip("`"), problem)
        live = super().read(
            params=params.content if params else {},
            params_version=params.number if params else None,
            params_at=params.at if params else None,
            ontology=unreadable or (ontology.content if ontology else None),
            ontology_version=ontology.number if ontology else None,
            ontology_at=ontology.at if ontology else None,
            origins={unit: (origin.version, origin.created_at) for unit, origin in (self.origins or {}).items()},
            **given,
        )
        return SnapshotProject(live, self.left_out)


class ProblemShape(Shape):
    path: str
    problem: str


class UnreadableShape(Shape):
    """A project that could not be read, with its error in place of its content.

    It is listed in `projects`, so that an older reconciler refuses the snapshot instead of overlooking the project.
    """

    describes = UnreadableProject

    name: Annotated[str, Key(min_length=1)] | None
    archived: StrictBool
    created_at: str | None
    unreadable: ProblemShape

    @classmethod
    def of(cls, project: UnreadableProject, /, **given: Any) -> Self:
        return super().of(project, unreadable=ProblemShape.of(project), **given)

    def read(self, **given: Any) -> Any:
        return super().read(**vars(self.unreadable), **given)


def _sort_of(entry: object) -> str:
    is_unreadable = "unreadable" in entry if isinstance(entry, dict) else isinstance(entry, UnreadableShape)
    return "unreadable" if is_unreadable else "project"


_Project = Annotated[
    Annotated[ProjectShape, Tag("project")] | Annotated[UnreadableShape, Tag("unreadable")], Discriminator(_sort_of)
]


class SnapshotShape(Document):
    describes = Snapshot

    kind: Literal["snapshot"]
    taken_at: Annotated[WholeSecond, Key(alias="timestamp")]
    target: TargetShape
    commit: Annotated[str, Key(pattern=r"^[0-9a-f]{40,64}$")] | None
    projects: tuple[_Project, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, /, **given: Any) -> Self:
        projects = (*ProjectShape.of_each(snapshot.projects), *UnreadableShape.of_each(snapshot.unreadable))
        return super().of(snapshot, kind="snapshot", projects=projects, **given)

    def read(self, **given: Any) -> Any:
        return super().read(
            projects=tuple(project.read() for project in self.projects if isinstance(project, ProjectShape)),
            unreadable=tuple(project.read() for project in self.projects if isinstance(project, UnreadableShape)),
            **given,
        )
