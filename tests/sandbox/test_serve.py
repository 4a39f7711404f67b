"""The served sandbox over HTTP on loopback."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from reconciler.sandbox.serve import serve
from tests.sandbox.calling import KEY, served


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_says_where_it_is_and_ends_quietly_with_a_signal(file: Path, number: signal.Signals) -> None:
    with served(file) as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        with httpx.Client(auth=KEY, trust_env=False, timeout=120) as client:
            assert client.get(f"{url}/projects").json() == []
            assert client.get(f"{url}/nowhere").status_code == 404
            process.send_signal(number)
            output, errors = process.communicate(timeout=120)
    assert (process.returncode, output, errors) == (0, "ended\n", "")
    assert not file.parent.exists()


def test_a_port_that_is_taken_is_an_error(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(file, port=taken.getsockname()[1], announce=lambda url: None)


def test_it_serves_from_another_thread_too(file: Path) -> None:
    """No signal reaches that thread: it ends with an exception of `announce` here, with the process elsewhere."""

    class AnnouncedError(Exception):
        pass

    def announce(url: str) -> None:
        raise AnnouncedError(url)

    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(serve, file, port=0, announce=announce).exception(timeout=60)
    assert isinstance(error, AnnouncedError)
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False, timeout=120) as client:
        client.get(f"{error}/projects")


@pytest.mark.parametrize("name", ["a b/c", "é", "%2F", "n" * 300])
def test_a_weird_name_over_the_wire(url: str, name: str) -> None:
    path = f"{url}/projects/{quote(name, safe='')}"
    with httpx.Client(auth=KEY, trust_env=False, timeout=120) as client:
        created = client.post(f"{url}/projects", json={"type": "chat", "name": name, "params": {"a": 1}})
        assert created.json()["param_history"] == []
        assert client.post(f"{path}/setParams?x=1", json={"b": 2}).json()["name"] == name
        assert client.get(path).json()["param_history"][-1]["version"] == 1


def test_a_body_that_is_too_deep_does_not_end_the_server(url: str) -> None:
    with httpx.Client(auth=KEY, trust_env=False, timeout=120) as client:
        deep = client.post(f"{url}/projects", content=b'{"a":' * 1_000_000)
        assert deep.status_code == 400
        assert client.get(f"{url}/projects").status_code == 200


def test_two_processes_write_without_gap_or_double(file: Path) -> None:
    """Both are asked at once for the same new names, then for versions of the same project."""
    with served(file) as (first, _), served(file) as (second, _):
        urls = (first, second)
        with httpx.Client(auth=KEY, trust_env=False, timeout=120) as client, ThreadPoolExecutor(16) as pool:

            def create(i: int) -> int:
                body = {"type": "chat", "name": f"p{i // 4}"}
                return client.post(f"{urls[i % 2]}/projects", json=body).status_code

            def write(i: int) -> int:
                body = {"patch": True, f"k{i}": i}
                return client.post(f"{urls[i % 2]}/projects/p0/setParams", json=body).status_code

            assert Counter(pool.map(create, range(20))) == {200: 5, 409: 15}
            assert set(pool.map(write, range(40))) == {200}
            histories = [client.get(f"{url}/projects/p0").json()["param_history"] for url in urls]
    assert histories[0] == histories[1]
    assert [entry["version"] for entry in histories[0]] == list(range(40))
    assert sum(key.startswith("k") for key in histories[0][-1]) == 40
