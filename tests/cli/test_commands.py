"""Arguments, targets, exit codes, streams: what scripts rely on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
import pytest

from reconciler.cli import reconciler, run
from reconciler.cli.help import Group
from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all

Write = Callable[[str, str], Path]
ONE = "name: p\ntype: imageannotation\nparams: {a: 1}\n"


def _process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **environment},
    )


_OWN = "reconciler reconciler.cli reconciler.cli.help reconciler.cli.invocation reconciler.cli.status reconciler.forge"
_OWN += " reconciler.forge.github reconciler.forge.github.job"


def _imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command imports, besides those that click needs anyway."""
    script = (
        "import click, sys\nbefore = {*sys.modules}\nfrom reconciler.cli import run\n"
        "assert run(sys.argv[1:]) == 0\nprint('', *{*sys.modules} - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return {*done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_eight_modules(argument: str, tmp_path: Path) -> None:
    imported = _imported(tmp_path, argument)
    assert {name for name in imported if name.startswith("reconciler")} == {*_OWN.split()}
    assert len(imported) <= 25


def test_completion_of_a_command_imports_no_command(tmp_path: Path) -> None:
    script = (
        "import atexit, sys\nfrom reconciler.cli import run\n"
        "atexit.register(lambda: print(*(name for name in sys.modules if name.startswith('reconciler'))))\nrun([])"
    )
    asking = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_LINE": "reconciler "}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **asking}
    )
    *candidates, imported = done.stdout.splitlines()
    assert candidates == reconciler.list_commands(click.Context(reconciler))
    own = {*_OWN.split(), "reconciler.cli.candidates", "reconciler.cli.shells"}
    assert {*imported.split()} == own


def test_validate_imports_neither_the_plan_nor_what_reads_documents(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "p.yaml").write_text(ONE)
    imported = _imported(tmp_path, "validate")
    heavy = {"httpx", "pydantic", "pydantic_core", "ruamel", "deepdiff", "rich", "asyncio", "concurrent", "logging"}
    assert not {name.split(".")[0] for name in imported} & {*heavy, "subprocess", "hashlib", "secrets"}
    assert "reconciler.model.plan" not in imported
    own = {name for name in imported if name.startswith("reconciler")}
    packages = ("planning", "scale", "record", "snapshot", "applying", "documents", "http")
    assert not [name for name in own if name.startswith(tuple(f"reconciler.{package}" for package in packages))]
    assert len(own) <= 95


def test_fmt_imports_no_rules(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "p.yaml").write_text("name: p\ntype: chat\n")
    own = {name for name in _imported(tmp_path, "fmt") if name.startswith("reconciler")}
    assert "reconciler.manifest.checks.rules" not in own
    assert len(own) <= 90


def test_a_plan_without_changes_imports_no_history_and_nothing_that_writes(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "p.yaml").write_text(ONE)
    imported = _imported(tmp_path, "plan")
    own = {name for name in imported if name.startswith("reconciler")}
    models = {f"reconciler.model.{name}" for name in ("history", "outcome", "drift")}
    packages = (
        "documents",
        "applying",
        "forge.github.client",
        "manifest.sourcetree",
        "manifest.formatting",
        "manifest.exporting",
    )
    assert not own & models
    assert "pydantic" not in imported
    assert not [name for name in own if name.startswith(tuple(f"reconciler.{package}" for package in packages))]


def test_an_apply_imports_no_documents_except_the_record(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "p.yaml").write_text(ONE)
    imported = _imported(tmp_path, "apply", "--auto-approve")
    assert "reconciler.applying.applier" in imported
    unused = {f"reconciler.documents.{name}" for name in ("plan", "savedplan", "result", "drift")}
    assert not imported & unused


def test_the_help_has_the_first_sentence_of_each_command() -> None:
    context = click.Context(reconciler)
    shown, computed = context.make_formatter(), context.make_formatter()
    reconciler.format_commands(context, shown)
    with computed.section("Commands"):
        computed.write_dl(Group.sentences(reconciler, context))
    assert shown.getvalue() == computed.getvalue()


