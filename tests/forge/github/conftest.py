"""The double, a client of it, and a clock that only counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.event import Event
from tests.forge.github.double import REPOSITORY, TOKEN, Github, served


@dataclass
class Clock:
    """Sleeping is noted and costs nothing."""

    seconds: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github() -> Iterator[Github]:
    with served(Github()) as double:
        yield double


@pytest.fixture
def client(github: Github, clock: Clock) -> Iterator[GithubClient]:
    client = GithubClient(event_of(github), clock=clock)
    yield client
    client.close()


def event_of(github: Github) -> Event:
    return Event(
        name="pull_request",
        repository=REPOSITORY,
        token=TOKEN,
        api=github.url,
        graphql=f"{github.url.removesuffix('/v3')}/graphql",
        server="https://github.example",
        sha="b" * 40,
        number=7,
    )
