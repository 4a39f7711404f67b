"""`reconciler github`, in a job: a real repository, the served sandbox, the double of GitHub."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Result, Served
from tests.forge.github.double import TOKEN, Fault, Github, pull_request, push, served, variables
from tests.repositories import commit_all

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"
Job = Callable[..., None]
WORKFLOW = {
    "GITHUB_WORKFLOW_REF": "octo/farm/.github/workflows/reconciler-plan.yml@refs/pull/7/merge",
    "GITHUB_WORKFLOW": "reconciler plan",
    "GITHUB_JOB": "plan",
}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Github]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with served(Github(base="/api/v3")) as double:
        yield double


@pytest.fixture
def job(github: Github, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Sets what GitHub sets in a job for an event, and empties the files of the step."""

    def call(event: str, payload: str, **more: str) -> None:
        folder = tmp_path / ".git" / "runner"
        folder.mkdir(exist_ok=True)
        (folder / "event.json").write_text(payload)
        for name in ("summary", "output"):
            (folder / name).write_text("")
        given = {
            "GITHUB_WORKSPACE": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_OUTPUT": str(folder / "output"),
            **more,
        }
        for name, value in variables(github, event, str(folder / "event.json"), **given).items():
            monkeypatch.setenv(name, value)
        github.log.clear()

    return call


@pytest.fixture
def summary(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / ".git" / "runner" / "summary").read_text()


def comments(github: Github, number: int = 7) -> list[str]:
    return [comment["body"] for comment in github.thread(number)]


def plan_and_comment(cli: Cli, *options: str) -> Result:
    cli("plan", "--pending", "--out", "changes.plan", *options)
    return cli("github", "comment", "--plan", "changes.plan")


def apply_and_comment(cli: Cli) -> Result:
    cli("apply", "--pending", "--auto-approve", "--result", "result.json")
    return cli("github", "comment", "--result", "result.json")


