"""The manifests of a campaign, how they change from round to round, and the histories that this must give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

_NAMES = ("kittens", "harbours", "sidewalks", "receipts", "x_rays", "orchards", "runways", "bicycles", "glaciers")
_FIRST = 6


def is_somebodys(note: object) -> bool:
    """Whether a note is one that an edit on Scale caused."""
    return isinstance(note, str) and note.startswith("somebody")


Histories = Callable[[str], tuple[list[dict[str, Any]], list[list[Any]]]]
"""The contents of all versions of a project's parameters and of its ontology."""


@dataclass
class Project:
    """What one manifest says now, and every version that Scale should have of it by the end of the round."""

    name: str
    params: dict[str, Any]
    ontology: list[Any] | None
    params_versions: list[dict[str, Any]] = field(default_factory=list)
    ontology_versions: list[list[Any]] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int]:
        """How many versions of parameters and of the ontology Scale should have."""
        return len(self.params_versions), len(self.ontology_versions)

    def expect(self, *, pending: bool) -> None:
        """One version more of each part that differs from the last; with `pending` somebody's note stays."""
        note = self.params_versions[-1]["note"] if self.params_versions else None
        params = {**self.params, "note": note} if pending and is_somebodys(note) else self.params
        if self.params_versions[-1:] != [params]:
            self.params_versions.append(params)
        if self.ontology is not None and self.ontology_versions[-1:] != [self.ontology]:
            self.ontology_versions.append(self.ontology)

    def text(self) -> str:
        lines = [f"name: {self.name}", "type: imageannotation", f"params: {json.dumps(self.params)}"]
        if self.ontology is not None:
            lines.append(f"ontology: {json.dumps(self.ontology)}")
        return "\n".join(lines) + "\n"


class Manifests:
    """Six to nine projects. Every change brings values that were never there before."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self.projects: list[Project] = []

    def write(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for project in self.projects:
            (folder / f"{project.name}.yaml").write_text(project.text())

    def change(self, *, pending: bool, histories: Histories, edit: Callable[[str, dict[str, Any]], None]) -> None:
        """The next round: new projects, changes of all kinds, and with `pending` one edit on Scale, by `edit`.

        That edit is in a project that git does not change in this round. `histories` are what Scale has now: where the
        round before was left unfinished, only what still differs makes a version.
        """
        old = list(self.projects)
        self._random.shuffle(old)
        for project in self.projects:
            project.params_versions, project.ontology_versions = histories(project.name)
        there = [project for project in old if project.params_versions]
        if pending and there:
            old.remove(there[0])
            self._edit(there[0], edit)
        for project in old[: self._random.randint(3, 6)]:
            self._change(project)
        new = _FIRST if not self.projects else self._random.randint(0, 1)
        for name in _NAMES[len(self.projects) :][:new]:
            self._create(name)
        for project in self.projects:
            project.expect(pending=pending)

    def _new(self, word: str) -> str:
        self._count += 1
        return f"{word} {self._count}"

    def _create(self, name: str) -> None:
        params = {
            "instruction": self._new("draw"),
            "note": self._new("git"),
            "priority": 10,
            "tags": [self._new("tag")],
        }
        ontology = [self._choice(), self._choice(), self._choice()] if self._random.random() < 0.8 else None
        self.projects.append(Project(name, params, ontology))

    def _choice(self) -> dict[str, Any]:
        return {"choice": self._new("Thing"), "description": self._new("about")}

    def _change(self, project: Project) -> None:
        kind = self._random.choice(("set", "add", "remove", "ontology", "both"))
        params = dict(project.params)
        if kind in ("set", "both"):
            params["instruction"] = self._new("draw")
        if kind == "add":
            params[f"key_{self._count}"] = {"size": self._new("large")}
        if kind == "remove":
            extra = [key for key in params if key not in ("instruction", "note")]
            if extra:
                del params[self._random.choice(extra)]
            else:
                params["instruction"] = self._new("draw")
        project.params = params
        if kind in ("ontology", "both"):
            kept = list(project.ontology or ())
            if len(kept) > 1 and self._random.random() < 0.5:
                kept.pop(self._random.randrange(len(kept)))
            project.ontology = [*kept, self._choice()]

    def _edit(self, project: Project, edit: Callable[[str, dict[str, Any]], None]) -> None:
        note = self._new("somebody")
        edit(project.name, {"note": note})
        project.params_versions.append({**project.params_versions[-1], "note": note})