@pytest.mark.parametrize(
    "command",
    ["validate", "plan", "apply", "show", "doctor", "sandbox", "sandbox serve", "sandbox reset", "sandbox seed"],
)
def test_every_command_has_help_with_examples(cli: Cli, command: str) -> None:
    helped = cli(*command.split(), "--help")
    assert helped.code == 0
    assert "Example" in helped.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["plam"],
        ["plan", "--nope"],
        ["plan", "--format", "yaml"],
        ["apply", "--parallelism", "0"],
        ["show"],
        ["-C", "nowhere", "plan"],
        ["plan", "--target", "productoin"],
        ["sandbox", "reset", "--target", "production"],
        ["sandbox", "seed", "nowhere.json"],
    ],
)
def test_wrong_usage_is_1_and_one_message(cli: Cli, arguments: list[str]) -> None:
    wrong = cli(*arguments)
    assert wrong.code == 1
    assert wrong.out == ""
    assert wrong.err.startswith("error[")
    assert "Traceback" not in wrong.err


def test_without_a_command_there_is_help(cli: Cli) -> None:
    assert "Usage:" in cli().out + cli().err


def test_a_target_is_suggested(cli: Cli, write: Write) -> None:
    write("p.yaml", ONE)
    assert 'did you mean "production"?' in cli("plan", "--target", "productoin").err


def test_in_ci_a_target_must_be_named(
    cli: Cli, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", ONE)
    monkeypatch.setenv("CI", "true")
    assert "no target is named" in cli("plan").err
    assert cli("plan", "--target", "sandbox").code == 0
    assert cli("validate").code == 0
    monkeypatch.setenv("RECONCILER_TARGET", "sandbox")
    assert cli("plan").code == 0
    monkeypatch.delenv("RECONCILER_TARGET")
    (repository / "reconciler.toml").write_text('target = "sandbox"\n')
    assert cli("plan").code == 0


def test_names_narrow_the_plan(cli: Cli, served: Served, write: Write) -> None:
    for name in ("cats", "dogs", "kitten_a", "kitten_b"):
        write(f"team/{name}.yaml", f"name: {name}\ntype: imageannotation\n")

    def planned(*names: str) -> list[str]:
        document = cli("plan", "--format", "json", *names).json()
        assert document["complete"] is (not names)
        return [change["name"] for change in document["resource_changes"]]

    assert planned("cats") == ["cats"]
    assert planned("kitten_*", "dogs") == ["dogs", "kitten_a", "kitten_b"]
    assert planned("projects/team/cats.yaml") == ["cats"]
    assert planned("projects/team") == ["cats", "dogs", "kitten_a", "kitten_b"]
    assert planned("./projects/") == planned()
    served.requests.clear()
    planned("cats", "dogs", "kitten_a")
    assert sorted(served.requests) == [
        "GET /v1/projects/cats",
        "GET /v1/projects/dogs",
        "GET /v1/projects/kitten_a",
    ]
    assert "narrowed" in cli("plan", "cats").out.splitlines()[1] or "1 of 4" in cli("plan", "cats").out.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["plan", "kitten_labelling"], "kitten_labeling"),
        (["apply", "dog*", "--auto-approve"], ""),
        (["validate", "projects/gone.yaml"], ""),
        (["validate", "projects/kitten.yml"], "projects/kitten.yaml"),
    ],
)
def test_a_name_that_matches_nothing(cli: Cli, served: Served, write: Write, arguments: list[str], near: str) -> None:
    write("kitten.yaml", ONE.replace("name: p", "name: kitten_labeling"))
    wrong = cli(*arguments)
    assert wrong.code == 1
    assert f'did you mean "{near}"?' in wrong.err if near else "matches" in wrong.err
    assert served.requests == []


def test_errors_in_other_manifests_are_one_warning(cli: Cli, served: Served, write: Write) -> None:
    write("good.yaml", ONE.replace("name: p", "name: good"))
    write("bad.yaml", "name: bad\ntype: imageannotation\nparms: {}\nontology: []\n")
    write("broken.yaml", "name: [\n")
    assert cli("plan", "good").code == 0
    assert "3 errors in manifests that are not selected" in cli("plan", "good").err
    served.requests.clear()
    for arguments in (["plan"], ["plan", "bad"], ["apply", "--auto-approve"]):
        assert cli(*arguments).code == 1
    assert served.requests == []
    assert "cannot be read. The project might be in" in cli("plan", "brokem").err


