"""`reconciler adopt`, as a user meets it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.files import walking
from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
HEAD = "type: imageannotation\n"
PETS = """\
# pets
name: pets
type: imageannotation
params:
  instruction: {$file: guide.md}   # the guide
  geometries:
    box: {objects_to_annotate: [Dog, Kitty]}
ontology:
  - choice: Animal   # alive
    subchoices: [Dog, Kitty]
  # things
  - Thing
"""


@pytest.fixture(autouse=True)
def applied(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    write("pets.yaml", PETS)
    write("guide.md", "Line one.\nLine two.\n")
    write("t/_defaults.yaml", "params:\n  priority: 10   # all\n  speed: 1\n")
    write("t/a.yaml", "name: a\n" + HEAD + "params: {x: 1}\n")
    write("t/b.yaml", "name: b\n" + HEAD + "params: {x: 1}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0


def changed(repository: Path) -> list[str]:
    return git(repository, "diff", "--name-only").split()


def added_and_removed(repository: Path) -> list[str]:
    lines = git(repository, "diff", "-U0").splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_drift_is_written_back_and_the_rest_stays(cli: Cli, served: Served, repository: Path) -> None:
    served.store.edit_params("pets", {"instruction": "Line one.\nLine 2."})
    served.store.edit_ontology(
        "pets",
        [{"choice": "Animal", "subchoices": ["Dog", "Fox", {"choice": "Kitty", "description": "small"}]}, "Thing"],
    )
    assert (
        "To keep the changes made on Scale:\n  reconciler adopt pets --target production --endpoint "
        in cli("drift").out
    )
    before = [*served.requests]
    found = cli("adopt")
    assert {request.split()[0] for request in served.requests[len(before) :]} == {"GET"}
    assert (found.code, found.last) == (0, "Adopted 2 changes to 1 project in 2 files.")
    assert "written to projects/guide.md and projects/pets.yaml" in found.out
    assert added_and_removed(repository) == [
        "-Line two.",
        "+Line 2.",
        "-    subchoices: [Dog, Kitty]",
        "+    subchoices: [Dog, Fox, {choice: Kitty, description: small}]",
    ]
    assert cli("plan").last == "No changes. Your projects match the manifests."
    assert cli("adopt").last == "Nothing to adopt. No drift."


def test_the_patch_is_what_would_be_written(cli: Cli, served: Served, repository: Path) -> None:
    served.store.edit_params("pets", {"instruction": "Line one.\nLine two."})
    (repository / "projects/guide.md").write_bytes(b"Line one.\r\nLine two.")
    commit_all(repository)
    served.store.edit_params("pets", {"instruction": "Line 1.\nLine two.", "new": "a\nb"})
    patch = cli("adopt", "--diff").out
    assert changed(repository) == []
    (repository / "x.patch").write_bytes(patch.encode())
    git(repository, "apply", "x.patch")
    assert cli("plan").last == "No changes. Your projects match the manifests."
    applied = git(repository, "diff")
    git(repository, "checkout", "-q", "projects")
    cli("adopt")
    assert git(repository, "diff") == applied


def test_a_shared_file_is_edited_only_if_that_is_right_for_all(
    cli: Cli, served: Served, repository: Path, write: Write
) -> None:
    served.store.edit_params("a", {"priority": 20})
    cli("adopt")
    assert added_and_removed(repository) == ["-params: {x: 1}", "+params: {x: 1, priority: 20}"]
    git(repository, "checkout", "-q", "projects")
    served.store.edit_params("b", {"priority": 20})
    cli("adopt")
    assert added_and_removed(repository) == ["-  priority: 10   # all", "+  priority: 20   # all"]
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_an_inherited_parameter_that_is_gone_is_unset(cli: Cli, served: Served, repository: Path) -> None:
    served.store.edit_params("a", {"x": 1, "priority": 10}, patch=False)
    assert cli("adopt", "a").code == 0
    assert added_and_removed(repository) == ["-params: {x: 1}", "+params: {x: 1, speed: {$unset: true}}"]
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_an_overlay_is_edited_where_it_gives_the_value(
    cli: Cli, served: Served, repository: Path, write: Write
) -> None:
    (repository / "reconciler.toml").write_text('[targets.production]\noverlay = "over"\n')
    (repository / "over/t").mkdir(parents=True)
    (repository / "over/t/a.yaml").write_text("params: {x: 5}\n")
    cli("apply", "--auto-approve")
    commit_all(repository)
    served.store.edit_params("a", {"x": 6})
    cli("adopt")
    assert added_and_removed(repository) == ["-params: {x: 5}", "+params: {x: 6}"]


def test_conflicts_need_a_path(cli: Cli, served: Served, repository: Path, write: Write) -> None:
    write("t/a.yaml", "name: a\n" + HEAD + "params: {x: 2}\n")
    commit_all(repository)
    served.store.edit_params("a", {"x": 3})
    left = cli("adopt", "a")
    assert (left.code, left.last) == (0, "Nothing to adopt.")
    assert "1 unit is not adopted, because git has changed it too: a: params.x." in left.out
    assert "reconciler adopt a --target production" in left.out
    assert changed(repository) == []
    assert cli("adopt", "a", "--path", "params.x").last == "Adopted 1 change to 1 project in 1 file."
    assert added_and_removed(repository) == ["-params: {x: 2}", "+params: {x: 3}"]
    nothing = cli("adopt", "--path", "params.y")
    assert (nothing.code, "no difference matches params.y" in nothing.err) == (1, True)
    assert cli("adopt", "--path", "params..y").code == 1


def test_a_sensitive_value_is_refused_and_the_rest_is_adopted(
    cli: Cli, served: Served, repository: Path, write: Write
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.key"]\n')
    write("t/a.yaml", "name: a\n" + HEAD + "params: {x: 1, key: one}\n")
    cli("apply", "--auto-approve")
    commit_all(repository)
    served.store.edit_params("a", {"x": 2, "key": "two"})
    found = cli("adopt")
    assert found.code == 1
    assert "params.key of project.a cannot be adopted" in found.err
    assert "two" not in found.out + found.err
    assert added_and_removed(repository) == ["-params: {x: 1, key: one}", "+params: {x: 2, key: one}"]


def test_files_with_uncommitted_changes_are_not_edited(
    cli: Cli, served: Served, repository: Path, write: Write
) -> None:
    served.store.edit_params("a", {"x": 2})
    cli("adopt")
    served.store.edit_params("a", {"y": 3})
    assert cli("adopt").last == "Adopted 1 change to 1 project in 1 file.", "what adopt itself wrote does not count"
    write("t/a.yaml", "# mine\nname: a\n" + HEAD + "params: {x: 2, y: 3}\n")
    served.store.edit_params("a", {"z": 4})
    refused = cli("adopt")
    assert refused.code == 1
    assert "projects/t/a.yaml has uncommitted changes" in refused.err
    assert "z" not in (repository / "projects/t/a.yaml").read_text()
    assert cli("adopt", "--allow-dirty").code == 0
    assert (repository / "projects/t/a.yaml").read_text().startswith("# mine\n")


def test_what_a_manifest_cannot_hold_is_an_error_and_nothing_is_written(
    cli: Cli, served: Served, repository: Path
) -> None:
    served.store.edit_params("a", {"x": 2})
    served.store.edit_ontology("pets", [{"choice": "Animal", "subchoices": ["Dog", " "]}, "Thing"])
    found = cli("adopt")
    assert found.code == 1
    assert "empty-choice" in found.err
    assert changed(repository) == []
    assert cli("adopt", "a").code == 0


def test_a_person_decides_about_each_change(
    cli: Cli, served: Served, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.store.edit_params("a", {"x": 2, "y": 1, "z": 1})
    served.store.edit_params("b", {"x": 2})
    served.store.edit_params("pets", {"instruction": "Line 1."})
    _type(monkeypatch, "?", "", "a", "i", "never", "2020-01-31", "2027-01-31", "set by the vendor", "r", "s", "q")
    found = cli("adopt")
    assert "  ! params.x = 1 -> 2   " in found.err
    assert "Not a valid date." in found.err
    assert "This date is in the past." in found.err
    assert found.last == "Adopted 1 change to 1 project and ignored 1 change in 1 file."
    assert "To undo this change on Scale (a: params.z):\n  reconciler apply a --target production" in found.out
    assert (repository / "projects/t/a.yaml").read_text() == (
        "name: a\ntype: imageannotation\nparams: {x: 2}\nreconcile:\n  ignore:\n"
        "    - {path: params.y, reason: set by the vendor, until: 2027-01-31}\n"
    )
    assert changed(repository) == ["projects/t/a.yaml"]


def test_a_person_sees_what_changed_and_no_sensitive_value(
    cli: Cli, served: Served, repository: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.x.token"]\n')
    rules = [f"Rule {number}." for number in range(100)]
    served.store.edit_params("a", {"x": {"token": "hush-1", "n": 1}})
    served.store.edit_params("pets", {"instruction": "\n".join(rules)})
    write("t/a.yaml", f"name: a\n{HEAD}params:\n  x: {{token: hush-1, n: 1}}\n")
    write("guide.md", "\n".join(rules))
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("a", {"x": {"token": "hush-1", "n": 2}})
    served.store.edit_params("pets", {"instruction": "\n".join(["Rule 0.", "Rule one.", *rules[2:]])})
    write("guide.md", "\n".join([*rules[:98], "Rule ninety-eight.", rules[99]]))
    commit_all(repository)
    _type(monkeypatch, "a", "a")
    found = cli("adopt")
    assert found.code == 0
    assert "hush" not in found.out + found.err
    assert "  ! params.x.n = 1 -> 2   " in found.err
    for line in ("- Rule 1.", "+ Rule one.", "- Rule 98.", "+ Rule ninety-eight."):
        assert f"      {line}\n" in found.err
    assert (repository / "projects/guide.md").read_text().startswith("Rule 0.\nRule one.\n")


@pytest.mark.parametrize("command", [("adopt",), ("rollback", "pets", "--to-ontology", "0")])
@pytest.mark.parametrize("more", ["", ", Car: Bike"])
def test_a_rename_that_was_undone_on_scale_leaves_the_manifest(
    cli: Cli, served: Served, repository: Path, write: Write, command: tuple[str, ...], more: str
) -> None:
    write("pets.yaml", PETS.replace("Kitty", "Cat") + f"reconcile:\n  renames: {{Kitty: Cat{more}}}  # since May\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("pets", {"geometries": {"box": {"objects_to_annotate": ["Dog", "Kitty"]}}})
    served.store.edit_ontology("pets", [{"choice": "Animal", "subchoices": ["Dog", "Kitty"]}, "Thing"])
    assert cli("adopt", "--path", "params.geometries").code == 0
    found = cli(*command)
    assert found.code == 0, found.err
    text = (repository / "projects/pets.yaml").read_text()
    assert "Kitty: Cat" not in text
    assert ("Car: Bike" in text) == bool(more)


@pytest.mark.parametrize("command", [("adopt",), ("rollback", "a", "--to-params", "3")])
def test_a_patch_shows_no_sensitive_value(
    cli: Cli, served: Served, repository: Path, write: Write, command: tuple[str, ...]
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.x.token", "params.key"]\n')
    served.store.edit_params("a", {"x": {"token": 'hu"sh', "n": 1}, "key": "hush"})
    lines = ["params:", '  key: "h\\u0075sh"', "  near: 1", "  between: 1", "  far: 1", '  x: {token: "hu\\"sh", n: 1}']
    write("t/a.yaml", "\n".join([f"name: a\n{HEAD}".rstrip(), *lines, ""]))
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("a", {"between": 2})
    patch = cli(*command, "--diff")
    assert patch.code == 0
    assert "hu" not in patch.out
    assert " near: 1" in patch.out
    (repository / "x.patch").write_bytes(patch.out.encode())
    git(repository, "apply", "x.patch")
    assert added_and_removed(repository) == ["-  between: 1", "+  between: 2"]
    git(repository, "checkout", "-q", "projects")
    served.store.edit_params("a", {"near": 2})
    if command[0] == "adopt":
        refused = cli("adopt", "--diff")
        assert (refused.code, refused.out) == (1, "")
        assert "error[sensitive-patch]" in refused.err
        assert "hu" not in refused.err.replace("shown", "")


@pytest.mark.parametrize("typed", [[], ["i"], ["i", ""], ["i", "2027-01-31"]])
def test_the_end_of_the_input_skips_the_rest(
    cli: Cli, served: Served, repository: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    served.store.edit_params("a", {"x": 2})
    _type(monkeypatch, *typed)
    found = cli("adopt")
    assert found.last == "Nothing was adopted."
    assert found.err.endswith("\n")
    assert changed(repository) == []


def _type(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    typed = io.StringIO("".join(f"{line}\n" for line in lines))
    typed.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", typed)


def test_a_plan_and_a_drift_suggest_the_adopt_of_a_conflict(
    cli: Cli, served: Served, repository: Path, write: Write
) -> None:
    write("t/a.yaml", "name: a\n" + HEAD + "params: {x: 2, 'a b': 1}\n")
    commit_all(repository)
    served.store.edit_params("a", {"x": 3, "a b": 2})
    for command in (["plan"], ["plan", "--allow", "conflict"], ["drift"]):
        out = cli(*command).out
        assert " --path params.x" in out
        assert """ --path 'params."a b"'""" in out
    suggested = ["--path", "params.x", "--path", 'params."a b"']
    assert cli("adopt", "a", *suggested).last == "Adopted 2 changes to 1 project in 1 file."


def test_only_an_import_that_works_is_suggested(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("good"), live("bad", ontology=["Cat", " "])])
    for command in ("plan", "drift"):
        out = cli(command).out
        assert "bad cannot be imported: a choice needs at least one visible character (ontology[1])." in out
        assert (
            "2 live projects have no manifest (bad and good). To manage the rest:\n  reconciler import good --" in out
        )
    write("good.yaml", f"name: good\n{HEAD}")
    out = cli("plan").out
    assert "1 live project has no manifest (bad)." in out
    assert "reconciler import" not in out


def test_an_adopt_reads_each_project_and_each_file_a_few_times(
    cli: Cli, served: Served, repository: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One list, at most one get for each project, and a number of reads of a file that does not grow."""
    write("t/g.md", "Text.\n")
    for number in range(8):
        write(f"t/x{number}.yaml", f"name: x{number}\n{HEAD}params: {{x: {number}, text: {{$file: g.md}}}}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    for number in range(8):
        served.store.edit_params(f"x{number}", {"x": 50, "text": "New.", "priority": number // 4})
    reads: Counter[str] = Counter()
    read = walking._Walk.read

    def counted(walk: Any, limit: int) -> bytes:
        reads["/".join(walk.parts)] += 1
        return read(walk, limit)

    monkeypatch.setattr(walking._Walk, "read", counted)
    served.requests.clear()
    assert cli("adopt").last == "Adopted 24 changes to 8 projects in 9 files."
    lists = [request for request in served.requests if request == "GET /v1/projects"]
    assert len(lists) == 1
    assert max(Counter(served.requests).values()) == 1
    assert len(served.requests) <= 1 + 11
    assert max(count for file, count in reads.items() if file.startswith("projects/")) <= 6
