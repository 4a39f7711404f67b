"""Gathers evidence about the API with a few gets, and from one project that it creates.

It only reads, except for `make_project`, which sends each write once and stops at the first one that fails.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.doctor.assumptions import NULL_PARAM, PADDED_PARAM
from reconciler.doctor.evidence import Made, OtherCase, Project, Seen, first_number, last_number
from reconciler.errors import ScaleError, UnreadableAnswerError
from reconciler.model.plan import Call, CallKind
from reconciler.model.values import Json
from reconciler.scale.client import ScaleClient

MOST_GETS = 20
_UNADDRESSABLE = ("", ".", "..")
_USUAL_TYPE = "imageannotation"
_VERSIONS_WANTED = 3
"""Enough versions to distinguish a complete history from one that is cut off."""


def project_name(now: datetime) -> str:
    """The name of a project that is created now."""
    return f"reconciler-doctor-{now:%Y%m%d-%H%M%S}"


async def look(client: ScaleClient, listed: Sequence[Project]) -> Seen:
    """What reads show of an account whose projects were `listed`. Sends at most MOST_GETS gets.

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


async def make_project(client: ScaleClient, name: str, listed: Sequence[Project]) -> tuple[Made, ScaleError | None]:
    """Create the one project and gather evidence from it until a call fails. Also returns why it failed."""
    trial = _Trial(client, name)
    try:
        await trial.run(_task_type(listed))
    except ScaleError as problem:
        return trial.made, problem
    return trial.made, None


def _task_type(listed: Sequence[Project]) -> str:
    """The usual task type, or the most frequent one if the account has projects, but none of the usual type."""
    types = Counter(project["type"] for project in listed)
    return _USUAL_TYPE if not types or _USUAL_TYPE in types else types.most_common(1)[0][0]


class _Trial:
    """The writes, and what reads show after each of them."""

    def __init__(self, client: ScaleClient, name: str) -> None:
        self._client = client
        self._name = name
        self.made = Made(
            {
                PADDED_PARAM: "  Created by reconciler doctor to test the API. It has no tasks.  ",
                "tags": [],
                "metadata": {},
                NULL_PARAM: None,
            }
        )

    async def run(self, task_type: str) -> None:
        made = self.made
        body = {"type": task_type, "name": self._name, "params": made.sent}
        made.answer = await self._client.send(Call(CallKind.CREATE, self._name, body))
        made.exists = True
        made.created = await self._read()
        made.repeated = await self._set_params(made.sent)
        described = {"choice": "Described", "description": "Anything", "subchoices": ["Nested"]}
        await self._client.send(Call(CallKind.SET_ONTOLOGY, self._name, {"ontology": ["Plain", described]}))
        last = await self._read()
        for number in range(1, _VERSIONS_WANTED):
            if (last_number(last) or 0) < _VERSIONS_WANTED - 1:
                last = await self._set_params({PADDED_PARAM: f"Version {number} for reconciler doctor."})
        projects, _ = await self._client.list_raw()
        listed = [project for project in projects if project["name"] == self._name]
        made.seen = replace(made.seen, listed=listed, other_case=await _ask_in_other_case(self._client, listed))

    async def _set_params(self, params: Mapping[str, Json]) -> Project:
        await self._client.send(Call(CallKind.SET_PARAMS, self._name, {**params, "patch": False}))
        return await self._read()

    async def _read(self) -> Project:
        project = await self._client.get_raw(self._name)
        if project is None:
            raise UnreadableAnswerError(f'the project "{self._name}" was created, but the API does not return it')
        self.made.seen = Seen(got={self._name: project})
        return project
