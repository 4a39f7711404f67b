"""The files of a record: one for each project, one for each section and for each run under way.

`record.json` has the format version. A section is a folder, named by a digest of its endpoint and account, with
`section.json`, `projects/NAME.json` and `runs/ID.json`. So applies of different projects change different files, and
the log of a file is the history of a project. Equal records have equal files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic import Field as Key

from reconciler.documents.parts import Shape, Text, as_json
from reconciler.documents.text import UnfitError, parsed, place_of
from reconciler.errors import RecordError
from reconciler.git import ref_part
from reconciler.model.record import Intended, Record, RecordedProject, Run, Section, SectionKey
from reconciler.model.values import Json, text_digest

FORMAT_VERSION = "2.0"
HEAD = "record.json"

_LONGEST_NAME = 180
"""The most bytes of a file's name before its suffix. A longer name is cut, and ends in a digest."""

Files = Mapping[str, bytes]
"""Contents by path from the top of the record, with `/`."""


def encode(record: Record) -> dict[str, bytes]:
    """The files of a record."""
    files = {HEAD: _spelled({"format_version": FORMAT_VERSION})}
    for key, section in record.sections.items():
        folder = _folder(key)
        endpoint, account = key
        head = SectionShape.of(section, endpoint=endpoint, account=account)
        files[f"{folder}/section.json"] = _spelled(as_json(head))
        for name, project in section.projects.items():
            files[entry_file(key, name)] = _spelled(as_json(ProjectShape.of(project, name=name)))
        for run in section.runs.values():
            files[f"{folder}/runs/{_file_name(run.id)}.json"] = _spelled(as_json(RunShape.of(run)))
    return files


def decode(files: Files, *, place: str = "the record") -> Record:
    """The record of these files; unknown files and keys are ignored. `place` names the record in an error.

    Records of the format 1.0, which is a single file, are read too.

    Raises:
        RecordError: it has another format version, or is damaged.
    """
    if HEAD not in files:
        raise RecordError(f"{place} is damaged: it has no {HEAD}")
    version = _read(HeadShape, files[HEAD], f"{place}, {HEAD}").format_version
    if version == "1.0":
        return _read(OldRecordShape, files[HEAD], f"{place}, {HEAD}").read_all(place)
    if version != FORMAT_VERSION:
        raise RecordError(
            f"{place} has format version {version}, not {FORMAT_VERSION}",
            "Use the version of reconciler that wrote the record, or a later version.",
        )
    heads: dict[str, SectionShape] = {}
    projects: dict[str, dict[str, RecordedProject]] = {}
    runs: dict[str, dict[str, Run]] = {}
    for path, content in files.items():
        at = f"{place}, {path}"
        match path.split("/"):
            case [folder, "section.json"]:
                heads[folder] = _read(SectionShape, content, at)
            case [folder, "projects", _]:
                entry = _read(ProjectShape, content, at)
                projects.setdefault(folder, {})[entry.name] = entry.read()
            case [folder, "runs", _]:
                run = _read(RunShape, content, at).read()
                runs.setdefault(folder, {})[run.id] = run
    if projects.keys() - heads.keys():
        raise RecordError(f"{place} is damaged: {min(projects.keys() - heads.keys())} has no section.json")
    return Record(
        {
            (head.endpoint, head.account): head.read(projects=projects.get(folder, {}), runs=runs.get(folder, {}))
            for folder, head in heads.items()
        }
    )


def packed(files: Files) -> bytes:
    """The files as one, for a record outside git."""
    contents = {path: json.loads(content.decode("utf-8", "surrogatepass")) for path, content in files.items()}
    text = json.dumps(
        {"format_version": FORMAT_VERSION, "files": contents}, sort_keys=True, indent=1, ensure_ascii=False
    )
    return (text + "\n").encode("utf-8", "surrogatepass")


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files in a record outside git. A file of the format 1.0 is the record itself."""
    try:
        document = json.loads(content.decode("utf-8", "surrogatepass"))
        if document["format_version"] == FORMAT_VERSION:
            return {
                path: json.dumps(inner, ensure_ascii=False).encode("utf-8", "surrogatepass")
                for path, inner in document["files"].items()
            }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return {HEAD: content}


def entry_file(key: SectionKey, name: str) -> str:
    """The path of a project's entry in the section with this key."""
    return f"{_folder(key)}/projects/{_file_name(name)}.json"


