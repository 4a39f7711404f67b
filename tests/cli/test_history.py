"""`reconciler history`, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
Seed = Callable[..., None]
M = "name: kittens\ntype: imageannotation\n"
RULES = "params:\n  instruction: |\n    Label every kitten.\n    Skip {}.\n"


def makers(document: Any, part: str = "params") -> list[str]:
    return [version["made_by"] for version in document[part]]


@pytest.fixture
def story(cli: Cli, served: Served, write: Write, repository: Path) -> list[str]:
    """Two applies from two commits, and then edits of both parts on Scale. The commits."""
    write("p.yaml", M + RULES.format("blurry images") + "ontology: [Cat, Kitten]\n")
    commits = [commit_all(repository, "First rules\n\nwith a body")]
    assert cli("apply", "--auto-approve").code == 0
    write("p.yaml", M + RULES.format("dark images") + "ontology: [Cat, Kitty]\n")
    commits.append(commit_all(repository, "Skip dark ones"))
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("kittens", {"priority": 20})
    served.store.edit_ontology("kittens", ["Cat", "Fox"])
    served.requests.clear()
    return commits


def test_every_version_has_its_maker(cli: Cli, story: list[str], served: Served, repository: Path) -> None:
    shown = cli("history", "kittens")
    assert (shown.code, shown.err) == (0, "")
    first, second = (commit[:7] for commit in story)
    assert f"    applied from commit {first} by n: First rules (record " in shown.out
    assert f"    applied from commit {second} by n: Skip dark ones (record " in shown.out
    assert "      - Skip blurry images.\n      + Skip dark images.\n" in shown.out
    assert "  + Fox\n" in shown.out
    assert shown.out.count("    made on Scale\n") == 2
    assert shown.last == "Versions: 3 of params, 3 of the ontology; 4 made by applies, 2 made on Scale."
    assert served.requests == ["GET /v1/projects/kittens"]

    document = cli("history", "kittens", "--format", "json").json()
    assert [version["commit"] for version in document["params"]] == [*story, None]
    assert makers(document) == makers(document, "ontology") == ["apply", "apply", "scale"]
    [version] = document["params"][2:]
    assert version["changes"] == [{"path": "params.priority", "kind": "add", "before": None, "after": 20}]
    assert document["params"][0]["author"] == {"name": "n", "subject": "First rules"}
    record = git(repository, "for-each-ref", "--format=%(refname)", "refs/reconciler/record")
    log = git(repository, "log", "--format=%H", record).split()
    assert {version["apply"]["record"] for version in document["params"][:2]} <= set(log)


def test_two_versions_are_compared(cli: Cli, story: list[str]) -> None:
    shown = cli("history", "kittens", "--diff", "0..")
    assert "  # params version 0 -> 2, " in shown.out
    assert "    version 2: made on Scale\n" in shown.out
    assert "  # ontology version 0 -> 2\n" in shown.out
    assert shown.last == "Changes: 4."
    assert cli("history", "kittens", "--diff", "1..1").last == "No changes."
    only = cli("history", "kittens", "--diff", "ontology:1..2", "--format", "json").json()
    assert (only["params"], len(only["ontology"])) == ([], 1)
    assert only["ontology"][0]["since"] == 1


def test_what_labelers_get(cli: Cli, story: list[str]) -> None:
    words = cli("history", "kittens", "--diff", "0..1", "--format", "markdown").out
    assert "<code>Skip </code><del><code>blurry</code></del><ins><code>dark</code></ins><code> images.</code>" in words
    page = cli("history", "kittens", "--diff", "0..1", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "Skip <del>blurry</del><ins>dark</ins> images." in page
    assert story[0][:7] not in words + page


def test_the_state_at_a_time(cli: Cli, story: list[str], served: Served) -> None:
    history = json.loads(served.store.get("kittens"))["param_history"]
    then = cli("history", "kittens", "--at", history[1]["created_at"], "--format", "json").json()
    [version] = then["params"]
    assert (version["version"], version["content"]) == (1, {"instruction": "Label every kitten.\nSkip dark images.\n"})
    assert then["ontology"] == []
    shown = cli("history", "kittens", "--at", "2099-01-01")
    assert shown.last == "Versions at 2099-01-01 00:00 UTC: params 2."
    assert "the ontology is not shown, because its versions have no timestamps" in shown.err
    assert "reconciler history kittens --target production --endpoint " in shown.err
    early = cli("history", "kittens", "--at", "2001-01-01")
    assert early.code == 1
    assert "project.kittens had no version at 2001-01-01" in early.err


def test_the_state_at_a_time_without_times(cli: Cli, seed: Seed) -> None:
    seed({"name": "p", "ontology": ["A"]})
    then = cli("history", "p", "--at", "2099-01-01")
    assert then.code == 0
    assert then.last == "Versions at 2099-01-01 00:00 UTC: none with a time."


def test_a_time_before_the_project(cli: Cli, seed: Seed) -> None:
    seed(live("p", {"a": 1}))
    early = cli("history", "p", "--at", "2020-01-01")
    assert early.code == 1
    assert "project.p had no version at 2020-01-01 00:00:00 UTC" in early.err
    assert "The project was created at 2026-01-02" in early.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--diff", "1-2"], "--diff 1-2: use A..B"),
        (["--diff", "0..7"], "params has no version 7|from 0 to 2"),
        (["--at", "yesterday"], "--at yesterday: use a time such as"),
        (["--at", "2026-01-01", "--diff", "0.."], "--diff cannot be combined with --at"),
        (["--relabel", "0..", "--at", "2026-01-01"], "--at cannot be combined with --relabel"),
        (["--relabel", "0..9"], "the ontology has no version 9"),
        (["--relabel", "x"], "--relabel x: use A..B"),
        (["--relabel", "0..", "--format", "html"], "--format html cannot be combined with --relabel"),
        (["--format", "csv"], "--format csv requires --relabel"),
    ],
)
def test_a_request_that_means_nothing(cli: Cli, story: list[str], arguments: list[str], words: str) -> None:
    done = cli("history", "kittens", *arguments)
    assert (done.code, done.out) == (1, "")
    for part in words.split("|"):
        assert part in done.err


def test_a_name_that_is_not_there(cli: Cli, story: list[str], served: Served) -> None:
    wrong = cli("history", "kitten")
    assert (wrong.code, wrong.err) == (
        1,
        'error[usage]: no project on Scale is named "kitten", did you mean "kittens"?\n'
        "  Check the name and the target.\n",
    )
    served.store.rename("kittens", "cats")
    gone = cli("history", "kittens")
    assert gone.code == 1
    assert "project.kittens no longer exists on Scale" in gone.err


def test_a_record_that_begins_later_or_is_missing(cli: Cli, seed: Seed, write: Write, repository: Path) -> None:
    seed(live("kittens", {"a": 1}, ["Cat"]))
    none = cli("history", "kittens")
    assert none.code == 0
    assert "the record's log has no apply of this project" in none.err or "no log of applies" in none.err
    assert none.last.endswith("2 of unknown origin.")
    write("p.yaml", M + "params: {a: 1}\nontology: [Cat]\n")
    commit_all(repository)
    cli("apply", "--auto-approve")
    write("p.yaml", M + "params: {a: 2}\nontology: [Cat]\n")
    cli("apply", "--auto-approve")
    document = cli("history", "kittens", "--format", "json").json()
    assert makers(document) == ["before-record", "apply"]
    assert document["params"][1]["commit"] is None
    assert "applied without a commit" in cli("history", "kittens").out


def test_outside_git_there_is_no_log(cli: Cli, seed: Seed, write: Write, repository: Path) -> None:
    seed(live("kittens", {"a": 1}))
    write("p.yaml", M + "params: {a: 2}\n")
    (repository / ".git").rename(repository / "gone")
    cli("apply", "--auto-approve", "--allow", "takeover")
    shown = cli("history", "kittens")
    assert shown.code == 0
    assert "there is no log of applies" in shown.err


def test_a_history_with_gaps(cli: Cli, served: Served) -> None:
    at = "2026-01-02T03:04:05.000Z"
    cut = [{"a": number, "version": number, "created_at": at} for number in (7, 8)]
    served.store.seed([live("p", archived=True) | {"param_history": cut, "ontologyHistory": [{"ontology": ["Cat"]}]}])
    served.store.append_ontology_entry("p", {"ontology": "nonsense"})
    served.store.append_ontology_entry("p", {"ontology": ["Cat"]})
    shown = cli("history", "p")
    assert shown.code == 0
    assert "project.p is archived on Scale" in shown.err
    assert "the history of params starts at version 7\n  Scale does not show the versions before it." in shown.err
    assert "ontology version 1 cannot be read" in shown.err
    assert "The changes are unknown" in shown.out
    assert "This version cannot be read." in shown.out


def test_sensitive_values_are_masked(cli: Cli, seed: Seed, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.secret", "ontology.**.@description"]\n')
    seed(live("p", {"secret": "xyzzy", "a": 1}, [{"choice": "Cat", "description": "xyzzy"}]))
    for more in ((), ("--at", "2030-01-01"), ("--diff", "0..")):
        for form in ("text", "json", "markdown", "html"):
            shown = cli("history", "p", *more, "--format", form)
            assert shown.code == 0
            assert "xyzzy" not in shown.out + shown.err
    assert cli("history", "p", "--format", "json").json()["masked"] is True


def test_renames_that_the_manifest_declares(cli: Cli, story: list[str], write: Write) -> None:
    renames = "reconcile: {renames: {Kitten: Kitty}}\n"
    write("p.yaml", M + RULES.format("dark images") + "ontology: [Cat, Kitty]\n" + renames)
    assert "  ~ Kitten -> Kitty (renamed)\n" in cli("history", "kittens", "--diff", "ontology:0..1").out
    changes = cli("history", "kittens", "--format", "json").json()["ontology"][1]["changes"]
    assert [change["renamed"] for change in changes] == [{"from": "Kitten", "to": "Kitty"}] * 2
    write("_defaults.yaml", "nonsense: [\n")
    assert cli("history", "kittens", "--diff", "ontology:0..1").code == 0


def test_names_that_changed(cli: Cli, story: list[str], write: Write) -> None:
    renames = "reconcile: {renames: {Kitten: Kitty}}\n"
    write("p.yaml", M + RULES.format("dark images") + "ontology: [Cat, Kitty]\n" + renames)
    shown = cli("history", "kittens", "--relabel", "0..")
    assert (shown.code, shown.last) == (0, "1 rename.")
    assert "  ~ Kitten -> Kitty " in shown.out
    table = cli("history", "kittens", "--relabel", "0..1", "--format", "csv").out
    assert table == f"old,new,version,commit,created_at,declared\nKitten,Kitty,1,{story[1]},,true\n"
    document = cli("history", "kittens", "--relabel", "0..1", "--format", "json").json()
    assert [(one["old"], one["new"], one["commit"]) for one in document["renames"]] == [("Kitten", "Kitty", story[1])]
    assert cli("history", "kittens", "--relabel", "params:0..").last == "No renames."


def test_the_key_is_needed(cli: Cli, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALE_API_KEY")
    done = cli("history", "p")
    assert done.code == 1
    assert "the API key is missing: SCALE_API_KEY is not set or is empty" in done.err


def test_a_clone_without_the_record_is_warned_about_once(cli: Cli, served: Served, repository: Path) -> None:
    served.store.seed([live("p", {"a": 1})])
    git(repository, "remote", "add", "origin", "https://example.invalid/x")
    shown = cli("history", "p")
    assert (shown.code, shown.err.count("warning[no-record]")) == (0, 1)
    assert "git fetch origin refs/reconciler/record/production" in shown.err
