"""Every command that a message suggests is run as it is printed: it does what the message says, on the same target."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Result, Served, live
from tests.cli.suggestions import check_parses, split, suggested
from tests.repositories import commit_all

GOLDEN = Path(__file__).parent.parent / "render" / "golden"
MANIFEST = "name: {name}\ntype: imageannotation\nparams: {{a: {value}}}\n"

Write = Callable[[str, str], Path]
Seed = Callable[..., None]


def only(done: Result) -> list[str]:
    """The only command that an output suggests, besides the one that adopts live values."""
    [command] = [each for each in suggested(done.out + done.err) if "adopt" not in each]
    return command


def adopting(done: Result) -> list[str]:
    """The only command that an output suggests to adopt live values."""
    [command] = [each for each in suggested(done.out + done.err) if "adopt" in each]
    return command


def run(cli: Cli, command: list[str]) -> Result:
    """Run a suggested command. An apply asks on a terminal; here there is none, so it is approved."""
    check_parses(command)
    end = command.index("--") if "--" in command else len(command)
    approved = [*command[:end], *(["--auto-approve"] if "apply" in command else []), *command[end:]]
    done = cli(*approved[1:])
    assert "error[usage]" not in done.err
    return done


def values(served: Served, names: str) -> list[int]:
    """The live value of `a` in each project."""
    return [json.loads(served.store.get(name))["param_history"][-1]["a"] for name in names]


def target_of(done: Result) -> str:
    return re.sub(r"  \(.*", "", next(line for line in done.out.split("\n") if line.startswith("Target: ")))


def test_the_suggestions_in_golden_files_parse() -> None:
    commands = [command for file in sorted(GOLDEN.iterdir()) for command in suggested(file.read_text("utf-8"))]
    assert len(commands) >= 10
    for command in commands:
        check_parses(command)


@pytest.mark.parametrize("name", ["p", "it's $(x) `y`", "-x", "--target", "a/b.yaml", "é\u202e", 'quo"ted', "a*", "~"])
def test_a_held_project_is_applied_by_the_suggested_command(cli: Cli, write: Write, seed: Seed, name: str) -> None:
    seed(live(name, {"a": 1, "b": 2}), live("another", {"a": 1, "b": 2}))
    write("p.yaml", MANIFEST.format(name=f'"{name}"'.replace('quo"ted', 'quo\\"ted'), value=1))
    write("q.yaml", MANIFEST.format(name="another", value=1))
    held = cli("plan", "--", name)
    done = run(cli, only(held))
    assert (held.code, done.code) == (1, 0)
    assert done.last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed."
    assert target_of(done) == target_of(held)
    assert "is waived by --allow takeover" in done.out


def test_one_command_allows_everything_that_holds_a_project(
    cli: Cli, write: Write, seed: Seed, repository: Path
) -> None:
    (repository / "reconciler.toml").write_text('[guards]\nchoice-removal = "hold"\n')
    seed(live("p", {"a": 1}, ["A", "B"]), live("q", {"a": 1}, ["A", "B"]))
    for name in ("p", "q"):
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nontology: [A]\n")
    held = cli("plan")
    command = only(held)
    assert command == split("reconciler apply p q --allow takeover --allow choice-removal")
    assert run(cli, command).code == 0
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_a_guard_that_is_already_allowed_stays_so(cli: Cli, write: Write, seed: Seed, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('[guards]\nchoice-removal = "hold"\n')
    seed(live("p", {}, ["A", "B"]))
    write("p.yaml", "name: p\ntype: imageannotation\nontology: [A]\n")
    command = only(cli("plan", "--allow", "takeover"))
    assert command == split("reconciler apply p --allow takeover --allow choice-removal")
    assert run(cli, command).code == 0


def test_the_folder_the_target_and_the_endpoint_are_repeated(
    cli: Cli, write: Write, served: Served, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the parent folder, with the endpoint and the target in the environment of that one command."""
    served.store.seed([live("p", {"a": 1, "b": 2})])
    write("p.yaml", MANIFEST.format(name="p", value=1))
    monkeypatch.chdir(repository.parent)
    held = cli("-C", repository.name, "plan")
    monkeypatch.delenv("RECONCILER_TARGET")
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    monkeypatch.chdir(repository.parent)
    served.requests.clear()
    done = run(cli, only(held))
    assert (done.code, target_of(done)) == (0, target_of(held))
    assert "POST /v1/projects/p/setParams" in served.requests


