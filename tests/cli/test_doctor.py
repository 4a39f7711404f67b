"""`doctor`: the setup, a remedy for each fault, and the assumptions about the API against a sandbox of each kind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import console
from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import DEFAULT, Assumptions, switches
from reconciler.sandbox.exchange import Answer, Handler, Request, error_answer
from reconciler.sandbox.faults import Fault, FaultyApp
from reconciler.sandbox.store import Store
from tests.cli.conftest import Cli, Result, live
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve

KEY = "test_key-that-nobody-must-see"
ORDER = [
    *("python", "git", "configuration", "manifests", "key"),
    *("endpoint", "clock", "permissions", "record", "targets"),
]
WRITING = ("--assumptions", "--write", "--auto-approve")

SHAPES = {"version-numbers": "holds", "no-ontology": "holds", "rapid-studio": "holds", "num-consensus": "not seen"}
"""What the sandbox has no switch for, on a project that was made: its pipeline is not consensus_task."""

Doctor = Callable[..., Result]


@dataclass
class Account:
    """A server, and what it was asked."""

    store: Dashboard
    requests: list[str] = field(default_factory=list)

    def sent(self, method: str) -> list[str]:
        return [request for request in self.requests if request.startswith(method)]


@pytest.fixture
def doctor(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs doctor, and sees to it that the key is printed in no form."""
    for name in ("CI", "RECONCILER_TARGET", "RECONCILER_ENDPOINT", "SCALE_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Result:
        done = cli("doctor", *arguments)
        key = os.environ.get("SCALE_API_KEY", KEY)
        for form in (key, base64.b64encode(f"{key}:".encode()).decode().rstrip("=")):
            assert form not in done.out + done.err
        assert "Traceback" not in done.err
        return done

    return call


@pytest.fixture
def at(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Points the target production at a URL, with a test key."""

    def point(url: str) -> None:
        monkeypatch.setenv("RECONCILER_ENDPOINT", url)
        monkeypatch.setenv("RECONCILER_TARGET", "production")
        monkeypatch.setenv("SCALE_API_KEY", KEY)

    return point


@pytest.fixture
def account(
    at: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., contextlib.AbstractContextManager[Account]]:
    """The sandbox over HTTP on loopback, with these assumptions and faults."""
    file = tmp_path_factory.mktemp("served") / "sandbox.db"

    @contextlib.contextmanager
    def open_account(assumptions: Assumptions = DEFAULT, *faults: Fault) -> Iterator[Account]:
        store = Dashboard(file, assumptions=assumptions)
        app = create_app(file, assumptions=assumptions)
        if faults:
            app = FaultyApp(app, list(faults), store, sleep=asyncio.sleep)
        with _answering(app, at) as requests:
            yield Account(store, requests)

    return open_account


@contextlib.contextmanager
def _answering(app: Handler, at: Callable[[str], None]) -> Iterator[list[str]]:
    requests: list[str] = []

    async def logged(request: Request) -> Answer:
        requests.append(f"{request.method} {request.target.decode().partition('?')[0]}")
        return await app(request)

    with serve(logged) as port:
        at(f"http://127.0.0.1:{port}/v1")
        yield requests


def check(done: Result, name: str) -> tuple[str, str, str]:
    """Status, message and remedy of one check, in a JSON run."""
    (found,) = [one for one in done.json()["checks"] if one["check"] == name]
    assert bool(found["remedy"]) == (found["status"] != "ok")
    return found["status"], found["message"], found["remedy"]


def verdicts(done: Result) -> dict[str, str]:
    return {one["assumption"]: one["status"] for one in done.json()["assumptions"]}


def message(done: Result, assumption: str) -> str:
    return str(next(one["message"] for one in done.json()["assumptions"] if one["assumption"] == assumption))


# The assumptions, with the one project.


@pytest.mark.parametrize(("name", "value"), [(switch.name, value) for switch in switches() for value in switch.values])
def test_every_switch_is_found_as_it_is_set(doctor: Doctor, account: Callable[..., Any], name: str, value: str) -> None:
    """Except archived-name, which no call can try; null cannot be distinguished from other pruned values."""
    expected = {switch.name: "holds" for switch in switches()} | SHAPES
    if value != next(switch.values[0] for switch in switches() if switch.name == name):
        expected[name] = "does not hold"
    expected["archived-name"] = "not seen"
    if value == "pruned":
        expected["null"] = "not seen"
    with account(Assumptions.parse([f"{name}={value}"])) as served:
        done = doctor(*WRITING, "--format=json")
    assert verdicts(done) == expected
    assert done.code == 0
    assert len([request for request in served.sent("POST") if request == "POST /v1/projects"]) == 1
    assert len(served.sent("POST")) <= 6
    (project,) = json.loads(served.store.list_projects())
    assert re.fullmatch(r"reconciler-doctor-\d{8}-\d{6}", project["name"])
    assert check(done, "project")[1] == (f"Created {project['name']}. The API cannot delete or rename a project.")
    assert project["name"] in done.err


def test_all_switches_at_once(doctor: Doctor, account: Callable[..., Any]) -> None:
    others = [f"{switch.name}={switch.values[-1]}" for switch in switches() if switch.name != "empty-values"]
    with account(Assumptions.parse(others)):
        done = doctor(*WRITING, "--format=json")
    assert {name for name, verdict in verdicts(done).items() if verdict != "does not hold"} == {
        "archived-name",
        "empty-values",
        *SHAPES,
    }


def test_the_sandbox_in_this_process_can_be_written(doctor: Doctor, repository: Path) -> None:
    done = doctor(*WRITING)
    assert done.code == 0
    assert len(re.findall("^holds ", done.out, re.MULTILINE)) == 15
    assert "cannot delete or rename a project" in done.out
    assert done.last == "Doctor: 10 ok, 1 warning, 0 errors."
    assert len(json.loads(Store(repository / ".reconciler" / "sandbox.db").list_projects())) == 1


def test_what_reads_found_stands_beside_what_writes_found(doctor: Doctor, account: Callable[..., Any]) -> None:
    """The name of an archived project is seen by reads alone, the rest on the project that is made."""
    with account(Assumptions(archived_name="free")) as served:
        served.store.seed([live("p", archived=True)])
        served.store.seed([live("p")])
        done = doctor(*WRITING, "--format=json")
    expected = {switch.name: "holds" for switch in switches()} | SHAPES
    assert verdicts(done) == expected | {"archived-name": "does not hold"}


def test_the_type_is_one_that_the_account_has(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account() as served:
        served.store.seed([live("p", type="lidarannotation")])
        served.store.disable(["imageannotation"])
        done = doctor(*WRITING, "--format=json")
    assert done.code == 0
    assert verdicts(done)["null"] == "holds"
    assert [project["type"] for project in json.loads(served.store.list_projects())] == ["lidarannotation"] * 2


@pytest.mark.parametrize(
    ("call", "what", "posts", "made", "said"),
    [
        ("create", "504-after", 1, 1, "The write might have landed"),
        ("create", "504-before", 1, 0, "The write might have landed"),
        ("create", "429-retry-after", 1, 0, "Nothing was written"),
        ("create", "garbage", 1, 1, "The write might have landed"),
        ("setParams", "503-after", 2, 1, "was created, and is permanent"),
        ("setOntology", "429", 3, 1, "was created, and is permanent"),
    ],
)
def test_an_unclear_answer_stops_it(
    doctor: Doctor, account: Callable[..., Any], call: str, what: str, posts: int, made: int, said: str
) -> None:
    """No write is sent a second time, and none after it; what was learned by then is reported."""
    with account(DEFAULT, Fault(call=call, what=what, times=None)) as served:
        done = doctor(*WRITING, "--format=json")
    status, found, remedy = check(done, "project")
    assert (done.code, status) == (1, "error")
    assert found.startswith(f'The {call} call for project "reconciler-doctor-')
    assert said in remedy
    assert remedy.endswith("No further write was sent.")
    assert len(served.sent("POST")) == posts
    assert len(json.loads(served.store.list_projects())) == made
    assert verdicts(done)["null"] == ("not seen" if call == "create" else "holds")
    assert verdicts(done)["equal-params"] == ("holds" if call == "setOntology" else "not seen")


@pytest.mark.parametrize(("answer", "posts"), [("yes\n", 4), ("no\n", 0), ("", 0)])
def test_it_asks_at_a_terminal(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, answer: str, posts: int
) -> None:
    monkeypatch.setattr(console, "has_person", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with account() as served:
        done = doctor("--assumptions", "--write", "--format=json")
    assert done.code == 0
    assert len(served.sent("POST")) == posts
    assert 'Do you want to create this project on the target "production"?' in done.err
    assert "The API cannot delete or rename a project." in done.err
    assert check(done, "project")[0] == ("ok" if posts else "skipped")


def test_no_project_is_made_where_nothing_is_left_to_learn(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.doctor.report.undecided", lambda results: ())
    with account() as served:
        done = doctor(*WRITING, "--format=json")
    assert (
        check(done, "project")[1]
        == "No project was created: reads already checked everything that a new project could check."
    )
    assert served.sent("POST") == []


# What is refused before anything is sent.


def test_a_key_of_the_live_world_is_refused(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with account() as served:
        monkeypatch.setenv("SCALE_API_KEY", "live_key-that-nobody-must-see")
        done = doctor(*WRITING)
    assert (done.code, done.out, served.requests) == (1, "", [])
    assert "does not start with test_" in done.err


def test_without_a_terminal_it_does_not_write(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account() as served:
        done = doctor("--assumptions", "--write")
    assert (done.code, done.out, served.requests) == (1, "", [])
    assert "--assumptions --write --auto-approve\n" in done.err


def test_a_target_that_is_not_written(doctor: Doctor, account: Callable[..., Any], repository: Path) -> None:
    (repository / "reconciler.toml").write_text("[targets.production]\nwrites = false\n")
    with account() as served:
        done = doctor(*WRITING)
    assert (done.code, done.out, served.requests) == (1, "", [])
    assert "writes = false" in done.err


@pytest.mark.parametrize("arguments", [("--write",), ("--auto-approve",), ("--assumptions", "--auto-approve")])
def test_options_that_do_not_go_alone(doctor: Doctor, account: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    with account() as served:
        done = doctor(*arguments)
    assert (done.code, done.out, served.requests) == (1, "", [])
    assert done.err.startswith("error[usage]")


# The assumptions, by reads alone.

READ_FAILURES: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "choices": ("objects", {"ontology": ["Cat"]}, 'Ontology version 0 of "p" has a choice that is a string.'),
    "ontology-versions": (
        "absent",
        {"ontologyHistory": [{"ontology": [], "name": "v", "version": 4, "created_at": "2026-01-02T03:04:05Z"}]},
        'Ontology version 4 of "p" has version and created_at.',
    ),
    "list-histories": ("last", {}, 'List shows "p" only from version 2 onward.'),
    "get-case": ("ignored", {}, 'A request for "P" returns "p".'),
    "histories": ("capped", {}, 'Get shows "p" only from version 1 onward.'),
}


def _history(*params: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**one, "version": number, "created_at": "2026-01-02T03:04:05Z"} for number, one in enumerate(params)]


@pytest.mark.parametrize("name", READ_FAILURES)
def test_reads_see_what_does_not_hold(doctor: Doctor, account: Callable[..., Any], name: str) -> None:
    value, more, evidence = READ_FAILURES[name]
    with account(Assumptions.parse([f"{name}={value}"])) as served:
        served.store.seed([{**live("p"), "param_history": _history({"a": 1}, {"a": 2}, {"a": 3}), **_spread(more)}])
        done = doctor("--assumptions", "--format=json")
    assert done.code == 0
    assert verdicts(done)[name] == "does not hold"
    assert message(done, name).startswith(evidence)
    assert len(message(done, name)) > len(evidence)
    assert served.sent("POST") == []


def _spread(more: dict[str, Any]) -> dict[str, Any]:
    return {"ontologyHistory": [{"ontology": more["ontology"], "name": "v1"}]} if "ontology" in more else more


def test_reads_see_what_holds(doctor: Doctor, account: Callable[..., Any]) -> None:
    params = {"instruction": ["cats "], "tags": [], "callback_url": None}
    project = {
        **live("kittens"),
        "param_history": _history({"a": 1}, params, params),
        "ontologyHistory": [{"ontology": [{"choice": "A", "subchoices": [{"choice": "B"}]}]}],
    }
    with account() as served:
        served.store.seed([project])
        done = doctor("--assumptions", "--format=json")
    unseen = {name for name, verdict in verdicts(done).items() if verdict != "holds"}
    assert unseen == {"create-shows", "archived-name", "no-ontology", "num-consensus"}
    assert message(done, "equal-params") == 'Version 2 of "kittens" has the same params as the one before.'
    assert message(done, "get-case") == 'A request for "KITTENS" does not return "kittens".'
    assert served.requests == ["GET /v1/projects", "GET /v1/projects/kittens", "GET /v1/projects/KITTENS"]


def test_an_empty_account_shows_nothing(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account() as served:
        done = doctor("--assumptions", "--format=json")
    assert {*verdicts(done).values()} == {"not seen"}
    assert list(verdicts(done)) == [*(switch.name for switch in switches()), *SHAPES]
    assert served.requests == ["GET /v1/projects"]


def test_reads_do_not_say_who_set_a_parameter(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account() as served:
        served.store.seed([live("q", {"a": 1}), live("p", {"can_add_tags": True})])
        done = doctor("--assumptions", "--format=json")
    assert verdicts(done)["added-keys"] == "not seen"
    assert 'Version 0 of "p" has can_add_tags' in message(done, "added-keys")


def test_no_value_of_a_parameter_is_reported(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account() as served:
        served.store.seed([live("p", {"callback_url": " https://hidden.example ", "can_x": "hidden"}, ["hidden"])])
        done = doctor("--assumptions")
    assert "hidden" not in done.out + done.err


def test_what_was_not_seen_can_be_tried(doctor: Doctor, repository: Path) -> None:
    text = doctor("--assumptions").out
    assert "\nTo check 14 of these, create one project" in text
    assert "\nreconciler doctor --assumptions --write\n" in text
    assert "create one project" not in doctor().out
    assert "create one project" not in doctor(*WRITING).out


def test_at_most_twenty_gets(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account(Assumptions(list_histories="last")) as served:
        served.store.seed(
            [{**live(f"p{number}"), "param_history": _history({"a": 1}, {"a": None}, {"a": 3})} for number in range(30)]
        )
        done = doctor("--assumptions", "--format=json")
    assert len(served.sent("GET /v1/projects/")) == 20
    assert len(served.requests) == 21
    assert verdicts(done)["null"] == "holds"


def test_reads_that_fail_are_an_error(doctor: Doctor, account: Callable[..., Any]) -> None:
    with account(DEFAULT, Fault(call="get", what="garbage", times=None)) as served:
        served.store.seed([live("p")])
        done = doctor(*WRITING, "--format=json")
    status, found, _ = check(done, "assumptions")
    assert (done.code, status, done.json()["assumptions"]) == (1, "error", [])
    assert found.startswith('The request to get project "p" failed: ')
    assert served.sent("POST") == []


# The setup.


def test_all_is_well(doctor: Doctor, account: Callable[..., Any], write: Callable[[str, str], Path]) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    with account() as served:
        served.store.seed([live("p", {"a": 1})])
        text = doctor()
        assert served.requests == ["GET /v1/projects"]
        done = doctor("--format=json")
    assert (text.code, done.code) == (0, 0)
    assert text.last == "Doctor: 10 ok, 0 warnings, 0 errors."
    document = done.json()
    assert [one["check"] for one in document["checks"]] == ORDER
    assert document["summary"] == {"ok": 10, "warnings": 0, "errors": 0, "skipped": 0}
    assert document["target"] == {"name": "production", "endpoint": os.environ["RECONCILER_ENDPOINT"]}
    assert document["assumptions"] == []
    assert check(done, "manifests")[1].startswith("1 manifest in ")
    assert check(done, "key")[1] == "SCALE_API_KEY is set. The key starts with test_."
    assert check(done, "endpoint")[1].endswith("responds; the account has 1 project.")


def test_it_writes_no_file(doctor: Doctor, repository: Path) -> None:
    before = sorted(repository.rglob("*"))
    assert doctor("--assumptions").code == 0
    assert sorted(repository.rglob("*")) == before


def test_the_record_has_an_age(doctor: Doctor, cli: Cli, write: Callable[[str, str], Path]) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    assert check(doctor("--format=json"), "record")[1] == (
        "There is no record of sandbox yet. The first apply creates one."
    )
    assert cli("apply", "--auto-approve").code == 0
    found = check(doctor("--format=json"), "record")[1]
    assert re.fullmatch(r"The record has 1 project, last written (just now|\d+ min ago)\.", found)


def test_without_a_key(doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with account() as served:
        monkeypatch.delenv("SCALE_API_KEY")
        done = doctor("--format=json")
    status, found, remedy = check(done, "key")
    assert (done.code, status) == (1, "error")
    assert found == "The API key is missing: SCALE_API_KEY is not set or is empty."
    assert remedy == "Set SCALE_API_KEY to the account's API key."  # the endpoint's variable is set
    assert {check(done, name)[0] for name in ("endpoint", "clock")} == {"skipped"}
    assert served.requests == []


def test_white_space_around_the_key(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with account():
        monkeypatch.setenv("SCALE_API_KEY", f"{KEY}\n")
        done = doctor("--format=json")
    status, found, remedy = check(done, "key")
    assert (done.code, status, check(done, "endpoint")[0]) == (0, "warning", "ok")
    assert found == ("SCALE_API_KEY has leading or trailing whitespace, which is ignored. The key starts with test_.")
    assert remedy.startswith("Remove the whitespace")
    assert KEY not in done.out


def test_a_key_that_http_cannot_carry(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with account() as served:
        monkeypatch.setenv("SCALE_API_KEY", "test_\u20ac")
        done = doctor("--format=json")
    summary = "The API key in SCALE_API_KEY has a character that cannot be sent over HTTP."
    assert check(done, "key")[:2] == ("error", summary)
    assert served.requests == []


def test_a_key_that_is_not_accepted(doctor: Doctor, at: Callable[[str], None]) -> None:
    async def refuse(request: Request) -> Answer:
        """Says the key back, as no server should."""
        header = request.headers["authorization"]
        key = base64.b64decode(header.split()[1]).decode()
        return error_answer(401, f"bad key {key} {header}")

    with _answering(refuse, at) as requests:
        done = doctor("--format=json")
    status, found, remedy = check(done, "key")
    assert (done.code, status) == (1, "error")
    assert found == "The request to list projects was refused: the API key is not valid."
    assert "Check that the API key in SCALE_API_KEY" in remedy
    assert check(done, "endpoint")[:2] == ("ok", f"{os.environ['RECONCILER_ENDPOINT']} responds.")
    assert check(done, "clock")[0] == "ok"
    assert requests == ["GET /v1/projects"]


def test_nobody_listens(doctor: Doctor, at: Callable[[str], None]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        at(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        done = doctor("--assumptions", "--format=json")
    status, found, remedy = check(done, "endpoint")
    assert (done.code, status) == (1, "error")
    assert "cannot connect" in found
    assert "Tried once." in remedy
    assert check(done, "clock")[0] == "skipped"
    assert check(done, "assumptions")[0] == "skipped"
    assert done.json()["assumptions"] == []


@pytest.mark.parametrize(("what", "status"), [("503-before", 503), ("429-retry-after", 429)])
def test_the_list_is_sent_once(doctor: Doctor, account: Callable[..., Any], what: str, status: int) -> None:
    with account(DEFAULT, Fault(call="list", what=what)) as served:
        done = doctor("--format=json")
    assert check(done, "endpoint")[0] == "error"
    assert done.code == 1
    assert served.requests == ["GET /v1/projects"]


def test_a_proxy_that_does_not_work(
    doctor: Doctor, account: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with account():
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
        done = doctor("--format=json", "--endpoint", "https://api.invalid/v1")
    assert (done.code, check(done, "endpoint")[0]) == (1, "error")
    assert "ALL_PROXY names a SOCKS proxy" in check(done, "endpoint")[1]
    assert check(done, "key")[0] == "ok"


@pytest.mark.parametrize(
    ("seconds", "status", "said"),
    [
        (3600, "warning", "behind the server's"),
        (-3600, "warning", "ahead of the server's"),
        (30, "ok", "differs"),
        (None, "skipped", ""),
    ],
)
def test_the_clock(doctor: Doctor, at: Callable[[str], None], seconds: int | None, status: str, said: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            if seconds is not None:
                self.send_header("Date", formatdate(time.time() + seconds, usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        at(f"http://127.0.0.1:{server.server_port}/v1")
        done = doctor("--format=json")
        server.shutdown()
        thread.join()
    found = check(done, "clock")
    assert (done.code, found[0]) == (0, status)
    assert said in found[1]


def test_no_git_repository(
    doctor: Doctor, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    monkeypatch.chdir(folder)
    (folder / "projects").mkdir()
    done = doctor("--format=json")
    status, found, remedy = check(done, "git")
    assert (done.code, status) == (0, "warning")
    assert "is not in a repository" in found
    assert remedy.endswith("git init")
    assert str(folder / ".reconciler") in check(done, "permissions")[1]


def test_no_git(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a clone apply and drift need it; elsewhere they do not."""
    monkeypatch.setenv("PATH", str(repository))
    done = doctor("--format=json")
    assert (done.code, *check(done, "git")) == (
        1,
        "error",
        "Git is not installed.",
        "Install git, or add its folder to PATH.",
    )
    folder = tmp_path_factory.mktemp("plain")
    (folder / "projects").mkdir()
    monkeypatch.chdir(folder)
    done = doctor("--format=json")
    assert (done.code, check(done, "git")[0]) == (0, "warning")
    assert check(done, "git")[2].startswith("Install git")


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.37.4", "warning"), ("2.38.0", "ok"), ("1.9", "warning"), ("10.1 (a vendor's)", "ok"), ("unknown", "ok")],
)
def test_an_old_git(
    doctor: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    version: str,
    status: str,
) -> None:
    """It does not know safe.bareRepository."""
    tools = tmp_path_factory.mktemp("tools")
    real = shutil.which("git")
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *--version*) echo "git version {version}";; *) exec "{real}" "$@";; esac\n'
    )
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    done = doctor("--format=json")
    found = check(done, "git")
    assert (done.code, found[0]) == (0, status)
    assert ("safe.bareRepository" in found[1]) == (status == "warning")
    assert (found[2] == "Install git 2.38 or newer.") == (status == "warning")


