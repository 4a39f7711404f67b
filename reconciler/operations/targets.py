"""Opens a target: the real API over the network, or the sandbox in this process."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsError, UsageError
from reconciler.http.connection import InProcess
from reconciler.scale.client import ScaleClient
from reconciler.settings import Target

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
        raise UsageError(str(problem).rstrip("."), "Use a different file, or remove this one.") from None


def check_sandbox(file: Path) -> None:
    """UsageError if the sandbox's file certainly cannot be written."""
    from reconciler.sandbox.store import Store, StoreError

    try:
        Store(file).check_place()
    except StoreError as problem:
        raise UsageError(str(problem).rstrip("."), "Nothing was written.") from None


def check_writable(target: Target) -> None:
    """Check that the target can be written.

    Raises:
        UsageError: the target's configuration does not allow writes, or the sandbox's file cannot be written.
    """
    if not target.writes:
        raise UsageError(
            f'target "{target.name}" has writes = false, so nothing was written',
            "To apply, set writes = true under the target in reconciler.toml.",
        )
    if target.sandbox is not None:
        check_sandbox(target.sandbox)


def open_target(
    target: Target, environment: Mapping[str, str], *, waiting: Callable[[float], None] = lambda seconds: None
) -> ScaleClient:
    """A client, to be used as an asynchronous context manager. `waiting` is called with the seconds of a long wait.

    Raises:
        CredentialsError: the variable that should hold the key is not set.
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
        raise CredentialsError(
            f"there is no API key: {variable} is not set",
            "Set that variable to the account's API key. To try without a key: --target sandbox",
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