def test_edits_on_scale_are_kept_or_undone_by_the_suggested_commands(
    cli: Cli, write: Write, served: Served, repository: Path
) -> None:
    for name in ("a", "b", "c"):
        write(f"team/{name}.yaml" if name != "c" else "c.yaml", MANIFEST.format(name=name, value=1))
    commit_all(repository, "first")
    assert cli("apply", "--auto-approve").code == 0
    for name in ("a", "b", "c"):
        served.store.edit_params(name, {"a": 7})
    keep = adopting(cli("plan", "projects/team"))
    kept = run(cli, keep)
    assert (kept.code, values(served, "abc")) == (0, [7, 7, 7])
    assert cli("plan", "projects/team").last == "No changes. Your projects match the manifests."
    undo = only(cli("drift", "c"))
    assert run(cli, undo).code == 0
    assert values(served, "abc") == [7, 7, 1]


@pytest.fixture
def conflicting(cli: Cli, write: Write, served: Served, repository: Path) -> Callable[[dict[str, list[str]]], None]:
    """Makes projects whose named parameters were changed on Scale, and all of whose parameters were changed in git."""

    def make(changed: dict[str, list[str]]) -> None:
        keys = sorted({key for some in changed.values() for key in some})
        for value in (1, 2):
            for name in changed:
                params = "".join(f"  {json.dumps(key)}: {value}\n" for key in keys)
                write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams:\n{params}")
            commit_all(repository)
            if value == 1:
                assert cli("apply", "--auto-approve").code == 0
        for name, some in changed.items():
            served.store.edit_params(name, dict.fromkeys(some, 7))

    return make


ODD = ["a.b", "a*", "it's", "é x", "**", "[0]"]


@pytest.mark.parametrize(
    ("changed", "commands"),
    [
        ({"p": ["a"], "q": ["a"]}, 1),
        ({"p": ["a", "b"], "q": ["b"]}, 2),
        ({"p": ["a", "b", "c", "d"], "q": ["a", "b", "c", "e"], "r": ["a", "b", "c", "d"]}, 2),
        ({"p": ODD, "q": ODD}, 1),
        ({"p": ODD[:3], "q": ODD[3:]}, 2),
    ],
)
def test_the_command_that_keeps_conflicts_keeps_no_more(
    cli: Cli,
    served: Served,
    conflicting: Callable[[dict[str, list[str]]], None],
    changed: dict[str, list[str]],
    commands: int,
) -> None:
    """What another project changed in git alone stays, although its parameter has the same name."""
    conflicting(changed)
    held = cli("apply", "--pending", "--auto-approve")
    assert "held by conflict" in held.out
    adopting = [each for each in suggested(held.out + held.err) if "adopt" in each]
    assert len(adopting) == commands
    for command in adopting:
        assert run(cli, command).code == 0
    assert cli("apply", "--auto-approve").code == 0
    for name, some in changed.items():
        latest = json.loads(served.store.get(name))["param_history"][-1]
        keys = latest.keys() - {"version", "created_at"}
        assert {key: latest[key] for key in keys} == {key: 7 if key in some else 2 for key in keys}


def test_what_a_takeover_would_remove_is_kept_for_several_projects(
    cli: Cli, write: Write, served: Served, repository: Path
) -> None:
    served.store.seed([live("p", {"a": 1, "b": 2}, ["A", "B"]), live("q", {"a": 1, "c": 3}, ["A"])])
    for name in "pq":
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: 1}}\nontology: [A]\n")
    commit_all(repository)
    held = cli("plan")
    assert "2 projects (p and q) are held by takeover" in held.out
    for command in [each for each in suggested(held.out) if "adopt" in each]:
        assert run(cli, command).code == 0
    assert cli("plan").last == "No changes. Your projects match the manifests."
    assert [json.loads(served.store.get(name))["param_history"][-1]["version"] for name in "pq"] == [0, 0]


