"""Workflows that do not fit the repository: each would fail, or do nothing, without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.doctor.workflows import find_misfits, read_workflows
from reconciler.operations.init import lay_out_repository
from reconciler.operations.pin import read_pin
from reconciler.settings import read_settings
from tests.repositories import commit_all, git
from tests.workflows.own import PIN

APPLY = ".github/workflows/reconciler-apply.yml"
PLAN = ".github/workflows/reconciler-plan.yml"
DRIFT = ".github/workflows/reconciler-drift.yml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Laid out by init, on trunk."""
    git(tmp_path, "init", "-q", "-b", "trunk", ".")
    lay_out_repository(tmp_path, PIN)
    return tmp_path


def edit(repository: Path, file: str, old: str, new: str) -> None:
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new))


def misfits(folder: Path, pinned: str | None = PIN.short) -> list[str]:
    settings = read_settings(folder)
    found = read_workflows(settings.git_root)
    assert found.steps
    return [message for message, remedy in find_misfits(found, settings, pinned) if remedy]


def test_what_init_writes_fits(repository: Path) -> None:
    assert misfits(repository) == []
    assert read_workflows(repository).environments == ("production", "production-approval")
    lay_out_repository(repository / "deep/down", PIN, named=True)
    assert misfits(repository) == []
    assert misfits(repository / "deep/down") == []


def test_the_branch(repository: Path) -> None:
    commit_all(repository)
    git(repository, "checkout", "-q", "-b", "feature")
    assert misfits(repository) == []
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    wrong = f"{APPLY} applies changes merged into trunk, but the default branch is main."
    assert misfits(repository) == [wrong]
    git(repository, "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    edit(repository, APPLY, "branches: [trunk]", "branches: [gone]")
    assert misfits(repository) == [f"{APPLY} applies changes merged into gone, but the default branch is feature."]
    edit(repository, APPLY, "branches: [gone]", 'branches: ["release/*"]')
    assert misfits(repository) == []


def test_a_filter_by_path(repository: Path) -> None:
    edit(repository, PLAN, "  pull_request:\n", '  pull_request:\n    paths: ["projects/**"]\n')
    assert misfits(repository) == [
        f"{PLAN} has a path filter, so a change elsewhere does not start it, even if a manifest uses the changed file."
    ]


def test_two_workflows_for_one_thing(repository: Path) -> None:
    """As after a change of their names."""
    (repository / ".github/workflows/plan.yml").write_text((repository / PLAN).read_text())
    both = f".github/workflows/plan.yml and {PLAN} run reconciler plan for the same projects"
    assert misfits(repository) == [f"{both}, and interfere with each other."]
    edit(repository, ".github/workflows/plan.yml", "command: plan\n", "command: plan\n          names: projects/a\n")
    assert misfits(repository) == []


def test_folders(repository: Path) -> None:
    (repository / "labeling").mkdir()
    (repository / "labeling/reconciler.toml").touch()
    assert misfits(repository / "labeling") == [
        "No workflow runs in labeling, where this configuration is. The workflows run in the top of the repository."
    ]
    edit(repository, DRIFT, "command: drift\n", "command: drift\n          working-directory: moved\n")
    assert misfits(repository) == ["The workflows run in folders that do not exist: moved."]


def test_targets(repository: Path) -> None:
    edit(repository, PLAN, "command: plan\n", "command: plan\n          target: staging\n")
    assert misfits(repository) == ["The workflows name the target staging, which is not configured."]
    (repository / "reconciler.toml").write_text("[targets.staging]\nendpoint = 'https://api.scale.com/v1'\n")
    assert misfits(repository) == [
        "The record of production is local, so it is lost when a job's machine is discarded."
    ]


def test_environments(repository: Path) -> None:
    edit(repository, DRIFT, "    environment: production\n", "")
    assert misfits(repository) == [f"In {DRIFT}, the job drift has the API key but does not use an environment."]
    edit(repository, APPLY, "environment: production\n", "environment: {name: live}\n")
    assert read_workflows(repository).environments == ("live", "production-approval")


def test_what_the_jobs_install(repository: Path) -> None:
    other = "scale-reconciler==9.9.9"
    assert misfits(repository, other) == [f"The jobs install {PIN.short}, but the running reconciler is {other}."]
    assert misfits(repository, None) == []
    for file in (repository / ".github/actions/reconciler").iterdir():
        file.unlink()
    lay_out_repository(repository, read_pin(f"{other} --hash=sha256:{'ab' * 32}"))
    assert misfits(repository, other) == []


def test_workflows_of_others(tmp_path: Path) -> None:
    """They are not ours to judge, whatever is in them."""
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    assert read_workflows(tmp_path).steps == ()
    (folder / "plan.yml").write_text("on: push\njobs: {plan: {steps: [{uses: hashicorp/setup-terraform@v3}]}}\n")
    (folder / "broken.yml").write_text("on: [\n")
    (folder / "odd.yaml").write_text("- on\n- 1\n")
    (folder / "notes.txt").write_text("on: push\n")
    (folder / "latin.yml").write_bytes(b"name: \xe9\n")
    (folder / "out.yml").symlink_to("/etc/hostname")
    assert read_workflows(tmp_path).steps == ()
    (folder / "ours.yml").write_text(
        "on: [push]\njobs:\n  a:\n    steps:\n    - {uses: o/reconciler@1, with: {command: plan, target: t}}\n"
    )
    [step] = read_workflows(tmp_path).steps
    assert (step.command, step.target, step.folder, step.action, step.environment) == ("plan", "t", ".", None, "")
