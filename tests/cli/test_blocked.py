"""A live project that cannot be read, as a user meets it: it is blocked and named, and the others are compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.exchange import Answer, Request, error_answer, json_answer
from tests.cli.conftest import Cli, live
from tests.serving import path_of, serve

Write = Callable[[str, str], Path]
HALF = "\\ud800"
"""Half of a surrogate pair, as JSON spells it."""


class Account:
    """Projects as raw JSON texts, by name. `texts` is what the list has; a get gives `got`, or the same."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.got: dict[str, str] = {}
        self.requests: list[str] = []

    def put(self, name: str, *, instead: tuple[str, str] = ("", ""), **fields: Any) -> None:
        self.texts[name] = json.dumps(live(name, **fields)).replace(*instead)

    async def __call__(self, request: Request) -> Answer:
        path = path_of(request).removeprefix("/v1/projects")
        self.requests.append(f"{request.method} {path}")
        name = path[1:]
        if request.method == "POST":
            return error_answer(400, "no writes here")
        if not name:
            return json_answer(f"[{','.join(self.texts.values())}]")
        text = self.got.get(name) or self.texts.get(name)
        return error_answer(404, "none") if text is None else json_answer(text)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    app = Account()
    with serve(app) as port:
        monkeypatch.setenv("RECONCILER_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("RECONCILER_TARGET", "production")
        monkeypatch.setenv("SCALE_API_KEY", "key-that-nobody-must-see")
        yield app


@pytest.fixture
def two(account: Account, write: Write) -> Account:
    """`good`, with a change to plan, and `bad`, which cannot be read."""
    for name in ("good", "bad"):
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: 1}}\n")
    account.put("good", params={"a": 2})
    account.put("bad", params={"a": 1, "instruction": "X"}, instead=("X", f"x{HALF}"))
    return account


WHY = "projects[1].param_history[0].instruction contains half of a surrogate pair"


def test_plan_and_drift_compare_the_others(cli: Cli, two: Account) -> None:
    planned = cli("plan")
    assert (planned.code, planned.last) == (1, "Plan: 0 to add, 1 to change, 0 to destroy, 1 blocked.")
    assert 'x project "bad": the live state of project.bad cannot be read: ' in planned.out
    assert WHY in " ".join(planned.out.split())
    assert "a = 2 -> 1" in planned.out
    document = cli("plan", "--format", "json").json()
    bad, good = document["resource_changes"]
    assert (bad["name"], bad["change"]["actions"], bad["change"]["before"]) == ("bad", ["no-op"], None)
    assert bad["diagnostics"][0]["code"] == "unreadable"
    assert good["change"]["actions"] == ["update"]
    found = cli("drift")
    assert found.code == 1
    assert "# project.bad is blocked" in found.out
    assert WHY in " ".join(found.out.split())
    assert found.last == ("Drift: 1 unknown in 1 of 2 projects; 0 pending, 0 conflicts, 0 transient, 1 blocked.")
    drifted = cli("drift", "--format", "json").json()
    assert drifted["summary"]["blocked"] == 1
    [blocked] = drifted["blocked"]
    assert (blocked["name"], blocked["path"]) == ("bad", "projects[1].param_history[0].instruction")
    assert blocked["diagnostic"]["severity"] == "error"
    assert [project["name"] for project in drifted["projects"]] == ["good"]
    assert cli("drift", "good").code == 2


def test_a_snapshot_names_it_and_plans_from_it_report_it(cli: Cli, two: Account) -> None:
    taken = cli("snapshot", "--out", "s.json")
    assert taken.code == 0
    assert "(2 live projects, " in taken.out
    assert f'"bad" was saved without its content because it cannot be read: {WHY}' in taken.out
    two.requests.clear()
    planned = cli("plan", "--live", "s.json", "--target", "production")
    assert planned.code == 1
    two.requests.clear()
    for command in ("plan", "drift"):
        found = cli(command, "--live", "s.json")
        assert found.code == 1
        assert WHY in " ".join(found.out.split())
        assert "1 blocked." in found.last
    assert two.requests == []
    assert "instruction" not in json.dumps(
        [entry for entry in json.loads(Path("s.json").read_text())["projects"] if entry["name"] == "good"]
    )


def test_a_few_names_are_got_one_by_one(cli: Cli, two: Account) -> None:
    planned = cli("plan", "good", "bad")
    assert two.requests == ["GET /good", "GET /bad"] or two.requests == ["GET /bad", "GET /good"]
    assert planned.last == "Plan: 0 to add, 1 to change, 0 to destroy, 1 blocked."
    assert "project.param_history[0].instruction contains half of a surrogate pair" in " ".join(planned.out.split())


def test_an_apply_writes_the_others(cli: Cli, two: Account) -> None:
    applied = cli("apply", "--auto-approve", "--allow", "takeover", "--result", "r.json")
    assert applied.code == 1
    assert "POST /good/setParams" in two.requests
    assert not [request for request in two.requests if request.startswith("POST /bad")]
    statuses = {project["name"]: project["status"] for project in json.loads(Path("r.json").read_text())["projects"]}
    assert statuses == {"bad": "blocked", "good": "failed"}


