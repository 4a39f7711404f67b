"""What docs/ci.md says, carried out: in an empty repository, and in one that has its own branch, folders, and texts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from tests.cli.processes import finished
from tests.forge.github.double import Github, served
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve
from tests.workflows.hub import Hub
from tests.workflows.own import ROOT
from tests.workflows.runner import JobRun, git

pytestmark = pytest.mark.untraced

Stage = tuple[Github, Dashboard, str]

GUIDE = (ROOT / "docs" / "ci.md").read_text("utf-8")
FIVE_MINUTES = re.findall(r"(?ms)^\d\. (.*?)(?=^\d\. |\n\n)", GUIDE.split("## Five minutes on GitHub")[1])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """GitHub, an account without projects, and its endpoint."""
    with serve(create_app(tmp_path / "account.db")) as port, served(Github()) as github:
        yield github, Dashboard(tmp_path / "account.db"), f"http://127.0.0.1:{port}/v1"


def outcomes(runs: dict[str, JobRun]) -> dict[str, str]:
    return {name: run.outcome for name, run in runs.items()}


def test_an_empty_repository_is_green_at_every_step(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github, store, endpoint = stage
    init, manifest, environments, push, pull_request = FIVE_MINUTES

    assert "`reconciler init`" in init
    hub = Hub(tmp_path, github, store, endpoint)

    assert "copy `projects/_example.yaml` to `projects/NAME.yaml`" in " ".join(manifest.split())
    shutil.copy(hub.clone / "projects/_example.yaml", hub.clone / "projects/kittens.yaml")
    assert "`reconciler plan`" in manifest
    monkeypatch.chdir(hub.clone)
    code, out, err = finished("plan")
    assert (code, out.rstrip().rsplit("\n", 1)[-1]) == (0, "Plan: 1 to add, 0 to change, 0 to destroy."), err

    assert "add the secret `SCALE_API_KEY`" in environments
    assert set(re.findall(r"^ +- `([\w-]+)`:", environments, re.M)) == {"production", "production-approval"}
    assert set(hub.runner.secrets) == {"production"}

    assert "Commit everything, and push it to that branch." in push
    first = hub.begin("Everything that init wrote")
    assert set(outcomes(first).values()) == {"success"}, first["apply"].said
    assert "1 added" in first["apply"].said
    assert "refs/reconciler/snapshot/production" in hub.refs()

    assert "Open a pull request that changes a manifest. The comment with the plan appears" in pull_request
    hub.branch("kittens")
    text = (hub.clone / "projects/kittens.yaml").read_text()
    hub.write("projects/kittens.yaml", text.replace("min_width: 10", "min_width: 20"))
    runs = hub.pull_request(1, "Wider")
    assert outcomes(runs) == {"validate": "success", "plan": "success"}, runs["plan"].said
    assert "0 to add, 1 to change, 0 to destroy" in hub.comment(1)
    assert (
        "[The page](https://github.com/o/r/actions/runs/1/artifacts/1) shows every change. It is kept" in hub.comment(1)
    )
    assert "<html" in runs["plan"].artifacts["reconciler-plan"]


def test_a_push_before_there_is_a_manifest_asks_for_nothing(stage: Stage, tmp_path: Path) -> None:
    hub = Hub(tmp_path, *stage)
    assert outcomes(hub.begin("Only what init wrote")) == {
        "changes": "success",
        "approval": "skipped",
        "apply": "skipped",
    }


def test_a_branch_folders_and_texts_of_its_own(stage: Stage, tmp_path: Path) -> None:
    """On trunk, with manifests two levels down, texts elsewhere, and two teams, of which one has a sparse clone."""
    github, store, endpoint = stage
    config = 'manifests = "data/labeling"\n[targets.production]\nrecord = "origin"\n'
    hub = Hub(tmp_path, github, store, endpoint, branch="trunk", config=config)
    assert not (hub.clone / "projects").exists()
    for team in ("team-a", "team-b"):
        hub.write(f"shared/{team}.md", "Label.\n")
        text = "params: {instruction: {$file: ../../../shared/TEAM.md}}\n".replace("TEAM", team)
        hub.write(f"data/labeling/{team}/{team}.yaml", f"name: {team}\ntype: imageannotation\n{text}")
    first = hub.begin("Two teams")
    assert set(outcomes(first).values()) == {"success"}, first["apply"].said

    # A text outside of the manifest folder, changed in a sparse clone: it is planned, and its merge is applied.
    git("sparse-checkout", "set", "data/labeling/team-b", "shared", folder=hub.clone)
    assert not (hub.clone / "data/labeling/team-a").exists()
    hub.branch("clearer")
    hub.write("shared/team-b.md", "Label every cat.\n")
    runs = hub.pull_request(1, "Clearer")
    assert outcomes(runs) == {"validate": "success", "plan": "success"}, runs["plan"].said
    assert '+ instruction = "Label every cat."' in hub.comment(1)
    runs = hub.apply(*hub.merge(1))
    assert outcomes(runs) == {"changes": "success", "approval": "success", "apply": "success"}, runs["apply"].said
    assert "shared/team-b.md, which a plan reads, has changed." in runs["changes"].said
    assert [one["instruction"] for one in hub.params("team-b")] == ["Label.", "Label every cat."]
    assert len(hub.params("team-a")) == 1

    # Nothing that a plan reads: nobody is asked, and nothing is applied.
    hub.branch("readme")
    hub.write("README.md", "Read me.\n")
    hub.commit("Read me")
    runs = hub.apply(*hub.merge(2))
    assert outcomes(runs) == {"changes": "success", "approval": "skipped", "apply": "skipped"}
    assert "No file that a plan reads has changed." in runs["changes"].said

    # A merge queue waits for the required check, and for no plan.
    newest = git("rev-parse", hub.ref, folder=hub.remote)
    queue = "refs/heads/gh-readonly-queue/trunk/pr-3"
    runs = hub.runner.run("reconciler-plan.yml", "merge_group", {}, ref=queue, sha=newest)
    assert outcomes(runs) == {"validate": "success", "plan": "skipped"}, runs["validate"].said
    drift = hub.drift()
    assert drift.outcome == "success", drift.said
