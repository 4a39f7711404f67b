"""adopt on manifests of many shapes, and with what can go wrong around it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations.ledger import uncommitted
from reconciler.operations.live import read_account
from tests.cli.conftest import Cli, Served
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
HEAD = "type: imageannotation\n"
NOTHING = "No changes. Your projects match the manifests."


def lines(repository: Path) -> list[str]:
    shown = git(repository, "diff", "-U0").splitlines()
    return [line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")]


SHAPES: dict[str, tuple[dict[str, str], dict[str, Any], list[str]]] = {
    "several documents": (
        {"p.yaml": f"# one\nname: o\n{HEAD}params: {{x: 1}}\n---\n# two\nname: p\n{HEAD}params: {{x: 1}}   # here\n"},
        {"x": 2},
        ["-params: {x: 1}   # here", "+params: {x: 2}   # here"],
    ),
    "referenced params": (
        {"p.yaml": f"name: p\n{HEAD}params: {{$ref: _s.yaml#/a}}\n", "_s.yaml": "a: {x: 1}   # a\n"},
        {"x": 2},
        ["-a: {x: 1}   # a", "+a: {x: 2}   # a"],
    ),
    "a pointer": (
        {"p.yaml": f"name: p\n{HEAD}params:\n  x: {{$ref: _s.yaml#/a/b}}\n", "_s.yaml": "a:\n  b: 1   # b\n  c: 1\n"},
        {"x": 2},
        ["-  b: 1   # b", "+  b: 2   # b"],
    ),
    "an alias": (
        {"p.yaml": f"name: p\n{HEAD}params:\n  y: &one [1]\n  x: *one\n"},
        {"x": [2]},
        ["-  x: *one", "+  x: [2]"],
    ),
    "a text that another project keeps": (
        {
            "p.yaml": f"name: p\n{HEAD}params: {{x: {{$file: t.md}}}}\n",
            "o.yaml": f"name: o\n{HEAD}params: {{x: {{$file: t.md}}}}\n",
            "t.md": "one\n",
        },
        {"x": "two"},
        ["-params: {x: {$file: t.md}}", "+params: {x: two}"],
    ),
    "merged params": (
        {"p.yaml": f"name: p\n{HEAD}params: {{x: 1}}\nreconcile: {{params: merge}}\n"},
        {"x": 2, "other": 3},
        ["-params: {x: 1}", "+params: {x: 2}"],
    ),
    "an ignored path": (
        {"p.yaml": f"name: p\n{HEAD}params: {{x: {{a: 1, b: 1}}}}\nreconcile: {{ignore: [params.x.b]}}\n"},
        {"x": {"a": 2, "b": 5}},
        ["-params: {x: {a: 1, b: 1}}", "+params: {x: {a: 2, b: 1}}"],
    ),
    "an ontology with a name, edited without one": (
        {"p.yaml": f"name: p\n{HEAD}ontology:\n  name: v1   # ours\n  choices:\n    - Cat   # c\n    - Dog\n"},
        {"ontology": ["Cat", "Fox", "Dog"]},
        ["-  name: v1   # ours", "+    - Fox"],
    ),
    "an ontology with a name and shared choices": (
        {
            "p.yaml": f"name: p\n{HEAD}ontology: {{name: v1, choices: {{$ref: _o.yaml}}}}\n",
            "_o.yaml": "- Cat   # c\n- Dog\n",
        },
        {"ontology": ["Cat", "Fox", "Dog"]},
        ["+- Fox", "-ontology: {name: v1, choices: {$ref: _o.yaml}}", "+ontology: {choices: {$ref: _o.yaml}}"],
    ),
    "a merge": (
        {"p.yaml": f"x-all: &all {{x: 1, y: 1}}   # all\nname: p\n{HEAD}params:\n  <<: *all\n  z: 1   # z\n"},
        {"x": 2},
        ["+  x: 2"],
    ),
    "an ontology that is an alias": (
        {"p.yaml": f"x-o: &o\n  - Cat   # c\n  - Dog\nname: p\n{HEAD}ontology: *o\n"},
        {"ontology": ["Cat", "Fox", "Dog"]},
        ["-ontology: *o", "+ontology:", "+  - Cat", "+  - Fox", "+  - Dog"],
    ),
    "params that are a reference, and a new parameter": (
        {
            "p.yaml": f"name: p\n{HEAD}params: {{$ref: _s.yaml}}   # all\n",
            "o.yaml": f"name: o\n{HEAD}params: {{$ref: _s.yaml}}\n",
            "_s.yaml": "x: 1\n",
        },
        {"z": 2},
        ["-params: {$ref: _s.yaml}   # all", "+params:   # all", "+  x: 1", "+  z: 2"],
    ),
    "CRLF": (
        {"p.yaml": "name: p\r\ntype: imageannotation\r\nparams:\r\n  x: 1   # x\r\n"},
        {"x": 2},
        ["-  x: 1   # x", "+  x: 2   # x"],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_only_what_differs_changes(shape: str, cli: Cli, served: Served, repository: Path, write: Write) -> None:
    files, live, expected = SHAPES[shape]
    for name, text in files.items():
        write(name, "").write_bytes(text.encode())
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    if "ontology" in live:
        served.store.edit_ontology("p", live["ontology"])
    else:
        served.store.edit_params("p", live)
    found = cli("adopt")
    assert (found.code, found.err) == (0, "")
    assert [line.rstrip("\r") for line in lines(repository)] == expected
    assert cli("plan").last == NOTHING


@pytest.fixture
def drifted(cli: Cli, served: Served, repository: Path, write: Write) -> Path:
    file = write("p.yaml", f"name: p\n{HEAD}params: {{x: 1}}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("p", {"x": 2})
    return file


def test_a_full_disk_leaves_the_file_as_it_was(cli: Cli, drifted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drifted.read_bytes()

    def full(*arguments: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    found = cli("adopt")
    monkeypatch.undo()
    assert found.code == 1
    assert "projects/p.yaml" in found.err
    assert drifted.read_bytes() == before


def test_a_file_that_changes_in_between_is_not_overwritten(
    cli: Cli, drifted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = drifted.read_bytes() + b"# mine\n"

    def meanwhile(*arguments: Any) -> Any:
        found = uncommitted(*arguments)
        drifted.write_bytes(mine)
        return found

    monkeypatch.setattr("reconciler.operations.editing.uncommitted", meanwhile)
    found = cli("adopt")
    assert (found.code, "another program changed it during this run" in found.err) == (1, True)
    assert drifted.read_bytes() == mine


def test_without_a_key_nothing_is_written(cli: Cli, drifted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drifted.read_bytes()
    monkeypatch.delenv("SCALE_API_KEY")
    assert cli("adopt").code == 1
    assert drifted.read_bytes() == before


def test_a_vanished_and_an_archived_project_do_not_stop_the_others(
    cli: Cli, served: Served, drifted: Path, repository: Path, write: Write
) -> None:
    for name in ("gone", "old"):
        write(f"{name}.yaml", f"name: {name}\n{HEAD}params: {{x: 1}}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve", "--pending").code == 0
    served.store.rename("gone", "elsewhere")
    served.store.archive("old")
    found = cli("adopt")
    assert found.code == 1
    assert "old" in found.err
    assert lines(repository) == ["-params: {x: 1}", "+params: {x: 2}"]


def test_a_manifest_that_is_a_link_is_refused_and_nothing_is_written(
    cli: Cli, served: Served, drifted: Path, repository: Path, write: Write
) -> None:
    kept = repository / "kept.yaml"
    kept.write_text(f"name: q\n{HEAD}params: {{x: 1}}\n")
    (repository / "projects/q.yaml").symlink_to("../kept.yaml")
    commit_all(repository)
    assert cli("apply", "--auto-approve", "--pending").code == 0
    served.store.edit_params("q", {"x": 2})
    found = cli("adopt")
    assert found.code == 1
    assert '"projects/q.yaml" is a link' in found.err
    assert "Nothing was written." in found.err
    assert lines(repository) == []
    assert cli("adopt", "p").code == 0


def test_a_folder_that_cannot_be_written(cli: Cli, drifted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, opened = drifted.read_bytes(), os.open

    def denied(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
        if flags & os.O_CREAT and str(path).endswith(".tmp"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, flags, *arguments, **more)

    monkeypatch.setattr(os, "open", denied)
    found = cli("adopt")
    monkeypatch.undo()
    assert found.code == 1
    assert '"projects/p.yaml" cannot be written: Permission denied' in found.err
    assert "Nothing was written." in found.err
    assert drifted.read_bytes() == before


def test_without_a_record_live_values_are_adopted_with_a_warning(
    cli: Cli, served: Served, drifted: Path, repository: Path
) -> None:
    for ref in git(repository, "for-each-ref", "--format=%(refname)", "refs/reconciler").split():
        git(repository, "update-ref", "-d", ref)
    found = cli("adopt")
    assert (found.code, found.last) == (0, "Adopted 1 change to 1 project in 1 file.")
    assert "unknown: not in the record" in found.out
    assert cli("plan").last == NOTHING


def test_a_project_that_is_deleted_while_adopt_is_at_work(
    cli: Cli, served: Served, drifted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drifted.read_bytes()

    async def deleted(*arguments: Any, **more: Any) -> Any:
        served.store.rename("p", "elsewhere")
        return await read_account(*arguments, **more)

    monkeypatch.setattr("reconciler.operations.adopt.read_account", deleted)
    found = cli("adopt")
    assert "Nothing to adopt" in found.out
    assert drifted.read_bytes() == before


@pytest.mark.parametrize("name", ["p", "q"])
def test_manifests_with_errors(cli: Cli, drifted: Path, write: Write, name: str) -> None:
    """An error in a manifest that is not adopted does not stop the adopt of another one, but blocks its files."""
    before = drifted.read_bytes()
    write("q.yaml", f"name: {name}\ntipe: imageannotation\n")
    found = cli("adopt")
    assert found.code == 1
    assert "q.yaml" in found.err
    assert drifted.read_bytes() == before
    if name == "q":
        assert cli("adopt", "p").code == 0
