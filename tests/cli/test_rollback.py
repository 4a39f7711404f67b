"""`reconciler rollback`, as a user meets it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.model.guards import GUARD_NAMES
from reconciler.model.ontology import read_ontology
from reconciler.model.values import canonical_json
from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.store import Store
from tests.cli.conftest import Cli, Served, live
from tests.cli.test_adopt import _type as type_lines
from tests.cli.test_adopt import added_and_removed, changed
from tests.cli.test_requests import Counting
from tests.repositories import commit_all, git
from tests.serving import serve

Write = Callable[[str, str], Path]
HEAD = "type: imageannotation\n"
FIRST = "# pets\nname: pets\n" + HEAD + "params:\n  instruction: {$file: guide.md}   # the guide\n  x: 1\n"
CHOICES = "ontology:\n  - Animal   # alive\n  - Thing\n"


@pytest.fixture
def story(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    """Three versions of the params and two of the ontology, all from git."""
    write("pets.yaml", FIRST + CHOICES)
    write("guide.md", "Line one.\nLine two.\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    write("pets.yaml", FIRST.replace("x: 1", "x: 2\n  y: [1, 2]") + CHOICES + "  - Plant\n")
    write("guide.md", "Line 1.\nLine two.\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.requests.clear()


def content(served: Served, name: str = "pets", version: int = -1) -> dict[str, object]:
    entry = json.loads(served.store.get(name))["param_history"][version]
    return {key: value for key, value in entry.items() if key not in ("version", "created_at")}


def test_an_old_version_goes_to_the_manifest_and_then_to_scale(
    cli: Cli, story: None, served: Served, repository: Path
) -> None:
    done = cli("rollback", "pets", "--to-params", "0", "--to-ontology", "0")
    assert (done.code, done.err) == (0, "")
    assert {request.split()[0] for request in served.requests} == {"GET"}
    assert added_and_removed(repository) == [
        "-Line 1.", "+Line one.", "-  x: 2", "-  y: [1, 2]", "+  x: 1", "-  - Plant",
    ]  # fmt: skip
    assert 'Project "pets": params version 0, 20' in done.out
    assert "Rolled back 4 values of 1 project in 2 files." in done.out
    assert "  reconciler apply pets --target production --endpoint " in done.out
    assert "-Line 1.\n+Line one.\n" in done.out
    assert "The plan with these changes:\n" in done.out
    assert cli("plan", "pets").last in done.out
    commit_all(repository)
    assert cli("apply", "--auto-approve", "--allow", "choice-removal").code == 0
    assert content(served) == content(served, version=0) == {"instruction": "Line one.\nLine two.", "x": 1}
    assert cli("rollback", "pets", "--to-params", "0").out.endswith(
        "Nothing to roll back: the manifests already have these values.\n"
    )


def test_the_patch_is_what_would_be_written(cli: Cli, story: None, repository: Path) -> None:
    patch = cli("rollback", "pets", "--to-params", "0", "--diff").out
    assert changed(repository) == []
    (repository / "x.patch").write_bytes(patch.encode())
    git(repository, "apply", "x.patch")
    applied = git(repository, "diff")
    git(repository, "checkout", "-q", "projects")
    cli("rollback", "pets", "--to-params", "0")
    assert git(repository, "diff") == applied


def test_a_person_is_asked(cli: Cli, story: None, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    type_lines(monkeypatch, "no")
    declined = cli("rollback", "pets", "--to-params", "0")
    assert (declined.code, declined.last, changed(repository)) == (1, "Rollback cancelled.", [])
    assert "Do you want to write these changes to the manifests?" in declined.err
    type_lines(monkeypatch, "yes")
    assert cli("rollback", "pets", "--to-params", "0").code == 0
    assert changed(repository) == ["projects/guide.md", "projects/pets.yaml"]


def test_several_projects_go_back_to_a_time(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    write("t/_defaults.yaml", "params: {priority: 10}   # all\n")
    for name in "ab":
        write(f"t/{name}.yaml", f"name: {name}\n{HEAD}params: {{x: 1}}\n")
    commit_all(repository)
    cli("apply", "--auto-approve")
    then = max(json.loads(served.store.get(name))["param_history"][0]["created_at"] for name in "ab")
    write("t/_defaults.yaml", "params: {priority: 20}   # all\n")
    write("t/c.yaml", "name: c\n" + HEAD + "params: {x: 1, priority: 10}\n")
    write("t/d.yaml", "name: d\n" + HEAD + "params: {x: 1}\n")
    cli("apply", "a", "b", "c", "--auto-approve")
    commit_all(repository)
    done = cli("rollback", "[ab]", "--to-time", then)
    assert done.code == 0
    assert added_and_removed(repository) == [
        "-params: {x: 1}", "+params: {x: 1, priority: 10}",
        "-params: {x: 1}", "+params: {x: 1, priority: 10}",
    ], "the shared file stays, because d uses it, too"  # fmt: skip
    git(repository, "checkout", "-q", "projects")
    (repository / "projects/t/d.yaml").unlink()
    commit_all(repository)
    done = cli("rollback", "*", "--to-time", then)
    assert done.code == 1, "c did not exist yet"
    assert "project.c had no version at" in done.err
    assert added_and_removed(repository) == ["-params: {priority: 20}   # all", "+params: {priority: 10}   # all"]
    cli("apply", "a", "b", "--auto-approve")
    assert content(served, "a") == content(served, "b") == {"x": 1, "priority": 10}


def test_an_ontology_without_times_is_not_rolled_back_to_a_time(
    cli: Cli, story: None, served: Served, repository: Path
) -> None:
    then = json.loads(served.store.get("pets"))["param_history"][0]["created_at"]
    done = cli("rollback", "pets", "--to-time", then)
    assert done.code == 0
    assert "the ontology of project.pets is not rolled back" in done.err
    assert "reconciler rollback pets --target production" in done.err
    assert "-  - Plant" not in added_and_removed(repository)
    assert "+  x: 1" in added_and_removed(repository)


def test_what_a_manifest_cannot_express_is_reported(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.key"]\n')
    manifest = "name: p\n" + HEAD + "params: {x: 1, key: one, i: 1}\nreconcile: {ignore: [params.i]}\n"
    write("p.yaml", manifest)
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"key": "two", "i": 2})
    write("p.yaml", manifest.replace("x: 1, key: one", "x: 2, key: two"))
    commit_all(repository)
    done = cli("rollback", "p", "--to-params", "0")
    assert done.code == 1
    assert "params.i of project.p is not rolled back" in done.err
    assert "params.key of project.p cannot be rolled back" in done.err
    assert "never adds sensitive values to manifests" in done.err
    assert "two" not in done.out + done.err
    assert added_and_removed(repository) == ["-params: {x: 2, key: two, i: 1}", "+params: {x: 1, key: two, i: 1}"]


def test_files_with_uncommitted_changes_are_not_edited(
    cli: Cli, story: None, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = repository / "projects/pets.yaml"
    file.write_text("# mine\n" + file.read_text())
    type_lines(monkeypatch)
    refused = cli("rollback", "pets", "--to-params", "0")
    assert (refused.code, "Do you want" in refused.err) == (1, False)
    assert "projects/pets.yaml has uncommitted changes" in refused.err
    monkeypatch.setattr("sys.stdin", None)
    assert cli("rollback", "pets", "--to-params", "0", "--allow-dirty").code == 0
    assert file.read_text().startswith("# mine\n# pets\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name the project to roll back"),
        (["pets"], "use --to-params, --to-ontology, or --to-time"),
        (["pets", "--to-time", "now"], "--to-time now: use a time such as"),
        (["pets", "--to-time", "2026-01-01", "--to-params", "1"], "--to-time cannot be combined with --to-params"),
        (["pets", "--to-time", "2026-01-01", "--to-ontology", "1"], "--to-time cannot be combined with --to-ontology"),
        (
            ["pets", "--to-time", "2001-01-01"],
            "project.pets had no version at 2001-01-01|The project was created at 20",
        ),
        (["pets", "--to-params", "7"], "params has no version 7|from 0 to 1"),
        (["pets", "--to-ontology", "3"], "the ontology has no version 3|2 versions, from 0 to 1"),
        (["pets", "--to-ontology", "2"], "version 2 of the ontology cannot be read"),
        (["pats", "--to-params", "1"], 'did you mean "pets"?'),
        (["*", "--to-params", "1"], "a version number applies to one project, but 2 are selected"),
        (["new", "--to-params", "1"], "project.new does not exist on Scale"),
        (["new", "--to-ontology", "1"], "the ontology of project.new is not in the manifest"),
    ],
)
def test_a_request_that_means_nothing(
    cli: Cli, story: None, served: Served, write: Write, repository: Path, arguments: list[str], words: str
) -> None:
    write("new.yaml", "name: new\n" + HEAD + "params: {x: 1}\n")
    if arguments[-1:] == ["2"]:
        served.store.append_ontology_entry("pets", {"ontology": 5})
    if arguments[:2] == ["new", "--to-ontology"]:
        cli("apply", "new", "--auto-approve")
    done = cli("rollback", *arguments)
    assert (done.code, done.out) == (1, "")
    for part in words.split("|"):
        assert part in done.err
    assert changed(repository) == []


def test_a_project_that_lost_its_manifest(cli: Cli, story: None, repository: Path) -> None:
    (repository / "projects/pets.yaml").unlink()
    (repository / "projects/q.yaml").write_text("name: q\n" + HEAD + "params: {}\n")
    done = cli("rollback", "pets", "--to-params", "0")
    assert (done.code, "project.pets has no manifest" in done.err) == (1, True)
    assert "reconciler import pets --target production" in done.err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_file_that_cannot_be_written_is_as_it_was(
    cli: Cli, story: None, repository: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The disk is full after the first file, or the folder of the second one cannot be written."""
    replaced, left = os.replace, [1]

    def refuse(*arguments: Any, **more: Any) -> None:
        if "manifests" not in str(arguments) and not str(arguments[1]).endswith(".json"):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(number, os.strerror(number))
        replaced(*arguments, **more)

    old = {name: (repository / "projects" / name).read_bytes() for name in ("guide.md", "pets.yaml")}
    cli("rollback", "pets", "--to-params", "0")
    new = {name: (repository / "projects" / name).read_bytes() for name in old}
    git(repository, "checkout", "-q", "projects")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        failed = cli("rollback", "pets", "--to-params", "0")
    assert (failed.code, failed.err.count("error[")) == (1, 1)
    assert os.strerror(number) in failed.err
    found = {name: (repository / "projects" / name).read_bytes() for name in old}
    assert all(found[name] in (old[name], new[name]) for name in old)
    assert not [file for file in (repository / "projects").iterdir() if file.name not in old]
    assert cli("rollback", "pets", "--to-params", "0").code == 0
    assert {name: (repository / "projects" / name).read_bytes() for name in old} == new


