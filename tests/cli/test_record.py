"""The record, `--pending`, forgetting and the guards, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reconciler.record.stores import open_record
from tests.cli.conftest import Cli
from tests.repositories import git
from tests.sandbox.dashboard import Dashboard

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


def recorded(repository: Path) -> Any:
    """The projects of the only section of the sandbox's record."""
    record = open_record(repository, "sandbox", "local").read().record
    [section] = record.sections.values()
    return {name: asdict(project) for name, project in section.projects.items()}


def log(repository: Path) -> list[str]:
    return git(repository, "log", "--format=%an: %s", "refs/reconciler/record/sandbox").splitlines()


def store(repository: Path) -> Dashboard:
    return Dashboard(repository / ".reconciler" / "sandbox.db")


def test_adoption_is_one_apply_with_nothing_to_do(repository: Path, cli: Cli, write: Write, seed: Any) -> None:
    seed({"params": {"a": 1}})
    write("p.yaml", M + "params: {a: 1}\n")
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."
    assert recorded(repository)["p"]["params_version"] == 0
    assert log(repository) == ["reconciler: apply: 0 added, 0 changed"]
    cli("apply", "--auto-approve")
    assert len(log(repository)) == 1, "nothing changed, so nothing is recorded again"


def test_a_merge_leaves_an_edit_in_the_dashboard_alone(repository: Path, cli: Cli, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1, b: 1}\n")
    assert cli("apply", "--auto-approve").code == 0
    store(repository).edit_params("p", {"b": 2})
    write("p.yaml", M + "params: {a: 5, b: 1}\n")
    planned = cli("plan", "--format", "json").json()
    classes = {field["path"]: field["class"] for field in planned["resource_changes"][0]["fields"]}
    assert classes == {"params.a": "pending", "params.b": "drift"}
    assert "1 change made on Scale would be reverted (p: params.b)" in cli("plan").out
    assert cli("apply", "--pending", "--auto-approve").code == 0
    live = json.loads(store(repository).get("p"))["param_history"]
    assert [{key: entry[key] for key in "ab"} for entry in live] == [
        {"a": 1, "b": 1},
        {"a": 1, "b": 2},
        {"a": 5, "b": 2},
    ]
    assert cli("plan", "--pending").last == "No pending changes. 1 change made on Scale is kept."
    assert "drift: version 1" in cli("plan").out


