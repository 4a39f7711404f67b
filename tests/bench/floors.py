"""What the rows of the bench are measured beside: the least work that could do the same, and other tools.

Usage: python -m tests.bench.floors NAME ARGUMENT...
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def loader(folder: str) -> list[Any]:
    """Load the manifests with PyYAML's safe loader on libyaml."""
    import yaml

    files = sorted(Path(folder, "projects").glob("*.yaml"))
    return [yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) for file in files]


def plan(folder: str, endpoint: str) -> None:
    """A plan: the loader, the list, the fastest parser for it, and one comparison per project."""
    import gc

    from pydantic_core import from_json

    gc.disable()  # as reconciler does, so that the ratio does not depend on it
    manifests = loader(folder)
    with urllib.request.urlopen(f"{endpoint}/projects") as answer:
        live = {project["name"]: project for project in from_json(answer.read())}
    same = 0
    for manifest in manifests:
        now = live.get(manifest["name"], {})
        params = {key: value for key, value in now["param_history"][-1].items() if key not in ("version", "created_at")}
        same += params == manifest["params"] and now["ontologyHistory"][-1]["ontology"] == manifest["ontology"]
    assert same == len(manifests), same


def copies(folder: str) -> None:
    """A plan of the manifests that an import wrote, and the writing of the same bytes."""
    from reconciler.cli import run

    assert run(["plan"]) == 0
    copy = Path(folder, "copies")
    copy.mkdir()
    for file in Path(folder, "projects").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    shutil.rmtree(copy)


def requests(endpoint: str, count: str, parallelism: str) -> None:
    """A plan, and the requests of an apply with nothing around them, on bare connections of asyncio."""
    from reconciler.cli import run

    assert run(["plan"]) == 0
    asyncio.run(_send(endpoint, int(count), int(parallelism)))


async def _send(endpoint: str, count: int, parallelism: int) -> None:
    host, _, port = endpoint.removeprefix("http://").partition("/")[0].partition(":")
    numbers = iter(range(count))

    async def work() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for number in numbers:
            for head, body in _exchange(f"project_{number:06}"):
                writer.write(
                    f"{head} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {_LOGIN}\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                answer = await reader.readuntil(b"\r\n\r\n")
                length = answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                assert json.loads(await reader.readexactly(int(length)))
        writer.close()

    async with asyncio.TaskGroup() as workers:
        for _ in range(parallelism):
            workers.create_task(work())


_LOGIN = base64.b64encode(b"key:").decode()


def _exchange(name: str) -> Iterator[tuple[str, bytes]]:
    yield f"GET /v1/projects/{name}", b""
    yield f"POST /v1/projects/{name}/setParams", json.dumps({"patch": True, "priority": 20}).encode()
    yield f"GET /v1/projects/{name}", b""


def sdk(endpoint: str, count: str) -> None:
    """Read each project with Scale's own SDK."""
    import scaleapi

    client = scaleapi.ScaleClient("key", api_instance_url=endpoint)
    for number in range(int(count)):
        assert client.get_project(f"project_{number:06}").name


def octodns(folder: str) -> None:
    """Plan a zone with a record for each project, from YAML to YAML."""
    from octodns.manager import Manager

    assert Manager(config_file=str(Path(folder, "config.yaml"))).sync(dry_run=True) == 0


if __name__ == "__main__":
    {each.__name__: each for each in (loader, plan, copies, requests, sdk, octodns)}[sys.argv[1]](*sys.argv[2:])