def test_without_a_record_an_old_version_still_goes_to_the_manifest(
    cli: Cli, story: None, served: Served, repository: Path
) -> None:
    for ref in git(repository, "for-each-ref", "--format=%(refname)", "refs/reconciler").split():
        git(repository, "update-ref", "-d", ref)
    done = cli("rollback", "pets", "--to-params", "0")
    assert done.code == 0
    assert "+  x: 1" in added_and_removed(repository)
    commit_all(repository)
    assert cli("apply", "--auto-approve", "--allow", "takeover").code == 0
    assert content(served) == content(served, version=0)


@pytest.fixture
def cut(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    """A project of whose history Scale shows only the end."""
    at = "2026-01-0{}T00:00:00.000Z"
    history = [{"x": number, "version": number, "created_at": at.format(number)} for number in (3, 4)]
    served.store.seed([live("p", param_history=history)])
    write("p.yaml", "name: p\n" + HEAD + "params: {x: 4}\n")
    commit_all(repository)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--to-params", "2"],
            "params has no version 2|from 3 to 4. Older versions are no longer available.",
        ),
        (
            ["--to-time", "2026-01-02"],
            "the history of params does not go back to 2026-01-02|The oldest one is version",
        ),
        (["--to-params", "3"], ""),
        (["--to-time", "2026-01-03"], ""),
    ],
)
def test_a_history_that_shows_only_its_end(
    cli: Cli, cut: None, repository: Path, arguments: list[str], words: str
) -> None:
    done = cli("rollback", "p", *arguments)
    assert done.code == (1 if words else 0)
    assert all(part in done.err for part in words.split("|"))
    assert added_and_removed(repository) == ([] if words else ["-params: {x: 4}", "+params: {x: 3}"])


