"""A checkout that is behind the commit that was applied last, through plan, drift and apply."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.plan import Plan
from reconciler.model.record import Record
from reconciler.operations.recording import Recorder
from reconciler.record.stores import open_record
from tests.cli.conftest import Cli, Served
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


class Story:
    """A repository with a remote. Its second commit, `newer`, was applied; its first one is `older`."""

    def __init__(self, cli: Cli, served: Served, write: Write, repository: Path, remote: Path) -> None:
        self.cli, self.served, self.repository, self.remote = cli, served, repository, remote
        git(repository, "init", "-q", "--bare", "-b", "main", str(remote))
        git(remote, "config", "uploadpack.allowFilter", "true")
        git(repository, "remote", "add", "origin", str(remote))
        (repository / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
        write("p.yaml", M + "params: {a: 2}\n")
        self.older = commit_all(repository)
        write("p.yaml", M + "params: {a: 3}\n")
        write("q.yaml", M.replace("p", "q", 1))
        self.newer = commit_all(repository)
        self.push()
        self.apply()

    def push(self) -> None:
        git(self.repository, "push", "-q", "--force", "origin", "HEAD:main")

    def apply(self, *arguments: str) -> None:
        done = self.cli("apply", "--auto-approve", *arguments)
        assert done.code == 0, done.err

    def go_back(self) -> None:
        git(self.repository, "checkout", "-q", self.older)

    def named(self) -> str:
        """The commit that the record names."""
        (section,) = open_record(self.repository, "production", "origin").read().record.sections.values()
        return str(section.commit)

    def value(self) -> object:
        return json.loads(self.served.store.get("p"))["param_history"][-1]["a"]

    def edit(self, text: str) -> str:
        """A commit on top of what is checked out."""
        (self.repository / "projects" / "p.yaml").write_text(M + text)
        return commit_all(self.repository)


@pytest.fixture
def story(cli: Cli, served: Served, write: Write, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(cli, served, write, repository, tmp_path_factory.mktemp("remote") / "r.git")


def test_an_apply_holds_everything_and_a_plan_and_drift_note_it(story: Story, cli: Cli) -> None:
    story.go_back()
    planned = cli("plan", "--format", "json")
    document = planned.json()
    assert planned.code == 0
    assert (document["summary"]["change"], document["summary"]["held"]) == (1, 0)
    (note,) = document["diagnostics"]
    assert (note["severity"], note["code"]) == ("note", "older-commit")
    assert "By default, an apply holds every change. To allow them once, pass --allow older-commit." in note["detail"]
    drifted = cli("drift", "--format", "json").json()
    assert [one["code"] for one in drifted["diagnostics"]] == ["older-commit"]
    for pending in ((), ("--pending",)):
        held = cli("apply", "--auto-approve", *pending)
        assert held.code == 1
        assert f"held by older-commit: The last applied commit, {story.newer[:12]}" in held.out
        assert "2 skipped" in held.last
        assert (story.value(), story.named()) == (3, story.newer)
    story.apply("--allow", "older-commit", "--pending")
    assert (story.value(), story.named()) == (2, story.older)


def test_a_revert_is_a_newer_commit(story: Story) -> None:
    git(story.repository, "revert", "--no-edit", "HEAD")
    story.apply("--pending")
    assert story.value() == 2


def test_a_branch_behind_main_in_a_shallow_clone(
    story: Story, cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(story.repository, "push", "-q", "origin", f"{story.older}:refs/heads/behind")
    git(clone.parent, "clone", "-q", "--depth", "1", "-b", "behind", f"file://{story.remote}", str(clone))
    files = {file: file.stat().st_mtime_ns for file in (clone / ".git").rglob("*")}
    monkeypatch.chdir(clone)
    held = cli("apply", "--auto-approve", "p")
    assert held.code == 1
    assert "held by older-commit" in held.out
    changed = {file for file in (clone / ".git").rglob("*") if files.get(file) != file.stat().st_mtime_ns}
    assert {file.name for file in changed} <= {".git", "reconciler", "clone", "id", "index"}


def test_the_head_of_main_in_a_shallow_clone(
    story: Story, cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = story.edit("params: {a: 4}\n")
    story.push()
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(clone.parent, "clone", "-q", "--depth", "1", f"file://{story.remote}", str(clone))
    monkeypatch.chdir(clone)
    done = cli("apply", "--auto-approve", "--pending")
    assert "older-commit" not in done.out + done.err
    assert (story.value(), story.named()) == (4, newest)


def test_a_squashed_or_rebased_commit_never_stops_main(story: Story, cli: Cli) -> None:
    git(story.repository, "reset", "-q", "--soft", story.older)
    squashed = story.edit("params: {a: 5}\n")
    story.push()
    noted = cli("plan")
    assert (
        f"note[older-commit]: this checkout does not contain the last applied commit, {story.newer[:12]}" in noted.err
    )
    story.apply("--pending")
    assert (story.value(), story.named()) == (5, squashed)


def test_a_saved_plan_that_is_applied_again_after_its_revert(story: Story, cli: Cli) -> None:
    story.edit("params: {a: 4}\n")
    story.push()
    assert cli("plan", "--out", "../x.plan").code == 0
    story.apply("--plan", "../x.plan")
    git(story.repository, "revert", "--no-edit", "HEAD")
    story.push()
    story.apply()
    assert story.value() == 3
    again = cli("apply", "--auto-approve", "--plan", "../x.plan")
    assert again.code == 1
    assert "held by older-commit" in again.out
    assert story.value() == 3
    assert cli("apply", "--plan", "../x.plan", "--allow", "near-name").code == 1
    story.apply("--plan", "../x.plan", "--allow", "older-commit")
    assert story.value() == 4


def test_another_apply_completes_a_newer_commit_meanwhile(
    story: Story, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Right before the intent is pushed, the check is made once more."""
    story.edit("params: {a: 4}\n")
    story.push()
    story.apply()
    newest = story.edit("params: {a: 5}\n")
    story.push()
    git(story.repository, "checkout", "-q", "HEAD^")
    (story.repository / "projects" / "p.yaml").write_text(M + "params: {a: 6}\n")
    original = Recorder.enforced

    def overtaken(recorder: Recorder, plan: Plan) -> Plan:
        enforced = original(recorder, plan)
        store = open_record(story.repository, "production", "origin")
        seen = store.read()
        ((key, section),) = seen.record.sections.items()
        assert store.swap(seen, Record({key: replace(section, commit=newest)}), "another run")
        return enforced

    monkeypatch.setattr(Recorder, "enforced", overtaken)
    held = cli("apply", "--auto-approve", "--result", str(tmp_path / "r.json"))
    assert held.code == 1
    assert "another apply wrote a newer commit after this apply started" in held.err
    assert story.value() == 4
    result = json.loads((tmp_path / "r.json").read_text())
    assert {one["name"]: one["status"] for one in result["projects"]} == {"p": "held", "q": "unchanged"}


