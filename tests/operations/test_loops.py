"""A loop of our own where the caller runs one, and what an interrupted notebook does."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from reconciler.operations.loops import run_apart

VALUE: ContextVar[str] = ContextVar("VALUE", default="")


def in_a_loop(run: Callable[[], None]) -> None:
    async def cell() -> None:
        run()

    asyncio.run(cell())


def test_without_a_loop_it_runs_in_this_thread() -> None:
    seen: list[threading.Thread] = []

    async def main() -> None:
        seen.append(threading.current_thread())

    run_apart(main)
    in_a_loop(lambda: run_apart(main))
    assert seen[0] is threading.main_thread()
    assert seen[1] is not threading.main_thread()


def test_context_and_errors_pass_between_the_threads() -> None:
    async def main() -> None:
        raise ValueError(VALUE.get())

    VALUE.set("from outside")
    with pytest.raises(ValueError, match="from outside"):
        in_a_loop(lambda: run_apart(main))


def test_an_interrupt_cancels() -> None:
    ended: list[str] = []

    async def main() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        finally:
            ended.append("cleaned up")

    def cell() -> None:
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # as a kernel has it
        try:
            with pytest.raises(KeyboardInterrupt):
                run_apart(main)
        finally:
            signal.signal(signal.SIGINT, handler)

    in_a_loop(cell)
    assert ended == ["cleaned up"]


def test_an_interrupt_that_is_heeded_lets_it_finish() -> None:
    heeded = threading.Event()
    ended: list[str] = []

    async def main() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while not heeded.is_set():
            await asyncio.sleep(0.01)
        ended.append("finished")

    def cell() -> None:
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run_apart(main, heeded.set)
        finally:
            signal.signal(signal.SIGINT, handler)

    in_a_loop(cell)
    assert ended == ["finished"]
