"""The example for GitLab in docs/ci.md: its commands, in a clone as GitLab's runner makes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import yaml

from tests.repositories import commit_all, git
from tests.workflows.own import ROOT

GUIDE = (ROOT / "docs" / "ci.md").read_text("utf-8")
JOBS: dict[str, Any] = yaml.safe_load(GUIDE.split("```yaml\n# .gitlab-ci.yml\n")[1].split("```")[0])

RECONCILER = '#!/bin/sh\necho "$@ at $(git rev-parse HEAD)"\n'
PYTHON = """\
#!/bin/sh
# Stands for Python: an environment is a folder with this same script, and what it installs is listed.
if [ "$1 $2 $3" = "-I -m venv" ]; then mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && exit; fi
echo "$(pwd): $*" >> "$LIST"
"""


def play(job: str, clone: Path, **variables: str) -> str:
    """The script of a job, in one shell with what comes before it, as there."""
    tools = clone.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in (("reconciler", RECONCILER), ("python", PYTHON)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    lines = [*JOBS[JOBS[job]["extends"]]["before_script"], *JOBS[job]["script"]]
    text = "\n".join(lines).replace("/opt/reconciler", str(clone.parent / "installed"))
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "LIST": str(clone.parent / "list")}
    environment |= {"CI_PROJECT_DIR": str(clone), **variables}
    done = subprocess.run(
        ["sh", "-e", "-c", text], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_retried_job_applies_the_branch_as_it_is_now(remote: Path, clone: Path) -> None:
    first = commit_all(clone)
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/main")
    newest = commit_all(clone, "second")
    git(clone, "push", "-q", "origin", "HEAD:refs/heads/main")
    git(clone, "checkout", "-q", "--detach", first)
    said = play(
        "apply",
        clone,
        RECORD_TOKEN="t",
        CI_SERVER_HOST="git.example.org",
        CI_PROJECT_PATH="o/r",
        CI_COMMIT_BRANCH="main",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{remote}.insteadOf",
        GIT_CONFIG_VALUE_0="https://token:t@git.example.org/o/r.git",
    )
    assert said.splitlines() == [
        f"apply --target production --pending --auto-approve at {newest}",
        f"snapshot --target production --publish at {newest}",
    ]


def test_what_a_job_installs(clone: Path) -> None:
    """By the lock that `init` writes, and outside of the checkout."""
    commit_all(clone)
    assert "--report plan.html" in play("plan", clone)
    installed = clone.parent / "installed"
    lock = clone / ".github/actions/reconciler/action.lock"
    pip = f"{installed}: -I -m pip install --quiet"
    assert (clone.parent / "list").read_text().splitlines() == [
        f"{pip} --require-hashes --requirement {lock}",
        f"{pip} --no-deps --no-build-isolation scale-reconciler @ git+https://HOST/REPOSITORY@COMMIT",
    ]


def test_validate_reports_to_the_merge_request(clone: Path) -> None:
    (clone / "projects").mkdir()
    (clone / "projects/bad.yaml").write_text("name: bad\ntype: chat\nparms: {}\n")
    script = "\n".join(JOBS["validate"]["script"])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-e", "-c", script], cwd=clone, env={**os.environ, "PATH": path}, check=False)
    assert done.returncode == 1
    [problem] = json.loads((clone / "quality.json").read_text())
    assert (problem["check_name"], problem["severity"]) == ("unknown-key", "critical")
    assert problem["location"] == {"path": "projects/bad.yaml", "lines": {"begin": 3}}
    assert len(problem["fingerprint"]) == 64
    suite = fromstring((clone / "validate.xml").read_text())[0]
    assert [case.attrib["name"] for case in suite.findall("testcase[failure]")] == ["bad"]
    assert set(JOBS["validate"]["artifacts"]["reports"].values()) == {"validate.xml", "quality.json"}
