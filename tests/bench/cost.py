"""Time and peak memory of each input of tests/cost, a small pull request that is expensive to read.

Each command runs in a process of its own, with the limits of the contract: 10 s and 700 MB. What goes over them is
marked. Usage: python -m tests.bench.cost [WORD of the names ...]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.cost.inputs import INPUTS, Input, write

_SECONDS: Final = 10.0
_MEGABYTES: Final = 700
_STOPPED_AFTER: Final = 60
_ADDRESS_SPACE: Final = 6_000_000_000


def measure(each: Input) -> tuple[float, float, int | None]:
    """Seconds, megabytes and exit code, which is None for a command that was stopped."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if each.before is not None:
            write(folder, each.before(each.size))
            _run(folder, ("apply", "--auto-approve"))
        write(folder, each.build(each.size))
        return _run(folder, each.command)


def _run(folder: Path, arguments: Sequence[str]) -> tuple[float, float, int | None]:
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limit,
    )
    status, usage = 0, None
    while usage is None:
        pid, status, found = os.wait4(process.pid, os.WNOHANG)
        if pid:
            usage = found
        elif time.perf_counter() - begun > _STOPPED_AFTER:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return time.perf_counter() - begun, usage.ru_maxrss / 1024, None
        else:
            time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))


def main(words: Sequence[str]) -> None:
    for each in INPUTS:
        if words and not any(word in each.name for word in words):
            continue
        seconds, megabytes, code = measure(each)
        over = " OVER" if code is None or seconds > _SECONDS or megabytes > _MEGABYTES else ""
        end = "stopped" if code is None else f"exit {code}"
        print(f"{each.name:40} {each.size:>7,}: {seconds:6.1f} s, {megabytes:5.0f} MB, {end}{over}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