def test_a_conflict_is_held_with_pending(repository: Path, cli: Cli, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    cli("apply", "--auto-approve")
    store(repository).edit_params("p", {"a": 2})
    write("p.yaml", M + "params: {a: 3}\n")
    held = cli("apply", "--pending", "--auto-approve")
    assert held.code == 1
    assert (
        held.last == "Apply incomplete! Projects: 0 added, 0 changed, 0 destroyed, 0 failed, 1 skipped, 0 not started."
    )
    assert "held by conflict" in held.out
    waived = cli("apply", "--pending", "--auto-approve", "--allow", "conflict")
    assert waived.code == 0
    assert "waived by --allow conflict" in waived.out


def test_a_manifest_that_is_gone_is_forgotten(repository: Path, cli: Cli, write: Write) -> None:
    file = write("p.yaml", M + "params: {a: 1}\n")
    write("q.yaml", "name: other_project\ntype: imageannotation\nparams: {z: 1}\n")
    cli("apply", "--auto-approve")
    file.unlink()
    planned = cli("plan", "p", "--detailed-exitcode")
    assert planned.code == 2
    assert planned.last == "Plan: 0 to add, 0 to change, 0 to destroy, 1 to forget."
    done = cli("apply", "p", "--auto-approve")
    assert done.last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed, 1 forgotten."
    assert list(recorded(repository)) == ["other_project"]
    assert cli("plan", "p").code == 1


def test_what_is_not_kept_is_held_from_then_on(repository: Path, cli: Cli, write: Write, monkeypatch: Any) -> None:
    from reconciler.sandbox import app
    from reconciler.sandbox.assumptions import Assumptions

    trimming = Assumptions.parse(["strings=trimmed"])
    original = app.create_app
    monkeypatch.setattr(app, "create_app", lambda file: original(file, assumptions=trimming))
    write("p.yaml", M + 'params: {instruction: "Hello\\n"}\n')
    first = cli("apply", "--auto-approve")
    assert first.code == 1
    assert "params.instruction" in first.err
    assert "whitespace" in first.err
    second = cli("apply", "--auto-approve")
    assert second.code == 1
    assert "held by not-kept" in second.out
    assert len(json.loads(store(repository).get("p"))["param_history"]) == 1


def test_25_creates_are_held(cli: Cli, write: Write) -> None:
    for number in range(25):
        write(f"p{number}.yaml", f"name: batch_{number}\ntype: imageannotation\nparams: {{n: {number}}}\n")
    planned = cli("plan", "--detailed-exitcode")
    assert (planned.code, planned.last) == (1, "Plan: 0 to add, 0 to change, 0 to destroy, 25 held.")
    assert "--allow max-creates" in planned.out
    held = cli("apply", "--auto-approve")
    assert (held.code, "25 skipped" in held.last) == (1, True)
    done = cli("apply", "--auto-approve", "--allow", "max-creates")
    assert done.last == "Apply complete! Projects: 25 added, 0 changed, 0 destroyed."


def test_a_takeover_is_held(cli: Cli, write: Write, seed: Any) -> None:
    seed({"params": {"a": 1, "b": 2}})
    write("p.yaml", M + "params: {a: 1}\n")
    held = cli("apply", "--auto-approve")
    assert held.code == 1
    assert "held by takeover" in held.out
    assert cli("apply", "--auto-approve", "--allow", "takeover").code == 0


def test_a_guard_that_is_none(cli: Cli, write: Write) -> None:
    write("p.yaml", M)
    wrong = cli("plan", "--allow", "takover")
    assert wrong.code == 1
    assert 'did you mean "takeover"?' in wrong.err


def test_a_saved_plan_keeps_its_verdicts(cli: Cli, write: Write, seed: Any) -> None:
    seed({"params": {"a": 1, "b": 2}})
    write("p.yaml", M + "params: {a: 1}\n")
    assert cli("plan", "--out", "held.plan").code == 1
    assert "held by takeover" in cli("show", "held.plan").out
    assert cli("apply", "--plan", "held.plan", "--auto-approve").code == 1
    assert cli("apply", "--plan", "held.plan", "--allow", "takeover").code == 1
    assert cli("plan", "--out", "held.plan", "--allow", "takeover").code == 0
    assert cli("apply", "--plan", "held.plan", "--auto-approve").code == 0


def test_a_plan_replaces_nothing_but_a_plan(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", M)
    (repository / "notes.txt").write_text("keep me")
    assert cli("plan", "--out", "notes.txt").code == 1
    assert (repository / "notes.txt").read_text() == "keep me"
    assert cli("plan", "--out", "projects/p.yaml").code == 1
    assert cli("plan", "--out", "a.plan").code == 0
    assert cli("plan", "--out", "a.plan").code == 0


def test_a_record_on_a_remote_that_is_not_there(cli: Cli, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('[targets.sandbox]\nrecord = "origin"\n')
    write("p.yaml", M + "params: {a: 1}\n")
    assert "origin" in cli("plan").err
    stopped = cli("apply", "--auto-approve")
    assert stopped.code == 1
    assert "origin" in stopped.err
    assert not (repository / ".reconciler" / "sandbox.db").exists(), "without a record nothing is written"


def test_two_clones_share_the_record(cli: Cli, write: Write, repository: Path, tmp_path_factory: Any) -> None:
    remote = tmp_path_factory.mktemp("remote")
    git(repository, "init", "-q", "--bare", str(remote))
    git(repository, "remote", "add", "origin", str(remote))
    (repository / "reconciler.toml").write_text('[targets.sandbox]\nrecord = "origin"\n')
    write("p.yaml", M + "params: {a: 1}\n")
    assert cli("apply", "--auto-approve").code == 0
    refs = git(remote, "for-each-ref")
    assert "refs/reconciler/record/sandbox" in refs
    git(repository, "update-ref", "-d", "refs/reconciler/record/sandbox")
    store(repository).edit_params("p", {"a": 2})
    assert "drift: version 1" in cli("plan").out
