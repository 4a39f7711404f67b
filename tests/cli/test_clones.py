"""Clones as people have them: sparse, partial, and with a remote that refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations import apply
from reconciler.operations.session import open_session
from reconciler.record.stores import open_record
from reconciler.settings import read_settings
from tests.cli.conftest import Cli, Served
from tests.githost import EXPIRED, READER, WRITER, GitHost, git_host
from tests.repositories import commit_all, git

M = "name: NAME\ntype: imageannotation\n"
CONFIG = '[targets.production]\nrecord = "origin"\noverlay = "overlays"\n'
RECORD = "refs/reconciler/record/production"


class Hub:
    """A repository with two teams on a remote; everything in it was applied."""

    def __init__(self, cli: Cli, served: Served, repository: Path, remote: Path) -> None:
        self.repository, self.remote, self.served = repository, remote, served
        git(repository, "init", "-q", "--bare", "-b", "main", str(remote))
        git(remote, "config", "uploadpack.allowFilter", "true")
        git(repository, "remote", "add", "origin", str(remote))
        self.write("reconciler.toml", CONFIG)
        for team in ("a", "b"):
            text = "params: {instruction: {$file: ../../shared/TEAM/text.md}}\n".replace("TEAM", team)
            self.write(f"projects/{team}/{team}0.yaml", M.replace("NAME", f"{team}0") + text)
            self.write(f"shared/{team}/text.md", "Label.\n")
        self.write("projects/b/_defaults.yaml", "params: {x: 1}\n")
        self.write("overlays/a/a0.yaml", "params: {y: 1}\n")
        self.write("other/big.bin", "0")
        (repository / "projects/c").symlink_to("../elsewhere")
        self.write("elsewhere/c0.yaml", M.replace("NAME", "c0"))
        (repository / "projects/d0.yml").symlink_to("../linked/d0")
        self.write("linked/d0", M.replace("NAME", "d0"))
        self.head = commit_all(repository)
        git(repository, "push", "-q", "origin", "HEAD:main")
        assert cli("apply", "--auto-approve").code == 0
        served.requests.clear()

    def write(self, name: str, text: str) -> None:
        file = self.repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def clone(self, folder: Path, *options: str) -> Path:
        git(folder.parent, "clone", "-q", *options, self.remote.as_uri(), str(folder))
        return folder

    def record(self) -> str:
        return git(self.remote, "rev-parse", RECORD)


@pytest.fixture
def hub(cli: Cli, served: Served, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return Hub(cli, served, repository, tmp_path_factory.mktemp("remote") / "r.git")


@pytest.fixture
def clone(hub: Hub, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partial clone, as actions/checkout makes it for its input `sparse-checkout`; the working folder."""
    folder = hub.clone(tmp_path_factory.mktemp("clones") / "clone", "--filter=blob:none")
    monkeypatch.chdir(folder)
    return folder


# ---- Sparse checkouts

EVERYTHING = ("projects", "overlays", "shared", "elsewhere", "linked")


def without(*folders: str) -> Callable[[Path], object]:
    rest = [folder for folder in EVERYTHING if folder not in folders]
    return cone(*rest)


def cone(*folders: str) -> Callable[[Path], object]:
    return lambda clone: git(clone, "sparse-checkout", "set", *folders)


def patterns(*more: str) -> Callable[[Path], object]:
    return lambda clone: git(clone, "sparse-checkout", "set", "--no-cone", "/*", *more)


def by_hand(option: str) -> Callable[[Path], object]:
    def change(clone: Path) -> None:
        git(clone, "update-index", option, "projects/b/b0.yaml")
        (clone / "projects/b/b0.yaml").unlink()

    return change


HIDING: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "one team": (
        cone("projects/a", *EVERYTHING[1:]),
        ["projects/b/_defaults.yaml", "projects/b/b0.yaml"],
    ),
    "the whole folder": (
        without("projects"),
        [f"projects/{name}" for name in ("a/a0.yaml", "b/_defaults.yaml", "b/b0.yaml", "c", "d0.yml")],
    ),
    "a text": (without("shared"), ["shared/a/text.md", "shared/b/text.md"]),
    "the overlay": (without("overlays"), ["overlays/a/a0.yaml"]),
    "what a link to a folder leads to": (without("elsewhere"), ["elsewhere/c0.yaml"]),
    "what a link to a file leads to": (without("linked"), ["linked/d0"]),
    "a pattern": (patterns("!/projects/b/b0.yaml"), ["projects/b/b0.yaml"]),
    "a link": (patterns("!/projects/c"), ["projects/c"]),
    "defaults": (patterns("!_defaults.yaml"), ["projects/b/_defaults.yaml"]),
    "the configuration": (patterns("!/reconciler.toml"), ["reconciler.toml"]),
    "marked as unchanged": (by_hand("--assume-unchanged"), ["projects/b/b0.yaml"]),
    "marked as left out": (by_hand("--skip-worktree"), ["projects/b/b0.yaml"]),
}


