from __future__ import annotations

import signal
from pathlib import Path

from reconciler.operations.session import Session
from reconciler.scale.client import ScaleClient
from reconciler.settings import Target, read_settings


class Account:
    formatted = False

    def __repr__(self) -> str:
        self.formatted = True
        return ""


def test_an_answer_is_not_formatted(tmp_path: Path) -> None:
    """asyncio formats the result of its main task when it restores the handler of Ctrl-C. An account takes seconds."""

    async def use(client: ScaleClient) -> Account:
        return account

    account = Account()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        session = Session(read_settings(tmp_path), Target("t", "http://localhost/v1"), {"SCALE_API_KEY": "key"})
        assert session.ask(use) is account
        assert not account.formatted
    finally:
        signal.signal(signal.SIGINT, before)
