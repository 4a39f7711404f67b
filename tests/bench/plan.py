"""Time and peak memory of a plan without changes, beside the floor: the same bytes, parsed by the fastest parsers.

The floor reads every manifest and parses it with PyYAML's loader on libyaml, and the list with pydantic-core, and keeps
what they give. The plan is the whole of `reconciler plan`, with the list's bytes answered by a transport in the same
process, so that neither side pays for a network. Each side runs in a process of its own; the two take turns, and the
best of the turns counts. Usage: python tests/bench/plan.py [N ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TURNS = 5


def floor(folder: Path) -> dict[str, float]:
    import yaml
    from pydantic_core import from_json

    begun = time.perf_counter()
    kept = []
    for file in sorted((folder / "projects").glob("*.yaml")):
        kept.append(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader))
    manifests = time.perf_counter()
    kept.append(from_json((folder / "list.json").read_bytes()))
    done = time.perf_counter()
    return {"seconds": done - begun, "manifests": manifests - begun, "live": done - manifests}


def plan(folder: Path) -> dict[str, float]:
    import asyncio
    import os
    from datetime import UTC, datetime

    import httpx

    from reconciler.model.record import Record
    from reconciler.operations.plan import plan_live
    from reconciler.operations.preparing import prepare
    from reconciler.operations.session import Session
    from reconciler.planning import planner
    from reconciler.scale.client import ScaleClient
    from reconciler.settings import Target, read_settings
    from tests.render.shown import render_plan

    spent: dict[str, float] = {}
    target = Target("production", "http://localhost/v1")
    begun = time.perf_counter()
    settings = read_settings(folder)
    session = Session(settings, target, {})
    prepared = prepare(session, (), (Record(), ()))
    spent["manifests"] = time.perf_counter() - begun

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(folder / "list.json").read_bytes())

    async def make() -> str:
        client = ScaleClient(
            endpoint=target.endpoint, key="key", key_variable=None, transport=httpx.MockTransport(answer)
        )
        async with client:
            made = await plan_live(session, client, prepared)
        assert made.summary.unchanged == made.manifest_count, made.summary
        return render_plan(made, base=os.getcwd(), now=datetime.now(UTC))

    planner.make_plan = _timed(planner.make_plan, spent, "compare")
    sys.modules["reconciler.operations.plan"].make_plan = planner.make_plan  # type: ignore[attr-defined]
    assert "No changes." in asyncio.run(make())
    spent["seconds"] = time.perf_counter() - begun
    spent["live"] = spent["seconds"] - spent["manifests"] - spent["compare"]
    return spent


def _timed(function: Callable[..., Any], spent: dict[str, float], name: str) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] = time.perf_counter() - begun

    return timed


def _peak_megabytes() -> float:
    """The peak of this process alone: unlike ru_maxrss it does not begin with the parent's."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _run(side: str, folder: Path) -> dict[str, float]:
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--side", side, str(folder)], check=True, capture_output=True)
    measured: dict[str, float] = json.loads(done.stdout)
    measured["process"] = time.perf_counter() - begun
    return measured


def compare_sides(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "account"
        accounts = Path(__file__).with_name("accounts.py")
        subprocess.run([sys.executable, str(accounts), str(count), str(folder)], check=True)
        runs: dict[str, list[dict[str, float]]] = {"floor": [], "plan": []}
        for _ in range(_TURNS):
            for side, found in runs.items():
                found.append(_run(side, folder))
        best = {side: min(found, key=lambda run: run["seconds"]) for side, found in runs.items()}
        memory = {side: min(run["megabytes"] for run in found) for side, found in runs.items()}
        process = {side: min(run["process"] for run in found) for side, found in runs.items()}
    seconds = {side: run["seconds"] for side, run in best.items()}
    sys.stdout.write(
        f"{count:>6,} projects   time   floor {seconds['floor']:.2f} s, plan {seconds['plan']:.2f} s: "
        f"{seconds['plan'] / seconds['floor']:.2f} times the floor\n"
        f"{'':>17}  memory floor {memory['floor']:.0f} MB, plan {memory['plan']:.0f} MB: "
        f"{memory['plan'] / memory['floor']:.2f} times the floor\n"
        f"{'':>17}  whole process, start-up included: {process['floor']:.2f} s, {process['plan']:.2f} s: "
        f"{process['plan'] / process['floor']:.2f} times\n"
        f"{'':>17}  where it goes: manifests {best['plan']['manifests']:.2f} s "
        f"(floor {best['floor']['manifests']:.2f}), live {best['plan']['live']:.2f} s "
        f"(floor {best['floor']['live']:.2f}), compare {best['plan']['compare']:.2f} s\n"
    )


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--side"]:
        if arguments[1] == "plan":
            from reconciler.collection import collector_paused

            with collector_paused():  # as the console script does
                measured = plan(Path(arguments[2]))
        else:
            measured = floor(Path(arguments[2]))
        sys.stdout.write(json.dumps({**measured, "megabytes": _peak_megabytes()}))
        return
    for count in [int(argument) for argument in arguments] or [1_000, 10_000]:
        compare_sides(count)


if __name__ == "__main__":
    main(sys.argv[1:])
