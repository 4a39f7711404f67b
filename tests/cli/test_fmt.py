"""`reconciler fmt`: which files, what is written, what is skipped, and how it ends."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest import formatting, reading
from reconciler.manifest.sourcetree import outside
from tests.cli.conftest import Cli

Write = Callable[[str, str], Path]
LOOSE = "type:   chat\nname: {name}\n"
FORM = "name: {name}\ntype: chat\n"


def test_files_are_put_into_form_once(cli: Cli, write: Write) -> None:
    file = write("p.yaml", LOOSE.format(name="p"))
    write("q.yaml", FORM.format(name="q"))
    asked = cli("fmt", "--check")
    assert (asked.code, asked.out) == (2, "projects/p.yaml\n")
    assert asked.err == "1 file would be formatted, 1 file already formatted.\nTo format it:\n  reconciler fmt\n"
    assert file.read_text() == LOOSE.format(name="p")
    done = cli("fmt")
    assert (done.code, done.out) == (0, "projects/p.yaml\n")
    assert done.err == "1 file formatted, 1 file already formatted.\n"
    assert file.read_text() == FORM.format(name="p")
    again = cli("fmt", "--check")
    assert (again.code, again.out, again.err) == (0, "", "2 files already formatted.\n")


def test_an_error_wins_and_its_file_is_left_alone(cli: Cli, write: Write) -> None:
    good, bad = write("a.yaml", LOOSE.format(name="a")), write("b.yaml", "type:   chat\nname: b\nstudio: 1\n")
    before = bad.read_bytes()
    asked = cli("fmt", "--check")
    assert (asked.code, asked.out) == (1, "projects/a.yaml\n")
    assert "projects/b.yaml:3:9: error[wrong-type]" in asked.err
    done = cli("fmt")
    assert done.code == 1
    assert done.err.endswith("1 file formatted, 1 file skipped because of errors.\n")
    assert good.read_text() == FORM.format(name="a")
    assert bad.read_bytes() == before
    bad.write_text("a: [\n")
    assert "error[syntax]" in cli("fmt", "projects/b.yaml").err
    assert bad.read_text() == "a: [\n"


def test_json_and_files_of_other_tools_are_skipped(cli: Cli, repository: Path, write: Write) -> None:
    (repository / "data.json").write_text('{"x":  1}')
    (repository / "tool.yaml").write_text("1: !t  x\nk:  2\n")
    write("p.yaml", FORM.format(name="p") + "params:\n  a: {$ref: ../data.json}\n  b: {$ref: ../tool.yaml#/k}\n")
    assert cli("fmt").code == 0
    assert (repository / "data.json").read_text() == '{"x":  1}'
    assert (repository / "tool.yaml").read_text() == "1: !t  x\nk:  2\n"
    named = cli("fmt", "tool.yaml")
    assert named.code == 1
    assert "tool.yaml:1:4: error[tag]" in named.err


def test_what_manifests_use_is_formatted_and_drafts_are_not(cli: Cli, repository: Path, write: Write) -> None:
    (repository / "reconciler.toml").write_text('[targets.sandbox]\noverlay = "projects/_over"\n')
    shared = repository / "shared.yaml"
    shared.write_text("- description:   d\n  choice: Cat\n")
    write("_defaults.yaml", "params: {a: 1}\ntype: chat\n")
    write("t/p.yaml", "ontology: {$ref: ../../shared.yaml}\nparams: {}\nname: p\n")
    write("_over/t/p.yaml", "params: {b:  2}\nstudio: true\n")
    draft = write("_draft.yaml", "a:   [")
    done = cli("fmt")
    assert done.out.splitlines() == [
        "projects/_defaults.yaml", "projects/_over/t/p.yaml", "projects/t/p.yaml", "shared.yaml",
    ]  # fmt: skip
    assert shared.read_text() == "- description: d\n  choice: Cat\n"
    assert (repository / "projects/_defaults.yaml").read_text() == "type: chat\nparams:\n  a: 1\n"
    assert (repository / "projects/_over/t/p.yaml").read_text() == "studio: true\nparams:\n  b: 2\n"
    assert draft.read_text() == "a:   ["
    assert cli("fmt", "projects/_draft.yaml").code == 1
    assert cli("validate").code == 0


def test_paths_are_files_or_folders(cli: Cli, repository: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/p.yaml", LOOSE.format(name="p"))
    write("b/q.yaml", LOOSE.format(name="q"))
    write("b/r.yaml", LOOSE.format(name="r"))
    monkeypatch.chdir(repository / "projects/b")
    assert cli("fmt", "q.yaml", "--check").out == "q.yaml\n"
    assert cli("fmt", "../a").out == "../a/p.yaml\n"
    assert cli("fmt", ".").out == "q.yaml\nr.yaml\n"
    other = repository / "other.yaml"
    other.write_text("b:   1\n")
    assert cli("fmt", "../../other.yaml").out == "../../other.yaml\n"
    assert other.read_text() == "b: 1\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("projects/q.yaml", '"projects/q.yaml" does not exist, did you mean "projects/p.yaml"?'),
        ("docs", '"docs" contains no manifests'),
        ("docs/a.md", '"docs/a.md" is not a YAML file'),
        ("../x.yaml", '"../x.yaml" is outside the repository'),
        ("projects/link.yaml", '"projects/link.yaml" is outside the repository'),
    ],
)
def test_a_path_that_names_no_manifest_is_an_error(
    cli: Cli, repository: Path, write: Write, tmp_path_factory: pytest.TempPathFactory, path: str, said: str
) -> None:
    file = write("p.yaml", LOOSE.format(name="p"))
    (repository / "docs").mkdir()
    (repository / "docs/a.md").touch()
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("a:   1\n")
    (repository / "projects/link.yaml").symlink_to(outside)
    assert f"The manifest folder is {repository}/projects." in cli("fmt", "docs").err
    wrong = cli("fmt", path)
    assert wrong.code == 1
    assert said in wrong.err
    assert (file.read_text(), outside.read_text()) == (LOOSE.format(name="p"), "a:   1\n")


def test_an_empty_manifest_folder(cli: Cli, repository: Path) -> None:
    (repository / "projects").mkdir(exist_ok=True)
    assert (cli("fmt").code, cli("fmt").err) == (0, "No files to format.\n")
    named = cli("fmt", "projects")
    assert '"projects" contains no manifests' in named.err
    assert "A manifest is a file whose name ends in .yaml or .yml" in " ".join(named.err.split())


def test_a_file_s_name_is_one_line_and_no_command(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write("a\u202e\n::error::x.yaml", LOOSE.format(name="p"))
    assert cli("fmt", "--check").out == "projects/a\\u202e\\n::error::x.yaml\n"


def test_nothing_is_written_through_a_link_and_permissions_stay(cli: Cli, repository: Path, write: Write) -> None:
    """A link is read, so what it leads to is one of the files; it is formatted under its own name alone."""
    real = write("_real.yaml", LOOSE.format(name="p"))
    real.chmod(0o640)
    link = repository / "projects/p.yaml"
    link.symlink_to("_real.yaml")
    for arguments in (["fmt"], ["fmt", "--check"]):
        refused = cli(*arguments)
        assert (refused.code, refused.out) == (1, "")
        assert (
            'projects/p.yaml:1:1: error[link]: this file was not formatted: "projects/p.yaml" is a link' in refused.err
        )
        assert "Format projects/_real.yaml instead, or" in refused.err
        assert real.read_text() == LOOSE.format(name="p")
    assert cli("fmt", "projects/_real.yaml").out == "projects/_real.yaml\n"
    assert link.is_symlink()
    assert real.read_text() == FORM.format(name="p")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(os.listdir(repository / "projects")) == ["_real.yaml", "p.yaml"]
    assert cli("fmt").code == 0


def test_a_linked_folder_is_not_written_through(cli: Cli, repository: Path) -> None:
    (repository / "shared").mkdir()
    (repository / "shared/p.yaml").write_text(LOOSE.format(name="p"))
    (repository / "projects/team").symlink_to("../shared")
    assert '"projects/team" is a link' in cli("fmt").err
    assert (repository / "shared/p.yaml").read_text() == LOOSE.format(name="p")


def test_what_cannot_be_proven_is_not_written(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("p.yaml", LOOSE.format(name="p"))
    monkeypatch.setattr(formatting, "lay_out", lambda *tree: ["name: other", "type: chat"])
    for options in ((), ("--check",)):
        done = cli("fmt", *options)
        assert (done.code, done.out) == (0, "")
        assert "projects/p.yaml:1:1: note[not-formatted]" in done.err
        assert "its values would change" in done.err
        assert done.err.endswith("\n1 file left unchanged.\n")
    assert file.read_text() == LOOSE.format(name="p")


def test_a_form_that_is_not_known_is_left_unchanged(cli: Cli, write: Write) -> None:
    """google/yamlfmt#301: a comment in the header of a key's block."""
    text = "name:  p\ntype: imageannotation\nparams:\n  ? | # comment\n    multi\n    line\n  : value\n"
    file = write("p.yaml", text)
    done = cli("fmt")
    assert done.code == 0
    assert "projects/p.yaml:1:1: note[not-formatted]" in done.err
    assert file.read_text() == text


