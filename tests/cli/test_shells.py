"""What the scripts get: candidates, as each shell inserts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

Ask = Callable[..., list[str]]


@pytest.fixture
def ask(
    cli: Cli, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    for number, name in enumerate(["plain", "two words", "team:alpha", "a=b", "it's", '"\\e[31mred"']):
        write(f"p{number}.yaml", f"name: {name}\ntype: chat\n")

    def call(line: str, shell: str = "bash", breaks: str = ":=") -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_WORDBREAKS", breaks)
        monkeypatch.setenv("_RECONCILER_COMPLETE", f"{shell}_complete")
        with pytest.raises(SystemExit) as ended:
            cli()
        said = capsys.readouterr()
        assert ended.value.code == 0
        assert said.err == ""
        return [line for line in said.out.splitlines() if line]

    return call


def test_names_and_folders(ask: Ask) -> None:
    everything = ["a=b", "it\\'s", "plain", "projects/", "team:alpha", "two\\ words"]
    assert ask("reconciler plan ") == everything
    assert ask("reconciler plan p") == ["plain", "projects/"]
    assert ask("reconciler plan projects/p1") == ["projects/p1.yaml"]
    assert ask("reconciler fmt ") == ["projects/"]


@pytest.mark.parametrize(
    ("line", "bash", "zsh", "fish"),
    [
        ("reconciler plan two\\ w", "two\\ words", "two words", "two words"),
        ("reconciler plan 'two w", "two words", "two words", "two words"),
        ("reconciler plan team:", "alpha", "team:alpha", "team:alpha"),
        ("reconciler plan a=", "b", "a=b", "a=b"),
        ("reconciler plan --format=js", "json", "json", "--format=json"),
        ("reconciler plan --format js", "json", "json", "json"),
        ("reconciler plan --target=pro", "production", "production", "--target=production"),
        ("reconciler plan --allow near-t", "near-type", "near-type", "near-type"),
        ("reconciler import --type imageann", "imageannotation", "imageannotation", "imageannotation"),
        ("reconciler github com", "comment", "comment", "comment"),
        ("reconciler plan --out x", ":file", ":file", ":file"),
        ("reconciler init ", ":dir", ":dir", ":dir"),
        ("reconciler -C x", ":dir", ":dir", ":dir"),
        ('reconciler plan "a" --tar', "--target", "--target", "--target"),
    ],
)
def test_a_candidate_as_each_shell_inserts_it(ask: Ask, line: str, bash: str, zsh: str, fish: str) -> None:
    assert [ask(line, shell) for shell in ("bash", "zsh", "fish")] == [[bash], [zsh], [fish]]


def test_bash_without_the_usual_separators(ask: Ask) -> None:
    assert ask("reconciler plan team:", breaks=" ") == ["team:alpha"]


def test_another_folder(
    ask: Ask, tmp_path: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    assert ask(f"reconciler -C {tmp_path} blame pl") == ["plain"]
    assert ask("reconciler -C nowhere blame pl") == []


@pytest.mark.parametrize("file", ["reconciler.toml", "projects/p0.yaml", "projects/_defaults.yaml"])
def test_broken_files_say_nothing(ask: Ask, tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_bytes(b"\xff{{{: [\n\tname: x\n")
    found = ask("reconciler plan t")
    assert found == ([] if file == "reconciler.toml" else ["team:alpha", "two\\ words"])


def test_nothing_to_complete(ask: Ask) -> None:
    assert ask("reconciler plan --endpoint h") == []
    assert ask("reconciler import ") == []
    assert ask("reconciler nonsense ") == []