def test_a_name_that_stands_twice_stops_everything(cli: Cli, served: Served, write: Write) -> None:
    write("a.yaml", ONE)
    write("b.yaml", ONE)
    write("c.yaml", ONE.replace("name: p", "name: c"))
    for arguments in (["plan", "c"], ["validate", "projects/c.yaml"], ["validate"]):
        wrong = cli(*arguments)
        assert wrong.code == 1
        assert "projects/b.yaml:1:7: error[duplicate-name]" in wrong.out + wrong.err
        assert "projects/a.yaml:1" in wrong.out + wrong.err
    assert served.requests == []


def test_no_manifest_at_all_is_an_error(cli: Cli, served: Served) -> None:
    wrong = cli("plan")
    assert wrong.code == 1
    assert "error[no-manifests]" in wrong.err
    assert served.requests == []


def test_validate(cli: Cli, write: Write) -> None:
    write("good.yaml", ONE)
    assert cli("validate").last == "1 manifest is valid."
    write("bad.yaml", "name: bad\ntype: imageannotation\nparms: {}\n")
    wrong = cli("validate")
    assert wrong.code == 1
    assert "projects/bad.yaml:3:1: error[unknown-key]" in wrong.out
    assert "3 | parms: {}" in wrong.out
    assert wrong.last == "1 error in 1 of 2 manifests."
    document = cli("validate", "--format", "json").json()
    assert document["summary"] == {"errors": 1, "warnings": 0, "notes": 0}
    assert document["diagnostics"][0]["file"] == "projects/bad.yaml"
    assert (document["diagnostics"][0]["line"], document["diagnostics"][0]["column"]) == (3, 1)


