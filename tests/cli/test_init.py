"""`init`: a repository that plans at once, and nothing of what was there lost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.errors import UsageError
from reconciler.operations import pin
from reconciler.operations.pin import Pin, Unpinned
from tests.cli.conftest import Cli
from tests.repositories import commit_all, git
from tests.workflows.own import PIN

FILES = [
    "reconciler.toml",
    "projects/_example.yaml",
    "projects/_example.md",
    "projects/_schema.json",
    ".vscode/settings.json",
    ".prettierignore",
    ".yamllint",
    ".github/actions/reconciler/action.yml",
    ".github/actions/reconciler/action.lock",
    ".github/actions/reconciler/installer.lock",
    ".github/workflows/reconciler-plan.yml",
    ".github/workflows/reconciler-apply.yml",
    ".github/workflows/reconciler-drift.yml",
    ".github/dependabot.yml",
    ".gitignore",
]


@pytest.fixture(autouse=True)
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """reconciler is installed here from a commit."""
    monkeypatch.setattr(pin, "own_pin", lambda: PIN)


def test_a_new_repository(cli: Cli, repository: Path) -> None:
    (repository / ".gitignore").unlink()
    done = cli("init")
    assert (done.code, done.err) == (0, "")
    assert [line.removeprefix("  + ") for line in done.out.split("\n") if line.startswith("  + ")] == FILES
    assert all((repository / name).is_file() for name in FILES)
    assert "@" not in (repository / ".gitignore").read_text()
    assert (repository / ".gitignore").read_text() == ".reconciler/\n.reconciler-*.tmp\n*.plan\n"
    again = cli("init")
    assert again.code == 0
    assert f"The jobs install {PIN.requirement}\n" in done.out
    assert "The jobs install what .github/actions/reconciler specifies." in again.out
    assert again.out.count("already exists and is unchanged") == len(FILES)
    assert again.last == "Nothing to do: every file already exists."


def test_the_example_becomes_a_project(cli: Cli, repository: Path) -> None:
    cli("init")
    empty = cli("plan")
    assert empty.code == 1
    assert "error[no-manifests]" in empty.err
    shutil.copy(repository / "projects" / "_example.yaml", repository / "projects" / "mine.yaml")
    assert cli("validate").out == "1 manifest is valid.\n"
    (repository / "reconciler.toml").unlink()
    assert "import --all" not in cli("init").out
    assert cli("plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."
    assert cli("apply", "--auto-approve").code == 0
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_what_is_there_stays(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('target = "sandbox"\n')
    (repository / ".gitignore").write_text("*.pyc")
    done = cli("init")
    assert "reconciler.toml already exists and is unchanged" in done.out
    assert (repository / "reconciler.toml").read_text() == 'target = "sandbox"\n'
    assert (repository / ".gitignore").read_text() == "*.pyc\n.reconciler/\n.reconciler-*.tmp\n*.plan\n"
    (repository / ".gitignore").write_bytes(b"\xff")
    assert ".gitignore already exists" in cli("init").out
    assert (repository / ".gitignore").read_bytes() == b"\xff"


def test_a_folder_of_its_own(cli: Cli, repository: Path) -> None:
    done = cli("init", "a b/")
    assert done.code == 0
    assert "cd 'a b' && reconciler plan" in done.out
    assert "cd 'a b' && reconciler import --all --target production" in done.out
    assert "copy a b/projects/_example.yaml to" in done.out
    assert (repository / "a b" / "reconciler.toml").is_file()
    assert (repository / ".github/workflows/reconciler-plan.yml").is_file()
    assert 'working-directory: "a b"' in (repository / ".github/workflows/reconciler-plan.yml").read_text()


def test_a_place_that_cannot_be_written(cli: Cli, repository: Path) -> None:
    (repository / "file").write_text("")
    done = cli("init", "file/below")
    assert done.code == 1
    assert "cannot be written: Not a directory" in done.err
    (repository / ".github").write_text("")
    done = cli("init")
    assert done.code == 1
    assert "The files that were already written are kept." in done.err
    assert os.path.exists(repository / "reconciler.toml")


def test_what_the_jobs_install(cli: Cli, repository: Path) -> None:
    action = repository / ".github" / "actions" / "reconciler"
    refused = cli("init", "--from", "scale-reconciler")
    assert refused.code == 1
    assert "error[usage]: --from cannot be used: the requirement has no exact version" in refused.err
    assert not (repository / "reconciler.toml").exists()
    sha = "ab" * 32
    done = cli("init", "--from", f"scale-reconciler==0.1.0 --hash=sha256:{sha}")
    assert done.code == 0
    assert "The jobs install scale-reconciler==0.1.0\n" in done.out
    assert (action / "reconciler.lock").read_text() == f"scale-reconciler==0.1.0 \\\n    --hash=sha256:{sha}\n"
    assert '--requirement "$locks/reconciler.lock"' in (action / "action.yml").read_text()
    for file in action.iterdir():
        file.unlink()
    assert cli("init").code == 0
    assert f"uv install --no-deps --no-build-isolation '{PIN.requirement}'" in (action / "action.yml").read_text()
    assert not (action / "reconciler.lock").exists()


def test_a_source_on_this_machine(cli: Cli, repository: Path) -> None:
    done = cli("init", "--from", f"git+file:///srv/reconciler.git@{'ab' * 20}")
    assert done.code == 0
    assert "warning[local-source]: only a runner on this machine can install this version of reconciler" in done.err


def test_without_anything_to_install_there_is_no_job(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> Pin | Unpinned:
        return Unpinned("the hash is unknown", "Say what.")

    monkeypatch.setattr(pin, "own_pin", nothing)
    done = cli("init")
    assert done.code == 0
    assert "warning[no-jobs]: no workflow was written: the hash is unknown" in done.err
    assert not (repository / ".github").exists()
    assert (repository / "reconciler.toml").is_file()


def workflow(repository: Path, name: str) -> Any:
    return yaml.load((repository / ".github/workflows" / name).read_text("utf-8"), yaml.BaseLoader)


def test_the_branch_and_the_manifest_folder_that_are_there(cli: Cli, repository: Path) -> None:
    """runatlantis/atlantis#158: what starts a job must be what the job reads."""
    git(repository, "checkout", "-q", "-b", "trunk")
    (repository / "reconciler.toml").write_text('manifests = "labels/all"\n')
    (repository / "projects").rmdir()
    done = cli("init")
    assert "The jobs apply changes that are merged into trunk." in done.out
    assert "copy labels/all/_example.yaml" in done.out
    assert not (repository / "projects").exists()
    apply = workflow(repository, "reconciler-apply.yml")
    assert apply["on"]["push"] == {"branches": ["trunk"]}
    assert apply["jobs"]["changes"]["if"] == "github.ref == 'refs/heads/trunk'"
    assert apply["jobs"]["apply"]["steps"][0]["with"]["ref"] == "trunk"
    settings = json.loads((repository / ".vscode/settings.json").read_text())
    assert "/labels/all/**/*.yaml" in settings["yaml.schemas"]["./labels/all/_schema.json"]
    assert settings["yaml.format.enable"] is False
    assert "/labels/all/**/*.yaml\n" in (repository / ".prettierignore").read_text()
    assert "/labels/all/\n" in (repository / ".yamllint").read_text()


