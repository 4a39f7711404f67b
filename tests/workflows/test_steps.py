"""The shells of the action's steps: what they make of their inputs, and what becomes of a signal that they get."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.processes import LIMIT, gated
from tests.workflows.expressions import condition
from tests.workflows.own import ROOT

STEPS: dict[str, dict[str, Any]] = {
    step["name"]: step for step in yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
}
COMMANDS = {name: step["run"] for name, step in STEPS.items() if "bin/reconciler" in step.get("run", "")}
ALL = [*COMMANDS]

LISTENER = """\
#!/bin/sh
# Stands for reconciler: prints its arguments, and waits for a signal if it is asked to.
for argument in "$@"; do printf '%s\\n' "$argument"; done
[ -n "$WAIT" ] || exit "${CODE:-0}"
trap 'echo INT >> "$WAIT"; exit 130' INT
trap 'echo TERM >> "$WAIT"; exit 143' TERM
echo started > "$WAIT"
while :; do sleep 0.02; done
"""


@contextmanager
def shell(name: str, folder: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A step as the runner starts it; RUNNER_TEMP is `folder`. Its process is the shell."""
    script = folder / "step.sh"
    script.write_text(COMMANDS[name])
    environment = {
        **os.environ,
        "NAMES": "",
        "ALLOW": "",
        "EVERYTHING": "",
        "ID": "",
        "RUNNER_TEMP": str(folder),
        **variables,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """RUNNER_TEMP with the listener as reconciler, and the files that earlier steps leave."""
    listener = tmp_path / "reconciler" / "bin" / "reconciler"
    listener.parent.mkdir(parents=True)
    listener.write_text(LISTENER)
    listener.chmod(0o755)
    for name in ("changes.plan", "result.json"):
        (tmp_path / name).touch()
    return tmp_path


def arguments(name: str, folder: Path, **variables: str) -> list[str]:
    with shell(name, folder, **variables) as process:
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, err
    return out.splitlines()


@pytest.mark.parametrize("name", ["Validate", "Plan", "Apply", "Check for drift"])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        (" \n\t \r\n", []),
        ("cats", ["cats"]),
        ("cats dogs", ["cats", "dogs"]),
        ("\ncats", ["cats"]),
        ("cats\ndogs\n", ["cats", "dogs"]),
        ("cats\r\ndogs\r\n", ["cats", "dogs"]),
        ("  cats\t\tdogs  \n\n birds\v", ["cats", "dogs", "birds"]),
        ("team-* -x $(id) `id` 'a' \\", ["team-*", "-x", "$(id)", "`id`", "'a'", "\\"]),
    ],
)
def test_names_are_separated_by_any_whitespace(name: str, text: str, names: list[str], temporary: Path) -> None:
    """No name is dropped: a narrowing that loses one would be wider than what was asked for."""
    given = arguments(name, temporary, NAMES=text, SCALE_API_KEY="key")
    assert given[given.index("--") + 1 :] == names


def test_guards_are_separated_by_any_whitespace(temporary: Path) -> None:
    given = arguments("Apply", temporary, ALLOW="\nconflict\r\n near-name\t", SCALE_API_KEY="key")
    assert given[given.index("--pending") :] == ["--pending", "--allow", "conflict", "--allow", "near-name", "--"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ALL)
def test_a_signal_to_the_shell_reaches_reconciler(name: str, number: signal.Signals, temporary: Path) -> None:
    """hashicorp/setup-terraform#441: a runner that cancels a job signals the shell of the step alone."""
    heard = temporary / "heard"
    with shell(name, temporary, WAIT=str(heard), SCALE_API_KEY="key") as process:
        wait_until(lambda: heard.exists() and heard.read_text() == "started\n")
        process.send_signal(number)
        process.communicate(timeout=LIMIT)
    assert process.returncode != 0
    assert re.fullmatch(r"started\n(INT|TERM)\n", heard.read_text())


@pytest.mark.parametrize(("code", "ends"), [("0", 0), ("2", 0), ("1", 1), ("3", 1)])
def test_drift_does_not_fail_the_check(code: str, ends: int, temporary: Path) -> None:
    with shell("Check for drift", temporary, CODE=code) as process:
        out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == ends
    assert out.splitlines() == ["drift", "--report", str(temporary / "drift.json"), "--"]