def test_a_saved_plan_suggests_its_own_target(
    cli: Cli, write: Write, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.store.seed([live("p", {"a": 1, "b": 2})])
    write("p.yaml", MANIFEST.format(name="p", value=1))
    planned = cli("plan", "--pending", "--out", "x.plan")
    monkeypatch.delenv("RECONCILER_TARGET")
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    shown = cli("show", "x.plan")
    assert only(shown) == only(planned)
    done = run(cli, only(shown))
    assert (done.code, target_of(done)) == (0, target_of(planned))


def test_a_warning_keeps_its_command_in_a_saved_plan(
    cli: Cli, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is the one of the run that prints it, and in Markdown it is a workflow."""
    write("p.yaml", MANIFEST.format(name="p", value=1))
    write("bad.yaml", "name: bad\n")
    planned = cli("plan", "p", "--out", "x.plan")
    assert "To see the details:\n  reconciler validate\n" in planned.err
    [warning] = cli("plan", "p", "--format", "json").json()["diagnostics"]
    assert warning["detail"] == "To see the details:\nreconciler validate"
    monkeypatch.chdir(repository.parent)
    shown = cli("-C", repository.name, "show", "x.plan")
    assert shown.err.count("reconciler ") == 1
    assert suggested(shown.err) == [["reconciler", "-C", repository.name, "validate"]]
    monkeypatch.chdir(repository.parent)
    assert run(cli, only(shown)).code == 1
    monkeypatch.chdir(repository)
    text = cli("show", "x.plan", "--format", "markdown").out
    assert "To see the details: run the workflow that checks `sandbox`." in text
    assert "reconciler validate" not in text


@pytest.mark.parametrize(
    ("workflow", "words"),
    [
        ("reconciler plan", "run the workflow **reconciler apply** with names: `p`, allow: `takeover`."),
        ("reconciler plan team-a", "run the workflow **reconciler apply team-a** with names: `p`, allow: `takeover`."),
        ("CI", "run the workflow that applies to `production` with names: `p`, allow: `takeover`."),
    ],
)
def test_a_job_names_the_workflow_of_its_own_folder(
    cli: Cli, write: Write, served: Served, monkeypatch: pytest.MonkeyPatch, workflow: str, words: str
) -> None:
    served.store.seed([live("p", {"a": 1, "b": 2})])
    write("p.yaml", MANIFEST.format(name="p", value=1))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKFLOW", workflow)
    text = cli("plan", "--pending", "--format", "markdown").out
    assert f"To allow it once: {words}" in text


def test_a_saved_plan_of_an_endpoint_or_a_target_that_is_gone(
    cli: Cli, write: Write, seed: Seed, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = repository / "reconciler.toml"
    config.write_text('[targets.other]\nsandbox = ".reconciler/sandbox.db"\n')
    seed(live("p", {"a": 1, "b": 2}))
    write("p.yaml", MANIFEST.format(name="p", value=1))
    cli("plan", "--target", "other", "--out", "other.plan")
    cli("plan", "--out", "sandbox.plan")
    assert only(cli("show", "sandbox.plan")) == split("reconciler apply p --allow takeover")
    # Without a target, a run of this shell would use another one.
    monkeypatch.setenv("RECONCILER_TARGET", "production")
    assert only(cli("show", "sandbox.plan")) == split("reconciler apply p --target sandbox --allow takeover")
    config.unlink()
    assert only(cli("show", "other.plan")) == split("reconciler apply p --target other --allow takeover")


def test_without_a_terminal_the_whole_command_is_suggested(cli: Cli, write: Write) -> None:
    for name in ("a", "b"):
        write(f"{name}.yaml", MANIFEST.format(name=name, value=1))
    refused = cli("apply", "a", "--pending")
    assert refused.code == 1
    command = next(words for words in suggested(refused.err) if "--auto-approve" in words)
    assert command == split("reconciler apply a --pending --auto-approve")
    assert cli(*command[1:]).last == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("validate -C .", "reconciler -C . validate"),
        ("plan p --target production", "reconciler plan p --target sandbox"),
        ("fmt --check", "reconciler fmt"),
        ("validate --resolved", "reconciler validate --format json --resolved"),
        ("plan --live gone.json", "reconciler snapshot --out gone.json"),
        ("show gone.plan", "reconciler plan --out gone.plan"),
        ("fmt -recursive", "reconciler fmt --check"),
        ("refresh", "reconciler drift"),
        ("output", "reconciler plan --format json"),
    ],
)
def test_a_mistake_suggests_a_command_that_can_be_run(cli: Cli, write: Write, typed: str, meant: str) -> None:
    write("p.yaml", "type: imageannotation\nname: p\n")
    wrong = cli(*typed.split())
    assert wrong.code in (1, 2)
    command = next(words for words in suggested(wrong.out + wrong.err) if "--help" not in words)
    assert command == split(meant)
    assert run(cli, command).code in (0, 2)