def test_what_configuration_can_do(story: Story, cli: Cli) -> None:
    story.go_back()
    config = story.repository / "reconciler.toml"
    waiver = '[[waivers]]\nguard = "older-commit"\nproject = "p"\nreason = "r"\nuntil = 2999-01-01\n'
    config.write_text(f"{config.read_text()}\n{waiver}")
    assert "has no effect" not in cli("plan").err
    held = cli("apply", "--auto-approve")
    assert (held.code, story.value()) == (1, 2)
    assert "1 skipped" in held.last
    config.write_text(config.read_text().replace(waiver, '[guards]\nolder-commit = "warn"\n'))
    warned = cli("apply", "--auto-approve")
    assert warned.code == 0
    assert "warning[older-commit]" in warned.err + warned.out


def test_an_older_commit_with_nothing_to_write_does_not_become_the_last_one(story: Story) -> None:
    story.edit("params: {a: 3} # a comment\n")
    story.push()
    story.apply()
    newest = story.named()
    git(story.repository, "checkout", "-q", "HEAD^")
    story.apply()
    assert story.named() == newest


def test_a_remote_that_cannot_be_asked_is_a_warning(story: Story, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.errors import GitRefusedError
    from reconciler.git import ancestry

    def refuse(self: ancestry.Ancestry) -> list[str]:
        raise GitRefusedError("git ls-remote failed: no answer")

    monkeypatch.setattr(ancestry.Ancestry, "_branches", refuse)
    story.go_back()
    done = cli("apply", "--auto-approve")
    assert done.code == 0
    assert "warning[older-commit]: cannot determine whether this checkout contains" in done.out + done.err
    assert "git ls-remote failed: no answer." in done.out + done.err


def test_on_a_sandbox_it_is_a_note(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    older = commit_all(repository)
    write("p.yaml", M + "params: {a: 2}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    git(repository, "checkout", "-q", older)
    back = cli("apply", "--auto-approve")
    assert back.code == 0
    assert "note[older-commit]: this checkout is older" in back.out + back.err
    assert back.last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed."
