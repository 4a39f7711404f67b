"""Checkouts that try to have git run a command. Each command leaves a mark; no test here may find one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reconciler import git
from reconciler.cli import run as reconciler
from reconciler.errors import GitRefusedError
from reconciler.git import process
from reconciler.git.refs import Held, Refs
from reconciler.git.sources import read_commit
from tests.git.conftest import KEY, MANIFEST, Trap
from tests.repositories import git as run

REF = "refs/reconciler/record/t"

TREE = "[core]\n\trepositoryFormatVersion = 0\n\tbare = false\n\tworktree = .\n"
CONFIGS = {
    "fsmonitor": TREE + '\tfsmonitor = "{command}"\n',
    "filter": TREE + '[filter "evil"]\n\tclean = "{command}"\n\trequired = true\n',
    "remote": TREE + '[remote "origin"]\n\turl = .\n\tuploadpack = "{command}"\n\treceivepack = "{command}"\n',
    "ext": TREE + '[remote "origin"]\n\turl = "ext::{command}"\n[protocol "ext"]\n\tallow = always\n',
    "ssh": TREE + '\tsshCommand = "{command}"\n[remote "origin"]\n\turl = "ssh://h.invalid/x"\n',
}
"""What the configuration of a bare repository may have git run."""


def plant(checkout: Path, trap: Trap, config: str, shape: str) -> Path:
    """A folder of the checkout that is a project for reconciler, and a bare repository for git; committed."""
    folder = checkout / "projects/inner"
    folder.mkdir()
    home = folder / "common" if shape == "commondir" else folder
    run(checkout, "clone", "-q", "--bare", "--no-local", str(checkout), str(home))
    for name in ("hooks", "description", "info"):
        path = home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (home / "config").write_text(CONFIGS[config].format(command=trap.command))
    if shape == "commondir":
        shutil.move(home / "HEAD", folder / "HEAD")
        shutil.move(home / "config", folder / "config.worktree")
        (folder / "commondir").write_text("common\n")
        (home / "config").write_text("[core]\n\trepositoryFormatVersion = 0\n[extensions]\n\tworktreeConfig = true\n")
    (folder / "HEAD").write_text(run(checkout, "rev-parse", "HEAD") + "\n")
    for kept in (home / "refs/keep", home / "objects/keep"):
        kept.parent.mkdir(exist_ok=True)
        kept.touch()
    if shape == "link":
        for name in ("objects", "refs"):
            (folder / name).rename(folder / f"real-{name}")
            (folder / name).symlink_to(f"real-{name}")
    (folder / "projects").mkdir()
    (folder / "projects/p.yaml").write_text(MANIFEST)
    (folder / ".gitattributes").write_text("*.yaml filter=evil\n" if config == "filter" else "")
    (folder / "reconciler.toml").touch()
    owner = ("-c", "core.fsmonitor=false", f"--git-dir={folder}", f"--work-tree={folder}")
    run(folder, *owner, "add", "projects/p.yaml")
    trap.mark.unlink(missing_ok=True)
    run(checkout, "add", "-A")
    run(checkout, "commit", "-q", "-m", "harmless")
    return folder


def fresh(checkout: Path, inner: Path) -> Path:
    """`inner` as a job has it: in a clone, so that only what is committed is there."""
    clone = checkout.parent / "job"
    run(checkout.parent, "clone", "-q", str(checkout), str(clone))
    return clone / inner.relative_to(checkout)


@pytest.mark.parametrize("shape", ["plain", "commondir", "link"])
def test_a_committed_bare_repository(
    checkout: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    inner = fresh(checkout, plant(checkout, trap, "filter", shape))
    monkeypatch.chdir(inner)
    for command, code in (("plan",), 0), (("apply", "--auto-approve"), 1), (("drift",), 1):
        ended = reconciler([*command, "--target=sandbox"])
        assert not trap.sprung, command
        assert ended == code
        level = "warning" if command == ("plan",) else "error"
        said = f"{level}[git-refused]: the folder {inner} looks like a bare git repository"
        assert said in capsys.readouterr().err
    assert not (inner / ".reconciler").exists()


@pytest.mark.parametrize("config", CONFIGS)
def test_no_function_runs_git_in_one(checkout: Path, trap: Trap, config: str) -> None:
    inner = fresh(checkout, plant(checkout, trap, config, "plain"))
    head = run(checkout, "rev-parse", "HEAD")
    for below in (inner, inner / "projects"):
        for ask in (
            git.is_repository,
            git.version,
            git.remotes,
            lambda folder: read_commit(folder, [folder]),
            lambda folder: Refs(folder, "origin").tip(REF),
            lambda folder: Refs(folder, "origin").read(REF, most=9),
            lambda folder: Refs(folder, "origin").swap(REF, head, None),
            lambda folder: Refs(folder, None).read(REF, most=9),
            lambda folder: Refs(folder, None).swap(REF, head, None),
        ):
            with pytest.raises(GitRefusedError) as refused:
                ask(below)
            assert not trap.sprung
            assert refused.value.summary == f"the folder {inner} looks like a bare git repository"


def test_a_git_that_knows_safe_bare_repository_refuses_by_itself(
    checkout: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = fresh(checkout, plant(checkout, trap, "filter", "plain"))
    monkeypatch.setattr(process, "refuse_bare", lambda root: None)
    with pytest.raises(GitRefusedError, match="bare"):
        git.remotes(inner)


def test_an_old_git_is_not_started(checkout: Path, trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git without safe.bareRepository: one that is not given the option."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\npwd >> "{tools}/started"\n[ "$2" = safe.bareRepository=explicit ] && shift 2\n'
        f'exec "{shutil.which("git")}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    inner = fresh(checkout, plant(checkout, trap, "filter", "plain"))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.chdir(inner)
    assert reconciler(["drift", "--target=sandbox"]) == 1
    assert git.is_repository(inner.parent)
    started = (tools / "started").read_text().splitlines()
    assert str(inner.parent) in started
    assert str(inner) not in started
    assert not trap.sprung


def test_an_empty_folder_named_git_does_not_hide_a_bare_repository(checkout: Path, trap: Trap) -> None:
    """Git passes it by, and so the check does."""
    inner = fresh(checkout, plant(checkout, trap, "filter", "plain"))
    (inner / "projects/.git").mkdir()
    with pytest.raises(GitRefusedError, match="looks like a bare git repository"):
        read_commit(inner / "projects", [inner / "projects"])
    assert not trap.sprung


def test_repositories_of_every_lawful_shape_work(checkout: Path, tmp_path: Path) -> None:
    head = run(checkout, "rev-parse", "HEAD")
    run(checkout, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    run(tmp_path, "clone", "-q", "--separate-git-dir", "elsewhere", str(checkout), "separate")
    run(tmp_path, "clone", "-q", "--bare", str(checkout), "bare.git")
    run(tmp_path / "bare.git", "worktree", "add", "-q", "--detach", str(tmp_path / "bare.git/main"))
    run(tmp_path, "init", "-q", "outer")
    run(tmp_path / "outer", "submodule", "--quiet", "add", str(checkout), "inner")
    for name in ("linked", "separate", "bare.git/main", "outer/inner"):
        folder = tmp_path / name
        for here in (folder, folder / "projects"):
            assert git.is_repository(here)
            assert read_commit(here, [folder / "projects"]).commit == head
        refs = Refs(folder, None)
        assert refs.swap(REF, refs.commit(None, {"a": b"1"}, name), None)
        if name == "linked":
            assert Refs(checkout, None).tip(REF)
            run(checkout, "update-ref", "-d", REF)


def test_a_submodule_runs_nothing(checkout: Path, trap: Trap, tmp_path: Path) -> None:
    """Its own configuration is one more that git would go by."""
    shutil.copytree(checkout, tmp_path / "library")
    (tmp_path / "library/.gitattributes").write_text("*.yaml filter=evil\n")
    run(tmp_path / "library", "add", "-A")
    run(tmp_path / "library", "commit", "-q", "-m", "attributes")
    run(checkout, "submodule", "--quiet", "add", str(tmp_path / "library"), "projects/sub")
    run(checkout, "commit", "-q", "-m", "submodule")
    inner = checkout / "projects/sub"
    run(inner, "config", "filter.evil.clean", trap.command)
    run(inner, "config", "core.fsmonitor", trap.command)
    (inner / "projects/p.yaml").write_text(MANIFEST.replace("Label.", "Labels"))
    assert read_commit(checkout, [checkout / "projects"]).commit == run(checkout, "rev-parse", "HEAD")
    assert not trap.sprung


def test_hooks_that_the_checkout_brings(checkout: Path, trap: Trap, tmp_path: Path) -> None:
    """As when the owner has set core.hooksPath to a folder in the working tree, and fsmonitor to a script in it."""
    hooks = checkout / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "pre-push", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"):
        shutil.copy(trap.command, hooks / name)
    run(tmp_path, "init", "-q", "--bare", "remote.git")
    run(checkout, "remote", "add", "origin", str(tmp_path / "remote.git"))
    run(checkout, "config", "core.hooksPath", "hooks")
    run(checkout, "config", "core.fsmonitor", "hooks/fsmonitor-watchman")
    for where in (None, "origin"):
        refs = Refs(checkout, where)
        commit = refs.commit(None, {"a": b"1"}, "first")
        assert refs.swap(REF, commit, None)
        assert Refs(checkout, where).read(REF, most=9) == Held(commit, {"a": b"1"})
    assert read_commit(checkout, [checkout / "projects"]).commit
    assert not trap.sprung


def test_a_git_in_the_checkout_is_not_the_git_that_runs(
    checkout: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the PATH has a part that depends on the working folder."""
    (checkout / "bin").mkdir()
    for name in ("git", "bin/git"):
        shutil.copy(trap.command, checkout / name)
    monkeypatch.chdir(checkout)
    for part in (".", "", "bin", "./bin"):
        monkeypatch.setenv("PATH", f"{part}:{os.environ['PATH']}")
        assert git.remotes(checkout) == ()
    assert not trap.sprung
    monkeypatch.setenv("PATH", ".:bin:")
    assert git.version(checkout) is None