def test_files_are_named_from_where_one_stands_in_text_and_from_the_top_in_json(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository / "labeling"
    (folder / "projects").mkdir(parents=True)
    (folder / "reconciler.toml").write_text("")
    (folder / "projects" / "a.yaml").write_text("name: a\n")
    assert "projects/a.yaml:1:1" in cli("-C", "labeling", "validate").out
    monkeypatch.chdir(folder)
    assert cli("validate").out.startswith("projects/a.yaml:1:1")
    document = cli("validate", "--format", "json").json()
    assert document["diagnostics"][0]["file"] == "labeling/projects/a.yaml"
    monkeypatch.chdir(folder / "projects")
    assert cli("validate").out.startswith("a.yaml:1:1")


def test_a_plan_that_fails_to_load_prints_its_diagnostics_in_the_document(cli: Cli, write: Write) -> None:
    write("bad.yaml", "name: bad\ntype: imageannotation\nparms: {}\n")
    wrong = cli("plan", "--format", "json")
    document = wrong.json()
    assert wrong.code == 1
    assert document["errored"] is True
    assert document["applyable"] is False
    assert [diagnostic["code"] for diagnostic in document["diagnostics"]] == ["unknown-key"]
    assert document["resource_changes"] == []


def test_validate_json_of_what_cannot_be_loaded(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text("manifest = 1\n")
    document = cli("validate", "--format", "json").json()
    assert document["summary"]["errors"] == 1
    assert document["diagnostics"][0]["file"] == "reconciler.toml"


def test_a_missing_key_names_its_variable(cli: Cli, write: Write) -> None:
    write("p.yaml", ONE)
    wrong = cli("plan", "--target", "production")
    assert wrong.code == 1
    assert "SCALE_API_KEY is not set" in wrong.err
    assert "To try reconciler without a key:\n  reconciler plan --target sandbox\n" in wrong.err
    other = cli("plan", "p", "--target", "production", "--endpoint", "https://api.scale.com/v1")
    assert "  reconciler plan p --target sandbox\n" in other.err


def test_the_commit_is_reported(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", ONE)
    head = commit_all(repository)
    assert cli("plan", "--format", "json").json()["source"] == {"commit": head, "dirty": False}
    assert head[:7] in cli("plan").out.splitlines()[1]
    write("q.yaml", ONE.replace("name: p", "name: q"))
    assert cli("plan", "--format", "json").json()["source"] == {"commit": head, "dirty": True}


def test_a_git_that_refuses_is_a_warning_of_plan(
    cli: Cli, write: Write, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", ONE)
    folder = tmp_path_factory.mktemp("bin")
    git = folder / "git"
    git.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert cli("validate").code == 0
    planned = cli("plan", "--format", "json")
    assert planned.code == 0
    document = planned.json()
    assert document["source"]["commit"] is None
    assert document["diagnostics"][0]["severity"] == "warning"
    assert "safe.directory" in document["diagnostics"][0]["detail"]
    git.write_text("#!/bin/sh\necho 'fatal: broken' >&2\nexit 2\n")
    assert "broken" in cli("plan").err
    git.unlink()
    monkeypatch.setenv("PATH", str(folder))
    assert cli("plan").code == 0


@pytest.mark.untraced
def test_requests_for_a_plan_of_a_thousand_projects(cli: Cli, served: Served, write: Write) -> None:
    names = [f"p{number:04}" for number in range(1_000)]
    for name in names:
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{}}\n")
    served.store.seed([live(name) for name in names])
    assert cli("plan").last.startswith("No changes.")
    assert served.methods == {"GET": 1}
    for selected, most in ((names[:3], 3), (names[:900], 1)):
        served.requests.clear()
        cli("plan", *selected)
        assert set(served.methods) == {"GET"}
        assert served.methods["GET"] <= most
    served.requests.clear()
    assert cli("validate").code == 0
    assert served.requests == []


def test_plan_writes_nothing(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", ONE)
    before = sorted(path.as_posix() for path in repository.rglob("*") if ".git/" not in path.as_posix())
    assert cli("plan").code == 0
    assert sorted(path.as_posix() for path in repository.rglob("*") if ".git/" not in path.as_posix()) == before


def test_a_seeded_taxonomy_is_noted_by_a_plan(cli: Cli, repository: Path, write: Write) -> None:
    (repository / "projects.json").write_text(json.dumps([{**live("p", {"a": 1}, ["X"]), "taxonomy": {"name": "t"}}]))
    cli("sandbox", "seed", "projects.json")
    write("p.yaml", ONE)
    write("q.yaml", ONE.replace("name: p", "name: q"))
    cli("apply", "q", "--auto-approve")
    said = cli("plan").err
    assert 'note[taxonomy-service]: "p" has a taxonomy on Scale\n' in said
    assert '"q"' not in said


def test_sandbox_commands(cli: Cli, repository: Path, write: Write) -> None:
    (repository / "projects.json").write_text(json.dumps([live("p", {"a": 1}, ["X"])]))
    assert cli("sandbox", "seed", "projects.json").out == "1 project added to the sandbox.\n"
    again = cli("sandbox", "seed", "projects.json")
    assert again.code == 1
    assert 'project "p" (entry 1) already exists' in again.err
    write("p.yaml", ONE)
    assert cli("plan").last.startswith("No changes.")
    assert cli("sandbox", "reset").out == "All projects were removed from the sandbox.\n"
    assert cli("plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."
    for text in ("{}", "[", "[1]"):
        (repository / "projects.json").write_text(text)
        wrong = cli("sandbox", "seed", "projects.json")
        assert wrong.code == 1
        assert "Traceback" not in wrong.err
    (repository / ".reconciler" / "sandbox.db").write_bytes(
        b"no database at all, but long enough to look like one" * 90
    )
    for arguments in (["sandbox", "reset"], ["plan"], ["apply", "--auto-approve"]):
        wrong = cli(*arguments)
        assert wrong.code == 1
        assert "sandbox.db" in wrong.err


def test_the_served_sandbox_says_where_it_is(repository: Path, write: Write) -> None:
    write("p.yaml", ONE)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1")
    done = _process("apply", "--auto-approve", "--target", "production", "--endpoint", url, SCALE_API_KEY="any")
    assert done.stdout.splitlines()[-1] == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."
    assert done.returncode == 0
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()
    assert (repository / ".reconciler" / "sandbox.db").is_file()


def test_a_bug_is_3_and_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("reconciler.operations.validate.load_manifests", break_down)
    broken = cli("validate")
    assert broken.code == 3
    assert "This is a bug in reconciler" in broken.err


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    def interrupt(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.operations.validate.load_manifests", interrupt)
    assert cli("validate").code == 130


@pytest.mark.untraced
def test_output_through_a_pipe_is_neither_folded_nor_cut(write: Write, repository: Path) -> None:
    name = "n" * 90
    write("p.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: {'x' * 300}}}\n")
    for environment in (
        {"COLUMNS": "40"},
        {"COLUMNS": "0"},
        {"TERM": "dumb", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    ):
        done = _process("plan", **environment)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert any(f"# project.{name} will be created" in line for line in lines)
        assert lines[-1] == "Plan: 1 to add, 0 to change, 0 to destroy."
        assert "\x1b" not in done.stdout


@pytest.mark.untraced
def test_whole_numbers_are_exact_up_to_4300_digits(write: Write, repository: Path) -> None:
    digits = "7" * 4_300
    write("p.yaml", f"name: p\ntype: imageannotation\nparams: {{a: {digits}}}\n")
    applied = _process("apply", "--auto-approve", "--target", "sandbox")
    assert applied.returncode == 0, applied.stderr
    assert _process("plan", "--target", "sandbox").stdout.splitlines()[-1].startswith("No changes.")
    write("p.yaml", f"name: p\ntype: imageannotation\nparams: {{a: {digits[:-1]}8}}\n")
    document = json.loads(_process("plan", "--format", "json").stdout, parse_int=str)
    [field] = document["resource_changes"][0]["fields"]
    assert (field["before"], field["after"]) == (digits, f"{digits[:-1]}8")
    write("p.yaml", f"name: p\ntype: imageannotation\nparams: {{a: {digits}7}}\n")
    refused = _process("plan")
    assert refused.returncode == 1
    assert "projects/p.yaml:3:13: error[not-a-number]: a whole number can have at most 4,300 digits" in refused.stderr


@pytest.mark.untraced
def test_a_closed_pipe_and_a_full_disk(write: Write, repository: Path) -> None:
    for number in range(5):
        write(f"{number}.yaml", f"name: p{number}\ntype: imageannotation\nparams: {{a: [{'x, ' * 2000}]}}\n")
    command = f"{sys.executable} -m reconciler"
    done = subprocess.run(
        ["sh", "-c", f"{command} plan --format json | head -c 1"], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    done = subprocess.run(["sh", "-c", f"{command} plan > /dev/full"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error[output]" in done.stderr
    done = subprocess.run(["sh", "-c", f"{command} plan --out /dev/full"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("plan >&-", 1, "error[output]: the output cannot be written: Bad file descriptor\n"),
        ("apply --auto-approve >&-", 1, "error[output]: the output cannot be written: Bad file descriptor\n"),
        ("plan 2>&-", 0, ""),
        ("validate >&- 2>&-", 1, ""),
    ],
)
def test_an_output_that_is_closed_from_the_start(
    write: Write, repository: Path, arguments: str, code: int, words: str
) -> None:
    """A result that is lost is an error, and an apply whose plan cannot be shown writes nothing."""
    write("p.yaml", ONE)
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m reconciler {arguments}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, words)
    assert not (repository / ".reconciler" / "sandbox.db").exists()


def test_a_current_directory_that_is_gone(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    refused = cli("plan")
    assert refused.code == 1
    assert refused.err == "error[usage]: the current directory no longer exists\n  Change to a directory that exists.\n"


def test_a_configuration_that_is_a_folder_is_an_error(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", ONE)
    (repository / "reconciler.toml").mkdir()
    assert "reconciler.toml cannot be read" in cli("plan").err


def test_the_exit_code_of_a_run_is_that_of_the_process(repository: Path) -> None:
    assert run(["--version"]) == 0
    assert _process("plan").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validte"], "no such command 'validte', did you mean 'validate'?"),
        (["-C", "project", "plan"], '-C project: No such file or directory, did you mean "projects"?'),
        (["validate", "-C", "two words"], "come before the command:\n  reconciler -C 'two words' validate\n"),
        (["validate", "-Cprojects"], "come before the command:\n  reconciler -C projects validate\n"),
        (["validate", "-C"], "-C and its folder come before the command.\n"),
        (["plan", "--allow", "near-nam"], 'unknown guard "near-nam", did you mean "near-name"?'),
        (["nothing"], "no such command 'nothing'\n"),
        (["-C", "/pro", "plan"], "-C /pro: No such file or directory\n"),
    ],
)
def test_a_near_miss_names_what_was_meant(cli: Cli, arguments: list[str], said: str) -> None:
    wrong = cli(*arguments)
    assert wrong.code == 1
    assert said in wrong.err


def test_a_missing_manifest_folder_names_the_nearest(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('manifests = "project"')
    assert 'the manifest folder project does not exist, did you mean "projects"?' in cli("validate").err


def _no_memory(*arguments: object, **options: object) -> NoReturn:
    raise MemoryError


def _no_thread(*arguments: object, **options: object) -> NoReturn:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    "command", [("plan",), ("drift",), ("snapshot", "--out", "s.json"), ("apply", "--auto-approve")]
)
def test_no_memory_is_one_error(
    cli: Cli, seed: Callable[..., None], write: Write, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    seed(live("p", {"a": 1}))
    write("p.yaml", ONE)
    monkeypatch.setattr("reconciler.scale.wire.from_json", _no_memory)
    lacking = cli(*command)
    assert (lacking.code, lacking.out, lacking.err) == (
        1,
        "",
        "error[resources]: not enough memory; free some memory, then run the command again\n",
    )


@pytest.mark.parametrize(
    "command", [("plan",), ("drift",), ("snapshot", "--out", "s.json"), ("apply", "--auto-approve")]
)
def test_no_thread_is_one_error(
    cli: Cli, seed: Callable[..., None], write: Write, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    seed(live("p", {"a": 1}))
    write("p.yaml", ONE)
    monkeypatch.setattr("threading.Thread.start", _no_thread)
    lacking = cli(*command)
    assert (lacking.code, lacking.out) == (1, "")
    assert lacking.err.startswith("error[resources]: cannot start a thread; ")
    assert len(lacking.err.splitlines()) == 1


@pytest.mark.parametrize(
    "problem",
    [
        ImportError("libsqlite3.so.0: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ExceptionGroup("tasks", [ValueError("x"), ExceptionGroup("inner", [MemoryError()])]),
    ],
)
def test_every_way_in_which_memory_lacks(cli: Cli, monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def lack(*arguments: object, **options: object) -> NoReturn:
        raise problem

    monkeypatch.setattr("reconciler.operations.validate.load_manifests", lack)
    lacking = cli("validate")
    assert (lacking.code, lacking.err) == (
        1,
        "error[resources]: not enough memory; free some memory, then run the command again\n",
    )


def test_what_tasks_side_by_side_lack_is_one_error(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of several projects run in one group of tasks, and what ends one of them comes in a group."""
    write("p.yaml", ONE)
    write("q.yaml", ONE.replace("name: p", "name: q"))
    monkeypatch.setattr("reconciler.applying.project.ProjectApply.run", _no_memory)
    lacking = cli("apply", "--auto-approve")
    assert lacking.code == 1
    assert (
        lacking.err.splitlines()[-1]
        == "error[resources]: not enough memory; free some memory, then run the command again"
    )
    monkeypatch.setattr("reconciler.applying.project.ProjectApply.run", lambda project: 1 / 0)
    assert cli("apply", "--auto-approve").code == 3


def test_a_sandbox_without_its_account(cli: Cli, seed: Callable[..., None], write: Write, repository: Path) -> None:
    import sqlite3

    seed(live("p", {"a": 1}))
    write("p.yaml", ONE)
    connection = sqlite3.connect(repository / ".reconciler" / "sandbox.db")
    connection.execute("DELETE FROM account")
    connection.commit()
    connection.close()
    for command in (("plan",), ("drift",), ("apply", "--auto-approve"), ("snapshot", "--out", "s.json")):
        wrong = cli(*command)
        assert wrong.code == 1
        assert "sandbox.db is damaged: it has no account" in wrong.err
        assert wrong.err.count("error[") == 1
        assert "Traceback" not in wrong.err
