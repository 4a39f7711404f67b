"""Time of an apply of many updates beside the floor: a plan, and bare httpx workers that take the same requests.

The account has N projects, each of which differs from its manifest in one parameter; the server runs in a process of
its own and holds every answer back for 20 milliseconds. The apply is the whole of `reconciler apply --auto-approve`,
record in git and read-back included. The floor is the whole of `reconciler plan`, and then as many workers as the
apply's parallelism, which take the projects from one queue and send for each a get, a setParams and a get by httpx
alone. Each side runs in a process of its own, on an account that is as at the start; the two take turns, and beside the
ratio of their best turns stands that of each turn's pair. Usage: python tests/bench/apply.py [N]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

_TURNS = 3
_LATENCY = 20
_PARALLELISM = 8
"""The default of the built-in target `production`."""

_HERE = Path(__file__).parent


def floor(endpoint: str) -> None:
    """A plan, and the requests of an apply without an apply."""
    import asyncio
    import base64

    import httpx

    from reconciler.cli import run

    assert run(["plan"]) == 0
    names = [f"project_{number:05}" for number in range(int(os.environ["BENCH_PROJECTS"]))]
    body = json.dumps({"patch": True, "priority": 20}).encode()
    token = base64.b64encode(b"key:").decode()

    async def work() -> None:
        waiting = iter(names)
        limits = httpx.Limits(max_connections=_PARALLELISM, max_keepalive_connections=_PARALLELISM)
        headers = {"authorization": f"Basic {token}"}
        async with httpx.AsyncClient(limits=limits, headers=headers, timeout=60) as client:

            async def worker() -> None:
                for name in waiting:
                    path = f"{endpoint}/projects/{name}"
                    for request in (
                        client.build_request("GET", path),
                        client.build_request(
                            "POST", f"{path}/setParams", content=body, headers={"content-type": "application/json"}
                        ),
                        client.build_request("GET", path),
                    ):
                        answer = await client.send(request)
                        assert answer.status_code == 200
                        assert answer.content

            async with asyncio.TaskGroup() as workers:
                for _ in range(_PARALLELISM):
                    workers.create_task(worker())

    asyncio.run(work())


def make_repository(count: int, folder: Path) -> None:
    """Manifests in a git repository, and an account that has another `priority` in every project."""
    subprocess.run([sys.executable, str(_HERE / "accounts.py"), str(count), str(folder)], check=True)
    projects = json.loads((folder / "list.json").read_text())
    for project in projects:
        project["param_history"][-1]["priority"] = 5
    (folder / "list.json").write_text(json.dumps(projects))
    (folder / ".gitignore").write_text("list.json\n")
    (folder / "reconciler.toml").write_text('target = "production"\n[guards]\nmax_change_ratio = 1.0\n')
    for command in (("init", "-q"), ("add", "."), ("-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "m")):
        subprocess.run(["git", *command], cwd=folder, check=True)


@contextmanager
def served(file: Path) -> Iterator[str]:
    command = [sys.executable, str(_HERE / "server.py"), str(file), str(_LATENCY)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def turn(side: str, folder: Path, endpoint: str, count: int) -> dict[str, Any]:
    """One side, on an account and a repository that are as at the start: seconds, processor seconds, counts."""
    urllib.request.urlopen(f"{endpoint}/reset", data=b"").read()
    subprocess.run(["git", "update-ref", "-d", "refs/reconciler/record/production"], cwd=folder, check=True)
    command = {
        "floor": [sys.executable, __file__, "--floor", endpoint],
        "apply": [sys.executable, "-m", "reconciler", "apply", "--auto-approve"],
    }[side]
    here = str(_HERE.parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": here,
        "RECONCILER_ENDPOINT": endpoint,
        "SCALE_API_KEY": "key",
        "BENCH_PROJECTS": str(count),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-2000:]
    last = done.stdout.rstrip().rsplit("\n", 1)[-1]
    assert side == "floor" or last == f"Apply complete! Projects: 0 added, {count} changed, 0 destroyed.", last
    counts = json.loads(urllib.request.urlopen(f"{endpoint}/counts").read())
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": processor, **counts}


def compare_sides(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "account"
        make_repository(count, folder)
        runs: dict[str, list[dict[str, Any]]] = {"floor": [], "apply": []}
        with served(folder / "list.json") as endpoint:
            for number in range(_TURNS):
                for side, found in runs.items():
                    found.append(turn(side, folder, endpoint, count))
                pair = {side: found[-1]["seconds"] for side, found in runs.items()}
                sys.stdout.write(
                    f"  turn {number + 1}: floor {pair['floor']:.2f} s, apply {pair['apply']:.2f} s: "
                    f"{pair['apply'] / pair['floor']:.2f}\n"
                )
                sys.stdout.flush()
    best = {side: min(run["seconds"] for run in found) for side, found in runs.items()}
    processor = {side: min(run["processor"] for run in found) for side, found in runs.items()}
    pairs = [ours["seconds"] / bare["seconds"] for bare, ours in zip(runs["floor"], runs["apply"], strict=True)]
    sys.stdout.write(
        f"{count:>6,} updates    time   floor {best['floor']:.2f} s, apply {best['apply']:.2f} s: "
        f"{best['apply'] / best['floor']:.2f} times the floor (median of the pairs: {median(pairs):.2f})\n"
        f"{'':>17}  processor time: floor {processor['floor']:.2f} s, apply {processor['apply']:.2f} s\n"
    )
    for side, found in runs.items():
        counted = found[-1]
        assert all(run["requests"] == counted["requests"] for run in found)
        requests = ", ".join(f"{number:,} {kind}" for kind, number in counted["requests"].items())
        most = max(run["most_in_flight"] for run in found)
        sys.stdout.write(f"{'':>17}  {side}: {requests}; at most {most} in flight\n")


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--floor"]:
        floor(arguments[1])
        return
    for count in [int(argument) for argument in arguments] or [2_000]:
        compare_sides(count)


if __name__ == "__main__":
    main(sys.argv[1:])
