"""Another writer where the sandbox's own faults have none: around list and create, and between two of our calls."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.bodies import NewProject
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.store import Store
from tests.faults.account import NAME, OTHER_CHOICE, OTHER_PARAM

FIRST = 101
"""The number of a visitor's first write: those of the sandbox's faults count from 1."""


@dataclass
class Visitor:
    """An application that lets somebody write around the calls of one kind.

    `before` or after a call, `times` in all (None: always), once `skip` such calls passed. `part` is what is written:
    "params" (a parameter of theirs, and our `a`), "ontology" (a choice more), or "project", a create.
    """

    app: ASGIApp
    store: Store
    call: str
    part: str
    before: bool
    times: int | None
    skip: int = 0
    seen: int = 0
    written: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _call_of(scope) != self.call or not self._is_due():
            await self.app(scope, receive, send)
            return
        if self.before:
            self._write()
            await self.app(scope, receive, send)
            return
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        self._write()
        for message in answer:
            await send(message)

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
        rapid=False,
        studio=False,
        params=params,
        pipeline=None,
        consensus_attempts=None,
        dataset_id=None,
    )


def _call_of(scope: Scope) -> str:
    last = scope["path"].rsplit("/", 1)[-1]
    if scope["method"] == "GET":
        return "list" if last == "projects" else "get"
    return "create" if last == "projects" else str(last)
