"""Asking, fencing, reading back, stopping, and what the end says."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli import console
from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Handler, Request
from tests.cli.conftest import Cli, Served, live
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of, serve

Write = Callable[[str, str], Path]
ONE = "name: p\ntype: imageannotation\nparams: {a: 1}\n"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "approved"), [("yes\n", True), ("y\n", False), ("no\n", False), ("", False)])
def test_a_person_is_asked_and_says_yes_in_full(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch, answer: str, approved: bool
) -> None:
    write("p.yaml", ONE)
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    applied = cli("apply", "--result", "result.json")
    assert "Enter a value" in applied.err
    result = json.loads(Path("result.json").read_text())
    if approved:
        assert (applied.code, applied.last) == (0, "Apply complete! Projects: 1 added, 0 changed, 0 destroyed.")
        assert result["projects"][0]["status"] == "done"
    else:
        assert (applied.code, applied.last) == (1, "Apply cancelled.")
        assert result["projects"][0]["status"] == "not-started"
        assert served.methods == {"GET": 1}


@pytest.mark.parametrize("output", ["json", "markdown"])
def test_nobody_says_yes_to_what_was_not_shown(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    write("p.yaml", ONE)
    monkeypatch.setattr("sys.stdin", _Terminal("no\n"))
    declined = cli("apply", "--format", output)
    assert declined.code == 1
    assert "# project.p will be created" in declined.err
    assert "Plan: 1 to add" in declined.err
    assert "Plan: 1 to add" not in declined.out
    assert served.methods == {"GET": 1}


def test_without_a_terminal_it_refuses(cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("p.yaml", ONE)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    refused = cli("apply")
    assert refused.code == 1
    assert "--auto-approve" in refused.err
    assert served.methods == {"GET": 1}


def test_nobody_is_asked_where_stdin_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert not console.has_person()


def test_a_project_that_moved_is_stale_and_the_others_go_on(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits the project while a person thinks."""
    write("p.yaml", ONE)
    write("q.yaml", "name: q\ntype: imageannotation\n")
    served.store.seed([live("p", {"a": 0})])

    def edit(question: str) -> bool:
        served.store.edit_params("p", {"b": 5})
        return True

    monkeypatch.setattr(console, "has_person", lambda: True)
    monkeypatch.setattr(console, "confirm", edit)
    applied = cli("apply")
    assert applied.code == 1
    assert applied.last == (
        "Apply incomplete! Projects: 1 added, 0 changed, 0 destroyed, 0 failed, 1 skipped, 0 not started."
    )
    assert "params from version 0 to version 1" in applied.err
    assert "reconciler plan p" in applied.err
    assert not [request for request in served.requests if "setParams" in request]


