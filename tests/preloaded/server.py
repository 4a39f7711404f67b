"""Imports reconciler once, and forks for each run. `python -m tests.preloaded.server SOCKET`; ends with its stdin."""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import select
import shutil
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module

import reconciler


def serve(address: str) -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if module.name != "reconciler.__main__":
            import_module(module.name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(50)
        os.write(1, b".")
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _attend(asked)
            asked.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    shutil.rmtree(os.path.dirname(address))


def _attend(asked: socket.socket) -> None:
    """Fork once more. For a client, wait; else end, so that the run becomes a child of whoever asks."""
    kind, descriptors, _, _ = socket.recv_fds(asked, 1, 3)
    with asked, asked.makefile("rw") as file:
        arguments, environment, folder, new_session = json.loads(file.readline())
        attendant = os.getpid()
        run = os.fork()
        if run:
            if kind == b"c":
                for descriptor in descriptors:
                    os.close(descriptor)
                file.write(f"{os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])}\n")
                file.flush()
            os._exit(0)
        if new_session:
            os.setsid()
        while kind == b"p" and os.getppid() == attendant:
            time.sleep(0.0005)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        if kind == b"p":
            file.write(f"{os.getpid()}\n")
            file.flush()
    sys.argv = ["reconciler", *arguments]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    from reconciler.cli import main

    main()


if __name__ == "__main__":
    serve(sys.argv[1])
