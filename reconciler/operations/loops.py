"""Event loops of our own, also for callers that run one: a notebook's cells are called from its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from threading import Event, Thread


def run_apart(main: Callable[[], Coroutine[None, None, None]], interrupt: Callable[[], None] | None = None) -> None:
    """Run `main` in an event loop of its own, and wait for it. If this thread already runs a loop, another thread
    does it.

    In that case, KeyboardInterrupt, which is raised in this thread, only calls `interrupt`. Without it, `main` is
    canceled, and KeyboardInterrupt is raised at the end.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(main())
        return
    under_way: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []
    problems: list[BaseException] = []
    ended, canceled = Event(), Event()

    async def noted() -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.append((asyncio.get_running_loop(), task))
        if not canceled.is_set():
            await main()

    def work() -> None:
        try:
            asyncio.run(noted())
        except BaseException as problem:
            problems.append(problem)
        finally:
            ended.set()

    thread = Thread(target=copy_context().run, args=(work,), name="reconciler")
    while not ended.is_set():
        try:
            if thread.ident is None:
                thread.start()
            ended.wait()
        except KeyboardInterrupt:
            if interrupt is not None:
                interrupt()
                continue
            canceled.set()
            for loop, task in under_way:
                loop.call_soon_threadsafe(task.cancel)
    thread.join()
    if canceled.is_set():
        raise KeyboardInterrupt
    if problems:
        raise problems[0]
