"""The files of a record: one for each project, one for each section and for each run under way.

`record.json` has the format version. A section is a folder, named by a digest of its endpoint and account, with
`section.json`, `projects/NAME.json` and `runs/ID.json`. So applies of different projects change different files, and
the log of a file is the history of a project. Equal records have equal files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from reconciler.errors import RecordError
from reconciler.git import ref_part
from reconciler.model.record import Intended, Record, RecordedProject, Run, Section, SectionKey

FORMAT_VERSION = "2.0"
HEAD = "record.json"

_LONGEST_NAME = 180
"""Bytes of a file's name before its suffix; the name of a longer project ends in a digest."""

Files = Mapping[str, bytes]
"""Contents by path from the top of the record, with `/`."""


def encode(record: Record) -> dict[str, bytes]:
    """The files of a record."""
    files = {HEAD: _spelled({"format_version": FORMAT_VERSION})}
    for key, section in record.sections.items():
        folder = _folder(key)
        head = {"endpoint": key[0], "account": key[1], "commit": section.commit, "completed_at": section.completed_at}
        files[f"{folder}/section.json"] = _spelled(head)
        for name, project in section.projects.items():
            files[f"{folder}/projects/{_file_name(name)}.json"] = _spelled({"name": name, **_project(project)})
        for run in section.runs.values():
            files[f"{folder}/runs/{_file_name(run.id)}.json"] = _spelled(_values(run, _Run.model_fields))
    return files


def decode(files: Files, *, place: str = "the record") -> Record:
    """The record of these files; files and keys that are not known are passed over. `place` names it in an error.

    Records of the format 1.0, which is a single file, are read too.

    Raises:
        RecordError: it is of another format version, or damaged.
    """
    if HEAD not in files:
        raise RecordError(f"{place} is damaged: it has no {HEAD}")
    version = _read(_Head, files[HEAD], f"{place}, {HEAD}").format_version
    if version == "1.0":
        return _read(_OldRecord, files[HEAD], f"{place}, {HEAD}").read(place)
    if version != FORMAT_VERSION:
        raise RecordError(
            f"{place} has the format version {version}; this reconciler reads {FORMAT_VERSION}",
            "Use the version of reconciler that wrote it, or a later one.",
        )
    heads: dict[str, _Section] = {}
    projects: dict[str, dict[str, RecordedProject]] = {}
    runs: dict[str, dict[str, Run]] = {}
    for path, content in files.items():
        at = f"{place}, {path}"
        match path.split("/"):
            case [folder, "section.json"]:
                heads[folder] = _read(_Section, content, at)
            case [folder, "projects", _]:
                entry = _read(_Project, content, at)
                projects.setdefault(folder, {})[entry.name] = entry.read()
            case [folder, "runs", _]:
                run = _read(_Run, content, at).read()
                runs.setdefault(folder, {})[run.id] = run
    if projects.keys() - heads.keys():
        raise RecordError(f"{place} is damaged: {min(projects.keys() - heads.keys())} has no section.json")
    return Record(
        {
            (head.endpoint, head.account): Section(
                projects.get(folder, {}), runs.get(folder, {}), head.commit, head.completed_at
            )
            for folder, head in heads.items()
        }
    )


def _folder(key: SectionKey) -> str:
    return hashlib.sha256(json.dumps(key).encode("ascii")).hexdigest()[:16]


def _file_name(name: str) -> str:
    spelled = ref_part(name)
    if len(spelled) <= _LONGEST_NAME:
        return spelled
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{spelled[: _LONGEST_NAME - 33]}~{digest}"


def _spelled(document: Mapping[str, object]) -> bytes:
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "surrogatepass")


def _project(project: RecordedProject) -> dict[str, object]:
    """The content of a project's file beside its name, without what is empty."""
    values = _values(project, _Project.model_fields.keys() - {"name", "intents", "written"})
    entry = {key: value for key, value in values.items() if value or key in _ALWAYS}
    if not project.written:
        entry["written"] = False
    if project.intents:
        intents = (_values(intent, _Intended.model_fields) for intent in project.intents)
        entry["intents"] = [
            {key: value for key, value in intent.items() if value not in (None, {}) or key in _ALWAYS}
            for intent in intents
        ]
    return entry


_ALWAYS = frozenset({"file", "commit", "params_version", "ontology_version", "recorded_at", "run"})


def _values(value: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


_Document = TypeVar("_Document", bound=_Model)


def _read(model: type[_Document], content: bytes, at: str) -> _Document:
    try:
        document: Any = json.loads(content.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        raise RecordError(f"{at} is damaged: it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{at} is damaged: it is not JSON") from None
    try:
        return model.model_validate(document)
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        raise RecordError(f"{at} is damaged: its content is not that of a record", f"First at {where}.") from None


class _Head(_Model):
    format_version: str


class _Section(_Model):
    endpoint: str
    account: str | None
    commit: str | None = None
    completed_at: str | None = None


class _Run(_Model):
    id: str
    host: str
    clone: str | None
    started_at: str
    until: str

    def read(self) -> Run:
        return Run(**self.model_dump())


class _Intended(_Model):
    run: str
    params_version: int | None = None
    ontology_version: int | None = None
    params_hash: str | None = None
    ontology_hash: str | None = None
    older: dict[str, int | None] = {}

    def read(self) -> Intended:
        return Intended(**self.model_dump())


class _Entry(_Model):
    """What both formats have of a project."""

    file: str
    params_version: int | None
    ontology_version: int | None
    commit: str | None
    recorded_at: str
    older: dict[str, int | None] = {}
    not_kept: dict[str, str] = {}
    written: bool = True
    ontology_hash: str | None = None


class _Project(_Entry):
    name: str
    created_at: str | None = None
    intents: list[_Intended] = []

    def read(self) -> RecordedProject:
        intents = tuple(intent.read() for intent in self.intents)
        return RecordedProject(**{**self.model_dump(exclude={"name"}), "intents": intents})


class _OldIntended(_Intended):
    run: str = ""


class _OldProject(_Entry):
    intended: _OldIntended | None = None

    def read(self) -> RecordedProject:
        """Its intent does not name what the run left drifting, so that is what was drifting before it."""
        values = self.model_dump(exclude={"intended"})
        if self.intended is None:
            return RecordedProject(**values)
        intent = Intended(**{**self.intended.model_dump(), "older": self.older})
        return RecordedProject(**values, intents=(intent,))


class _OldSection(_Model):
    endpoint: str
    account: str | None
    projects: dict[str, _OldProject]


class _OldRecord(_Model):
    format_version: Literal["1.0"]
    sections: list[_OldSection]

    def read(self, place: str) -> Record:
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
