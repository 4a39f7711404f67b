"""What a use case on live state needs: settings, target, key, clock, and callbacks for progress."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from reconciler.errors import UsageError
from reconciler.forge.github.job import git_login
from reconciler.model.snapshot import Snapshot
from reconciler.operations.targets import check_writable, open_target
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target, choose_target
from reconciler.snapshot.stores import read_file, read_ref

PUBLISHED: Final = "@"
"""The FILE of `--live FILE` that means the published snapshot."""

_Answer = TypeVar("_Answer")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """`environment` holds the key. `snapshot` replaces live state; the target then has the snapshot's endpoint, which
    is never opened.

    `now` returns aware times. `waiting` is called with the seconds of each long wait for the API, `progress` with each
    sentence of progress.
    """

    settings: Settings
    target: Target
    environment: Mapping[str, str]
    snapshot: Snapshot | None = None
    now: Callable[[], datetime] = _utc_now
    waiting: Callable[[float], None] = lambda seconds: None
    progress: Callable[[str], None] = lambda sentence: None

    def ask(self, use: Callable[[ScaleClient], Awaitable[_Answer]]) -> _Answer:
        """Run `use` in an event loop with a client of the target, and return its result. Raises as `open_target` does.

        Files and git are read beforehand, because outside the event loop, a signal ends the run immediately.
        """

        async def with_client() -> _Answer:
            async with open_target(self.target, self.environment, waiting=self.waiting) as client:
                return await use(client)

        return asyncio.run(with_client())


def open_session(
    settings: Settings,
    *,
    target: str | None = None,
    endpoint: str | None = None,
    parallelism: int | None = None,
    live: str | None = None,
    writes: bool = False,
    environment: Mapping[str, str] | None = None,
    waiting: Callable[[float], None] = lambda seconds: None,
    progress: Callable[[str], None] = lambda sentence: None,
) -> Session:
    """A session on the target that flags, environment, and configuration name. Nothing is sent yet.

    `live` is a snapshot's file, or "@" for the published one. `writes` is whether the session will write to Scale.

    Raises:
        UsageError: the target is unknown or not allowed, does not allow writes, or the snapshot is of a different
        target. FileRefusedError: the sandbox's file would be reached through a link. SnapshotError, GitRefusedError:
        the snapshot cannot be read.
    """
    environment = os.environ if environment is None else environment
    chosen = choose_target(
        settings,
        name=target,
        endpoint=endpoint,
        environment=environment,
        parallelism=parallelism,
        offline=live is not None,
    )
    if writes:
        check_writable(chosen)
    snapshot = None
    if live is not None:
        snapshot = _read_snapshot(settings, chosen, live, environment)
        chosen = replace(chosen, endpoint=snapshot.target.endpoint, sandbox=None)
    return Session(settings, chosen, environment, snapshot, waiting=waiting, progress=progress)


def _read_snapshot(settings: Settings, target: Target, file: str, environment: Mapping[str, str]) -> Snapshot:
    if file == PUBLISHED:
        login = git_login(environment)
        snapshot = read_ref(settings.git_root, target.name, target.record, login=login)
    else:
        snapshot = read_file(Path(file))
    if snapshot.target.name != target.name:
        raise UsageError(
            f'the snapshot is of the target "{snapshot.target.name}", not of "{target.name}"',
            f"Use the target of the snapshot: --target {snapshot.target.name}",
        )
    return snapshot
