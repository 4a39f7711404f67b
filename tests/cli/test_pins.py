"""`reconciler pins`, as a user meets it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.planning.bases import content_hash
from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all

Write = Callable[[str, str], Path]
M = "name: {}\ntype: imageannotation\n"


@pytest.fixture
def commit(cli: Cli, served: Served, write: Write, repository: Path) -> str:
    """Three applied projects, one of them without params, and one that is only live. The commit."""
    served.store.seed([live("beside", {"z": 1}), live("found", {"a": 1})])
    write("cats.yaml", M.format("cats") + "params: {a: 1}\n")
    write("team/found.yaml", M.format("found") + "params: {a: 1}\n")
    write("bare.yaml", M.format("bare"))
    made = commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("cats", {"a": 7})
    served.requests.clear()
    return made


def test_the_versions_that_were_applied(cli: Cli, commit: str, served: Served) -> None:
    document = cli("pins", "--format", "json").json()
    assert served.methods == {"GET": 1}
    hashed = content_hash({"a": 1})
    pins = [(pin["name"], pin["params_version"], pin["commit"], pin["content_hash"]) for pin in document["pins"]]
    assert pins == [("bare", None, commit, None), ("cats", 0, commit, hashed), ("found", 0, commit, hashed)]
    table = cli("pins", "--format", "csv")
    rows = list(csv.DictReader(table.out.splitlines()))
    assert [(row["name"], row["params_version"], row["content_hash"]) for row in rows] == [
        ("bare", "", ""), ("cats", "0", hashed), ("found", "0", hashed)]  # fmt: skip
    shown = cli("pins")
    assert shown.out.startswith("PROJECT  VERSION  COMMIT   CONTENT       RECORDED\nbare     none     ")
    assert f"\ncats     0        {commit[:7]}  {hashed[:12]}  20" in shown.out
    assert shown.last == "Pins: 3 projects."


def test_names_select(cli: Cli, commit: str, served: Served) -> None:
    def names(*asked: str) -> list[str]:
        return [pin["name"] for pin in cli("pins", *asked, "--format", "json").json()["pins"]]

    assert names("cats") == ["cats"]
    assert served.requests == ["GET /v1/projects/cats"]
    assert names("*a*") == ["bare", "cats"]
    assert names("projects/team/") == names("projects/team/found.yaml") == ["found"]
    wrong = cli("pins", "cat")
    assert wrong.code == 1
    assert 'no project in the record matches "cat", did you mean "cats"?' in wrong.err
    assert cli("pins", "beside").code == 1


def test_projects_without_a_pin(cli: Cli, commit: str, served: Served) -> None:
    served.store.rename("bare", "elsewhere")
    served.store.archive("cats")
    done = cli("pins")
    assert done.code == 1
    assert "error[vanished]: project.bare no longer exists on Scale" in done.err
    assert "warning[archived]: project.cats is archived on Scale" in done.err
    assert done.last == "Pins: 2 projects."
    document = cli("pins", "--format", "json")
    assert (document.code, [one["code"] for one in document.json()["diagnostics"]]) == (1, ["vanished", "archived"])


def test_a_project_that_was_replaced_or_lost_its_versions(cli: Cli, commit: str, served: Served) -> None:
    served.store.rename("found", "old")
    served.store.rename("beside", "found")
    served.store.rename("cats", "gone")
    at = "2027-01-02T03:04:05.000Z"
    served.store.seed([live("cats", created_at=at)])
    done = cli("pins", "cats")
    assert done.code == 1
    assert "project.cats is not the recorded project" in done.err
    assert done.out == "Pins: 0 projects.\n"


def test_a_version_that_is_not_shown(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", M.format("p") + "params: {a: 2}\n")
    at = "2026-01-02T03:04:05.000Z"
    served.store.seed([live("p") | {"param_history": [{"a": 2, "version": 4, "created_at": at}]}])
    cli("apply", "--auto-approve")
    served.store.rename("p", "away")
    served.store.seed([live("p") | {"param_history": [{"a": 2, "version": 9, "created_at": at}]}])
    done = cli("pins", "--format", "csv")
    assert done.code == 0
    assert "params version 4 of project.p is not in the history that Scale shows" in done.err
    assert done.out.splitlines()[1].startswith("p,4,,,")


def test_changes_made_on_scale_that_an_apply_kept(cli: Cli, commit: str, served: Served, write: Write) -> None:
    write("cats.yaml", M.format("cats") + "params: {a: 1, b: 2}\n")
    cli("apply", "--auto-approve", "--pending")
    shown = cli("pins", "cats")
    assert "the pinned version of project.cats has changes made on Scale" in shown.err
    assert 'The last apply kept these changes: "params.a".' in shown.err


def test_without_an_apply_there_is_nothing_to_pin(cli: Cli, served: Served) -> None:
    served.store.seed([live("p", {"a": 1})])
    done = cli("pins")
    assert (done.code, done.out) == (1, "")
    assert "the record of production has no applied project of this account" in done.err
    assert "reconciler apply --target production" in done.err