@pytest.mark.parametrize("case", HIDING)
def test_a_checkout_that_hides_what_a_plan_needs(hub: Hub, clone: Path, cli: Cli, case: str) -> None:
    """Nothing is sent and nothing is recorded. The command that the message suggests checks it out."""
    hide, hidden = HIDING[case]
    hide(clone)
    before = hub.record()
    for command in (("plan", "a0"), ("drift",), ("apply", "--pending", "--auto-approve")):
        refused = cli(*command)
        assert (refused.code, refused.out) == (1, "")
        assert "error[not-checked-out]" in refused.err
        for name in hidden[:3]:
            assert f'"{name}"' in refused.err
        assert len(hidden) == 1 or f"{len(hidden)} files are in git" in refused.err
    assert (hub.record(), hub.served.requests) == (before, [])
    for command in re.findall(r"(?m)^ *[|│]? *(git .*)", refused.err):
        subprocess.run(command, shell=True, check=True, capture_output=True)
    if case == "the configuration":
        assert (clone / "reconciler.toml").exists()
    planned = cli("plan", "--format", "json")
    assert planned.code == 0, planned.err
    assert planned.json()["source"] == {"commit": hub.head, "dirty": False}
    assert planned.json()["summary"]["unchanged"] == 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[project]\nname = 'x'\n", 0),
        ("tool = 1\n", 0),
        ("[project]\n[tool.reconciler]\n", 1),
        ("[project\n", 1),
    ],
)
def test_a_pyproject_that_is_left_out(hub: Hub, clone: Path, cli: Cli, text: str, code: int) -> None:
    """It matters only if it would be the configuration, or a mistake in it."""
    (clone / "shared/pyproject.toml").write_text(text)
    commit_all(clone)
    patterns("!/shared/pyproject.toml")(clone)
    assert not (clone / "shared/pyproject.toml").exists()
    planned = cli("-C", "shared", "plan", "a0")
    assert (planned.code, "not-checked-out" in planned.err) == (code, code == 1)


def test_a_sparse_checkout_with_all_that_is_needed(hub: Hub, clone: Path, cli: Cli) -> None:
    without()(clone)
    assert not (clone / "other").exists()
    hub.served.store.edit_params("a0", {"instruction": "Edited."})
    assert cli("drift").code == 2
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed."
    (section,) = open_record(clone, "production", "origin").read().record.sections.values()
    assert {project.commit for project in section.projects.values()} == {hub.head}


