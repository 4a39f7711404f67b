"""Runs our workflows' steps as GitHub would, as far as they go: real shells in a real clone, with GitHub's variables.

Not GitHub: checkout is done by git, setting up Python by nothing, and installing by a `python` that makes an
environment whose `reconciler` is the one under test. Permissions are not enforced, but a secret is only there for a job
whose environment holds it, and that only on main.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import preloaded
from tests.workflows.expressions import condition, fill_in

_PYTHON = """\
#!/bin/sh
# Stands for the interpreter that setup-python brings. It needs no network to install uv, or to make an environment.
case "$1 $2 $3 $4" in
"-I -m pip install") into=$PWD/uv/bin name=uv runs='[ "$1" = pip ]' ;;
"-I -m venv --without-pip") into=$PWD/$5/bin name=reconciler runs='{reconciler}' ;;
*) exec "{python}" "$@" ;;
esac
mkdir -p "$into"
printf '#!/bin/sh\\n%s\\n' "$runs" > "$into/$name"
chmod +x "$into/$name"
"""


@dataclass
class Step:
    """The result of one step that has a `run`."""

    name: str
    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


@dataclass
class JobRun:
    """`outcome` is success, failure or skipped."""

    name: str
    outcome: str = "success"
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return "\n".join(f"--- {step.name} ({step.code})\n{step.out}{step.err}" for step in self.steps)

    @property
    def summary(self) -> str:
        return "".join(step.summary for step in self.steps)

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


@dataclass
class Runner:
    """One repository on GitHub: its bare `remote`, variables of the server, secrets by environment."""

    remote: Path
    folder: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]]
    token: str
    private: bool = True
    branch: str = "main"
    vars: Mapping[str, str] = field(default_factory=dict)
    _number: int = 0

    def run(
        self,
        workflow: str,
        event: str,
        payload: dict[str, Any],
        *,
        ref: str,
        sha: str,
        inputs: Mapping[str, Any] | None = None,
    ) -> dict[str, JobRun]:
        """The jobs of one run of a workflow, as it is in `sha`, each after those that it needs."""
        payload = {**payload, "repository": {"private": self.private, "default_branch": self.branch}}
        text = self._git("show", f"{sha}:.github/workflows/{workflow}")
        content = yaml.safe_load(text)
        runs: dict[str, JobRun] = {}
        for name, job in content["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            runs[name] = self._job(name, job, event, payload, ref, sha, inputs or {}, [runs[one] for one in needs])
        return runs

    def _job(
        self,
        name: str,
        job: dict[str, Any],
        event: str,
        payload: dict[str, Any],
        ref: str,
        sha: str,
        inputs: Mapping[str, Any],
        needs: list[JobRun],
    ) -> JobRun:
        done = JobRun(name)
        contexts: dict[str, Any] = {
            "github": {"event": payload, "event_name": event, "ref": ref, "token": self.token},
            "needs": {one.name: {"outputs": one.outputs} for one in needs},
            "inputs": inputs,
            "vars": self.vars,
            "secrets": self._secrets(job, ref),
            "steps": {},
        }
        well = all(one.outcome == "success" for one in needs)
        if not condition(job.get("if", "success()"), contexts, _functions(well)):
            done.outcome = "skipped"
            return done
        self._number += 1
        machine = _Machine(self, self.folder / f"job{self._number}", event, payload, ref, sha)
        machine.steps(job["steps"], contexts, done)
        wanted = job.get("outputs", {}).items()
        done.outputs = {key: fill_in(str(text), contexts, _functions(well)) for key, text in wanted}
        return done

    def _secrets(self, job: dict[str, Any], ref: str) -> Mapping[str, str]:
        environment = job.get("environment", "")
        return self.secrets.get(environment, {}) if ref == f"refs/heads/{self.branch}" else {}

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.remote, capture_output=True, text=True, check=True)
        return done.stdout


class _Machine:
    """A new machine for one job."""

    def __init__(self, runner: Runner, folder: Path, event: str, payload: dict[str, Any], ref: str, sha: str) -> None:
        self.runner = runner
        self.ref, self.sha = ref, sha
        self.workspace = folder / "work"
        self.temporary = folder / "temp"
        tools = folder / "tools"
        for one in (self.workspace, self.temporary, tools, folder / "home"):
            one.mkdir(parents=True)
        (tools / "python").write_text(_PYTHON.format(python=sys.executable, reconciler=preloaded.command()))
        (tools / "python").chmod(0o755)
        event_file = folder / "event.json"
        event_file.write_text(json.dumps(payload))
        self.environment = {
            **runner.variables,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_REF": ref,
            "GITHUB_REF_NAME": ref.removeprefix("refs/heads/"),
            "GITHUB_SHA": sha,
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
            "HOME": str(folder / "home"),
            "PATH": f"{tools}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
        }

    def steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any], done: JobRun, folder: str = "") -> None:
        """Runs steps in order; after a failure, those alone whose `if` asks for it."""
        for step in steps:
            functions = _functions(done.outcome == "success")
            if not condition(step.get("if", "success()"), contexts, functions):
                continue
            given = {key: fill_in(str(text), contexts, functions) for key, text in step.get("with", {}).items()}
            uses = step.get("uses", "")
            if uses.startswith("actions/checkout@"):
                self._check_out(given)
            elif uses.startswith("./"):
                outputs = self._composite(uses, given, contexts, done)
                contexts["steps"][step.get("id", "")] = {"outputs": outputs}
            elif "run" in step:
                self._shell(step, contexts, done, folder)
            elif uses.startswith("actions/upload-artifact@"):
                file = Path(given["path"])
                if file.exists():
                    done.artifacts[given["name"]] = file.read_text("utf-8")
                    address = f"https://github.com/o/r/actions/runs/1/artifacts/{len(done.artifacts)}"
                    contexts["steps"][step.get("id", "")] = {"outputs": {"artifact-url": address}}
            else:
                assert uses.startswith("actions/setup-python@"), uses

    def _composite(self, uses: str, given: Mapping[str, str], contexts: dict[str, Any], done: JobRun) -> dict[str, str]:
        folder = self.workspace / uses
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        functions = _functions(True)
        inputs = {
            name: given.get(name, fill_in(str(reported.get("default", "")), contexts, functions))
            for name, reported in action["inputs"].items()
        }
        assert set(given) <= set(inputs)
        # An action sees its inputs, and neither secrets nor variables.
        runner = {"temp": str(self.temporary)}
        inner = {"github": contexts["github"], "runner": runner, "inputs": inputs, "steps": {}}
        self.steps(action["runs"]["steps"], inner, done, str(folder))
        outputs = action["outputs"].items()
        return {name: fill_in(str(reported["value"]), inner, functions) for name, reported in outputs}

    def _shell(self, step: dict[str, Any], contexts: dict[str, Any], done: JobRun, action: str) -> None:
        functions = _functions(done.outcome == "success")
        files = {
            name: self.temporary / f"{name}-{len(done.steps)}" for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")
        }
        for file in files.values():
            file.touch()
        environment = {
            **self.environment,
            **{f"GITHUB_{name}": str(file) for name, file in files.items()},
            **({"GITHUB_ACTION_PATH": action} if action else {}),
            **{key: fill_in(str(text), contexts, functions) for key, text in step.get("env", {}).items()},
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
        here = self.workspace / fill_in(step.get("working-directory", "."), contexts, functions)
        ran = subprocess.run(
            [*shell, "-c", step["run"]], cwd=here, env=environment, capture_output=True, text=True, check=False
        )
        outputs = read_outputs(files["OUTPUT"].read_text("utf-8"))
        done.steps.append(
            Step(
                step["name"], ran.returncode, ran.stdout, ran.stderr, outputs, files["STEP_SUMMARY"].read_text("utf-8")
            )
        )
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": outputs}
        if ran.returncode:
            done.outcome = "failure"

    def _check_out(self, given: Mapping[str, str]) -> None:
        """As actions/checkout: one commit, or with a depth of 0 all branches; no other refs, no credentials."""
        assert given["persist-credentials"] == "False"
        git("init", "-q", "-b", "main", ".", folder=self.workspace)
        git("remote", "add", "origin", str(self.runner.remote), folder=self.workspace)
        if given.get("fetch-depth") == "0":
            git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", folder=self.workspace)
        else:
            git("fetch", "-q", "--depth=1", "origin", self.sha, folder=self.workspace)
        ref = given.get("ref")
        commit = git("rev-parse", f"refs/remotes/origin/{ref}", folder=self.workspace) if ref else self.sha
        git("checkout", "-q", "--detach", commit, folder=self.workspace)


def _functions(well: bool) -> dict[str, Any]:
    return {"success": lambda: well, "cancelled": lambda: False, "always": lambda: True, "failure": lambda: not well}


def read_outputs(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT: `k=v`, or `k<<D`, lines, `D`."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if "<<" in line and "=" not in line.split("<<")[0]:
            name, end = line.split("<<", 1)
            held = []
            for inner in lines:
                if inner == end:
                    break
                held.append(inner)
            found[name] = "\n".join(held)
        elif line:
            name, _, text_of = line.partition("=")
            found[name] = text_of
    return found


def git(*arguments: str, folder: Path) -> str:
    """git, which must succeed; nothing of this machine's configuration."""
    environment = {
        **os.environ,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{
            f"GIT_{role}_{part}": "person@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
        },
    }
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
