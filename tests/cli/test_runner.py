"""What a job of GitHub Actions gets beside the output: annotations, a summary, outputs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli import runner
from tests.cli.conftest import Cli, Served, live

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


@pytest.fixture
def files(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a step's files, `summary` and `output`."""
    folder = tmp_path / ".git" / "step"
    folder.mkdir()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repository))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))
    return folder


def outputs(folder: Path) -> dict[str, str]:
    """As the runner reads the file."""
    found, lines = {}, iter((folder / "output").read_text().splitlines())
    for line in lines:
        name, sign, value = re.split("(=|<<)", line, maxsplit=1)
        if sign == "<<":
            read = []
            while (following := next(lines)) != value:
                read.append(following)
            value = "\n".join(read)
        found[name] = value
    (folder / "output").unlink()
    return found


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_a_plan(cli: Cli, files: Path, served: Served, write: Write, repository: Path) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    write("old.yaml", "name: old\ntype: imageannotation\nparams: {a: 2}\n")
    write("typed.yaml", "name: typed\ntype: imageannotation\n")
    served.store.seed([live("old", {"a": 1, "b": 1}), live("typed", type="categorization")])
    made = cli("plan", "--out", "a b.plan")
    assert made.code == 1
    assert commands(made.err) == [
        line
        for line in made.err.splitlines()
        if re.match(r"::error file=projects/(old|typed)\.yaml,line=\d+,col=\d+,title=(takeover|[a-z-]+)::", line)
    ]
    assert len(commands(made.err)) == 2
    assert commands(made.out) == []
    found = outputs(files)
    assert re.fullmatch("[0-9a-f]{64}", found.pop("plan_hash"))
    assert found == {
        "changes": "true",
        "to_add": "1",
        "to_change": "0",
        "held": "1",
        "blocked": "1",
        "plan_path": str(repository / "a b.plan"),
    }
    summary = (files / "summary").read_text()
    assert summary.startswith("### `production`: 1 to add")
    cli("plan", "--format", "json", "p")
    assert (files / "summary").read_text().startswith(summary)
    assert outputs(files)["plan_path"] == ""


