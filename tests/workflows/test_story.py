"""The life of a change as a team sees it: the steps of our workflows, one after the other, in real clones.

GitHub is a double, Scale the served sandbox; git, the shells and reconciler are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from tests.cli.conftest import live
from tests.forge.github.double import Github, served
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve
from tests.workflows.hub import KEY, Hub
from tests.workflows.runner import JobRun, git

pytestmark = pytest.mark.untraced

CATS = "projects/cats.yaml"
DOGS = "projects/dogs.yaml"
TEXT = """\
name: {name}
type: imageannotation
params:
  instruction: {instruction}
  priority: {priority}
ontology: [{choices}]
"""


def manifest(name: str, instruction: str = "Label.", priority: int = 10, choices: str = "Cat, Dog") -> str:
    return TEXT.format(name=name, instruction=instruction, priority=priority, choices=choices)


@pytest.fixture
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    """A repository that is set up: two projects adopted by a first apply, and a snapshot."""
    store = Dashboard(tmp_path / "account.db")
    for name in ("cats", "dogs"):
        store.seed(
            [
                live(
                    name,
                    {"instruction": "Label.", "priority": 10, "callback_url": "https://u:s3cr3t@x"},
                    ["Cat", "Dog"],
                )
            ]
        )
    with serve(create_app(tmp_path / "account.db")) as port, served(Github()) as github:
        config = 'sensitive = ["params.callback_url"]\n[targets.production]\nrecord = "origin"\n'
        endpoint = f"http://127.0.0.1:{port}/v1"
        hub = Hub(tmp_path, github, store, endpoint, own=hasattr(request, "param"), config=config)
        for name, file in (("cats", CATS), ("dogs", DOGS)):
            hub.write(file, manifest(name) + "reconcile: {ignore: [params.callback_url]}\n")
        first = hub.begin("Two projects that are there already")
        assert {run.outcome for run in first.values()} == {"success"}, first["apply"].said
        assert sorted(ref for ref in hub.refs() if ref.startswith("refs/reconciler/")) == [
            "refs/reconciler/record/production",
            "refs/reconciler/snapshot/production",
        ]
        yield hub
        everything = git("log", "--all", "-p", folder=hub.remote)
        assert KEY not in everything
        assert "s3cr3t" not in everything


def well(run: JobRun) -> JobRun:
    assert run.outcome == "success", run.said
    assert KEY not in run.said
    return run


def edit(hub: Hub, file: str, old: str, new: str) -> None:
    text = (hub.clone / file).read_text("utf-8")
    assert old in text
    hub.write(file, text.replace(old, new))


def test_opened_pushed_again_merged_drifted_and_drift_gone(hub: Hub) -> None:
    # Opened: the comment says what a merge would do. No job had the key.
    hub.branch("louder")
    edit(hub, CATS, "instruction: Label.", "instruction: Label every cat.")
    runs = hub.pull_request(7, "Every cat")
    assert {name: run.outcome for name, run in runs.items()} == {"validate": "success", "plan": "success"}, runs[
        "plan"
    ].said
    opened = hub.comment(7)
    assert "### `production`: 0 to add, 1 to change, 0 to destroy" in opened
    assert '- instruction = "Label."\n+ instruction = "Label every cat."' in opened
    assert "https://github.example/octo/farm/blob/" in opened
    assert runs["plan"].step("Plan").outputs["to_change"] == "1"
    assert "### `production`: 0 to add, 1 to change" in runs["plan"].summary
    assert len(hub.params("cats")) == 1

    # Pushed again: the same comment, kept current.
    edit(hub, CATS, "[Cat, Dog]", "[Cat, Kitten]")
    well(hub.pull_request(7, "Kittens, no dogs")["plan"])
    again = hub.comment(7)
    assert "`cats` **loses the choice** `Dog`." in again
    assert again != opened

    # A mistake: it is shown at its line, and in the comment, which folds the plan of the earlier commit away.
    edit(hub, CATS, "params:", "parms:")
    broken = hub.pull_request(7, "A typo")
    assert broken["validate"].outcome == broken["plan"].outcome == "failure"
    assert f"::error file={CATS},line=3,col=1" in broken["validate"].said
    without = hub.comment(7)
    assert "### `production`: no plan for `" in without
    assert f"Error (`{CATS}:3`):" in without
    assert "parms" in without
    assert without.index("is out of date</summary>") < without.index("`cats` **loses the choice** `Dog`.")
    edit(hub, CATS, "parms:", "params:")
    well(hub.pull_request(7, "Fixed")["plan"])
    assert "no plan" not in hub.comment(7)
    assert "`cats` **loses the choice** `Dog`." in hub.comment(7)

    # Merged: approved, applied, reported in the same comment, and it is what was shown.
    runs = hub.apply(*hub.merge(7))
    well(runs["approval"])
    well(runs["apply"])
    assert hub.params("cats")[-1]["instruction"] == "Label every cat."
    applied = hub.comment(7)
    assert "### `production`: applied, 0 added, 1 changed, 0 destroyed" in applied
    assert "params version 1, ontology version 1" in applied
    assert "The writes match this comment." in applied

    # Nothing drifted: no issue. Somebody edits in the dashboard: one issue, and no comment while the drift is the same.
    well(hub.drift())
    assert hub.github.issues == {}
    hub.store.edit_params("cats", {"priority": 99})
    drifted = well(hub.drift())
    assert drifted.step("Check for drift").outputs["drift"] == "true"
    [issue] = hub.github.issues.values()
    assert issue["state"] == "open"
    assert "params.priority = 10 -> 99" in issue["body"]
    well(hub.drift())
    assert len(hub.github.issues) == 1
    assert hub.github.thread(issue["number"]) == []

    # Undone by hand from git: everything as the manifests say; the issue is closed.
    main = git("rev-parse", "refs/heads/main", folder=hub.remote)
    well(hub.apply("", main, names="cats", allow="", everything=True)["apply"])
    assert hub.params("cats")[-1]["priority"] == 10
    well(hub.drift())
    assert issue["state"] == "closed"
    assert len(hub.github.thread(issue["number"])) == 1


def test_two_pull_requests_and_a_dropped_run(hub: Hub) -> None:
    """Ann's apply waits while Bob's change is merged: whichever run works does all of it, and both get a comment."""
    hub.branch("ann")
    edit(hub, CATS, "priority: 10", "priority: 20")
    well(hub.pull_request(1, "Ann")["plan"])
    hub.branch("bob")
    edit(hub, DOGS, "priority: 10", "priority: 30")
    well(hub.pull_request(2, "Bob")["plan"])
    git("checkout", "-q", "ann", folder=hub.clone)
    anns = hub.merge(1)
    git("fetch", "-q", "origin", folder=hub.clone)
    git("checkout", "-q", "bob", folder=hub.clone)
    bobs = hub.merge(2)
    # Ann's run is dropped. Bob's works on the current main, and comments on both.
    well(hub.apply(*bobs)["apply"])
    assert hub.params("cats")[-1]["priority"] == 20
    assert hub.params("dogs")[-1]["priority"] == 30
    reported = [hub.comment(1), hub.comment(2)]
    assert all(
        "applied, 0 added, 2 changed, 0 destroyed" in comment and "match this comment" in comment
        for comment in reported
    )
    # Should Ann's run come after all, or Bob's again, nothing is left to do, and nothing is reported again.
    for pushed in (anns, bobs):
        well(hub.apply(*pushed)["apply"])
    assert (len(hub.params("cats")), len(hub.params("dogs"))) == (2, 2)
    assert [hub.comment(1), hub.comment(2)] == reported


def test_an_edit_in_the_dashboard_in_between(hub: Hub) -> None:
    """A merge writes what git changed, and keeps what was changed on Scale; on the same parameter it stops."""
    hub.branch("ann")
    edit(hub, CATS, "instruction: Label.", "instruction: Label every cat.")
    well(hub.pull_request(1, "Ann")["plan"])
    hub.store.edit_params("cats", {"priority": 99})
    well(hub.apply(*hub.merge(1))["apply"])
    assert (hub.params("cats")[-1]["instruction"], hub.params("cats")[-1]["priority"]) == ("Label every cat.", 99)
    well(hub.drift())
    [issue] = hub.github.issues.values()
    assert "params.priority = 10 -> 99" in issue["body"]

    hub.branch("bob")
    edit(hub, DOGS, "priority: 10", "priority: 30")
    well(hub.pull_request(2, "Bob")["plan"])
    hub.store.edit_params("dogs", {"priority": 50})
    held = hub.apply(*hub.merge(2))["apply"]
    assert held.outcome == "failure"
    assert len(hub.params("dogs")) == 2
    assert "`dogs` is **held**" in hub.comment(2)
    assert "0 changed, 0 destroyed, 0 failed, 1 skipped" in hub.comment(2)
    main = git("rev-parse", "refs/heads/main", folder=hub.remote)
    well(hub.apply("", main, names="dogs", allow="conflict", everything=False)["apply"])
    assert hub.params("dogs")[-1]["priority"] == 30


def test_a_fork_is_planned_and_reported_in_the_summary(hub: Hub) -> None:
    hub.branch("stranger")
    edit(hub, CATS, "priority: 10", "priority: 20")
    hub.github.may_write = set()
    run = well(hub.pull_request(9, "From afar", fork=True)["plan"])
    assert hub.github.thread(9) == []
    assert run.summary.count("### `production`: 0 to add, 1 to change") == 1
    assert "::notice" in run.said


def test_a_public_repository_has_no_snapshot_until_it_is_asked_for(hub: Hub) -> None:
    hub.runner.private = False
    git("update-ref", "-d", "refs/reconciler/snapshot/production", folder=hub.remote)
    hub.branch("open")
    edit(hub, CATS, "priority: 10", "priority: 20")
    runs = hub.pull_request(3, "In public")
    assert {name: run.outcome for name, run in runs.items()} == {"validate": "success", "plan": "skipped"}
    assert "Publish the snapshot" not in [step.name for step in well(hub.drift()).steps]
    hub.runner.vars = {"RECONCILER_SNAPSHOT": "on"}
    well(hub.drift())
    well(hub.pull_request(3, "In public, asked for")["plan"])
    assert "1 to change" in hub.comment(3)


@pytest.mark.parametrize("hub", ["own"], indirect=True)
def test_the_workflows_of_this_repository(hub: Hub) -> None:
    """They use the action beside them; all else is as in the stories above."""
    hub.branch("louder")
    edit(hub, CATS, "priority: 10", "priority: 20")
    well(hub.pull_request(7, "Louder")["plan"])
    well(hub.apply(*hub.merge(7))["apply"])
    assert "applied, 0 added, 1 changed" in hub.comment(7)
    well(hub.drift())
    assert hub.github.issues == {}


def test_what_only_main_may_do(hub: Hub) -> None:
    """By hand from a branch: neither the approval nor the key, so nothing is applied."""
    main = git("rev-parse", "refs/heads/main", folder=hub.remote)
    inputs = {"names": "", "allow": "", "everything": True}
    runs = hub.runner.run(
        "reconciler-apply.yml", "workflow_dispatch", {}, ref="refs/heads/other", sha=main, inputs=inputs
    )
    assert [run.outcome for run in runs.values()] == ["skipped", "skipped", "skipped"]
