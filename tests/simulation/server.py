"""The Projects API in memory, written from its facts alone, with a log of all that it served and committed.

Promises: a request has its whole effect at once, or none; histories only grow; the log has every committed write with
its sender and every read with the versions that it saw. A read may be answered as of an earlier time, as by a replica
that lags. Must not know who is right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import httpx

Json = Any

CREATE, SET_PARAMS, SET_ONTOLOGY, ARCHIVE = "create", "setParams", "setOntology", "archive"


@dataclass(slots=True)
class Version:
    """One entry of a history. `content` is the parameters, or the list of choices; `at` is virtual seconds."""

    content: Json
    created_at: str
    actor: str
    at: float


@dataclass(slots=True)
class Project:
    name: str
    type: str
    created_at: str
    made_at: float
    archived_at: float | None = None
    params: list[Version] = field(default_factory=list)
    ontologies: list[Version] = field(default_factory=list)

    @property
    def archived(self) -> bool:
        return self.archived_at is not None

    def history(self, kind: str) -> list[Version]:
        """The history that a write of that kind adds to."""
        return self.ontologies if kind == SET_ONTOLOGY else self.params

    def as_of(self, at: float) -> Project | None:
        """The project as it was then, None if it was not there yet."""
        if self.made_at > at:
            return None
        return replace(
            self,
            archived_at=self.archived_at if self.archived_at is not None and self.archived_at <= at else None,
            params=[version for version in self.params if version.at <= at],
            ontologies=[version for version in self.ontologies if version.at <= at],
        )


@dataclass(slots=True)
class Write:
    """A committed write. `version` is the one that it made, None where it made none. Times are virtual seconds."""

    number: int
    actor: str
    kind: str
    project: str
    version: int | None
    sent_at: float
    at: float


@dataclass(slots=True)
class Read:
    """A read as the server answered it: how many versions each project had. `delivered_at` is set once it arrived."""

    number: int
    actor: str
    seen: Mapping[str, tuple[int, int]]
    delivered_at: float | None = None


class Refusal(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


@dataclass(slots=True)
class Server:
    """`choices_as_objects`: strings come back as objects. `bare_ontologies`: entries come without version and time."""

    choices_as_objects: bool = False
    bare_ontologies: bool = False
    projects: dict[str, Project] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)

    def handle(
        self, request: httpx.Request, actor: str, sent_at: float, at: float, now: datetime, *, lag: float = 0.0
    ) -> tuple[httpx.Response, Read | Write | None]:
        """Answers one request, and says what it left in the log. `at` is the virtual time, `now` the same as a date.

        A read shows what was there `lag` seconds ago.
        """
        path = request.url.raw_path.decode("ascii").split("?")[0]
        parts = [unquote(part) for part in path.removeprefix("/v1/").split("/")]
        try:
            if request.method == "GET":
                return self._read(parts, actor, max(at - lag, 0.0))
            body = json.loads(request.content)
            match parts:
                case ["projects"]:
                    write = self.create(body, actor, sent_at, at, now)
                    # The documented answer of a create has no history yet.
                    return httpx.Response(200, json={"name": body["name"], "param_history": []}), write
                case ["projects", name, "setParams"]:
                    write = self.set_params(name, body, actor, sent_at, at, now)
                case ["projects", name, "setOntology"]:
                    write = self.set_ontology(name, body, actor, sent_at, at, now)
                case _:
                    raise Refusal(404, "There is nothing at this path")
            return httpx.Response(200, json=self._shown(self.projects[name])), write
        except Refusal as refusal:
            return httpx.Response(refusal.status, json={"status_code": refusal.status, "error": str(refusal)}), None

    def create(self, body: dict[str, Json], actor: str, sent_at: float, at: float, now: datetime) -> Write:
        name, kind, params = body.get("name"), body.get("type"), body.get("params")
        if not isinstance(name, str) or not isinstance(kind, str):
            raise Refusal(400, "type and name are required")
        if name in self.projects:
            raise Refusal(409, "a project of that name exists")
        project = self.projects[name] = Project(name, kind, _stamp(now), at)
        if params:
            project.params.append(Version(dict(params), _stamp(now), actor, at))
        return self._log(actor, CREATE, name, 0 if params else None, sent_at, at)

    def set_params(
        self, name: str, body: dict[str, Json], actor: str, sent_at: float, at: float, now: datetime
    ) -> Write:
        project = self._project(name)
        patch = body.get("patch", False)
        if type(patch) is not bool:
            raise Refusal(400, "patch is not a boolean")
        params = {key: value for key, value in body.items() if key != "patch"}
        if patch and project.params:
            params = {**project.params[-1].content, **params}
        project.params.append(Version(params, _stamp(now), actor, at))
        return self._log(actor, SET_PARAMS, name, len(project.params) - 1, sent_at, at)

    def set_ontology(
        self, name: str, body: dict[str, Json], actor: str, sent_at: float, at: float, now: datetime
    ) -> Write:
        project = self._project(name)
        choices = body.get("ontology")
        if not isinstance(choices, list):
            raise Refusal(400, "ontology is not an array")
        project.ontologies.append(Version(choices, _stamp(now), actor, at))
        return self._log(actor, SET_ONTOLOGY, name, len(project.ontologies) - 1, sent_at, at)

    def archive(self, name: str, actor: str, at: float) -> Write:
        """What a person can do in the dashboard, and no call can."""
        self._project(name).archived_at = at
        return self._log(actor, ARCHIVE, name, None, at, at)

    def _log(self, actor: str, kind: str, project: str, version: int | None, sent_at: float, at: float) -> Write:
        write = Write(self._number(), actor, kind, project, version, sent_at, at)
        self.writes.append(write)
        return write

    def _number(self) -> int:
        return len(self.writes) + len(self.reads)

    def _project(self, name: str) -> Project:
        if name not in self.projects:
            raise Refusal(404, "there is no such project")
        return self.projects[name]

    def _read(self, parts: list[str], actor: str, at: float) -> tuple[httpx.Response, Read]:
        then = (project.as_of(at) for project in self.projects.values())
        shown = [project for project in then if project is not None]
        match parts:
            case ["projects"]:
                answer = httpx.Response(200, json=[self._shown(project) for project in shown])
            case ["projects", name]:
                shown = [project for project in shown if project.name == name]
                answer = httpx.Response(200, json=self._shown(shown[0])) if shown else _not_found()
            case _:
                raise Refusal(404, "There is nothing at this path")
        seen = {project.name: (len(project.params), len(project.ontologies)) for project in shown}
        if len(parts) == 2:
            seen.setdefault(parts[1], (0, 0))
        read = Read(self._number(), actor, seen)
        self.reads.append(read)
        return answer, read

    def _shown(self, project: Project) -> dict[str, Json]:
        shown: dict[str, Json] = {
            "type": project.type,
            "name": project.name,
            "created_at": project.created_at,
            "archived": project.archived,
            "param_history": [
                {**version.content, "version": number, "created_at": version.created_at}
                for number, version in enumerate(project.params)
            ],
        }
        if project.ontologies:
            shown["ontologyHistory"] = [
                self._shown_ontology(number, version) for number, version in enumerate(project.ontologies)
            ]
        return shown

    def _shown_ontology(self, number: int, version: Version) -> dict[str, Json]:
        choices = version.content
        if self.choices_as_objects:
            choices = [{"choice": choice} if isinstance(choice, str) else choice for choice in choices]
        entry: dict[str, Json] = {"ontology": choices, "name": None}
        return entry if self.bare_ontologies else {**entry, "version": number, "created_at": version.created_at}


def _not_found() -> httpx.Response:
    return httpx.Response(404, json={"status_code": 404, "error": "there is no such project"})


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
