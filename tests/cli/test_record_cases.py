"""Cases of public failures of similar tools that belong to the record and the guards, through the command line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.store import Store
from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


def versions(store: Store, name: str = "p") -> list[Any]:
    return list(json.loads(store.get(name))["param_history"])


@pytest.fixture
def shallow(cli: Cli, served: Served, write: Write, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of depth 1, without the record, of a repository whose project has drifted since its apply."""
    write("p.yaml", M + "params: {a: 1, b: 1}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("p", {"b": 2})
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    return clone


def test_a_shallow_clone_without_the_record(
    cli: Cli, served: Served, shallow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shallow)
    before = versions(served.store)
    held = cli("apply", "--pending", "--auto-approve")
    assert held.code == 1
    assert "held by takeover" in held.out
    assert "this clone has no record" in held.err
    assert "git fetch origin refs/reconciler/record/production:refs/reconciler/record/production" in held.err
    assert f"git -C {shallow} fetch origin refs/reconciler/record/" in cli("-C", str(shallow), "plan").err
    assert versions(served.store) == before


def test_a_shallow_clone_fetches_the_record_of_a_remote(
    cli: Cli, served: Served, shallow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shallow)
    (shallow / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
    before = versions(served.store)
    done = cli("apply", "--pending", "--auto-approve")
    assert done.code == 0
    assert "1 change made on Scale is kept (p: params.b)" in done.out
    assert versions(served.store) == before


def test_the_fetch_that_is_told_brings_the_record(
    cli: Cli, served: Served, shallow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shallow)
    ref = "refs/reconciler/record/production"
    git(shallow, "fetch", "origin", f"{ref}:{ref}")
    planned = cli("plan", "--pending")
    assert planned.last == "No pending changes. 1 change made on Scale is kept."
    assert "no record" not in planned.err


def test_a_sandbox_in_a_clone_has_no_record_to_fetch(
    cli: Cli, repository: Path, write: Write, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is in the clone, as its record is."""
    write("p.yaml", M)
    commit_all(repository)
    clone = tmp_path_factory.mktemp("clones") / "fresh"
    git(repository, "clone", "-q", str(repository), str(clone))
    monkeypatch.chdir(clone)
    assert not cli("plan").err


def test_a_server_that_prunes_empty_values(
    cli: Cli, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.sandbox import app
    from reconciler.sandbox.assumptions import Assumptions

    original = app.create_app
    pruning = Assumptions.parse(["empty-values=pruned"])
    monkeypatch.setattr(app, "create_app", lambda file: original(file, assumptions=pruning))
    write("p.yaml", M + 'params: {examples: [], metadata: {}, note: "", x: null, min_width: 0}\n')
    first = cli("apply", "--auto-approve")
    assert first.code == 1
    for path in ("params.examples", "params.metadata", "params.note", "params.x"):
        assert path in first.err
    assert "min_width" not in first.err
    second = cli("apply", "--auto-approve")
    assert second.code == 1
    assert "held by not-kept" in second.out
    assert len(versions(Store(repository / ".reconciler" / "sandbox.db"))) == 1


def test_a_project_that_is_renamed_in_its_file(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    """Edited or not, in its file or moved to another one."""

    def names() -> set[str]:
        return {project["name"] for project in json.loads(served.store.list_projects())}

    write("p.yaml", M + "params: {a: 1}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    write("p.yaml", "name: q2\ntype: imageannotation\nparams: {a: 2}\n")
    planned = cli("plan", "--format", "json").json()
    assert {each["name"]: each["held_by"] for each in planned["resource_changes"]} == {
        "p": ["renamed"],
        "q2": ["renamed"],
    }
    assert "write a manifest" not in cli("plan").out
    held = cli("apply", "--auto-approve", "q2")
    assert held.code == 1
    assert 'The manifest file that declared "p" now declares "q2".' in held.out
    assert (
        'If both names refer to the same project, rename "p" to the new name in the dashboard, then plan again.'
        in held.out
    )
    assert names() == {"p"}
    (repository / "projects" / "p.yaml").unlink()
    write("moved.yaml", "name: q2\ntype: imageannotation\nparams: {a: 1}\n")
    moved = {each["name"]: each["held_by"] for each in cli("plan", "--format", "json").json()["resource_changes"]}
    assert "renamed" in moved["q2"]
    assert cli("apply", "--auto-approve", "--allow", "renamed", "--allow", "near-name").code == 0
    assert names() == {"p", "q2"}


@pytest.fixture
def refusing_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    file = folder / "git"
    file.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return file


def test_a_git_that_refuses(cli: Cli, served: Served, write: Write, refusing_git: Path) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    planned = cli("plan", "--format", "json")
    assert planned.code == 0
    assert [shown["severity"] for shown in planned.json()["diagnostics"]] == ["warning"]
    stopped = cli("apply", "--auto-approve")
    assert stopped.code == 1
    assert "git config --global --add safe.directory /x" in stopped.err
    assert not any(request.startswith("POST") for request in served.requests)


def test_outside_git_the_record_is_a_file_and_never_in_a_clone(
    cli: Cli,
    served: Served,
    write: Write,
    repository: Path,
    refusing_git: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing_git.unlink()
    monkeypatch.setenv("PATH", str(refusing_git.parent))
    write("p.yaml", M + "params: {a: 1}\n")
    stopped = cli("apply", "--auto-approve")
    assert stopped.code == 1
    assert "error[git-refused]: git is not installed" in stopped.err
    assert not any(request.startswith("POST") for request in served.requests)
    assert not (repository / ".reconciler").exists()
    shutil.rmtree(repository / ".git")
    assert cli("apply", "--auto-approve").code == 0
    assert (repository / ".reconciler" / "record-production.json").is_file()
    served.store.edit_params("p", {"a": 2})
    assert "drift: version 1" in cli("plan").out


def test_a_local_record_in_ci_is_a_warning(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    monkeypatch.setenv("CI", "true")
    for arguments in (["plan"], ["apply", "--auto-approve"]):
        said = cli(*arguments)
        assert said.code == 0
        assert "warning[local-record]" in said.err
        assert 'Set record = "origin"' in said.err


def test_choices_that_are_sensitive_are_in_no_words(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["ontology.**"]\n')
    served.store.seed([live("p", ontology=["Cat", {"choice": "Secret", "display": "Hush"}])])
    write("p.yaml", M + "ontology: [Cat]\n")
    outputs = [cli("plan"), cli("plan", "--pending"), cli("apply", "--auto-approve")]
    for said in outputs:
        assert "Secret" not in said.out + said.err
        assert "Hush" not in said.out + said.err
    assert "remove 1 of 2 choices ((sensitive value))" in outputs[0].out