def test_one_that_becomes_unreadable_before_its_write_fails_alone(cli: Cli, two: Account) -> None:
    two.put("bad", params={"a": 3})
    two.got["bad"] = two.texts["bad"].replace('"a": 3', '"a": NaN')
    applied = cli("apply", "--auto-approve", "--result", "r.json")
    assert applied.code == 1
    assert "POST /good/setParams" in two.requests
    assert "POST /bad/setParams" not in two.requests
    projects = {project["name"]: project for project in json.loads(Path("r.json").read_text())["projects"]}
    assert projects["bad"]["status"] == "failed"
    shown = projects["bad"]["diagnostics"][0]
    assert "project.param_history[0].a is NaN, which is not JSON" in shown["summary"]


def test_without_a_manifest_it_is_unmanaged_with_a_warning(cli: Cli, two: Account) -> None:
    Path("projects/bad.yaml").unlink()
    planned = cli("plan")
    assert planned.code == 0
    assert "warning[unreadable]: 1 live project without a manifest cannot be read" in planned.err
    assert f'"bad": {WHY}' in planned.err
    assert cli("plan", "--format", "json").json()["unmanaged"] == ["bad"]
    found = cli("drift", "--format", "json").json()
    assert (found["blocked"], found["unmanaged"]) == ([], ["bad"])
    assert [shown["code"] for shown in found["diagnostics"]] == ["unreadable"]
    for number in range(4):
        two.texts[f"more{number}"] = f'{{"name": "more{number}", "archived": {"true" if number == 3 else "false"}}}'
    planned = cli("plan")
    assert "4 live projects without a manifest cannot be read" in planned.err
    assert "… and 1 more" in planned.err
    assert cli("plan", "--format", "json").json()["unmanaged"] == ["bad", "more0", "more1", "more2"]


def test_one_without_a_name_may_be_any_that_the_list_does_not_show(cli: Cli, two: Account) -> None:
    two.texts["bad"] = '{"type": "imageannotation"}'
    planned = cli("plan")
    assert planned.code == 1
    assert two.requests == ["GET ", "GET /bad"]
    assert "project.name is null, not a string" in " ".join(planned.out.split())
    assert "cannot be read" not in planned.err
    two.texts["bad"], two.got["bad"] = "5", json.dumps(live("bad", {"a": 1}))
    planned = cli("plan")
    assert planned.last == "Plan: 0 to add, 1 to change, 0 to destroy."
    assert "cannot be read" not in planned.err
    Path("projects/bad.yaml").unlink()
    planned = cli("plan")
    assert planned.code == 0
    assert "1 live project without a manifest cannot be read" in planned.err
    assert "\n  projects[1] is a number, not an object" in planned.err
    cli("snapshot", "--out", "s.json")
    assert "projects[1] is a number, not an object" in cli("plan", "--live", "s.json").err


def test_its_name_still_holds_a_create_that_is_one_letter_away(cli: Cli, two: Account, write: Write) -> None:
    two.texts["kittens"] = '{"name": "kittens", "type": null}'
    write("kitten.yaml", "name: kitten\ntype: imageannotation\n")
    planned = cli("plan")
    assert "held by near-name" in planned.out or "near-name" in planned.out
    assert 'has a similar name: "kittens"' in " ".join(planned.out.split())


def test_the_account_is_not_taken_for_another_one(cli: Cli, two: Account) -> None:
    two.put("bad", params={"a": 1})
    two.put("good", params={"a": 1})
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."
    assert cli("plan", "--out", "saved.plan").code == 0
    two.texts["bad"] = two.texts["bad"].replace('"created_at": "2026', '"created_at": "soon 2026')
    drifted = cli("drift", "--format", "json").json()
    assert drifted["record"] is not None
    assert drifted["target"]["account"] is None
    assert drifted["summary"]["clean"] == 1
    assert [blocked["path"] for blocked in drifted["blocked"]] == ["projects[1].created_at"]
    refused = cli("apply", "--plan", "saved.plan", "--auto-approve")
    assert refused.code == 1
    assert "cannot determine whether the plan is for this account" in refused.err
    assert "projects[1].created_at is not a date and time" in refused.err


def test_doctor_names_it(cli: Cli, two: Account) -> None:
    shown = " ".join(cli("doctor").out.split())
    assert "the account has 2 projects, of which 1 cannot be read." in shown
    assert f'"bad": {WHY}' in shown
    assert "the account has 2 projects, of which 1 cannot be read." in " ".join(
        cli("doctor", "--assumptions").out.split()
    )


def test_an_answer_that_is_no_list_is_one_error(cli: Cli, account: Account, write: Write) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    account.texts["p"] = "]"
    for command in (("plan",), ("drift",), ("snapshot", "--out", "s.json")):
        failed = cli(*command)
        assert failed.code == 1
        assert "the response is not JSON" in failed.err
        assert failed.err.count("error[") == 1
    assert not Path("s.json").exists()


def test_its_pin_cannot_be_shown(cli: Cli, two: Account) -> None:
    two.put("bad", params={"a": 1})
    two.put("good", params={"a": 1})
    assert cli("apply", "--auto-approve").code == 0
    two.put("bad", params={"a": 1, "instruction": "X"}, instead=("X", f"x{HALF}"))
    done = cli("pins")
    assert (done.code, done.last) == (1, "Pins: 1 project.")
    assert "error[unreadable]: project.bad cannot be read\n  projects[1].param_history[0].instruction" in done.err


def test_its_history_cannot_be_shown(cli: Cli, two: Account) -> None:
    done = cli("history", "bad")
    assert (done.code, done.out) == (1, "")
    assert "the live state of project.bad cannot be read: project.param_history[0].instruction contains" in done.err
    assert cli("history", "good").code == 0
