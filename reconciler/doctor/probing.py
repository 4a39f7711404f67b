"""Gathers evidence about the API: by a few gets, and by one project that is made for it.

Promises: it only reads, except for `make_project`, which sends each write once and stops at the first one that is not
answered with success.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.doctor.evidence import Made, OtherCase, Project, Seen, first_number, last_number
from reconciler.doctor.seeing import NULL_PARAM, PADDED_PARAM
from reconciler.errors import ScaleError, UnreadableAnswerError
from reconciler.model.plan import Call, CallKind
from reconciler.model.values import Json
from reconciler.scale.client import ScaleClient

MOST_GETS = 20
_UNADDRESSABLE = ("", ".", "..")
_USUAL_TYPE = "imageannotation"
_VERSIONS_WANTED = 3
"""Enough to distinguish a whole history from one that is cut."""


def project_name(now: datetime) -> str:
    """The name of a project that is made now."""
    return f"reconciler-doctor-{now:%Y%m%d-%H%M%S}"


async def look(client: ScaleClient, listed: Sequence[Project]) -> Seen:
    """What reads show of an account that was `listed`. Sends at most MOST_GETS gets.

    Raises:
        ScaleError: one of them failed.
    """
    times = Counter(project["name"] for project in listed)
    alone = [project for project in listed if times[project["name"]] == 1 and project["name"] not in _UNADDRESSABLE]
    longest = sorted(alone, key=lambda project: -(last_number(project) or 0))
    cut = any(first_number(project) for project in listed)
    names = [project["name"] for project in longest[: MOST_GETS - 1 if cut else 1]]
    found = await asyncio.gather(*map(client.get_raw, names))
    got = {name: project for name, project in zip(names, found, strict=True) if project is not None}
    return Seen(listed, got, await _ask_in_other_case(client, listed))


async def _ask_in_other_case(client: ScaleClient, listed: Sequence[Project]) -> OtherCase | None:
    taken = {project["name"] for project in listed}
    for name in sorted(taken):
        asked = name.swapcase()
        if name.isascii() and asked not in taken:
            found = await client.get_raw(asked)
            return OtherCase(name, asked, None if found is None else found["name"])
    return None


@dataclass(frozen=True, slots=True)
class Attempt:
    """`made` is what was learned, or None; `problem` is why it stopped; `exists` is whether the project was made."""

    made: Made | None
    problem: ScaleError | None
    exists: bool


async def make_project(client: ScaleClient, name: str, listed: Sequence[Project]) -> Attempt:
    """Make the one project and learn from it, until a call fails."""
    trial = _Trial(client, name, _task_type(listed))
    problem = None
    try:
        await trial.run()
    except ScaleError as error:
        problem = error
    return Attempt(trial.made(), problem, trial.exists)


def _task_type(listed: Sequence[Project]) -> str:
    """A type that is enabled for the account, if it has projects: the usual one, else the most frequent."""
    types = Counter(project["type"] for project in listed)
    return _USUAL_TYPE if not types or _USUAL_TYPE in types else types.most_common(1)[0][0]


class _Trial:
    """The writes, and what reads show after each of them."""

    def __init__(self, client: ScaleClient, name: str, task_type: str) -> None:
        self._client = client
        self._name = name
        self._type = task_type
        self._sent: dict[str, Json] = {
            PADDED_PARAM: "  Made by reconciler doctor to see how the API behaves. It has no tasks.  ",
            "tags": [],
            "metadata": {},
            NULL_PARAM: None,
        }
        self.exists = False
        self._answer: Json = None
        self._created: Project | None = None
        self._repeated: Project | None = None
        self._last: Project = {}
        self._listed: Sequence[Project] = ()
        self._other_case: OtherCase | None = None

    def made(self) -> Made | None:
        """None if the project was never read back."""
        if self._created is None:
            return None
        seen = Seen(self._listed, {self._name: self._last}, self._other_case)
        return Made(self._sent, self._answer, self._created, self._repeated, seen)

    async def run(self) -> None:
        body = {"type": self._type, "name": self._name, "params": self._sent}
        self._answer = await self._client.send(Call(CallKind.CREATE, self._name, body))
        self.exists = True
        self._created = await self._read()
        self._repeated = await self._set_params(self._sent)
        described = {"choice": "Described", "description": "Anything", "subchoices": ["Nested"]}
        await self._client.send(
            Call(CallKind.SET_ONTOLOGY, self._name, {"ontology": ["Plain", described]}),
        )
        await self._read()
        for number in range(1, _VERSIONS_WANTED):
            if (last_number(self._last) or 0) < _VERSIONS_WANTED - 1:
                await self._set_params({PADDED_PARAM: f"Version {number} for reconciler doctor."})
        listed, _ = await self._client.list_raw()
        self._listed = [project for project in listed if project["name"] == self._name]
        self._other_case = await _ask_in_other_case(self._client, self._listed)

    async def _set_params(self, params: Mapping[str, Json]) -> Project:
        await self._client.send(Call(CallKind.SET_PARAMS, self._name, {**params, "patch": False}))
        return await self._read()

    async def _read(self) -> Project:
        project = await self._client.get_raw(self._name)
        if project is None:
            raise UnreadableAnswerError(f'project "{self._name}" was written, but a get does not find it')
        self._last = project
        return project
