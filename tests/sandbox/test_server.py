"""HTTP as clients and strangers speak it, byte for byte, to a handler that echoes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from reconciler.sandbox.exchange import Answer, ConnectionCutError, Request
from reconciler.sandbox.server import Server
from reconciler.sandbox.server import serve as serve_sandbox
from tests.sandbox.calling import KEY, served
from tests.serving import serve

HEAD = b"POST /a?b HTTP/1.1\r\nHost: x\r\n"


async def echo(request: Request) -> Answer:
    if request.target == b"/cut":
        raise ConnectionCutError
    if request.target == b"/bug":
        raise KeyError("oops")
    if request.target == b"/nothing":
        return Answer(204, b"", {})
    many = request.headers.get("x-many", "")
    return Answer(200, b"%s %s %s" % (request.method.encode(), request.target, request.body), {"x-many": many})


def talk(*pieces: bytes) -> bytes:
    """All that comes back for `pieces`, sent one after the other; then the sending side is closed."""
    with serve(echo) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        for piece in pieces:
            line.sendall(piece)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_a_connection_is_kept_and_requests_may_come_in_pieces_or_together() -> None:
    answers = talk(HEAD[:9], HEAD[9:] + b"Content-Length: 2\r\n\r\nh", b"iGET /c HTTP/1.1\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"\r\ndate: " in answers
    assert b"\r\ncontent-length: 12\r\n" in answers
    assert b"\r\n\r\nPOST /a?b hiHTTP/1.1" in answers
    assert answers.endswith(b"\r\n\r\nGET /c ")


@pytest.mark.parametrize("last", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"])
def test_a_client_may_want_no_more_than_one_answer(last: bytes) -> None:
    answers = talk(last + b"GET / HTTP/1.1\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nconnection: close\r\n" in answers


def test_a_body_in_chunks() -> None:
    chunks = b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: z\r\n\r\n"
    answers = talk(HEAD + chunks + b"GET /next HTTP/1.1\r\n\r\n")
    assert b"\r\n\r\nPOST /a?b hello" in answers
    assert answers.endswith(b"GET /next ")


def test_a_client_that_waits_before_it_sends_its_body() -> None:
    answers = talk(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"hi")
    assert answers.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_a_header_that_appears_twice() -> None:
    assert b"\r\nx-many: a, b\r\n" in talk(b"GET / HTTP/1.1\r\nX-Many: a\r\nx-many:b \r\n\r\n")


@pytest.mark.parametrize(
    ("request_line", "status"), [(b"HEAD /", b"200 OK"), (b"GET /nothing", b"204 No Content")], ids=["head", "204"]
)
def test_an_answer_without_a_body(request_line: bytes, status: bytes) -> None:
    answer = talk(request_line + b" HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.endswith(b"\r\n\r\n")
    assert (b"content-length" in answer) is (status == b"200 OK")


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"hello\r\n\r\n", b"its first line is not a request line"),
        (b"GET / HTTP/2\r\n\r\n", b"its first line is not a request line"),
        (b"GET /\xe9 HTTP/1.1\r\n\r\n", b"its first line is not a request line"),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"a header is not valid"),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"a header is not valid"),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"a header is not valid"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"its headers are too long"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"the length of its body is not a number"),
        (HEAD + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n", b"the length of its body is not a number"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"the length of its body is ambiguous"),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", b"the length of its body is ambiguous"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", b"the length of its body is not a number"),
    ],
)
def test_what_is_not_a_request(sent: bytes, problem: bytes) -> None:
    answer = talk(sent)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'{"status_code":400,"error":"This is not an HTTP request: %s."}' % problem in answer


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", HEAD + b"Content-Length: 3\r\n\r\nhi", b"GET /cut HTTP/1.1\r\n\r\n"]
)
def test_no_answer_to_a_request_that_breaks_off_and_to_one_that_is_cut(sent: bytes) -> None:
    assert talk(sent) == b""


def test_a_bug_is_a_500_that_says_so_and_the_connection_goes_on() -> None:
    answers = talk(b"GET /bug HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert answers.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b'{"status_code":500,"error":"The sandbox has a bug: KeyError: \'oops\'"}' in answers
    assert b"HTTP/1.1 200 OK" in answers


def test_a_stop_before_the_start_ends_it_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(echo, listener)
        server.stop()
        server.run()
        server.stop()


def stopped_while_it_answers(
    monkeypatch: pytest.MonkeyPatch, seconds: float, until: Callable[[asyncio.Event], None]
) -> bytes:
    """What a client gets whose request is being answered at the end, next to one that asks for nothing more."""
    monkeypatch.setattr("reconciler.sandbox.server._SECONDS_TO_FINISH", seconds)
    arrived = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def wait(request: Request) -> Answer:
        loops.append((asyncio.get_running_loop(), asyncio.Event()))
        arrived.set()
        await loops[0][1].wait()
        return Answer(200, b"done", {})

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=60) as idle,
        socket.create_connection(listener.getsockname(), timeout=60) as busy,
    ):
        server = Server(wait, listener)
        thread = threading.Thread(target=server.run)
        thread.start()
        busy.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert arrived.wait(60)
        server.stop()
        assert idle.recv(1) == b""
        loop, event = loops[0]
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(until, event)
        thread.join(60)
        return b"".join(iter(lambda: busy.recv(65536), b""))


def test_what_is_being_answered_at_the_end_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = stopped_while_it_answers(monkeypatch, 60, lambda event: event.set())
    assert answer.endswith(b"\r\nconnection: close\r\n\r\ndone")


def test_what_takes_too_long_at_the_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped_while_it_answers(monkeypatch, 0.05, lambda event: None) == b""


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
        serve_sandbox(file, port=taken.getsockname()[1], announce=lambda url: None)


def test_it_serves_from_another_thread_too(file: Path) -> None:
    """No signal reaches that thread: it ends with an exception of `announce` here, with the process elsewhere."""

    class AnnouncedError(Exception):
        pass

    def announce(url: str) -> None:
        raise AnnouncedError(url)

    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(serve_sandbox, file, port=0, announce=announce).exception(timeout=60)
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


@pytest.mark.untraced
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