def test_a_file_that_cannot_be_written_is_reported_and_the_others_are(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, good = write("a.yaml", LOOSE.format(name="a")), write("b.yaml", LOOSE.format(name="b"))
    replace = os.replace

    def refusing(source: str, target: str, **folders: int) -> None:
        if target == "a.yaml":
            raise OSError(28, "No space left on device")
        replace(source, target, **folders)

    monkeypatch.setattr(os, "replace", refusing)
    wrong = cli("fmt")
    assert (wrong.code, wrong.out) == (1, "projects/b.yaml\n")
    assert "projects/a.yaml:1:1: error[not-written]: this file cannot be written: No space left on device" in wrong.err
    assert (full.read_text(), good.read_text()) == (LOOSE.format(name="a"), FORM.format(name="b"))
    assert sorted(os.listdir(full.parent)) == ["a.yaml", "b.yaml"]


def test_a_file_that_changes_meanwhile_is_left_alone(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("p.yaml", LOOSE.format(name="p"))
    lay_out = formatting.lay_out

    def slow(*tree: Any) -> list[str]:
        file.write_text("name: p\ntype: other\n")
        return lay_out(*tree)

    monkeypatch.setattr(formatting, "lay_out", slow)
    assert "it has changed since it was read" in cli("fmt").err
    assert file.read_text() == "name: p\ntype: other\n"


@pytest.mark.untraced
def test_fmt_is_safe_in_parallel(repository: Path, write: Write) -> None:
    """Hooks pass file names in batches, in parallel: pre-commit/pre-commit#1775."""
    files = [write(f"p{number}.yaml", LOOSE.format(name=f"p{number}")) for number in range(120)]
    command = [sys.executable, "-m", "reconciler", "fmt"]
    names = [f"projects/{file.name}" for file in files]
    batches = [names[:80], names[40:], [], names[:80]]
    runs = [subprocess.Popen([*command, *batch], cwd=repository, stderr=subprocess.PIPE) for batch in batches]
    for each in runs:
        _, shown = each.communicate(timeout=120)
        assert each.returncode == 0, shown
    assert all(file.read_text() == FORM.format(name=file.stem) for file in files)
    assert len(os.listdir(repository / "projects")) == 120


def test_a_named_pipe_is_not_waited_for(cli: Cli, repository: Path) -> None:
    os.mkfifo(repository / "projects/_pipe.yaml")
    refused = cli("fmt", "projects/_pipe.yaml")
    assert refused.code == 1
    assert "_pipe.yaml:1:1: error[unreadable]: this file cannot be read: it is not a regular file" in refused.err


def test_how_often_a_file_is_parsed(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for its values, and once for its tree; what is changed also for the proof, whose values and remarks are
    read. (Without the braces, the values would take no parser.)"""
    write("p.yaml", FORM.format(name="p") + "params:\n  $ref: _shared.yaml\nx-a: {}\n")
    write("_shared.yaml", "a: 1\nb: {}\n")
    write("q.yaml", LOOSE.format(name="q") + "x-a: {}\n")
    parsed: list[str] = []
    for module in (reading, outside):
        monkeypatch.setattr(module, "open_events", _noting(module.open_events, parsed))
    assert cli("fmt", "--check").code == 2
    times = {sign: sum(sign in text for text in parsed) for sign in ("name: p", "name: q", "a: 1")}
    assert times == {"name: p": 2, "name: q": 4, "a: 1": 3}


def _noting(open_events: Any, parsed: list[str]) -> Any:
    def noting(parser: Any, text: str) -> Any:
        parsed.append(text)
        return open_events(parser, text)

    return noting