def test_a_cancelled_apply_stops_and_leaves_its_result(tmp_path: Path) -> None:
    """suzuki-shunsuke/tfaction#1503: the tool behind the shell went on, and nothing was reported."""
    (tmp_path / "projects").mkdir()
    for name in ("alder", "birch", "cedar", "hazel"):
        (tmp_path / "projects" / f"{name}.yaml").write_text(f"name: {name}\ntype: imageannotation\n")
    (tmp_path / "reconciler.toml").write_text("[targets.production]\nparallelism = 2\n")
    reconciler = tmp_path / "reconciler" / "bin" / "reconciler"
    reconciler.parent.mkdir(parents=True)
    reconciler.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m reconciler "$@"\n')
    reconciler.chmod(0o755)
    with gated(tmp_path / "account" / "sandbox.db", "POST") as (gate, variables):
        with shell("Apply", tmp_path, **variables) as process:
            gate.wait_for(2)
            process.send_signal(signal.SIGINT)
            gate.open()
            out, err = process.communicate(timeout=LIMIT)
        assert process.returncode == 130, err
        assert gate.arrived == 2
    assert "2 not started." in out
    statuses = [project["status"] for project in json.loads((tmp_path / "result.json").read_text())["projects"]]
    assert statuses.count("not-started") == 2


@pytest.mark.parametrize(
    ("name", "command", "runs"),
    [
        ("Comment on the merged pull requests", "apply", True),
        ("Comment on the pull request", "plan", False),
        ("Update the drift issue", "drift", False),
        ("Update the pull request that adopts drift", "drift", False),
        ("Publish the snapshot", "apply", False),
    ],
)
def test_what_runs_after_a_cancel(name: str, command: str, runs: bool) -> None:
    """The result of an apply is reported in any case. A newer commit's run replaces a cancelled plan."""
    states = {"cancelled": True, "success": False, "failure": False, "always": True}
    functions = {state: lambda holds=holds: holds for state, holds in states.items()}
    contexts = {"inputs": {"command": command, "snapshot": "true"}}
    assert condition(STEPS[name]["if"], contexts, functions) == runs


@pytest.mark.parametrize("file", ["changes.plan", "plan.json"])
def test_the_comment_is_about_the_plan_or_why_there_is_none(file: str, temporary: Path) -> None:
    (temporary / "changes.plan").rename(temporary / file)
    given = arguments("Comment on the pull request", temporary, ID="a b", PAGE="https://x.y/1")
    plan = ["--plan", str(temporary / file), "--id", "a b"]
    assert given == ["github", "comment", *plan, "--page", "https://x.y/1", "--page-days", "14"]


@pytest.mark.parametrize(("token", "runs"), [("", False), ("ghs_app", True)])
def test_no_pull_request_is_kept_without_a_token_of_its_own(token: str, runs: bool, temporary: Path) -> None:
    name = "Update the pull request that adopts drift"
    contexts = {"inputs": {"command": "drift", "adopt-token": token}}
    assert condition(STEPS[name]["if"], contexts, {"cancelled": lambda: False}) == runs
    assert arguments(name, temporary, ID="a b") == ["github", "adopt-pull-request", "--id", "a b"]


def test_without_a_result_nothing_is_reported(temporary: Path) -> None:
    (temporary / "result.json").unlink()
    assert arguments("Comment on the merged pull requests", temporary) == []
    (temporary / "changes.plan").unlink()
    assert arguments("Comment on the pull request", temporary) == []


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("command", ["", "plann", "apply --auto-approve", "plan\napply"])
def test_a_command_that_no_step_carries_out_fails(command: str) -> None:
    done = check(command)
    assert done.returncode == 1
    assert done.stdout.startswith("::error::The action does not know this command.")


def test_every_command_that_a_step_carries_out_is_known() -> None:
    conditions = "".join(str(step.get("if", "")) for step in STEPS.values())
    commands = set(re.findall(r"inputs\.command == '(\w+)'", conditions))
    assert commands == {"validate", "plan", "changes", "apply", "drift"}
    assert [check(command).returncode for command in (*commands, "Plan")] == [0] * 6


def check(command: str) -> subprocess.CompletedProcess[str]:
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["Check the command"]["run"]]
    return subprocess.run(shell, env={"COMMAND": command}, capture_output=True, text=True, check=False)
