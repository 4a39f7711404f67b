"""Every fault, seen by a client: in this process, and once over a real connection."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import reconciler
from reconciler.cli.sandbox import command
from reconciler.errors import UsageError
from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.exchange import ConnectionCutError
from reconciler.sandbox.faults import WHATS, Fault, FaultyApp, read_faults
from reconciler.sandbox.store import Store
from tests.sandbox.calling import KEY, in_process_client
from tests.sandbox.dashboard import Dashboard

KITTENS = {"type": "imageannotation", "name": "kittens", "params": {"a": 0}}
PATH = "/projects/kittens"


class Client:
    """One request at a time to the account in `file`, through the faults of `plan`."""

    def __init__(self, file: Path, *plan: dict[str, Any], assumptions: Assumptions | None = None) -> None:
        self.file = file
        self.slept: list[float] = []
        assumed = assumptions or Assumptions()
        self.app = FaultyApp(
            create_app(file, assumptions=assumed),
            read_faults(json.dumps(plan)),
            Store(file, assumptions=assumed),
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async def send() -> httpx.Response:
            async with in_process_client(self.app) as client:
                return await client.request(method, path, json=body, auth=KEY)

        return asyncio.run(send())

    def create(self, name: str = "kittens") -> httpx.Response:
        return self.call("POST", "/projects", {**KITTENS, "name": name})

    def set_params(self, **params: Any) -> httpx.Response:
        return self.call("POST", f"{PATH}/setParams", params)

    def set_ontology(self, *choices: Any) -> httpx.Response:
        return self.call("POST", f"{PATH}/setOntology", {"ontology": choices})

    def params(self) -> list[Any]:
        """The parameters of each version, past all faults."""
        shown = json.loads(Store(self.file).get("kittens"))["param_history"]
        return [{key: entry[key] for key in entry if key not in ("version", "created_at")} for entry in shown]

    def choices(self) -> list[Any]:
        """The choices of each version, past all faults."""
        shown = json.loads(Store(self.file).get("kittens"))["ontologyHistory"]
        return [[choice["choice"] for choice in entry["ontology"]] for entry in shown]


@pytest.fixture
def kittens(file: Path) -> Path:
    """An account with one project."""
    Store(file).seed([{"type": "chat", "name": "kittens", "param_history": [{"a": 0}]}])
    return file


@pytest.mark.parametrize(("what", "landed"), [("no-answer-before", False), ("no-answer-after", True)])
def test_a_connection_that_is_cut(kittens: Path, what: str, landed: bool) -> None:
    client = Client(kittens, {"call": "setParams", "what": what})
    with pytest.raises(ConnectionCutError, match=what):
        client.set_params(a=1)
    assert client.params() == ([{"a": 0}, {"a": 1}] if landed else [{"a": 0}])
    assert client.set_params(a=2).status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_fails(file: Path, status: int, when: str) -> None:
    client = Client(file, {"call": "create", "what": f"{status}-{when}"})
    answer = client.create()
    assert answer.status_code == status
    assert answer.json()["status_code"] == status
    assert client.create().status_code == (409 if when == "after" else 200)


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        ({"what": "429"}, None),
        ({"what": "429-retry-after"}, "1"),
        ({"what": "429-retry-after", "retry_after": "0"}, "0"),
        ({"what": "429-retry-after", "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)
def test_too_many_requests(kittens: Path, fault: dict[str, Any], retry_after: str | None) -> None:
    client = Client(kittens, {"call": "any", **fault})
    answer = client.set_params(a=1)
    assert answer.status_code == 429
    assert answer.json()["status_code"] == 429
    assert answer.headers.get("retry-after") == retry_after
    assert client.params() == [{"a": 0}]


@pytest.mark.parametrize(("what", "landed"), [("garbage-before", False), ("garbage", True)])
def test_garbage(kittens: Path, what: str, landed: bool) -> None:
    client = Client(kittens, {"call": "setOntology", "what": what})
    answer = client.set_ontology("Cat")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert ("ontologyHistory" in json.loads(Store(kittens).get("kittens"))) is landed


def test_a_slow_answer(kittens: Path) -> None:
    client = Client(kittens, {"call": "list", "what": "slow"}, {"call": "get", "what": "slow", "seconds": 0.5})
    assert client.call("GET", "/projects").json()[0]["name"] == "kittens"
    assert client.call("GET", PATH).json()["name"] == "kittens"
    assert client.slept == [2.0, 0.5]


def test_another_writer_of_params(kittens: Path) -> None:
    client = Client(
        kittens,
        {"call": "setParams", "what": "other-before"},
        {"call": "setParams", "what": "other-after"},
    )
    before = client.set_params(a=1).json()["param_history"]
    after = client.set_params(a=2).json()["param_history"]
    assert client.params() == [{"a": 0}, {"a": 0, "other_writer": 1}, {"a": 1}, {"a": 2}, {"a": 2, "other_writer": 2}]
    assert [entry["version"] for entry in before] == [0, 1, 2]
    assert [entry["version"] for entry in after] == [0, 1, 2, 3]


def test_another_writer_of_the_ontology(kittens: Path) -> None:
    client = Client(
        kittens,
        {"call": "setOntology", "what": "other-before", "times": 2},
        {"call": "setOntology", "what": "other-after"},
    )
    client.set_ontology({"choice": "Cat", "subchoices": ["Other 2"]})
    client.set_ontology({"choice": "Cat", "subchoices": ["Other 2"]})
    answer = client.set_ontology("Cat")
    assert client.choices() == [["Other 1"], ["Cat"], ["Cat", "Other 3"], ["Cat"], ["Cat"], ["Cat", "Other 4"]]
    assert len(answer.json()["ontologyHistory"]) == 5


def test_another_writer_around_a_read_and_after_a_create(file: Path) -> None:
    client = Client(
        file,
        {"call": "create", "what": "other-after"},
        {"call": "get", "what": "other-before"},
        {"call": "get", "what": "other-after"},
    )
    assert client.create().status_code == 200
    assert client.params() == [{"a": 0}, {"a": 0, "other_writer": 1}]
    assert client.call("GET", PATH).json()["param_history"][-1]["other_writer"] == 2
    assert client.call("GET", PATH).json()["param_history"][-1]["other_writer"] == 2
    assert client.params()[-1] == {"a": 0, "other_writer": 3}


def test_another_writer_writes_something_else_after_a_new_start(kittens: Path) -> None:
    quiet = Assumptions(equal_params="nothing", choices="strings")
    for _ in range(2):
        client = Client(kittens, {"call": "any", "what": "other-before", "times": "always"}, assumptions=quiet)
        client.set_params(patch=True, a=0)
        client.set_ontology({"choice": "Cat", "subchoices": ["Other 2"]}, "Other 3")
    assert [entry.get("other_writer") for entry in client.params()] == [None, 1, 2]
    shown = json.loads(Store(kittens).get("kittens"))["ontologyHistory"]
    assert [entry["ontology"][-1] for entry in shown] == ["Other 2", "Other 3", "Other 4", "Other 3"]


def test_another_writer_needs_a_project_and_copes_with_an_unreadable_ontology(kittens: Path) -> None:
    client = Client(kittens, {"call": "any", "what": "other-before", "times": "always"})
    assert client.call("GET", "/projects/dogs").status_code == 404
    assert client.call("GET", "/projects").status_code == 200
    assert client.call("POST", "/projects", {"type": "chat"}).status_code == 400
    Dashboard(kittens).append_ontology_entry("kittens", None)
    client.set_ontology("Cat")
    history = json.loads(Store(kittens).get("kittens"))["ontologyHistory"]
    assert [entry and entry["ontology"] for entry in history] == [
        None,
        [{"choice": "Other 1"}],
        [{"choice": "Cat"}],
    ]


@pytest.mark.parametrize(
    ("numbers", "failing"),
    [
        ({}, [1]),
        ({"times": 3}, [1, 2, 3]),
        ({"times": "always"}, [1, 2, 3, 4, 5]),
        ({"after": 2}, [3]),
        ({"after": 1, "times": 2}, [2, 3]),
        ({"after": 9}, []),
    ],
)
def test_how_often_and_when(kittens: Path, numbers: dict[str, Any], failing: list[int]) -> None:
    client = Client(kittens, {"call": "get", "what": "503-before", **numbers})
    statuses = [client.call("GET", PATH).status_code for _ in range(5)]
    assert [number for number, status in enumerate(statuses, 1) if status == 503] == failing
    assert client.call("GET", "/projects").status_code == 200


def test_the_first_that_is_due_takes_a_call_and_all_count_it(kittens: Path) -> None:
    client = Client(
        kittens,
        {"call": "get", "what": "500-before", "after": 1},
        {"call": "any", "what": "502-before", "times": 2},
        {"call": "get", "what": "504-before", "after": 3},
    )
    assert [client.call("GET", PATH).status_code for _ in range(5)] == [502, 500, 502, 504, 200]


@pytest.mark.parametrize(
    ("project", "names"),
    [
        ("kittens", ["kittens"]),
        ("kit*", ["kittens", "kit/[1]\n"]),
        ("*", ["kittens", "kit/[1]\n", "dogs"]),
        ("kit/[1]*", ["kit/[1]\n"]),
        ("*g*", ["dogs"]),
        ("Dogs", []),
    ],
)
def test_which_projects(file: Path, project: str, names: list[str]) -> None:
    plan = {"call": "create", "what": "503-before", "times": "always"}
    client = Client(file, {**plan, "project": project}, {"call": "any", "project": "*", "what": "slow"})
    assert [name for name in ("kittens", "kit/[1]\n", "dogs") if client.create(name).status_code == 503] == names
    assert client.call("GET", "/projects").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/projects"), ("GET", "/nowhere"), ("GET", "/%zz"), ("POST", f"{PATH}/rename")]
)
def test_what_is_no_call_has_no_fault(file: Path, method: str, path: str) -> None:
    client = Client(file, {"call": "any", "what": "503-before"})
    assert client.call(method, path).status_code in (400, 404, 405)


@pytest.mark.parametrize("body", [None, {}, [], {"name": 5}])
def test_a_create_without_a_name_matches_no_pattern(file: Path, body: Any) -> None:
    client = Client(file, {"call": "any", "project": "*", "what": "503-before"})
    assert client.call("POST", "/projects", body).status_code == 400


def test_a_plan_is_read() -> None:
    text = """[{"call": "any", "what": "429-retry-after", "retry_after": "7", "project": "k*", "times": "always"},
               {"call": "get", "what": "slow", "seconds": 1.5, "after": 2}]"""
    assert read_faults(text) == [
        Fault(call="any", what="429-retry-after", retry_after="7", project="k*", times=None),
        Fault(call="get", what="slow", seconds=1.5, after=2),
    ]
    assert [fault.what for what in WHATS for fault in read_faults(json.dumps([{"call": "any", "what": what}]))] == [
        *WHATS
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"^cannot be read as JSON: expecting value at line 1, column 1$"),
        ("[\n  {,\n", r"^cannot be read as JSON: expecting property name .* at line 2, column 4$"),
        ("[NaN]", "cannot be read as JSON: NaN is not a JSON value"),
        ("{}", "is not a JSON array of faults"),
        ('[{"call": "get", "what": "429"}, 1]', "has a mistake in fault 2: the fault is not an object"),
        ('[{"what": "429"}]', 'fault 1: "call" is missing'),
        ('[{"call": "put", "what": "429"}]', '"call" must be one of list, get, create, setParams, setOntology, any'),
        ('[{"call": "get"}]', '"what" is missing'),
        ('[{"call": "get", "what": "501-before"}]', '"what" must be one of no-answer-before'),
        ('[{"call": "get", "what": 429}]', '"what" must be one of'),
        ('[{"call": "get", "what": "429", "time": 1}]', 'unknown key "time"'),
        ('[{"call": "get", "what": "429", "times": 0}]', '"times" must be a whole number of 1 or more, or "always"'),
        ('[{"call": "get", "what": "429", "times": "3"}]', '"times" must be'),
        ('[{"call": "get", "what": "429", "after": true}]', '"after" must be a whole number of 0 or more'),
        ('[{"call": "get", "what": "429", "project": ""}]', '"project" must be a name'),
        ('[{"call": "get", "what": "429", "project": null}]', '"project" must be a name'),
        ('[{"call": "list", "what": "429", "project": "*"}]', '"project" cannot be used with list'),
        (
            '[{"call": "list", "what": "other-before"}]',
            '"other-before" can be used with get, setParams, setOntology, but not with',
        ),
        ('[{"call": "create", "what": "other-before"}]', "not with create"),
        (
            '[{"call": "get", "what": "429", "retry_after": "1"}]',
            '"retry_after" can be used only with "429-retry-after"',
        ),
        ('[{"call": "get", "what": "429-retry-after", "retry_after": 1}]', '"retry_after" must be a string'),
        ('[{"call": "get", "what": "429-retry-after", "retry_after": "soon"}]', '"retry_after" must be a string'),
        ('[{"call": "get", "what": "429", "seconds": 1}]', '"seconds" can be used only with "slow"'),
        ('[{"call": "get", "what": "slow", "seconds": -1}]', '"seconds" must be a number from 0'),
        ('[{"call": "get", "what": "slow", "seconds": true}]', '"seconds" must be a number from 0'),
        ('[{"call": "get", "what": "slow", "seconds": 1e999}]', '"seconds" must be a number from 0'),
        ('[{"call": "get", "what": "slow", "seconds": "2"}]', '"seconds" must be a number from 0'),
    ],
)
def test_a_plan_that_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_faults(text)


def test_the_served_sandbox_has_them(tmp_path: Path) -> None:
    plan = [
        {"call": "create", "what": "no-answer-after"},
        {"call": "get", "what": "no-answer-before"},
        {"call": "get", "what": "garbage"},
        {"call": "setOntology", "what": "502-after"},
    ]
    (tmp_path / "faults.json").write_text(json.dumps(plan))
    arguments = ["sandbox", "serve", "--port", "0", "--faults", "faults.json", "--assume", "choices=strings"]
    environment = {**os.environ, "PYTHONPATH": str(Path(reconciler.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(auth=KEY, trust_env=False, timeout=120) as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    client.post(f"{url}/projects", json=KITTENS)
                with pytest.raises(httpx.RemoteProtocolError):
                    client.get(f"{url}{PATH}")
                assert client.get(f"{url}{PATH}").text.startswith("<!DOCTYPE html>")
                assert client.post(f"{url}{PATH}/setOntology", json={"ontology": ["Cat"]}).status_code == 502
                shown = client.get(f"{url}{PATH}").json()
        finally:
            process.terminate()
            output, errors = process.communicate(timeout=120)
    assert shown["ontologyHistory"] == [{"ontology": ["Cat"]}]
    assert (process.returncode, output, errors) == (0, "", "")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[\n1,", "Error: f.json cannot be read as JSON: expecting value at line 2, column 3\n"),
        (b'["\xff"]', "Error: f.json cannot be read as JSON: it is not UTF-8\n"),
        (b"{}", "Error: f.json is not a JSON array of "),
        (b"[1]", " is not an object"),
        (None, "Error: f.json cannot be read: No such file or directory\n"),
    ],
)
@pytest.mark.parametrize("arguments", [["seed", "f.json"], ["serve", "--faults", "f.json"]])
def test_a_file_that_cannot_be_used(here: Path, arguments: list[str], content: bytes | None, problem: str) -> None:
    if content is not None:
        (here / "f.json").write_bytes(content)
    refused = CliRunner().invoke(command, arguments)
    assert refused.exit_code == 1
    assert problem in refused.output
    assert sorted(path.name for path in here.iterdir()) == (["f.json"] if content is not None else [])


@pytest.mark.parametrize("arguments", [["serve", "--port", "0"], ["reset"], ["seed", "f.json"]])
def test_a_file_where_a_folder_is_due(here: Path, arguments: list[str]) -> None:
    (here / "f.json").write_text('[{"type": "chat", "name": "n"}]')
    (here / ".reconciler").touch()
    refused = CliRunner().invoke(command, arguments)
    assert refused.exit_code == 1
    assert f"cannot be opened: {here / '.reconciler'} is not a folder" in str(refused.exception)


def test_a_seed_of_a_name_that_is_taken(here: Path) -> None:
    (here / "f.json").write_text('[{"type": "chat", "name": "n"}]')
    assert CliRunner().invoke(command, ["seed", "f.json"]).exit_code == 0
    refused = CliRunner().invoke(command, ["seed", "f.json"])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.summary == 'f.json cannot be added: project "n" (entry 1) already exists'
    assert [remedy.run for remedy in refused.exception.remedies] == [("sandbox", "reset")]
