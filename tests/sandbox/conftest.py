from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from tests.sandbox.calling import Caller, served
from tests.sandbox.dashboard import Dashboard

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a sandbox will be kept. Neither it nor its folder is there yet."""
    return tmp_path / "folder" / "sandbox.db"


@pytest.fixture
def store(file: Path) -> Dashboard:
    return Dashboard(file, now=lambda: NOON)


@pytest.fixture
def caller(file: Path) -> Caller:
    return Caller(create_app(file, now=lambda: NOON))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a served sandbox that the tests of a module share."""
    with served(tmp_path_factory.mktemp("served") / "sandbox.db") as (base, _):
        yield base
