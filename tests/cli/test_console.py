"""How output fits where it is printed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reconciler.cli import console, run


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes both streams a terminal of 60 columns."""
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
        monkeypatch.setattr(stream, "fileno", lambda: 1)
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((60, 24)))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.mark.parametrize(
    ("variable", "columns"), [(None, 60), ("", 60), ("0", 60), ("100", 100), ("9", 40), ("wide", 60)]
)
def test_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch, variable: str | None, columns: int | None) -> None:
    at_a_terminal(monkeypatch)
    if variable is not None:
        monkeypatch.setenv("COLUMNS", variable)
    assert console.look(sys.stdout) == {"colour": False, "columns": columns}


def test_a_terminal_that_does_not_know_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((0, 0)))
    assert console.look(sys.stderr)["columns"] is None


def test_without_a_terminal_nothing_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert console.look(sys.stdout) == {"colour": False, "columns": None}


def test_commands_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    at_a_terminal(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    Path("projects/a.yaml").write_text(f"name: a\ntype: imageannotation\nparams: {{instruction: {'x y ' * 30}}}\n")
    for arguments in (["plan"], ["validate"], ["doctor"], ["drift"], ["apply", "--auto-approve"], ["fmt"]):
        run(arguments)
    printed = capsys.readouterr()
    rows = [*printed.out.split("\n"), *printed.err.split("\n")]
    assert [row for row in rows if len(row) > 60 and len(row.split()) > 2] == []
