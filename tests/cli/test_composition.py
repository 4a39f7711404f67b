"""Composed manifests through the commands: a target's overlay, a team's names, warnings of what changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, live

Write = Callable[[str, str], Path]
CONFIG = '[targets.sandbox]\noverlay = "projects/_over"\n'


@pytest.fixture(autouse=True)
def manifests(repository: Path, write: Write) -> None:
    (repository / "reconciler.toml").write_text(CONFIG)
    (repository / "shared.yaml").write_text("- Cat\n- Dog\n")
    write("_defaults.yaml", "type: chat\nnames: [t_*]\nparams: {priority: 10}\n")
    write("t/p.yaml", "name: t_p\nparams: {}\nontology: {$ref: ../../shared.yaml}\n")
    write("_over/t/p.yaml", "params: {priority: 20}\n")
    write("q.yaml", "name: t_q\n")


def test_a_plan_is_of_the_targets_overlay_and_points_into_it(cli: Cli) -> None:
    (change,) = cli("plan", "projects/t", "--format", "json").json()["resource_changes"]
    assert change["change"]["after"]["params"] == {"priority": 20}
    sources = {field["path"]: field["source"] for field in change["fields"]}
    assert sources["params.priority"] == {"file": "projects/_over/t/p.yaml", "line": 1}
    assert sources["type"] == {"file": "projects/_defaults.yaml", "line": 1}
    assert sources["ontology.Dog"] == {"file": "shared.yaml", "line": 2}


def test_validate_composes_with_the_overlay_of_a_target(cli: Cli, repository: Path, write: Write) -> None:
    def composed(*arguments: str) -> list[object]:
        found = cli("validate", "t_p", "--format", "json", "--resolved", *arguments).json()["projects"]
        return [each["project"]["params"] for each in found]

    assert composed() == composed("--target", "production") == [{"priority": 10}]
    assert composed("--target", "sandbox") == [{"priority": 20}]
    unknown = cli("validate", "--target", "prodution")
    assert unknown.code == 1
    assert 'did you mean "production"' in unknown.err
    write("_over/t/p.yaml", "parms: {priority: 20}\n")
    for arguments in ((), ("--target", "sandbox"), ("--target", "production")):
        wrong = cli("validate", *arguments)
        assert wrong.out.count("error[unknown-key]") == 1
        assert wrong.last == "1 error in 1 of 2 manifests."


def test_an_apply_ends_in_no_changes(cli: Cli) -> None:
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 2 added, 0 changed, 0 destroyed."
    assert cli("plan").last == "No changes. Your projects match the manifests."
    assert cli("drift").code == 0


def test_names_say_what_is_unmanaged(cli: Cli, seed: Callable[..., None]) -> None:
    seed(live("t_old", type="chat"), live("others", type="chat"))
    assert cli("plan", "--format", "json").json()["unmanaged"] == ["t_old"]
    assert cli("drift", "--format", "json").json()["unmanaged"] == ["t_old"]


def test_a_shared_mistake_is_reported_once_and_counted_by_its_users(cli: Cli, repository: Path, write: Write) -> None:
    (repository / "shared.yaml").write_text("- Cat\n- Cat\n")
    write("r.yaml", "name: t_r\nontology: {$ref: ../shared.yaml}\n")
    wrong = cli("validate")
    assert wrong.out.count("duplicate-choice") == 1
    assert "used by projects/r.yaml:2 and projects/t/p.yaml:3" in wrong.out
    assert wrong.last == "1 error in 2 of 3 manifests."
    assert cli("plan").code == 1
    beside = cli("plan", "t_q")
    assert beside.code == 0
    assert "1 error in manifests that are not selected" in beside.out + beside.err


def test_a_plan_warns_of_what_it_would_change_alone(cli: Cli, repository: Path, write: Write) -> None:
    write("_over/t/p.yaml", "params: {priority: 15, attachment: x}\n")
    planned = cli("plan", "--format", "json").json()
    assert [each["code"] for each in planned["diagnostics"]] == ["over-limit"]
    cli("apply", "--auto-approve")
    assert cli("plan", "--format", "json").json()["diagnostics"] == []
    (repository / "reconciler.toml").write_text(CONFIG + '[checks]\nover-limit = "off"\n')
    assert [each["code"] for each in cli("validate", "--format", "json").json()["diagnostics"]] == ["parameter-of-task"]


def test_a_renamed_choice_is_warned_of(cli: Cli, repository: Path) -> None:
    cli("apply", "--auto-approve")
    (repository / "shared.yaml").write_text("- Cats\n- Dog\n")
    planned = cli("plan")
    assert 'a choice appears to be renamed: "Cat" -> "Cats"' in planned.out + planned.err
    (repository / "reconciler.toml").write_text(CONFIG + '[checks]\nrenamed-choice = "off"\n')
    planned = cli("plan")
    assert "is removed, and" not in planned.out + planned.err


def test_a_declared_rename_is_one_line_and_its_old_name_is_checked(cli: Cli, repository: Path, write: Write) -> None:
    cli("apply", "--auto-approve")
    (repository / "shared.yaml").write_text("- Cats\n- Dog\n")
    write("t/_defaults.yaml", "reconcile: {renames: {Pupy: Dog}}\n")
    manifest = repository / "projects/t/p.yaml"
    manifest.write_text(manifest.read_text() + "reconcile: {renames: {Cat: Cats, Bird: Dog}}\n")
    planned = cli("plan")
    assert "~ Cat -> Cats (renamed)" in planned.out
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in planned.out
    change = cli("plan", "t_p", "--format", "json").json()["resource_changes"][0]
    assert [each["summary"] for each in change["diagnostics"]] == [
        'project.t_p: no version on Scale had a choice or label "Bird"'
    ]
    assert change["diagnostics"][0]["line"] == len(manifest.read_text().splitlines())
    marks = {field["path"]: field.get("renamed") for field in change["fields"]}
    assert marks == {path: {"from": "Cat", "to": "Cats"} for path in ("ontology.Cat", "ontology.Cats")}
    cli("plan", "--out", "plan.json")
    assert "Cat -> Cats (renamed)" in cli("show", "plan.json").out
    assert cli("apply", "--plan", "plan.json", "--auto-approve").code == 0
    assert cli("plan").out.endswith("No changes. Your projects match the manifests.\n")


def test_switches_are_checked(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('[checks]\nover-limits = "off"\nno-effect = "of"\nprivate-link = 1\n')
    wrong = cli("validate").err
    assert 'did you mean "over-limit"?' in wrong
    assert 'did you mean "off"?' in wrong
    assert "checks.private-link must be off, note, or warn" in wrong


def test_the_plan_and_a_snapshot_agree(cli: Cli, repository: Path) -> None:
    cli("apply", "--auto-approve")
    cli("snapshot", "--out", "live.json")
    (repository / "shared.yaml").write_text("- Cats\n- Dog\n")
    now, then = cli("plan", "--format", "json").json(), cli("plan", "--live", "live.json", "--format", "json").json()
    assert now["plan_hash"] == then["plan_hash"]
    assert [change["diagnostics"] for change in now["resource_changes"]] == [
        change["diagnostics"] for change in then["resource_changes"]
    ]