def test_a_repository_of_another_user(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = doctor("--format=json")
    status, found, remedy = check(done, "git")
    assert (done.code, status) == (1, "error")
    assert "dubious ownership" in found
    assert remedy.startswith("A different user owns the repository.")
    assert "git config --global --add safe.directory " in remedy
    assert check(done, "record")[0] == "error"
    assert check(done, "permissions")[0] == "skipped"


def test_a_work_tree_keeps_its_record_in_the_repository(
    doctor: Doctor, repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There `.git` is a file, and the refs are where the other work tree has them."""
    commit = subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@localhost", "commit", "--allow-empty", "--quiet", "-m", "m"],
        check=False,
    )
    assert commit.returncode == 0
    folder = tmp_path_factory.mktemp("tree") / "work"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(folder)], check=True)
    (folder / "projects").mkdir()
    monkeypatch.chdir(folder)
    status, found, _ = check(doctor("--format=json"), "permissions")
    assert status == "ok"
    sandbox = folder / ".reconciler" / "sandbox.db"
    assert found == f"The sandbox file ({sandbox}) and the record's folder ({repository / '.git'}) are writable."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "manifest = 1\n",
            'Unknown key "manifest" in the configuration (reconciler.toml:1).',
        ),
        (
            "a = 1\nb = 2\n",
            'Unknown key "a" in the configuration (reconciler.toml:1). The configuration has 2 mistakes. '
            "This is the first.",
        ),
        ("[\n", "Invalid TOML"),
    ],
)
def test_a_broken_configuration(doctor: Doctor, repository: Path, text: str, found: str) -> None:
    (repository / "reconciler.toml").write_text(text)
    done = doctor("--format=json")
    assert done.code == 1
    assert check(done, "configuration")[0] == "error"
    assert check(done, "configuration")[1].startswith(found)
    assert [one["check"] for one in done.json()["checks"]] == ORDER
    assert done.json()["summary"] == {"ok": 2, "warnings": 0, "errors": 1, "skipped": 7}
    assert ("reconciler validate" in check(done, "configuration")[2]) == ("2 mistakes" in found)
    named = doctor("--target", "staging", "--assumptions", "--format=json")
    assert named.json()["target"] == {"name": "staging", "endpoint": ""}
    assert check(named, "assumptions")[0] == "skipped"


def test_a_target_that_is_not_known(doctor: Doctor) -> None:
    done = doctor("--target", "productoin")
    assert done.code == 1
    assert 'did you mean "production"?' in done.out
    assert done.out.startswith("Target: productoin\n")
    assert done.last == "Doctor: 2 ok, 1 warning, 1 error, 6 skipped."


def test_manifests_with_mistakes(doctor: Doctor, write: Callable[[str, str], Path]) -> None:
    write("p.yaml", "name: p\n")
    done = doctor("--format=json")
    status, found, remedy = check(done, "manifests")
    assert (done.code, status, remedy) == (1, "error", "To see the details:\nreconciler validate")
    assert re.search(r"^1 manifest in .*projects, with \d+ errors?\.$", found)


def test_a_manifest_with_a_warning(doctor: Doctor, write: Callable[[str, str], Path]) -> None:
    write("p.yaml", "name: p\ntype: imagannotation\nparams: {a: 1}\n")
    done = doctor("--format=json")
    assert (done.code, check(done, "manifests")[0]) == (0, "warning")
    assert check(done, "manifests")[1].endswith("projects, with 1 warning.")


def test_no_folder_for_manifests(doctor: Doctor, repository: Path) -> None:
    (repository / "projects").rmdir()
    assert check(doctor("--format=json"), "manifests")[0] == "error"


def test_a_file_where_the_folder_is_due(doctor: Doctor, repository: Path) -> None:
    (repository / ".reconciler").write_text("")
    done = doctor("--format=json")
    assert done.code == 1
    status, found, _ = check(done, "permissions")
    assert status == "error"
    assert f"{repository / '.reconciler'} is not a folder" in found


def test_a_file_where_the_record_is_due(
    doctor: Doctor,
    account: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    monkeypatch.chdir(folder)
    (folder / "projects").mkdir()
    (folder / ".reconciler").write_text("")
    with account():
        done = doctor("--format=json")
    assert done.code == 1
    assert check(done, "permissions")[1] == f"The record cannot be written: {folder / '.reconciler'} is not a folder."
    assert check(done, "record")[0] == "error"


def test_a_folder_that_is_read_only(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    """As another user sees it: root may write anywhere."""
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, *more, **options: path != repository / ".git" and access(path, *more)
    )
    done = doctor("--format=json")
    assert (done.code, check(done, "permissions")[0]) == (1, "error")
    assert check(done, "permissions")[1] == f"The record cannot be written: {repository / '.git'} is not writable."


def test_a_sandbox_that_is_no_database(doctor: Doctor, repository: Path) -> None:
    (repository / ".reconciler").mkdir()
    (repository / ".reconciler" / "sandbox.db").write_text("no database, but long enough to look at" * 50)
    done = doctor("--format=json")
    assert (done.code, check(done, "endpoint")[0], check(done, "permissions")[0]) == (1, "error", "error")
    assert "is not a SQLite database" in check(done, "endpoint")[1]


def test_ci_with_a_record_in_its_clone(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    done = doctor("--target", "sandbox", "--format=json")
    status, _, remedy = check(done, "record")
    assert (done.code, status) == (0, "warning")
    assert 'Set record = "origin"' in remedy


def test_ci_without_a_target(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    done = doctor("--format=json")
    assert (done.code, check(done, "configuration")[:2]) == (1, ("error", "No target is named."))


def test_a_record_on_a_remote_that_is_not_there(doctor: Doctor, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('[targets.sandbox]\nrecord = "origin"\n')
    done = doctor("--format=json")
    assert (done.code, check(done, "record")[0]) == (1, "error")
    assert "git remote add" in check(done, "record")[2]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('[targets.other]\nsandbox = ".reconciler/../.reconciler/sandbox.db"\n', "sandbox"),
        ('[targets.other]\nendpoint = "https://api.scale.com/v1/"\n', "production"),
    ],
)
def test_two_targets_on_one_account(doctor: Doctor, repository: Path, text: str, chosen: str) -> None:
    (repository / "reconciler.toml").write_text(text)
    status, found, remedy = check(doctor("--target", chosen, "--format=json"), "targets")
    assert status == "warning"
    assert f"go under [targets.{chosen}]" in remedy
    assert found == (
        f"The targets {chosen} and other use the same account. Each target has its own record, "
        "so drift reports what was applied with another target as changes made on Scale."
    )


@pytest.mark.parametrize(
    ("other", "status"), [(None, "ok"), ("test_another", "ok"), (KEY, "warning"), (f"{KEY}\n", "warning")]
)
def test_two_targets_with_a_variable_each(
    doctor: Doctor,
    at: Callable[[str], None],
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    other: str | None,
    status: str,
) -> None:
    """Two variables may still hold one key, which is compared and not shown."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        at(url)
        monkeypatch.delenv("SCALE_OTHER_KEY", raising=False)
        if other is not None:
            monkeypatch.setenv("SCALE_OTHER_KEY", other)
        table = f'endpoint = "{url}"\n'
        (repository / "reconciler.toml").write_text(
            f'[targets.one]\n{table}[targets.other]\n{table}api_key_env = "SCALE_OTHER_KEY"\n'
        )
        found = check(doctor("--target", "one", "--format=json"), "targets")
    assert found[0] == status
    assert ("The targets one and other use" in found[1]) == (status == "warning")
    assert found[2] == ("Keep one target for each account." if status == "warning" else "")


def test_a_python_that_is_too_old(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.doctor.checks.OLDEST_PYTHON", (4, 0))
    here = ".".join(map(str, sys.version_info[:2]))
    assert check(doctor("--format=json"), "python") == (
        "error",
        f"Python {here} is too old.",
        "Install Python 4.0 or newer.",
    )