def test_a_project_that_is_gone_does_not_stop_the_others(cli: Cli, cut: None, write: Write, repository: Path) -> None:
    write("gone.yaml", "name: gone\n" + HEAD + "params: {x: 4}\n")
    commit_all(repository)
    done = cli("rollback", "*", "--to-time", "2026-01-03")
    assert done.code == 1
    assert "project.gone does not exist on Scale" in done.err
    assert added_and_removed(repository) == ["-params: {x: 4}", "+params: {x: 3}"]
    alone = cli("rollback", "gone", "--to-time", "2026-01-03")
    assert (alone.code, alone.err.count("error[")) == (1, 1)


@pytest.mark.parametrize(("shown", "gets"), [("whole", 0), ("last", 10)])
def test_many_projects_are_read_with_one_list_if_it_shows_their_histories(
    cli: Cli, repository: Path, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shown: Any, gets: int
) -> None:
    file = tmp_path / "account" / "sandbox.db"
    histories = [
        [{"x": version, "n": number, "version": version, "created_at": f"2026-01-0{version + 1}T00:00:00.000Z"}
         for version in range(3)]
        for number in range(10)
    ]  # fmt: skip
    Store(file).seed([live(f"p{number}", param_history=history) for number, history in enumerate(histories)])
    for number in range(10):
        write(f"{number}.yaml", f"name: p{number}\n{HEAD}params: {{x: 2, n: {number}}}\n")
    commit_all(repository)
    monkeypatch.setenv("SCALE_API_KEY", "k")
    counting = Counting(create_app(file, assumptions=Assumptions(list_histories=shown)), 8)
    with serve(counting) as port:
        endpoint = f"http://127.0.0.1:{port}/v1"
        done = cli("rollback", "p*", "--to-time", "2026-01-02", "--target", "production", "--endpoint", endpoint)
    assert done.code == 0, done.err
    assert (counting.requests["list"], counting.requests["get"], sum(counting.requests.values())) == (1, gets, 1 + gets)
    assert counting.most == (8 if gets else 1), "as many at once as the client allows"
    lines = [f"{sign}params: {{x: {x}, n: {number}}}" for number in range(10) for sign, x in (("-", 2), ("+", 1))]
    assert added_and_removed(repository) == lines


