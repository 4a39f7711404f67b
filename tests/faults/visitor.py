"""Another writer where the sandbox's own faults have none: around list and create, and between two of our calls."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.bodies import NewProject
from reconciler.sandbox.exchange import Answer, Handler, Refusal, Request
from tests.faults.account import NAME, OTHER_CHOICE, OTHER_PARAM
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of

FIRST = 101
"""The number of a visitor's first write: those of the sandbox's faults count from 1."""


@dataclass
class Visitor:
    """A handler that lets somebody write around the calls of one kind.

    `before` or after a call, `times` in all (None: always), once `skip` such calls passed. `part` is what is written:
    "params" (a parameter of theirs, and our `a`), "ontology" (a choice more), or "project", a create.
    """

    app: Handler
    store: Dashboard
    call: str
    part: str
    before: bool
    times: int | None
    skip: int = 0
    seen: int = 0
    written: int = 0

    async def __call__(self, request: Request) -> Answer:
        is_due = _call_of(request) == self.call and self._is_due()
        if is_due and self.before:
            self._write()
        answer = await self.app(request)
        if is_due and not self.before:
            self._write()
        return answer

    def _is_due(self) -> bool:
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.written < self.times)

    def _write(self) -> None:
        number = FIRST + self.written
        self.written += 1
        theirs = {OTHER_PARAM: number, "a": number}
        with suppress(Refusal):  # it is not there yet, or is already
            if self.part == "project":
                self.store.create(_project(theirs))
            elif self.part == "params":
                self.store.edit_params(NAME, theirs)
            else:
                history = json.loads(self.store.get(NAME)).get("ontologyHistory", [])
                choices = history[-1]["ontology"] if history else []
                self.store.edit_ontology(NAME, [*choices, f"{OTHER_CHOICE}{number}"])


def _project(params: dict[str, Any]) -> NewProject:
    return NewProject(
        name=NAME,
        type="imageannotation",
        params=params,
        pipeline=None,
        consensus_attempts=None,
        dataset_id=None,
    )


def _call_of(request: Request) -> str:
    last = path_of(request).rsplit("/", 1)[-1]
    if request.method == "GET":
        return "list" if last == "projects" else "get"
    return "create" if last == "projects" else str(last)