def test_an_apply(cli: Cli, files: Path, served: Served, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    write("old.yaml", "name: old\ntype: imageannotation\nparams: {a: 2}\n")
    served.store.seed([live("old", {"a": 1, "b": 1})])
    done = cli("apply", "--auto-approve")
    assert done.code == 1
    assert commands(done.err) == [
        "::error file=projects/old.yaml,line=1,col=1,title=held::project.old: held by takeover"
    ]
    found = outputs(files)
    assert len(found.pop("plan_hash")) == 64
    assert found == {"changes": "true", "to_add": "1", "to_change": "0", "held": "1", "blocked": "0"}
    assert "### `production`: not fully applied, 1 added" in (files / "summary").read_text()


def test_drift(cli: Cli, files: Path, served: Served, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1,\n  secret: x}\n")
    cli("apply", "--auto-approve")
    outputs(files)
    assert cli("drift").code == 0
    assert outputs(files) == {"drift": "false"}
    served.store.edit_params("p", {"a": 1, "secret": "y"})
    found = cli("drift", "--format", "json")
    assert outputs(files) == {"drift": "true"}
    assert commands(found.err) == [
        "::warning file=projects/p.yaml,line=4,col=1,title=drift::"
        "project.p: params.secret has changed outside git (version 1)"
    ]
    assert "### `production`: drift in 1 of 1 project" in (files / "summary").read_text()


def test_validate(cli: Cli, files: Path, write: Write) -> None:
    write("p.yaml", "name: p\ntpye: x\n::stop-commands::e: 1\n")
    shown = cli("validate", "--format", "github")
    assert (shown.code, shown.err) == (1, "")
    assert shown.out.splitlines() == commands(shown.out)
    assert shown.out.splitlines()[0].startswith("::error file=projects/p.yaml,line=")
    in_text = cli("validate")
    assert commands(in_text.err) == shown.out.splitlines()
    assert commands(in_text.out) == []
    assert commands(cli("validate", "--format", "json").err) == shown.out.splitlines()
    assert list(files.iterdir()) == []


def test_outside_of_actions_nothing_of_it(cli: Cli, repository: Path, write: Write) -> None:
    write("p.yaml", "name: p\n")
    for command in (("validate",), ("plan", "--target", "sandbox"), ("drift", "--target", "sandbox")):
        assert commands(cli(*command).err) == []
    assert cli("validate", "--format", "github").out.startswith("::error file=projects/p.yaml,line=1,col=1,title=")
    assert not runner.summarize(lambda limit: "x")
    runner.put_out({"a": "b"})


def test_annotations_from_a_subfolder(cli: Cli, files: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository / "labeling" / "projects"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("name: a\ntpye: x\n")
    (repository / "labeling" / "reconciler.toml").write_text("")
    from_above = cli("-C", "labeling", "validate", "--format", "github")
    monkeypatch.chdir(repository / "labeling")
    inside = cli("validate", "--format", "github")
    assert "file=labeling/projects/a.yaml," in from_above.out
    assert inside.out == from_above.out
    assert "file=labeling/projects/a.yaml," in cli("plan", "--target", "sandbox").err
    (repository / "labeling" / "reconciler.toml").write_text("nonsense = 1\n")
    for command in (("validate", "--format", "github"), ("validate",), ("plan", "--format", "json"), ("drift",)):
        shown = cli(*command)
        assert shown.code == 1
        assert "::error file=labeling/reconciler.toml,line=1," in shown.out + shown.err
    assert commands(cli("drift", "--format", "json").err) != []


def test_a_usage_error_is_annotated_too(cli: Cli, files: Path, write: Write) -> None:
    write("p.yaml", M)
    shown = cli("plan", "--target", "nowhere")
    assert re.search(r'^::error title=usage::unknown target "nowhere"', shown.err, re.MULTILINE)


def test_files_that_cannot_be_written_are_warnings(
    cli: Cli, files: Path, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(files / "none" / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(files))
    done = cli("apply", "--auto-approve")
    assert done.code == 0
    assert "warning[runner-file]: the job summary cannot be written" in done.err
    assert "warning[runner-file]: the step's outputs cannot be written" in done.err
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    monkeypatch.delenv("GITHUB_OUTPUT")
    assert cli("apply", "--auto-approve").err == ""


def test_a_summary_has_room_or_is_left_out(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits: list[int] = []

    def render(limit: int) -> str:
        limits.append(limit)
        return "\U0001f600" * (limit - 1)

    while runner.summarize(render):
        pass
    size = os.path.getsize(files / "summary")
    assert 900_000 < size <= 1_000_000
    assert "summary is full" in capsys.readouterr().err
    assert limits[0] == 200_000


@pytest.mark.parametrize("value", ["", "a/b.c-1_+", "a b", "x\ny", "a=b", "k<<D\nx\nD", "日本", "::error::x"])
def test_outputs_are_read_as_they_were_meant(files: Path, value: str) -> None:
    runner.put_out({"name": value, "other": "1"})
    assert outputs(files) == {"name": value, "other": "1"}


def test_text_that_a_runner_takes_for_a_command(cli: Cli, files: Path, served: Served, write: Write) -> None:
    text = "::add-mask::e\n    see ##[error]x\n    new"
    write("p.yaml", M + f"params:\n  instruction: |\n    {text}\n")
    served.store.seed([live("p", {"instruction": "  ::add-mask::e\nsee ##[error]x\nold"})])
    for command in (("plan",), ("plan", "--format", "json"), ("apply", "--auto-approve", "--allow", "takeover")):
        shown = cli(*command)
        for line in (shown.out + shown.err).splitlines():
            assert "##[" not in line
            assert not line.strip().startswith("::") or line.startswith(("::error file=projects/p.yaml", "::warning "))
