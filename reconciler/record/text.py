"""The one text of a record: what is written of it, and read again."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reconciler.errors import RecordError
from reconciler.model.record import Intended, Record, RecordedProject, Section

FORMAT_VERSION = "1.0"


def encode(record: Record) -> str:
    """The one text of a record: equal records have equal texts."""
    sections = [
        {
            "endpoint": endpoint,
            "account": account,
            "projects": {name: _to_json(project) for name, project in record.sections[endpoint, account].items()},
        }
        for endpoint, account in sorted(record.sections, key=lambda key: (key[0], key[1] is not None, key[1] or ""))
    ]
    document = {"format_version": FORMAT_VERSION, "sections": sections}
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def decode(text: str, *, place: str = "the record") -> Record:
    """The record of a text; keys that are not known are passed over. `place` names it in an error.

    Raises:
        RecordError: it is of another format version, or not what a record is.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise RecordError(f"{place} is damaged: it is not JSON") from None
    version = document.get("format_version") if isinstance(document, dict) else None
    if isinstance(version, str) and version != FORMAT_VERSION:
        raise RecordError(
            f"{place} has the format version {version}; this reconciler reads {FORMAT_VERSION}",
            "Use the version of reconciler that wrote it, or a later one.",
        )
    try:
        sections = _Document.model_validate(document).sections
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        raise RecordError(f"{place} is damaged: it does not hold what a record holds", f"First at {where}.") from None
    record = Record({(section.endpoint, section.account): section.read() for section in sections})
    if len(record.sections) != len(sections):
        raise RecordError(f"{place} is damaged: an endpoint and account has two sections")
    return record


def _to_json(project: RecordedProject) -> dict[str, object]:
    entry: dict[str, object] = {
        "file": project.file,
        "params_version": project.params_version,
        "ontology_version": project.ontology_version,
        "commit": project.commit,
        "recorded_at": project.recorded_at,
    }
    if project.older:
        entry["older"] = dict(project.older)
    if project.not_kept:
        entry["not_kept"] = dict(project.not_kept)
    if project.intended:
        entry["intended"] = {name: getattr(project.intended, name) for name in _Intended.model_fields}
    if not project.written:
        entry["written"] = False
    if project.ontology_hash is not None:
        entry["ontology_hash"] = project.ontology_hash
    return entry


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Intended(_Model):
    params_version: int | None = None
    ontology_version: int | None = None
    params_hash: str | None = None
    ontology_hash: str | None = None


class _Project(_Model):
    file: str
    params_version: int | None
    ontology_version: int | None
    commit: str | None
    recorded_at: str
    older: dict[str, int | None] = {}
    not_kept: dict[str, str] = {}
    intended: _Intended | None = None
    written: bool = True
    ontology_hash: str | None = None

    def read(self) -> RecordedProject:
        values = {name: getattr(self, name) for name in _Project.model_fields}
        intended = Intended(**self.intended.model_dump()) if self.intended else None
        return RecordedProject(**{**values, "intended": intended})


class _Section(_Model):
    endpoint: str
    account: str | None
    projects: dict[str, _Project]

    def read(self) -> Section:
        return {name: project.read() for name, project in self.projects.items()}


class _Document(_Model):
    format_version: Literal["1.0"]
    sections: list[_Section]
