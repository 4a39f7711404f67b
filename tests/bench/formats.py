"""Time and peak memory of a plan of N projects, a tenth of them changed, in each format, beside a plan without changes.

Each changed manifest has two edited lines in its instruction, two other numbers, and a choice that is new. Each side is
the whole of `reconciler plan`, as the console script runs it, against an account that a transport in the same process
answers. Each runs in a process of its own; the sides take turns, and the best of the turns counts.
Usage: python -m tests.bench.formats [N]
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.accounts import make_account

_TURNS = 3
_CHANGED = 10
"""One of so many projects changes."""

_WITHOUT = "no changes"
_FORMATS = ("text", "markdown", "html", "json")


def change(folder: Path) -> None:
    """Edit some of the manifests."""
    for file in sorted((folder / "projects").glob("*.yaml"))[::_CHANGED]:
        lines = file.read_text().split("\n")
        for number, line in enumerate(lines):
            if line.startswith("    ") and line.count(" ") > 12 and number % 4 == 1:
                lines[number] = f"{line} twice"
        text = "\n".join(lines).replace("min_height: 8", "min_height: 9").replace("min_vertices: 3", "min_vertices: 4")
        file.write_text(f"{text}  - Snow leopard\n")


def side(name: str, folder: Path) -> dict[str, float]:
    import asyncio

    import httpx

    from reconciler.cli.formats import show
    from reconciler.collection import collector_paused
    from reconciler.model.record import Record
    from reconciler.operations.plan import plan_live
    from reconciler.operations.preparing import prepare
    from reconciler.operations.session import Session
    from reconciler.scale.client import ScaleClient
    from reconciler.settings import Target, read_settings

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(folder / "list.json").read_bytes())

    async def plan() -> Any:
        transport = httpx.MockTransport(answer)
        async with ScaleClient(endpoint=target.endpoint, key="key", key_variable=None, transport=transport) as client:
            return await plan_live(session, client, prepared)

    begun = time.process_time()
    target = Target("production", "http://localhost/v1")
    printed = io.StringIO()
    with collector_paused(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        settings = read_settings(folder)
        session = Session(settings, target, {})
        prepared = prepare(session, (), (Record(), ()), allowed=("takeover", "max-change-ratio"))
        made = asyncio.run(plan())
        planned = time.process_time()
        show("plan", made, "text" if name == _WITHOUT else name, settings)
    done = time.process_time()
    assert made.summary.change == (0 if name == _WITHOUT else -(-made.manifest_count // _CHANGED)), made.summary
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {
        "seconds": done - begun,
        "shown": done - planned,
        "megabytes": int(line.split()[1]) / 1024,
        "size": len(printed.getvalue().encode()) / 1e6,
    }


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        same, changed = Path(temporary) / "same", Path(temporary) / "changed"
        for folder in (same, changed):
            make_account(number, folder)
        change(changed)
        best: dict[str, dict[str, float]] = {}
        for _ in range(_TURNS):
            for name in (_WITHOUT, *_FORMATS):
                folder = same if name == _WITHOUT else changed
                command = [sys.executable, "-m", "tests.bench.formats", name, str(folder)]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                best[name] = min(best.get(name, found), found, key=lambda each: each["seconds"])
    floor = best[_WITHOUT]
    changed_ones = f"{-(-number // _CHANGED):,} of {number:,} projects changed"
    print(f"{changed_ones}, beside a plan without changes ({floor['seconds']:.2f} s)")  # noqa: T201
    for name in _FORMATS:
        found = best[name]
        times, memory = (found[key] / floor[key] for key in ("seconds", "megabytes"))
        print(  # noqa: T201
            f"  {name:9} {times:.2f} times the time ({found['shown']:.2f} s to show), {memory:.2f} times the memory, "
            f"{found['size']:.1f} MB"
        )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(side(sys.argv[1], Path(sys.argv[2]))))  # noqa: T201
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
