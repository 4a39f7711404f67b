"""What a use case on live state needs: settings, target, key, clock, and callbacks for progress.

A target is the real API over the network, or the sandbox in this process.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.clock import SYSTEM_CLOCK
from reconciler.diagnostics import Remedy, quoted
from reconciler.errors import CredentialsError, UsageError
from reconciler.forge.github.login import git_login
from reconciler.frozen import dataclass
from reconciler.http.connection import InProcess
from reconciler.model.snapshot import Snapshot
from reconciler.operations.loops import run_apart
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target, choose_target

if TYPE_CHECKING:
    from reconciler.sandbox.exchange import Handler

SANDBOX_ENDPOINT = "http://sandbox.invalid/v1"
"""Never looked up: this process answers the requests to it."""


def sandbox_account(file: Path) -> str | None:
    """The ID that was created with the sandbox's file; None without a file. UsageError if it cannot be read."""
    from reconciler.sandbox.store import Store, StoreError

    try:
        return Store(file).account_id()
    except StoreError as problem:
        raise UsageError(str(problem), problem.advice or "Use a different file, or remove the file.") from None


def check_sandbox(file: Path) -> None:
    """UsageError if the sandbox's file certainly cannot be written."""
    from reconciler.sandbox.store import Store, StoreError

    try:
        Store(file).check_place()
    except StoreError as problem:
        raise UsageError(str(problem), f"Nothing was written. {problem.advice}".rstrip()) from None


def check_writable(target: Target) -> None:
    """Check that the target can be written.

    Raises:
        UsageError: the target's configuration does not allow writes, or the sandbox's file cannot be written.
    """
    if not target.writes:
        raise UsageError(
            f"target {quoted(target.name)} has writes = false, so nothing was written",
            f"To allow writes, set writes = true under [targets.{target.name}] in reconciler.toml.",
        )
    if target.sandbox is not None:
        check_sandbox(target.sandbox)


def open_target(
    target: Target,
    environment: Mapping[str, str],
    *,
    sandboxes: Sequence[str] = (),
    waiting: Callable[[float], None] = lambda seconds: None,
) -> ScaleClient:
    """A client, to be used as an asynchronous context manager. `waiting` is called with the seconds of a long wait.

    `sandboxes` are the targets that need no key.

    Raises:
        CredentialsError: the variable that should hold the key is not set or is empty.
        UsageError: the sandbox's file cannot be used.
        ConnectionSetupError: a proxy or certificate variable does not work.
    """
    if target.sandbox is not None:
        from reconciler.sandbox.app import create_app

        sandbox_account(target.sandbox)
        return ScaleClient(
            endpoint=SANDBOX_ENDPOINT,
            key=secrets.token_hex(16),
            key_variable=None,
            parallelism=target.parallelism,
            transport=in_process(create_app(target.sandbox)),
        )
    variable = target.key_variable or "SCALE_API_KEY"
    key = environment.get(variable, "")
    if not key.strip():
        needing_none = () if environment.get("RECONCILER_ENDPOINT") else sandboxes[:1]
        raise CredentialsError(
            f"the API key is missing: {variable} is not set or is empty",
            f"Set {variable} to the account's API key."
            + (" In a workflow, check that the secret exists." if environment.get("CI") else ""),
            remedies=[Remedy("To try reconciler without a key:", ("plan", "--target", name)) for name in needing_none],
        )
    return ScaleClient(
        endpoint=target.endpoint,
        key=key,
        key_variable=variable,
        parallelism=target.parallelism,
        waiting=waiting,
    )


def in_process(app: Handler) -> InProcess:
    """A transport whose requests the sandbox answers in this process."""
    from reconciler.sandbox.exchange import Request

    async def answer(
        method: str, target: bytes, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        answered = await app(Request(method, target, headers, body))
        return answered.status, answered.headers, answered.body

    return InProcess(answer)


PUBLISHED: Final = "@"
"""The FILE of `--live FILE` that means the published snapshot."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Session:
    """`environment` holds the key. `snapshot` replaces live state; the target then has the snapshot's endpoint, which
    is never opened.

    `now` returns aware times. `waiting` is called with the seconds of each long wait for the API, `progress` with each
    sentence of progress, `step` with what the session is doing from now on.
    """

    settings: Settings
    target: Target
    environment: Mapping[str, str] = field(repr=False)
    snapshot: Snapshot | None = field(default=None, repr=False)
    now: Callable[[], datetime] = SYSTEM_CLOCK.now
    waiting: Callable[[float], None] = lambda seconds: None
    progress: Callable[[str], None] = lambda sentence: None
    step: Callable[[str], None] = lambda words: None

    def ask(
        self, use: Callable[[ScaleClient], Awaitable[_Answer]], *, interrupt: Callable[[], None] | None = None
    ) -> _Answer:
        """Run `use` in an event loop with a client of the target, and return its result. Raises as `open_target` does.

        Files and git are read beforehand, because outside the event loop, a signal ends the run immediately. In a
        notebook, `interrupt` is called if the user interrupts `use`, which then ends by itself. Without it, `use` is
        canceled.
        """
        self.step("Reading live projects")
        answers: list[_Answer] = []  # asyncio.run formats what it returns, which takes seconds for a whole account

        async def with_client() -> None:
            async with open_target(
                self.target, self.environment, sandboxes=self.settings.sandboxes, waiting=self.waiting
            ) as client:
                answers.append(await use(client))

        run_apart(with_client, interrupt)
        return answers[0]


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
    step: Callable[[str], None] = lambda words: None,
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
    return Session(settings, chosen, environment, snapshot, waiting=waiting, progress=progress, step=step)


def _read_snapshot(settings: Settings, target: Target, file: str, environment: Mapping[str, str]) -> Snapshot:
    from reconciler.record.snapshots import read_file, read_ref

    if file == PUBLISHED:
        login = git_login(environment)
        snapshot = read_ref(settings.git_root, target.name, target.record, login=login, below=target.refs)
    else:
        snapshot = read_file(Path(file))
    if snapshot.target.name != target.name:
        raise UsageError(
            f"the snapshot was taken of target {quoted(snapshot.target.name)}, not {quoted(target.name)}",
            f"Use a snapshot of {quoted(target.name)}, or set --target {shlex.quote(snapshot.target.name)}.",
        )
    return snapshot