def test_settings_of_yamllint_are_kept(cli: Cli, repository: Path) -> None:
    (repository / ".yamllint.yaml").write_text("extends: relaxed\n")
    cli("init")
    assert not (repository / ".yamllint").exists()
    assert (repository / ".yamllint.yaml").read_text() == "extends: relaxed\n"


def test_the_default_branch_of_origin_not_the_one_that_is_checked_out(cli: Cli, repository: Path) -> None:
    commit_all(repository)
    git(repository, "update-ref", "refs/remotes/origin/it's+mine", "HEAD")
    git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/it's+mine")
    git(repository, "checkout", "-q", "-b", "add-reconciler")
    assert "merged into it's+mine." in cli("init").out
    apply = workflow(repository, "reconciler-apply.yml")
    assert apply["on"]["push"] == {"branches": [r"it's\+mine"]}
    assert apply["jobs"]["changes"]["if"] == "github.ref == 'refs/heads/it''s+mine'"


def test_a_branch_that_git_does_not_name(cli: Cli, repository: Path) -> None:
    commit_all(repository)
    git(repository, "checkout", "-q", "--detach")
    assert "merged into main (a guess, because git does not name a branch)." in cli("init").out


def test_outside_git(cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("outside")
    monkeypatch.chdir(folder)
    assert "merged into main (a guess, because git does not name a branch)." in cli("init").out
    assert (folder / ".github/workflows/reconciler-plan.yml").is_file()


def test_a_configuration_in_a_folder(cli: Cli, repository: Path) -> None:
    """The workflows are at the top, where GitHub looks for them."""
    (repository / "deep" / "down").mkdir(parents=True)
    done = cli("-C", "deep/down", "init")
    assert "  + reconciler.toml\n" in done.out
    assert "  + ../../.github/workflows/reconciler-plan.yml\n" in done.out
    assert (repository / "deep/down/reconciler.toml").is_file()
    assert not (repository / "deep/down/.github").exists()
    for name, jobs in (("plan", ("validate", "plan")), ("apply", ("changes", "apply")), ("drift", ("drift",))):
        for job in jobs:
            step = workflow(repository, f"reconciler-{name}.yml")["jobs"][job]["steps"][-1]
            assert step["with"]["working-directory"] == "deep/down"


def test_a_configuration_above_is_the_one(cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "reconciler.toml").touch()
    (repository / "projects" / "team").mkdir()
    for folder in ("projects", "projects/team"):
        monkeypatch.chdir(repository / folder)
        assert cli("init").code == 0
        assert cli("init", ".").code == 0
    assert sorted(os.listdir(repository / "projects")) == ["_example.md", "_example.yaml", "_schema.json", "team"]
    assert os.listdir(repository / "projects" / "team") == []


def test_a_configuration_in_pyproject(cli: Cli, repository: Path) -> None:
    (repository / "pyproject.toml").write_text('[tool.reconciler]\nmanifests = "labels"\n')
    assert "pyproject.toml already exists" in cli("init").out
    assert not (repository / "reconciler.toml").exists()
    assert (repository / "labels/_example.yaml").is_file()
    assert cli("validate").code == 0


def test_a_mistake_in_the_configuration(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text("manifest = 1\n")
    done = cli("init")
    assert done.code == 1
    assert "reconciler.toml:1:1: error" in done.err
    assert not (repository / ".github").exists()


def groups(repository: Path, suffix: str) -> list[str]:
    return [
        workflow(repository, f"reconciler-plan{suffix}.yml")["concurrency"]["group"],
        workflow(repository, f"reconciler-apply{suffix}.yml")["jobs"]["apply"]["concurrency"]["group"],
        workflow(repository, f"reconciler-drift{suffix}.yml")["concurrency"]["group"],
    ]


def test_a_second_configuration_folder(cli: Cli, repository: Path) -> None:
    """Groups are one name space in a repository: copies of a workflow would cancel each other."""
    assert cli("init", "team-a").code == 0
    done = cli("init", "team-b")
    for suffix in ("", "-team-b"):
        plan = workflow(repository, f"reconciler-plan{suffix}.yml")["jobs"]["plan"]["steps"][-1]
        assert plan["with"]["artifact"] == f"reconciler-plan{suffix}"
    assert "  + .github/workflows/reconciler-plan-team-b.yml" in done.out
    assert ".github/actions/reconciler/action.yml already exists" in done.out
    assert not set(groups(repository, "")) & set(groups(repository, "-team-b"))
    assert workflow(repository, "reconciler-plan-team-b.yml")["name"] == "reconciler plan team-b"
    assert workflow(repository, "reconciler-plan-team-b.yml")["jobs"]["validate"]["name"] == "validate team-b"
    for folder in ("team-a", "team-b"):
        assert cli("init", folder).last == "Nothing to do: every file already exists."
    # Two folders whose names would make one.
    assert cli("init", "x/y").code == 0
    assert cli("init", "x-y").code == 0
    assert len(list((repository / ".github/workflows").iterdir())) == 12
    assert cli("init", "x-y").last == "Nothing to do: every file already exists."


def test_an_action_that_is_there_needs_no_pin(cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("init", "team-a").code == 0
    monkeypatch.setattr(pin, "own_pin", refused)
    assert cli("init", "team-b").code == 0
    assert (repository / ".github/workflows/reconciler-plan-team-b.yml").is_file()
    assert cli("-C", "team-a", "init").code == 0


def test_a_pin_that_is_refused(cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin, "own_pin", refused)
    before = sorted(os.listdir(repository))
    done = cli("init")
    assert (done.code, done.out) == (1, "")
    assert "error[usage]: the clone has changes" in done.err
    assert sorted(os.listdir(repository)) == before


def test_two_folders_that_are_configured_already(cli: Cli, repository: Path) -> None:
    for folder in ("team-a", "team-b"):
        (repository / folder).mkdir()
        (repository / folder / "reconciler.toml").touch()
    assert cli("-C", "team-a", "init").code == 0
    assert cli("-C", "../team-b", "init").code == 0
    assert sorted(file.name for file in (repository / ".github/workflows").iterdir()) == [
        f"reconciler-{name}-{folder}.yml" for name in ("apply", "drift", "plan") for folder in ("team-a", "team-b")
    ]


def test_a_workflow_of_another_tool_is_not_taken_for_ours(cli: Cli, repository: Path) -> None:
    (repository / ".github/workflows").mkdir(parents=True)
    (repository / ".github/workflows/plan.yml").write_text("name: terraform\n")
    assert "  + .github/workflows/reconciler-plan.yml" in cli("init").out
    assert (repository / ".github/workflows/plan.yml").read_text() == "name: terraform\n"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("git@github.com:o/r.git", None),
        ("https://github.com/o/r", None),
        ("ssh://git@ssh.github.com:443/o/r", None),
        ("https://octo.ghe.com/o/r", None),
        ("https://gitlab.com/o/r", None),
        ("/srv/r.git", None),
        ("git@git.example.org:o/r.git", "git.example.org"),
        ("https://Git.Example.org:8443/o/r", "git.example.org"),
    ],
)
def test_github_enterprise_server(cli: Cli, repository: Path, url: str, host: str | None) -> None:
    """It has no `queue`, and no runners of GitHub's."""
    git(repository, "remote", "add", "origin", url)
    done = cli("init")
    text = (repository / ".github/workflows/reconciler-apply.yml").read_text()
    action = (repository / ".github/actions/reconciler/action.yml").read_text()
    plan = (repository / ".github/workflows/reconciler-plan.yml").read_text()
    features = ("queue:" in text, "runs-on: ubuntu" in text, "artifact" in action, "artifact" in plan)
    assert set(features) == {host is None}
    assert "#@" not in action + plan + text
    assert ("appears to be a GitHub Enterprise Server" in done.out) == (host is not None)
    if host is not None:
        assert f"\n{host} appears to be" in done.out
        assert "`queue: max`" in done.out
        assert "The artifact" in done.out


def test_dependabot_with_its_other_name(cli: Cli, repository: Path) -> None:
    (repository / ".github").mkdir()
    (repository / ".github/dependabot.yaml").touch()
    assert ".github/dependabot.yaml already exists" in cli("init").out
    assert not (repository / ".github/dependabot.yml").exists()


def test_doctor_says_whether_the_workflows_fit(cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "workflows" not in cli("doctor").out
    monkeypatch.setattr("reconciler.doctor.checks.own_pin", lambda: PIN)
    assert cli("init").code == 0
    fits = "ok       workflows      The workflows fit the repository. On GitHub, they need the environments production"
    assert f"{fits} and production-approval." in cli("doctor").out
    file = repository / ".github/workflows/reconciler-apply.yml"
    file.write_text(file.read_text().replace("branches: [main]", "branches: [master]"))
    said = cli("doctor").out
    assert "warning  workflows      .github/workflows/reconciler-apply.yml applies changes merged into master" in said
    # A clone with changes: no commit has what runs here, so there is nothing to compare.
    monkeypatch.setattr("reconciler.doctor.checks.own_pin", refused)
    assert "The jobs install" not in cli("doctor").out


def refused() -> Pin:
    raise UsageError("the clone has changes")


def test_each_suggested_setting_works_where_it_is(cli: Cli, repository: Path) -> None:
    cli("init")
    file = repository / "reconciler.toml"
    suggested = [line for line in file.read_text().split("\n") if line.startswith("# ") and " = " in line]
    assert suggested == ['# sensitive = ["params.callback_url"]']
    for line in suggested:
        file.write_text(file.read_text().replace(line, line.removeprefix("# ")))
    assert cli("validate").err == ""