def test_a_folder_of_ones_own_in_a_sparse_checkout(hub: Hub, cli: Cli, clone: Path) -> None:
    """Below the manifest folder of the team, everything is there. What starts with _ or a dot is not read anyway."""
    for name in ("teams/a/reconciler.toml", "teams/a/projects/_old/x.yaml", "teams/a/projects/.x/x.yaml"):
        hub.write(name, "")
    hub.write("teams/a/projects/e0.yaml", M.replace("NAME", "e0"))
    commit_all(hub.repository)
    git(hub.repository, "push", "-q", "origin", "HEAD:main")
    git(clone, "pull", "-q")
    git(clone, "sparse-checkout", "set", "--no-cone", "/teams/", "!/teams/a/projects/_old/", "!/teams/a/projects/.x/")
    assert not (clone / "reconciler.toml").exists()
    assert cli("-C", "teams/a", "plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."


def test_edits_that_git_is_told_not_to_see(hub: Hub, clone: Path, cli: Cli) -> None:
    """They are planned, and neither the plan nor a snapshot names a commit that does not hold them."""
    git(clone, "update-index", "--assume-unchanged", "projects/a/a0.yaml")
    git(clone, "update-index", "--skip-worktree", "projects/b/_defaults.yaml")
    (clone / "projects/a/a0.yaml").write_text(M.replace("NAME", "a0") + "params: {instruction: Edited}\n")
    (clone / "projects/b/_defaults.yaml").write_text("params: {x: 2}\n")
    document = cli("plan", "--format", "json").json()
    commits = {entry["name"]: entry["source"]["commit"] for entry in document["resource_changes"]}
    assert commits == {"a0": None, "b0": None, "c0": hub.head, "d0": hub.head}
    assert document["source"]["dirty"] is True
    assert document["summary"]["change"] == 2
    assert cli("snapshot", "--out", "s.json").code == 0
    assert json.loads(Path("s.json").read_text())["commit"] is None


def test_reading_writes_nothing_to_the_clone(hub: Hub, clone: Path, cli: Cli) -> None:
    """Not even to a partial one: so it may be read-only, or belong to someone else."""
    assert cli("snapshot", "--publish").code == 0
    without()(clone)
    before = {path: path.stat().st_mtime_ns for path in clone.rglob("*")}
    for command in (("plan",), ("drift",), ("plan", "--live", "@"), ("drift", "--live", "@"), ("plan", "--pending")):
        assert cli(*command).code == 0
    assert {path: path.stat().st_mtime_ns for path in clone.rglob("*")} == before


# ---- A remote that refuses


@pytest.fixture
def host(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHost]:
    """The remote behind a token, with the clone as a job has it and something to write."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    with git_host(hub.remote.parent) as host:
        git(hub.repository, "remote", "set-url", "origin", f"{host.server}/r.git")
        for name in list(os.environ):
            if name.startswith("GITHUB_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("CI", "true")
        monkeypatch.setenv("GITHUB_SERVER_URL", host.server)
        hub.write("projects/new.yaml", M.replace("NAME", "new"))
        commit_all(hub.repository)
        yield host


def test_a_token_that_may_push(host: GitHost, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", WRITER)
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."


REFUSED: dict[str, tuple[str | None, dict[str, Any], str, str]] = {
    "it may only read": (READER, {}, "the record of production cannot be pushed to origin", "contents: write"),
    "it may not even read": (READER, {"closed": {READER}}, "cannot be fetched from origin", "contents: read"),
    "there is none": (None, {}, "cannot be fetched from origin", "GITHUB_TOKEN: ${{ github.token }}"),
    "it has expired": (EXPIRED, {}, "cannot be fetched from origin", "The server refused GITHUB_TOKEN"),
    "the repository is archived": (
        READER,
        {"words": "This repository was archived so it is read-only."},
        "This repository was archived",
        "Unarchive the repository",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_is_refused(host: GitHost, hub: Hub, cli: Cli, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """The error names the permission, the variable, or the setting. Nothing is written."""
    token, changes, problem, remedy = REFUSED[case]
    if token is not None:
        monkeypatch.setenv("GITHUB_TOKEN", token)
    for name, value in changes.items():
        setattr(host, name, value)
    before = hub.record()
    refused = cli("apply", "--auto-approve")
    assert refused.code == 1
    assert problem in refused.err
    assert remedy in refused.err
    assert ("contents: write" in refused.err) is (remedy == "contents: write")
    assert "kept" not in refused.err.lower()
    assert hub.record() == before
    assert not [request for request in hub.served.requests if request.startswith("POST")]
    if "fetched" in problem:
        drifted = cli("drift")
        assert (drifted.code, remedy in drifted.err) == (1, True)


def test_the_same_refusals_outside_a_job(host: GitHost, hub: Hub, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.delenv("CI")
    refused = cli("drift")
    assert "Git has no valid credentials for this remote" in refused.err
    assert "github.token" not in refused.err
    git(hub.repository, "remote", "set-url", "origin", f"http://x:{READER}@127.0.0.1:{host.port}/r.git")
    refused = cli("apply", "--auto-approve")
    assert "Git's credentials can read this repository, but cannot push to it." in refused.err
    assert READER not in refused.err


@pytest.mark.parametrize("setting", ["transfer.hideRefs", "receive.hideRefs", "uploadpack.hideRefs"])
def test_a_server_that_refuses_refs_of_a_namespace_of_their_own(hub: Hub, cli: Cli, setting: str) -> None:
    git(hub.remote, "update-ref", "-d", RECORD)
    if setting == "uploadpack.hideRefs":
        assert cli("apply", "--auto-approve").code == 0
        hub.served.requests.clear()
    git(hub.remote, "config", setting, "refs/reconciler")
    hub.write("projects/new.yaml", M.replace("NAME", "new"))
    refused = cli("apply", "--auto-approve", "--allow", "takeover")
    assert refused.code == 1
    assert "The server does not accept refs under refs/reconciler/" in refused.err
    assert 'set record_branches = "reconciler" for the target in reconciler.toml' in refused.err
    assert not [request for request in hub.served.requests if request.startswith("POST")]


@pytest.fixture
def strict(host: GitHost, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The remote over HTTP, which refuses refs that are not branches, and a configuration that fits it."""
    monkeypatch.setenv("GITHUB_TOKEN", WRITER)
    git(hub.remote, "update-ref", "-d", RECORD)
    git(hub.remote, "config", "receive.hideRefs", "refs/reconciler")
    hub.write("reconciler.toml", f'{CONFIG}record_branches = "bot/state"\n')
    commit_all(hub.repository)
    git(hub.repository, "push", "-q", hub.remote.as_uri(), "HEAD:main")
    return hub


def test_a_record_on_a_branch(
    strict: Hub, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Record, snapshot, and compare-and-swap, from this clone and from a shallow one of one branch."""
    before = git(strict.repository, "for-each-ref")
    done = cli("apply", "--auto-approve", "--allow", "takeover")
    assert (done.code, done.last) == (0, "Apply complete! Projects: 1 added, 0 changed, 0 destroyed.")
    assert cli("snapshot", "--publish").code == 0
    refs = git(strict.remote, "for-each-ref", "--format=%(refname)").split()
    kept = [f"refs/heads/bot/state/{kind}/production" for kind in ("record", "snapshot")]
    assert refs == [*kept, "refs/heads/main"]
    assert git(strict.repository, "for-each-ref") == before  # no remote-tracking branch without its objects

    shallow = strict.clone(tmp_path_factory.mktemp("clones") / "shallow", "--depth=1", "--single-branch")
    git(shallow, "remote", "set-url", "origin", git(strict.repository, "remote", "get-url", "origin"))
    monkeypatch.chdir(shallow)
    assert cli("plan", "--live", "@").last == "No changes. Your projects match the manifests."
    strict.served.store.edit_params("a0", {"instruction": "Edited."})
    drifted = cli("drift")
    assert (drifted.code, drifted.last.startswith("Drift: 1 in 1 of")) == (2, True)
    (shallow / "projects/later.yaml").write_text(M.replace("NAME", "later"))
    commit_all(shallow)
    assert cli("apply", "--auto-approve", "--pending").last.startswith("Apply complete! Projects: 1 added")
    monkeypatch.chdir(strict.repository)
    assert "later" in cli("plan").out  # a name that only the record knows
    assert cli("doctor").code == 0
    log = git(strict.remote, "log", "--format=%an %s", "bot/state/record/production")
    assert {line.split()[0] for line in log.splitlines()} == {"reconciler"}


def test_a_branch_that_is_in_the_way(strict: Hub, cli: Cli) -> None:
    git(strict.remote, "branch", "bot", "main")
    refused = cli("apply", "--auto-approve", "--allow", "takeover")
    assert refused.code == 1
    assert "rename any branch or tag named bot or bot/state." in refused.err
    assert "change record_branches of the target" in refused.err
    assert not [request for request in strict.served.requests if request.startswith("POST")]


def test_a_record_whose_history_was_rewritten(hub: Hub, cli: Cli) -> None:
    """A branch rewritten by force, in a full clone: apply goes on, and says what it does not know."""
    git(hub.repository, "commit", "-q", "--amend", "-m", "rewritten")
    git(hub.repository, "push", "-q", "--force", "origin", "HEAD:main")
    hub.write("projects/new.yaml", M.replace("NAME", "new"))
    commit_all(hub.repository)
    done = cli("apply", "--auto-approve", "--pending")
    assert done.last == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."
    assert "fetch-depth" not in done.out + done.err


# ---- Variables, wrappers, hooks


@pytest.mark.parametrize("variable", ["GIT_TRACE", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE_SETUP"])
def test_traces(hub: Hub, cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."
    shutil.rmtree(hub.remote)
    refused = cli("drift")
    assert refused.code == 1
    assert "git ls-remote failed: fatal: " in refused.err
    assert "trace" not in refused.err
    assert '"event"' not in refused.err


def test_a_wrapper_that_prints_warnings(
    hub: Hub, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tools = tmp_path_factory.mktemp("tools")
    words = "warning: git is managed by your administrator"
    (tools / "git").write_text(f'#!/bin/sh\necho "{words}" >&2\nexec "{shutil.which("git")}" "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."
    git(hub.repository, "checkout", "-q", "--orphan", "new")
    assert cli("plan", "--format", "json").json()["source"]["commit"] is None
    shutil.rmtree(hub.remote)
    refused = cli("drift")
    assert "git ls-remote failed: fatal: " in refused.err


def test_in_a_hook_of_a_linked_work_tree(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Git sets GIT_DIR, GIT_INDEX_FILE, and more for a hook. What is planned is the folder that the hook runs in."""
    linked = tmp_path_factory.mktemp("linked") / "tree"
    git(hub.repository, "worktree", "add", "-q", "--detach", str(linked))
    hook = hub.repository / ".git/hooks/pre-commit"
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler plan --format json > "{linked}/../plan.json"\n')
    hook.chmod(0o755)
    (linked / "projects/new.yaml").write_text(M.replace("NAME", "new"))
    head = commit_all(linked, "in the linked one")
    assert head != hub.head
    document = json.loads((linked.parent / "plan.json").read_text())
    assert document["summary"]["add"] == 1
    assert document["source"] == {"commit": hub.head, "dirty": True}


# ---- Many at once


def test_eight_applies_at_once(
    hub: Hub, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ad-m/github-push-action#61. Four write a project each, and four the same one. All push the same ref."""
    own, common = [f"p{number}" for number in range(4)], "common"
    for name in (*own, common):
        hub.write(f"projects/{name}.yaml", M.replace("NAME", name))
    head = commit_all(hub.repository)
    git(hub.repository, "push", "-q", "origin", "HEAD:main")
    folder = tmp_path_factory.mktemp("clones")
    names = (*own, *[common] * 4)
    clones = [hub.clone(folder / str(number), "--depth=1") for number in range(8)]
    monkeypatch.setattr(apply, "heeding_signals", lambda *_: nullcontext())  # only a main thread has signals

    def applied(clone: Path, name: str) -> int:
        session = open_session(read_settings(clone), writes=True)
        return apply.apply(session, [name], pending=True, operator=apply.Unattended()).outcome.summary.added

    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(applied, clones, names))
    assert (added[:4], sum(added[4:])) == ([1] * 4, 1)
    assert [request for request in hub.served.requests if request.startswith("POST")] == ["POST /v1/projects"] * 5
    (section,) = open_record(hub.repository, "production", "origin").read().record.sections.values()
    assert all(section.projects[name].commit == head and section.projects[name].written for name in names)
    assert not any(project.intents for project in section.projects.values())
    assert (section.runs, len(section.projects)) == ({}, 9)
    assert git(hub.remote, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", RECORD]


def test_two_jobs_share_an_apply_and_the_record(hub: Hub, tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> None:
    """As docs/ci.md shows it for large accounts: each job has a pattern, and together they leave out no name."""
    guide = (Path(__file__).parents[2] / "docs/ci.md").read_text("utf-8")
    [line] = re.findall(r"names: (\[.*\])\n    steps", guide)
    patterns = json.loads(line)
    names = [f"{letter}{number}" for letter in "amnz" for number in range(5)]
    for name in names:
        hub.write(f"projects/more/{name}s.yaml", M.replace("NAME", f"{name}s") + "params: {priority: 1}\n")
    commit_all(hub.repository)
    git(hub.repository, "push", "-q", "origin", "HEAD:main")
    clones = [hub.clone(tmp_path_factory.mktemp("shards") / "clone") for _ in patterns]
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--allow", "max-creates"]
    shards = [
        subprocess.Popen([*command, pattern], cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for pattern, clone in zip(patterns, clones, strict=True)
    ]
    said = [shard.communicate(timeout=120)[0] for shard in shards]
    assert [shard.returncode for shard in shards] == [0, 0], said
    assert all("Projects: 10 added" in each for each in said), said
    git(hub.repository, "fetch", "-q", "origin", f"+{RECORD}:{RECORD}")
    assert cli("plan").last == "No changes. Your projects match the manifests."
    assert cli("drift").code == 0
    pins = cli("pins", "--format", "json").json()
    assert {f"{name}s" for name in names} <= {each["name"] for each in pins["pins"]}