def test_variables_that_name_another_repository_are_not_passed_on(
    checkout: Path, trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = run(checkout, "rev-parse", "HEAD")
    shutil.copytree(checkout, tmp_path / "other")
    run(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "another")
    run(tmp_path / "other", "config", "filter.evil.clean", trap.command)
    elsewhere = str(tmp_path / "other/.git")
    for name, value in {
        "GIT_DIR": elsewhere,
        "GIT_WORK_TREE": str(tmp_path / "other"),
        "GIT_INDEX_FILE": f"{elsewhere}/index",
        "GIT_OBJECT_DIRECTORY": f"{elsewhere}/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{elsewhere}/objects",
        "GIT_COMMON_DIR": elsewhere,
        "GIT_NAMESPACE": "n",
        "GIT_CEILING_DIRECTORIES": str(checkout),
        "GIT_CONFIG": f"{elsewhere}/config",
        "GIT_PREFIX": "x/",
        "GIT_SHALLOW_FILE": f"{elsewhere}/config",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_A_VARIABLE_OF_A_LATER_GIT": elsewhere,
    }.items():
        monkeypatch.setenv(name, value)
    (checkout / "projects/p.yaml").touch()
    found = read_commit(checkout / "projects", [checkout / "projects"])
    assert (found.commit, found.dirty) == (head, False)
    assert Refs(checkout, None).swap(REF, head, None)
    monkeypatch.undo()
    assert run(checkout, "rev-parse", REF) == head
    assert not trap.sprung


def test_configuration_in_variables_is_passed_on(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "remote.named.url")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://h.invalid/x")
    assert git.remotes(checkout) == ("named",)


def test_no_git_and_none_of_its_children_sees_a_key(checkout: Path, trap: Trap) -> None:
    """The owner's own ssh command is run, as by any git, and is given everything but the keys."""
    run(checkout, "config", "core.sshCommand", trap.command)
    run(checkout, "remote", "add", "origin", "ssh://h.invalid/x")
    with pytest.raises(GitRefusedError):
        Refs(checkout, "origin").read(REF, most=9)
    assert trap.sprung
    assert KEY not in trap.seen()
    assert "SCALE_" not in trap.seen()
    assert "HOME=" in trap.seen()