TEXTS = [
    "yes", "012", "", " x ", "a\nb", "a\n\nb\n", "\ttab\n x", "a\r\nb", "# x", "- x", "~", "1e3", "é😀", "x: y",
    "2026-01-01", "Line.\n" * 30, "\u2028x\u0085",
]  # fmt: skip


def any_json(draw: Random, depth: int = 2) -> Any:
    kind = draw.randrange(8 if depth else 5)
    if kind < 3:
        return draw.choice(TEXTS)
    if kind < 5:
        return draw.choice([None, True, 0, 1, 1.0, -2.5, 10**20, {"$file": "x"}, [], {}])
    if kind == 5:
        return {draw.choice(["a", "b", "yes", "é", "c d"]): any_json(draw, depth - 1) for _ in range(3)}
    return [any_json(draw, depth - 1) for _ in range(draw.randrange(4))]


def any_params(draw: Random) -> dict[str, Any]:
    return {draw.choice("abcdefg"): any_json(draw) for _ in range(draw.randrange(6))}


def any_tree(draw: Random) -> list[Any]:
    names = draw.sample(["A", "B", "C", "yes", "1", "é", "x y", "#"], draw.randrange(1, 7))
    top = draw.randrange(1, len(names) + 1)
    roots: list[Any] = [{"choice": name, "description": draw.choice(["d", "e: f"])} for name in names[:top]]
    if names[top:]:
        roots[0]["subchoices"] = names[top:]
    return [root if "subchoices" in root or draw.random() < 0.7 else root["choice"] for root in roots]


def shown(served: Served, name: str, version: int = -1) -> tuple[Any, Any]:
    project = json.loads(served.store.get(name))
    return content(served, name, version), read_ontology(project["ontologyHistory"][version]["ontology"])


def test_any_old_version_is_live_again_after_an_apply(cli: Cli, served: Served, repository: Path) -> None:
    """Generated projects: imported as they are last, and rolled back to what they were first."""
    draw = Random(21)
    at = "2026-01-02T03:04:05.000Z"
    names = [f"p{number}" for number in range(6)]
    for name in names:
        first = any_params(draw)
        last = {**any_params(draw), **{key: value for key, value in first.items() if draw.random() < 0.5}}
        history = [{**each, "version": number, "created_at": at} for number, each in enumerate((first, {}, last))]
        trees = [{"ontology": any_tree(draw), "name": "v"} for _ in range(2)]
        served.store.seed([live(name, param_history=history, ontologyHistory=trees)])
    wanted = {name: shown(served, name, 0) for name in names}
    assert cli("import", "--all").code == 0
    commit_all(repository)
    for name in names:
        done = cli("rollback", name, "--to-params", "0", "--to-ontology", "0")
        assert (done.code, done.err) == (0, ""), done.err
    assert cli("fmt", "--check").code == 0
    commit_all(repository)
    guards = [word for guard in GUARD_NAMES for word in ("--allow", guard)]
    assert cli("apply", "--auto-approve", *guards).code == 0
    for name in names:
        (params, tree), (old_params, old_tree) = shown(served, name), wanted[name]
        assert (canonical_json(params), tree) == (canonical_json(old_params), old_tree)
    assert cli("plan").last == "No changes. Your projects match the manifests."