def test_the_life_of_a_pull_request(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    (repository / ".gitignore").write_text(".reconciler/\n*.plan\nresult.json\n")
    write("p.yaml", M + "params: {a: 1}\n")
    base = commit_all(repository)
    cli("apply", "--auto-approve")

    write("p.yaml", M + "params: {a: 2}\n")
    head = commit_all(repository)
    job("pull_request", pull_request(sha=head))
    made = plan_and_comment(cli)
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("Pull request #7: comment created. https://github.example/")
    [body] = comments(github)
    assert body.startswith('<!-- reconciler plan target=production {"v":1,"plan_hash":"')
    assert "### `production`: 0 to add, 1 to change, 0 to destroy" in body
    assert f"](https://github.example/octo/farm/blob/{head}/projects/p.yaml#L1)" in body
    assert TOKEN not in body + made.out

    job("pull_request", pull_request(sha=head), GITHUB_RUN_ID="101")
    assert plan_and_comment(cli).out.startswith("Pull request #7: comment unchanged.")
    assert github.writes == []

    write("p.yaml", M + "params: {a: 3}\n")
    head = commit_all(repository)
    job("pull_request", pull_request(sha=head), GITHUB_RUN_ID="102")
    assert plan_and_comment(cli).out.startswith("Pull request #7: comment edited.")
    assert len(github.writes) == 1

    github.merge(head, 7)
    job("push", push(base, head, head), GITHUB_SHA=head, GITHUB_RUN_ID="103")
    shown = apply_and_comment(cli)
    assert (shown.code, shown.err) == (0, "")
    [body] = comments(github)
    assert "### `production`: applied, 0 added, 1 changed, 0 destroyed" in body
    assert "The writes match this comment." in body
    assert "params version 1" in body

    job("push", push(base, head, head), GITHUB_SHA=head, GITHUB_RUN_ID="104")
    again = apply_and_comment(cli)
    assert again.out.startswith("Pull request #7: comment unchanged.")
    assert github.writes == []


def test_a_dashboard_edit_in_between_is_reported(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    base = commit_all(repository)
    cli("apply", "--auto-approve")
    write("p.yaml", M + "params: {a: 2, c: 1}\n")
    head = commit_all(repository)
    job("pull_request", pull_request(sha=head))
    plan_and_comment(cli)
    served.store.edit_params("p", {"c": 1})
    github.merge(head, 7)
    job("push", push(base, head), GITHUB_SHA=head, GITHUB_RUN_ID="101")
    apply_and_comment(cli)
    assert "**Differs from this comment**: `p`." in comments(github)[0]


def test_a_plan_with_nothing_to_say_makes_no_comment(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M)
    commit_all(repository)
    cli("apply", "--auto-approve")
    job("pull_request", pull_request())
    quiet = plan_and_comment(cli)
    assert quiet.out == "Pull request #7: nothing to report, so no comment was posted.\n"
    assert github.writes == []
    write("p.yaml", M + "params: {a: 1}\n")
    plan_and_comment(cli)
    write("p.yaml", M)
    assert plan_and_comment(cli).out.startswith("Pull request #7: comment edited.")
    assert "### `production`: no changes" in comments(github)[0]


def test_a_commit_without_a_plan_folds_the_former_one_away(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    """The comment is about the newest commit, even if that has no plan, and then about the next plan."""
    write("p.yaml", M + "params: {a: 1}\n")
    job("pull_request", pull_request(sha="a" * 40), **WORKFLOW)
    plan_and_comment(cli)
    [planned] = comments(github)
    said = {}
    for number, mistake in enumerate(("manifest", "configuration", "snapshot", "snapshot again"), 1):
        write("p.yaml", M + ("parms: {}\n" if mistake == "manifest" else "params: {a: 1}\n"))
        (repository / "reconciler.toml").write_text("targett = 1\n" if mistake == "configuration" else "")
        job("pull_request", pull_request(sha=f"{number}" * 40), **WORKFLOW, GITHUB_RUN_ID=f"{200 + number}")
        live = ["--live", "@"] if mistake.startswith("snapshot") else []
        assert cli("plan", "--pending", *live, "--out", "no.plan", "--report", "plan.json").code == 1
        shown = cli("github", "comment", "--plan", "plan.json")
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith("Pull request #7: comment edited.")
        [said[mistake]] = comments(github)
        assert f"### `production`: no plan for `{number}{number}" in said[mistake]
        assert said[mistake].count("<details>") == planned.count("<details>") + 1
        assert "The plan for <code>aaaaaaa</code>, which is out of date" in said[mistake]
        assert "### `production`: 1 to add, 0 to change" in said[mistake]
    assert "`projects/p.yaml:3`" in said["manifest"]
    assert "`reconciler.toml:1`" in said["configuration"]
    assert "run the workflow **reconciler drift**" in said["snapshot"]
    job("pull_request", pull_request(sha="b" * 40), **WORKFLOW, GITHUB_RUN_ID="300")
    assert plan_and_comment(cli).out.startswith("Pull request #7: comment edited.")
    [again] = comments(github)
    assert again.partition("\n")[2] == planned.partition("\n")[2].replace("a" * 40, "b" * 40)


def test_a_first_commit_without_a_plan_gets_a_comment_that_its_outcome_replaces(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    head = commit_all(repository)
    job("pull_request", pull_request(sha=head), **WORKFLOW)
    cli("plan", "--live", "@", "--report", "plan.json")
    assert cli("github", "comment", "--plan", "plan.json").out.startswith("Pull request #7: comment created.")
    [body] = comments(github)
    assert "<details>" not in body
    github.merge(head, 7)
    job("push", push("0" * 40, head), GITHUB_SHA=head, GITHUB_RUN_ID="101", **WORKFLOW)
    assert apply_and_comment(cli).out.startswith("Pull request #7: comment edited.")
    [body] = comments(github)
    assert "applied, 1 added" in body
    assert "no plan" not in body


def test_a_plan_that_failed_is_told_of_its_own_job_alone(cli: Cli, write: Write, github: Github, job: Job) -> None:
    """Two legs of a matrix, each for its own names, and a fork, which cannot comment."""
    for name in ("a", "b"):
        write(f"{name}.yaml", M.replace("p", name, 1))
    job("pull_request", pull_request(), **WORKFLOW)
    plan_and_comment(cli, "a")
    plan_and_comment(cli, "b")
    former = comments(github)
    assert len(former) == 2
    write("a.yaml", "name: a\n")
    job("pull_request", pull_request(sha="b" * 40), **WORKFLOW, GITHUB_RUN_ID="101")
    assert cli("plan", "--pending", "a", "--report", "plan.json").code == 1
    cli("github", "comment", "--plan", "plan.json")
    assert "no plan for `bbbbbbb`" in comments(github)[0]
    assert comments(github)[1] == former[1]


@pytest.mark.parametrize(("before", "now"), [(("a",), ("a", "b")), ((), ("a",)), (("a",), ()), (("a", "b"), ("b",))])
def test_a_plan_that_failed_for_other_names_is_told_in_the_same_comment(
    cli: Cli, write: Write, github: Github, job: Job, before: tuple[str, ...], now: tuple[str, ...]
) -> None:
    """The names of a job change in the commit whose plan fails: the plan of the commit before does not stay."""
    for name in ("a", "b"):
        write(f"{name}.yaml", M.replace("p", name, 1))
    job("pull_request", pull_request(), **WORKFLOW)
    plan_and_comment(cli, *before)
    for name in ("a", "b"):
        write(f"{name}.yaml", f"name: {name}\n")
    job("pull_request", pull_request(sha="b" * 40), **WORKFLOW, GITHUB_RUN_ID="101")
    assert cli("plan", "--pending", *now, "--report", "plan.json").code == 1
    assert cli("github", "comment", "--plan", "plan.json").out.startswith("Pull request #7: comment edited.")
    [body] = comments(github)
    assert "no plan for `bbbbbbb`" in body
    assert "which is out of date" in body


def test_what_is_not_the_report_of_a_failed_plan_is_refused(
    cli: Cli, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M)
    job("pull_request", pull_request())
    cli("plan", "--out", "p.plan", "--report", "made.json")
    cli("plan", "nobody", "--report", "failed.json")
    failed = json.loads((repository / "failed.json").read_text())
    (repository / "spoiled.json").write_text(json.dumps({**failed, "errored": False}))
    for file in ("made.json", "spoiled.json"):
        refused = cli("github", "comment", "--plan", file)
        assert refused.code == 1
        assert "is a printed plan, not a saved one" in refused.err
    (repository / "reconciler.toml").write_text("[x\n")
    for option, file in (("--plan", "p.plan"), ("--result", "result.json")):
        refused = cli("github", "comment", option, file)
        assert refused.code == 1
        assert "invalid TOML" in refused.err
    assert cli("github", "drift-issue", "--drift", "drift.json").code == 1
    assert comments(github) == []


def test_two_targets_are_two_comments(cli: Cli, write: Write, github: Github, job: Job, repository: Path) -> None:
    write("p.yaml", M)
    name = 'eu --> "\u202e@all'
    (repository / "reconciler.toml").write_text(f'[targets.{json.dumps(name)}]\nsandbox = "other.db"\n')
    job("pull_request", pull_request())
    for target in ("sandbox", name, "sandbox", name):
        assert plan_and_comment(cli, "--target", target).code == 0
    assert len(comments(github)) == 2
    assert len(github.writes) == 2


def test_two_teams_in_one_folder(cli: Cli, write: Write, github: Github, job: Job, repository: Path) -> None:
    """pulumi/actions#563: one comment for all, and the last run had it for itself."""
    write("team-a/p.yaml", M)
    write("team-b/q.yaml", M.replace("name: p", "name: q"))
    commit_all(repository)
    for run in "12":
        for team in "ab":
            job("pull_request", pull_request(), GITHUB_RUN_ID=run)
            assert plan_and_comment(cli, "--target", "sandbox", f"projects/team-{team}").code == 0
    first, second = comments(github)
    assert ("`p`" in first, "`q`" in first, "`p`" in second, "`q`" in second) == (True, False, False, True)
    # One job for both teams then: its comment takes the place of the two.
    plan_and_comment(cli, "--target", "sandbox")
    [both] = comments(github)
    assert "2 to add" in both


def test_each_configuration_folder_has_its_own(
    cli: Cli, github: Github, job: Job, repository: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """lnccbrown/HSSM#1220: two folders with one target; the check of one closed the issue of the other."""
    for team, project in (("team-a", "birds"), ("team-b", "mules")):
        (repository / team / "projects").mkdir(parents=True)
        (repository / team / "reconciler.toml").write_text("")
        (repository / team / "projects" / "p.yaml").write_text(
            f"name: {project}\ntype: imageannotation\nparams: {{a: {project}}}\n"
        )
    commit_all(repository)
    for team in ("team-a", "team-b"):
        monkeypatch.chdir(repository / team)
        job("pull_request", pull_request())
        plan_and_comment(cli)
        assert cli("apply", "--auto-approve").code == 0
    assert ["For `production` in `team-a`." in comment for comment in comments(github)] == [True, False]
    assert ["For `production` in `team-b`." in comment for comment in comments(github)] == [False, True]
    served.store.edit_params("birds", {"a": 2})
    said = []
    job("schedule", "{}")
    for team in ("team-a", "team-b", "team-a"):
        monkeypatch.chdir(repository / team)
        found = cli("drift", "--format", "json")
        (repository / ".git" / "drift.json").write_text(found.out)
        said.append(cli("github", "drift-issue", "--drift", str(repository / ".git" / "drift.json")).out)
    assert said[0].startswith("Drift issue for production in team-a opened.")
    assert said[1] == "No drift on production in team-b, and no open drift issue.\n"
    assert said[2].startswith("Drift issue for production in team-a unchanged.")
    [issue] = github.issues.values()
    assert (issue["title"], issue["state"]) == ("Drift: `production` in `team-a`", "open")


def test_a_job_with_an_id(cli: Cli, write: Write, github: Github, job: Job) -> None:
    write("p.yaml", M)
    job("pull_request", pull_request())
    cli("plan", "--target", "sandbox", "--out", "changes.plan")
    for name in ("a", "b", "a"):
        assert cli("github", "comment", "--plan", "changes.plan", "--id", name).code == 0
    assert ["For `sandbox`, `a`." in body for body in comments(github)] == [True, False]
    # The apply of both has no ID, and reports in one comment.
    cli("apply", "--target", "sandbox", "--auto-approve", "--result", "result.json")
    shown = cli("github", "comment", "--result", "result.json")
    assert shown.out.startswith("Pull request #7: comment edited.")
    [body] = comments(github)
    assert "The writes match this comment." in body


def test_a_pull_request_into_another_branch(cli: Cli, write: Write, github: Github, job: Job) -> None:
    write("p.yaml", M)
    payload = json.loads(pull_request())
    payload["pull_request"]["base"]["ref"] = "release"
    payload["repository"] = {"default_branch": "main"}
    job("pull_request", json.dumps(payload))
    plan_and_comment(cli, "--target", "sandbox")
    note = "This pull request targets `release`, but only `main` is applied."
    assert note in comments(github)[0]
    assert cli("github", "comment", "--plan", "changes.plan", "--branch", "release").code == 0
    assert note not in comments(github)[0]


def test_a_job_that_is_run_again_for_an_older_commit(cli: Cli, write: Write, github: Github, job: Job) -> None:
    """The comment is about the newest commit, and after the merge about the apply."""
    write("p.yaml", M)
    cli("plan", "--target", "sandbox", "--out", "changes.plan")
    github.pull(7, "c" * 40)
    job("pull_request", pull_request(sha="b" * 40))
    shown = cli("github", "comment", "--plan", "changes.plan")
    why = "the newest commit is ccccccc, but this plan is for bbbbbbb"
    assert (shown.code, shown.out) == (0, f"Pull request #7: comment unchanged, because {why}.\n")
    github.pull(7, "b" * 40)
    assert cli("github", "comment", "--plan", "changes.plan").out.startswith("Pull request #7: comment created.")
    github.pull(7, "b" * 40, merged=True)
    shown = cli("github", "comment", "--plan", "changes.plan")
    assert shown.out == "Pull request #7: comment unchanged, because the pull request is merged.\n"


def test_a_fork_gets_the_summary(cli: Cli, write: Write, github: Github, job: Job, summary: Callable[[], str]) -> None:
    write("p.yaml", M)
    github.may_write = set()
    cli("plan", "--target", "sandbox", "--out", "changes.plan")
    job("pull_request", pull_request(fork=True))
    shown = cli("github", "comment", "--plan", "changes.plan")
    assert shown.code == 0
    assert "::notice title=fork::pull request #7 comes from a fork" in shown.err
    assert "### `sandbox`: 1 to add" in summary()
    assert len(github.writes) == 1

    job("pull_request", pull_request())
    shown = cli("github", "comment", "--plan", "changes.plan")
    assert shown.code == 1
    assert "Give the job the permission pull-requests: write." in shown.err
    assert "\n::error title=github-forbidden::" in shown.err
    assert summary() == ""
    assert TOKEN not in shown.err


def test_without_a_summary_the_text_is_printed(
    cli: Cli, write: Write, github: Github, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M)
    cli("plan", "--target", "sandbox", "--out", "changes.plan")
    job("workflow_dispatch", "{}")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    shown = cli("github", "comment", "--plan", "changes.plan")
    assert (shown.code, github.log) == (0, [])
    assert "::notice title=no-pull-request::the event workflow_dispatch has no pull request" in shown.err
    assert "### `sandbox`: 1 to add" in shown.out


def test_a_locked_conversation(cli: Cli, write: Write, github: Github, job: Job, summary: Callable[[], str]) -> None:
    write("p.yaml", M)
    cli("plan", "--target", "sandbox", "--out", "changes.plan")
    github.locked.add(7)
    job("pull_request", pull_request())
    shown = cli("github", "comment", "--plan", "changes.plan")
    assert shown.code == 0
    assert "::warning title=github-locked::" in shown.err
    assert "Unlock the conversation" in shown.err
    assert "### `sandbox`: 1 to add" in summary()


class Pushes:
    """Commits that change one project each."""

    def __init__(self, repository: Path, write: Write) -> None:
        self.repository = repository
        self.write = write

    def change(self, name: str, value: int) -> str:
        self.write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: {value}}}\n")
        return commit_all(self.repository, name)


@pytest.fixture
def pushes(repository: Path, write: Write, cli: Cli, served: Served) -> Pushes:
    (repository / ".gitignore").write_text(".reconciler/\n*.plan\nresult.json\n")
    made = Pushes(repository, write)
    made.change("birds", 1)
    made.change("mules", 1)
    assert cli("apply", "--auto-approve").code == 0
    return made


def test_a_push_tells_each_of_its_pull_requests(cli: Cli, github: Github, job: Job, pushes: Pushes) -> None:
    base = commit_all(pushes.repository, "base")
    cli("apply", "--auto-approve")
    one = pushes.change("birds", 2)
    job("pull_request", pull_request(1, sha=one))
    plan_and_comment(cli)
    two = pushes.change("mules", 2)
    job("pull_request", pull_request(2, sha=two), GITHUB_RUN_ID="101")
    plan_and_comment(cli)
    three = commit_all(pushes.repository, "docs alone")
    for sha, number in ((one, 1), (two, 2), (three, 3)):
        github.merge(sha, number)
    job("push", push(base, three, one, two, three), GITHUB_SHA=three, GITHUB_RUN_ID="102")
    shown = apply_and_comment(cli)
    assert shown.code == 0
    assert [line.partition(".")[0] for line in shown.out.splitlines()] == [
        "Pull request #1: comment edited",
        "Pull request #2: comment edited",
        "Pull request #3: nothing to report, so no comment was posted",
    ]
    [first], [second] = comments(github, 1), comments(github, 2)
    assert "The writes match this comment." in first
    assert "Also written in this run, but not shown here: `mules`." in first
    assert "The writes match this comment." in second
    assert github.counts == {"GET": 6, "PATCH": 2}


def test_a_dropped_run_loses_nothing(cli: Cli, github: Github, job: Job, pushes: Pushes) -> None:
    base = pushes.change("birds", 2)
    cli("apply", "--auto-approve")
    one = pushes.change("birds", 3)
    job("pull_request", pull_request(1, sha=one))
    plan_and_comment(cli)
    two = pushes.change("mules", 3)
    job("pull_request", pull_request(2, sha=two), GITHUB_RUN_ID="101")
    plan_and_comment(cli)
    github.merge(one, 1)
    github.merge(two, 2)
    # The run of the first push was dropped: the second push's run reports both.
    job("push", push(one, two, two), GITHUB_SHA=two, GITHUB_RUN_ID="103")
    assert apply_and_comment(cli).out.count("comment edited") == 2
    # A run of the first push that comes late has nothing to write, and takes nothing back.
    before = comments(github, 1)
    job("push", push(base, one, one), GITHUB_SHA=two, GITHUB_RUN_ID="104")
    late = apply_and_comment(cli)
    assert late.out.startswith("Pull request #1: comment unchanged.")
    assert comments(github, 1) == before


def test_a_pull_request_without_a_comment_that_came_in_alone(
    cli: Cli, github: Github, job: Job, pushes: Pushes
) -> None:
    base = commit_all(pushes.repository)
    cli("apply", "--auto-approve")
    one = pushes.change("birds", 2)
    github.merge(one, 1)
    job("push", push(base, one, one), GITHUB_SHA=one)
    assert apply_and_comment(cli).out.startswith("Pull request #1: comment created.")
    assert "match this comment" not in comments(github, 1)[0]


@pytest.mark.parametrize("shallow", [True, False])
def test_a_clone_without_the_last_applied_commit_tells_those_of_the_push(
    cli: Cli, github: Github, job: Job, pushes: Pushes, shallow: bool
) -> None:
    """It is shallow, or the branch was rewritten by force."""
    one = pushes.change("birds", 2)
    job("push", push("c" * 40, one, "d" * 40, one), GITHUB_SHA=one)
    cli("apply", "--pending", "--auto-approve", "--result", "result.json")
    result = json.loads(Path("result.json").read_text())
    Path("result.json").write_text(json.dumps({**result, "previous_commit": "e" * 40}))
    github.merge("d" * 40, 4, fork=True)
    github.merge(one, 1)
    if shallow:
        (pushes.repository / ".git/shallow").write_text(f"{one}\n")
    shown = cli("github", "comment", "--result", "result.json")
    assert shown.code == 0
    assert f"::warning title={'shallow-clone' if shallow else 'rewritten-history'}::" in shown.err
    assert ("set fetch-depth: 0 for actions/checkout." in shown.err) is shallow
    assert shown.out.count("comment created") == 1
    assert "Pull request #1: nothing to report" in shown.out


def test_no_pull_request_at_all(cli: Cli, github: Github, job: Job, pushes: Pushes, summary: Callable[[], str]) -> None:
    one = pushes.change("birds", 2)
    job("push", push("0" * 40, one, one), GITHUB_SHA=one)
    cli("apply", "--pending", "--auto-approve", "--result", "result.json")
    job("push", push("0" * 40, one, one), GITHUB_SHA=one)
    shown = cli("github", "comment", "--result", "result.json")
    assert (shown.code, shown.out) == (0, "")
    assert "::notice title=no-pull-request::the event push" in shown.err
    assert "### `production`: applied" in summary()
    assert github.counts == {"GET": 4}


def test_very_many_commits(cli: Cli, github: Github, job: Job, pushes: Pushes) -> None:
    base = commit_all(pushes.repository)
    for _ in range(102):
        last = commit_all(pushes.repository)
    job("push", push(base, last), GITHUB_SHA=last)
    cli("apply", "--auto-approve", "--result", "result.json")
    shown = cli("github", "comment", "--result", "result.json")
    assert "::warning title=many-commits::more than 100 commits were merged" in shown.err
    assert github.counts["GET"] <= 100 + 3 * 10


def test_one_that_cannot_be_reported_stops_no_other(
    cli: Cli, github: Github, job: Job, pushes: Pushes, summary: Callable[[], str]
) -> None:
    base = commit_all(pushes.repository)
    cli("apply", "--auto-approve")
    shas = [pushes.change("birds", value) for value in (2, 3, 4, 5)]
    for number, sha in enumerate(shas, 1):
        github.merge(sha, number, fork=True)
    github.locked.add(1)
    github.faults = [
        Fault("POST", "/issues/2/", 403, body={"message": "Resource not accessible by integration"}),
        Fault("POST", "/issues/3/", 422, body={"message": "Validation Failed"}),
    ]
    job("push", push(base, shas[-1], *shas), GITHUB_SHA=shas[-1])
    shown = apply_and_comment(cli)
    assert shown.code == 1
    assert shown.out.startswith("Pull request #4: comment created.")
    assert "::warning title=github-locked::" in shown.err
    assert "pull-requests: write" in shown.err
    assert "### `production`: applied" in summary()


def test_the_result_on_a_forks_own_event(cli: Cli, github: Github, job: Job, pushes: Pushes) -> None:
    pushes.change("birds", 2)
    cli("apply", "--auto-approve", "--result", "result.json")
    github.may_write = set()
    job("pull_request", pull_request(fork=True))
    shown = cli("github", "comment", "--result", "result.json")
    assert shown.code == 0
    assert "::notice title=fork::" in shown.err


def test_wrong_usage(cli: Cli, github: Github, job: Job) -> None:
    assert "GITHUB_REPOSITORY is not set" in cli("github", "comment", "--plan", "x").err
    job("pull_request", pull_request())
    for options in ((), ("--plan", "a", "--result", "b")):
        shown = cli("github", "comment", *options)
        assert shown.code == 1
        assert "use either --plan FILE or --result FILE" in shown.err
    assert "cannot be read" in cli("github", "comment", "--plan", "none").err
    assert "cannot be read" in cli("github", "drift-issue", "--drift", "none").err
    assert github.log == []
    assert "comment" in cli("github", "--help").out


def drift_and_issue(cli: Cli) -> Result:
    found = cli("drift", "--format", "json")
    Path(".git/drift.json").write_text(found.out)
    return cli("github", "drift-issue", "--drift", ".git/drift.json")


def test_the_life_of_a_drift(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.secret"]\n')
    write("p.yaml", M + "params: {a: {b: 1, c: 1}, secret: one}\nontology: [Cat]\n")
    write("q.yaml", "name: q\ntype: imageannotation\n")
    head = commit_all(repository)
    cli("apply", "--auto-approve")
    job("schedule", "{}", GITHUB_SHA=head)
    clean = drift_and_issue(cli)
    assert (clean.code, clean.out) == (0, "No drift on production, and no open drift issue.\n")
    assert github.writes == []

    served.store.edit_params("p", {"a": {"b": 2, "c": 1}, "secret": "two"})
    served.store.edit_ontology("p", ["Cat", "Fox"])
    opened = drift_and_issue(cli)
    assert opened.out.startswith("Drift issue for production opened. https://github.example/octo/farm/issues/")
    [issue] = github.issues.values()
    assert issue["title"] == "Drift: `production`"
    assert "### `production`: drift in 1 of 2 projects" in issue["body"]
    assert "params.a.b" in issue["body"]
    assert "Fox" in issue["body"]
    assert "params.secret" in issue["body"]
    assert "two" not in issue["body"].replace("two writers", "")
    assert f"blob/{head}/projects/p.yaml#L1" in issue["body"]

    github.log.clear()
    assert drift_and_issue(cli).out.startswith("Drift issue for production unchanged.")
    assert github.writes == []

    served.store.edit_params("p", {"a": {"b": 3, "c": 1}})
    assert drift_and_issue(cli).out.startswith("Drift issue for production edited.")
    assert [comment["body"].partition("\n")[2] for comment in github.thread(issue["number"])] == [
        "Drift on `production` has changed: 1 new, 1 gone. The description above is up to date."
    ]
    issue["state"] = "closed"
    assert drift_and_issue(cli).out.startswith("Drift issue for production reopened.")
    cli("apply", "--auto-approve")
    assert drift_and_issue(cli).out.startswith("Drift issue for production closed.")
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert "no drift" in issue["body"]
    # A job that is run again has its old ID, and looks at what is true now.
    monday = {"GITHUB_RUN_ID": "1"}
    job("schedule", "{}", **monday)
    found = cli("drift", "--format", "json")
    served.store.edit_params("p", {"a": {"b": 4, "c": 1}})
    assert drift_and_issue(cli).out.startswith("Drift issue for production reopened.")
    earlier = json.loads(found.out) | {"timestamp": "2026-11-01T00:00:00Z"}
    Path(".git/drift.json").write_text(json.dumps(earlier))
    late = cli("github", "drift-issue", "--drift", ".git/drift.json")
    assert late.out.startswith("Drift issue for production unchanged, because a later run updated it.")
    assert issue["state"] == "open"


def test_a_narrowed_check_keeps_an_issue_of_its_own(
    cli: Cli, served: Served, write: Write, github: Github, job: Job
) -> None:
    """Each closes only what it has looked at."""
    for name in ("a", "b"):
        write(f"team-{name}/{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{x: 1}}\n")
    cli("apply", "--auto-approve")
    for name in ("a", "b"):
        served.store.edit_params(name, {"x": 2})

    def check(team: str) -> str:
        job("schedule", "{}", **{**WORKFLOW, "GITHUB_JOB": team})
        cli("drift", f"projects/team-{team}", "--report", ".git/drift.json")
        shown = cli("github", "drift-issue", "--drift", ".git/drift.json")
        assert shown.code == 0, shown.err
        return shown.out

    assert "opened" in check("a")
    assert "opened" in check("b")
    first, second = github.issues.values()
    assert "This check covers only `a`." in first["body"]
    served.store.edit_params("a", {"x": 1})
    assert "unchanged" in check("b")
    assert "closed" in check("a")
    assert (first["state"], second["state"]) == ("closed", "open")


def test_a_blocked_project_hides_no_drift_and_keeps_the_issue_open(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    write("q.yaml", M.replace("name: p", "name: q"))
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.archive("q")
    served.store.edit_params("p", {"a": 7})
    job("schedule", "{}")
    shown = cli("drift", "--format", "json")
    assert shown.code == 1
    Path(".git/drift.json").write_text(shown.out)
    issue = ("github", "drift-issue", "--drift", ".git/drift.json")
    assert cli(*issue).out.startswith("Drift issue for production opened.")
    [opened] = github.issues.values()
    assert "`!` | `p`" in opened["body"]
    blocked = "`q` is **blocked**: `project.q` is archived on Scale."
    assert blocked in opened["body"]
    cli("apply", "--auto-approve", "p")
    alone = drift_and_issue(cli)
    assert (alone.code, alone.out[:35]) == (0, "Drift issue for production edited. ")
    assert "### `production`: no drift, 1 blocked" in opened["body"]
    assert blocked in opened["body"]
    assert opened["state"] == "open"
    assert drift_and_issue(cli).out.startswith("Drift issue for production unchanged.")
    served.store.archive("q", archived=False)
    assert drift_and_issue(cli).out.startswith("Drift issue for production closed.")


def test_a_blocked_project_alone_opens_an_issue(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M + "ontology: [Cat]\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.append_ontology_entry("p", {"ontology": ["Cat", {"no": "choice"}]})
    job("schedule", "{}")
    assert drift_and_issue(cli).out.startswith("Drift issue for production opened.")
    [issue] = github.issues.values()
    blocked = "`p` is **blocked**: the ontology of `project.p` cannot be read: `ontologyHistory[1].ontology[1]`"
    assert blocked in issue["body"]


def test_a_vanished_project_opens_an_issue(
    cli: Cli, served: Served, write: Write, github: Github, job: Job, repository: Path
) -> None:
    write("p.yaml", M)
    commit_all(repository)
    cli("apply", "--auto-approve")
    served.store.reset()
    served.store.seed([])
    job("schedule", "{}")
    assert drift_and_issue(cli).out.startswith("Drift issue for production opened.")
    [issue] = github.issues.values()
    assert "`p` has **vanished**" in issue["body"]


DOCUMENT: dict[str, Any] = {
    "format_version": "1.0",
    "tool_version": "0.1.0",
    "timestamp": "2026-11-24T12:00:00Z",
    "target": {"name": "production", "endpoint": "x", "account": None},
    "snapshot": None,
    "complete": True,
    "live_count": 0,
    "record": None,
    "summary": dict.fromkeys(("drift", "pending", "same", "conflict", "unknown", "transient", "blocked", "clean"), 0),
    "projects": [],
    "blocked": [],
    "unmanaged": [],
    "vanished": [],
    "diagnostics": [],
}


def test_a_check_that_failed_opens_nothing(cli: Cli, github: Github, job: Job) -> None:
    job("schedule", "{}")
    failed: Any = {
        **DOCUMENT,
        "diagnostics": [
            {
                "severity": "error",
                "code": "unavailable",
                "summary": "no answer",
                "detail": "Try again.",
                "file": None,
                "line": None,
                "column": None,
            }
        ],
    }
    Path(".git/drift.json").write_text(json.dumps(failed))
    shown = cli("github", "drift-issue", "--drift", ".git/drift.json")
    assert shown.code == 1
    assert "the drift check failed" in shown.err
    assert "no answer" in shown.err
    narrowed = {**failed, "diagnostics": [], "complete": False}
    Path(".git/drift.json").write_text(json.dumps(narrowed))
    assert "covered only some projects" in cli("github", "drift-issue", "--drift", ".git/drift.json").err
    assert github.log == []


@pytest.mark.parametrize(
    ("event", "payload", "needed", "why"),
    [
        ("workflow_dispatch", {}, "true", "This run was not started by a push."),
        ("push", {"before": "0" * 40, "after": "1" * 40}, "false", "There is no manifest yet"),
        ("push", {"before": "2" * 40, "after": "1" * 40}, "true", "this clone does not have the commit 222222222222"),
        ("push", {}, "false", "There is no manifest yet"),
    ],
)
def test_whether_a_push_needs_an_apply(
    cli: Cli,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    payload: dict[str, str],
    needed: str,
    why: str,
) -> None:
    """Without a key and a token."""
    (repository / "event.json").write_text(json.dumps(payload))
    for name, value in {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(repository / "event.json"),
        "GITHUB_OUTPUT": str(repository / "output"),
    }.items():
        monkeypatch.setenv(name, value)
    done = cli("github", "changes", "--target", "production")
    assert done.code == 0
    assert why in done.out
    assert (repository / "output").read_text() == f"apply={needed}\n"