def test_what_is_there_already_is_not_written_again(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", ONE)
    served.store.seed([live("p", {"a": 0})])

    def edit(question: str) -> bool:
        served.store.edit_params("p", {"a": 1})
        return True

    monkeypatch.setattr(console, "has_person", lambda: True)
    monkeypatch.setattr(console, "confirm", edit)
    applied = cli("apply")
    assert applied.code == 0
    assert not [request for request in served.requests if request.startswith("POST")]


@pytest.mark.parametrize(
    ("params", "stored", "words"),
    [
        ('{instruction: "Hello\\n"}', {"instruction": "Hello"}, ["params.instruction", "whitespace"]),
        (
            '{examples: [], metadata: {}, note: "", x: null, min_width: 0}',
            {"min_width": 0},
            ["params.examples", "params.metadata", "params.note", "params.x"],
        ),
    ],
)
def test_a_server_that_keeps_something_else_is_no_success(
    cli: Cli,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    params: str,
    stored: dict[str, object],
    words: list[str],
) -> None:
    file = tmp_path / "changing.db"
    monkeypatch.setenv("SCALE_API_KEY", "k")
    with serve(_storing(create_app(file), stored)) as port:
        write("p.yaml", f"name: p\ntype: imageannotation\nparams: {params}\n")
        applied = cli("apply", "--auto-approve", "--endpoint", f"http://127.0.0.1:{port}/v1")
    assert applied.code == 1
    assert "Apply complete!" not in applied.out
    for word in words:
        assert word in applied.err
    assert "params.min_width" not in applied.err


def _storing(app: Handler, stored: dict[str, object]) -> Handler:
    """Stores `stored` as a new project's parameters, whatever was sent."""

    async def changing(request: Request) -> Answer:
        if request.method == "POST":
            body = json.dumps({**json.loads(request.body), "params": stored}).encode()
            request = replace(request, body=body)
        return await app(request)

    return changing


@pytest.fixture
def interrupting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A sandbox that sends this process a SIGINT while it creates the first project."""
    file = tmp_path / "interrupting.db"
    inner = create_app(file)
    requests: list[str] = []

    async def app(request: Request) -> Answer:
        requests.append(f"{request.method} {path_of(request)}")
        if requests[-1] == "POST /v1/projects":
            os.kill(os.getpid(), signal.SIGINT)
        return await inner(request)

    with serve(app) as port:
        monkeypatch.setenv("RECONCILER_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("SCALE_API_KEY", "k")
        yield Served("", Dashboard(file), requests)


def test_an_interrupt_lets_the_call_under_way_end_and_starts_no_other(
    cli: Cli, interrupting: Served, write: Write
) -> None:
    for name in "abc":
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nontology: [X]\n")
    applied = cli("apply", "--auto-approve", "--parallelism", "1", "--result", "result.json")
    assert applied.code == 130
    assert applied.last == (
        "Apply incomplete! Projects: 0 added, 0 changed, 0 destroyed, 1 failed, 0 skipped, 2 not started."
    )
    result = json.loads(Path("result.json").read_text())
    assert [project["status"] for project in result["projects"]] == ["failed", "not-started", "not-started"]
    assert result["projects"][0]["calls"] == [
        {"call": "create", "result": "landed"},
        {"call": "setOntology", "result": "not-sent"},
    ]
    assert [request for request in interrupting.requests if request.startswith("POST")] == ["POST /v1/projects"]


def test_an_interrupted_apply_is_finished_by_the_next(cli: Cli, interrupting: Served, write: Write) -> None:
    write("a.yaml", "name: a\ntype: imageannotation\nparams: {x: 1}\nontology: [X]\n")
    cli("apply", "--auto-approve")
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed."
    assert cli("plan").last.startswith("No changes.")


def test_an_unwritable_result_is_an_error(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", ONE)
    applied = cli("apply", "--auto-approve", "--result", "no/such/folder.json")
    assert applied.code == 1
    assert "no/such/folder.json" in applied.err
    assert served.methods.get("POST", 0) == 0


def test_writes_can_be_switched_off(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", ONE)
    (repository / "reconciler.toml").write_text("[targets.sandbox]\nwrites = false\n")
    assert cli("plan").code == 0
    refused = cli("apply", "--auto-approve")
    assert refused.code == 1
    assert "writes = false" in refused.err


def test_at_most_so_many_requests_are_in_flight(
    cli: Cli, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = create_app(tmp_path / "counted.db")
    under_way = [0]
    most = [0]

    async def counted(request: Request) -> Answer:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        try:
            return await inner(request)
        finally:
            under_way[0] -= 1

    for number in range(20):
        write(f"{number}.yaml", f"name: p{number}\ntype: imageannotation\nontology: [X]\n")
    monkeypatch.setenv("SCALE_API_KEY", "k")
    with serve(counted) as port:
        applied = cli("apply", "--auto-approve", "--parallelism", "3", "--endpoint", f"http://127.0.0.1:{port}/v1")
    assert applied.last == "Apply complete! Projects: 20 added, 0 changed, 0 destroyed."
    assert most[0] <= 3
