"""A create without an answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.errors import GithubUnavailableError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.marker import Body, Scope
from reconciler.forge.github.posts import Posts
from tests.forge.github.conftest import Clock
from tests.forge.github.double import BOT, Fault, Github


@pytest.fixture
def posts(client: GithubClient) -> Posts:
    at = datetime(2026, 11, 25, 10, tzinfo=UTC)
    return Posts(client, "/issues/7/comments", BOT, at, at, "plan", Scope("production"), "pull-requests: write")


def test_a_create_gives_up(posts: Posts, github: Github) -> None:
    github.faults.append(Fault("POST", "/comments", dropped=True, times=9))
    with pytest.raises(GithubUnavailableError):
        posts.create(Body({}, "one"))
    assert github.counts == {"GET": 3, "POST": 3}


def test_a_create_that_was_not_sent_is_an_error_at_once(posts: Posts, github: Github, clock: Clock) -> None:
    github.faults.append(Fault("POST", "/comments", 429, {"retry-after": "301"}))
    with pytest.raises(GithubUnavailableError, match="rate limit lasts"):
        posts.create(Body({}, "one"))
    assert clock.slept == []
    assert github.counts == {"POST": 1}