def read_entry(content: bytes) -> RecordedProject:
    """The entry in a project's file. Raises RecordError if it is damaged."""
    entry: RecordedProject = _read(ProjectShape, content, "an entry of the record").read()
    return entry


def read_old_entry(content: bytes, key: SectionKey, name: str) -> RecordedProject | None:
    """A project's entry in a record of the format 1.0. None if it has no such entry, or if it has another format.

    Its section may have been made before the account was known. Raises RecordError if it is damaged.
    """
    place = "an old record"
    if _read(HeadShape, content, place).format_version != "1.0":
        return None
    record: Record = _read(OldRecordShape, content, place).read_all(place)
    sections = (record.sections.get(one) for one in (key, (key[0], None)))
    return next((section.projects[name] for section in sections if section and name in section.projects), None)


def _folder(key: SectionKey) -> str:
    return text_digest(json.dumps(key))[:16]


def _file_name(name: str) -> str:
    spelled = ref_part(name)
    if len(spelled) <= _LONGEST_NAME:
        return spelled
    digest = text_digest(name)[:32]
    return f"{spelled[: _LONGEST_NAME - 33]}~{digest}"


def _spelled(document: Json) -> bytes:
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "surrogatepass")


_Read = TypeVar("_Read", bound=Shape)


def _read(shape: type[_Read], content: bytes, at: str) -> _Read:
    try:
        return shape.model_validate(parsed(content))
    except UnfitError as problem:
        raise RecordError(f"{at} is damaged: it {problem}") from None
    except ValidationError as problem:
        raise RecordError(
            f"{at} is damaged: it does not match the format of a record",
            f"The first mistake is at {place_of(problem)}.",
        ) from None


class _Shape(Shape):
    model_config = ConfigDict(strict=True)


class HeadShape(_Shape):
    format_version: str


class SectionShape(_Shape):
    describes = Section

    endpoint: Text
    account: Text | None
    commit: Text | None = None
    completed_at: Text | None = None


class RunShape(_Shape):
    describes = Run

    id: Text
    host: Text
    clone: Text | None
    started_at: Text
    until: Text


class IntendedShape(_Shape):
    describes = Intended

    run: Text
    params_version: int | None
    ontology_version: int | None
    params_hash: Text | None = None
    ontology_hash: Text | None = None
    older: dict[str, int | None] = Key(default={})


class _EntryShape(_Shape):
    """The keys of a project that both formats have."""

    describes = RecordedProject

    file: Text
    params_version: int | None
    ontology_version: int | None
    commit: Text | None
    recorded_at: Text
    older: dict[str, int | None] = Key(default={})
    not_kept: dict[str, str] = Key(default={})
    written: bool = True
    ontology_hash: Text | None = None


class ProjectShape(_EntryShape):
    name: Text
    created_at: Text | None = None
    intents: Annotated[tuple[IntendedShape, ...], Key(strict=False)] = ()


class OldIntendedShape(IntendedShape):
    run: Text = ""
    params_version: int | None = None
    ontology_version: int | None = None


class OldProjectShape(_EntryShape):
    intended: OldIntendedShape | None = None

    def read(self, **given: Any) -> Any:
        """The intent does not list the units that its run left drifting: those that were drifting before."""
        intents = () if self.intended is None else (self.intended.read(older=self.older),)
        return super().read(intents=intents, **given)


class OldSectionShape(_Shape):
    endpoint: Text
    account: Text | None
    projects: dict[str, OldProjectShape]


class OldRecordShape(_Shape):
    format_version: Literal["1.0"]
    sections: list[OldSectionShape]

    def read_all(self, place: str) -> Record:
        record = Record(
            {
                (section.endpoint, section.account): Section(
                    {name: project.read() for name, project in section.projects.items()}
                )
                for section in self.sections
            }
        )
        if len(record.sections) != len(self.sections):
            raise RecordError(f"{place} is damaged: two sections have the same endpoint and account")
        return record
