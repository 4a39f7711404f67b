"""The last line of a terminal while a command works."""

from __future__ import annotations

import io
import os
import threading
import time
from types import SimpleNamespace

import pytest

from reconciler.cli import console
from reconciler.cli.status import Status, columns_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    streams = SimpleNamespace(stdout=io.StringIO(), stderr=terminal)
    for module in ("status", "console"):
        monkeypatch.setattr(f"reconciler.cli.{module}.sys", streams)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    return terminal


def wait_for(terminal: Terminal, text: str) -> None:
    until = time.monotonic() + 30
    while text not in terminal.getvalue():
        assert time.monotonic() < until, terminal.getvalue()
        time.sleep(0.01)


def test_it_appears_after_a_while_and_goes(terminal: Terminal) -> None:
    status = Status(delay=0.1)
    status.show("Reading the manifests")
    assert terminal.getvalue() == ""
    wait_for(terminal, "\r\x1b[KReading the manifests…")
    status.show("Comparing a very long list of things with another")
    wait_for(terminal, "\r\x1b[KComparing a very long list of things wi")
    status.hide()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert max(map(len, terminal.getvalue().split("\r\x1b[K"))) < 40
    said = terminal.getvalue()
    status.hide()
    assert terminal.getvalue() == said


def test_a_short_command_shows_nothing(terminal: Terminal) -> None:
    status = Status(delay=60)
    status.show("Reading the manifests")
    time.sleep(0.3)
    status.hide()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("why", ["dumb", "not a terminal"])
def test_elsewhere_there_is_none(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    else:
        monkeypatch.setattr("reconciler.cli.status.sys", SimpleNamespace(stderr=io.StringIO()))
    before = threading.active_count()
    status = Status(delay=0)
    status.show("Reading")
    assert threading.active_count() == before


def test_what_is_printed_replaces_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(delay=0)
    monkeypatch.setattr(console, "STATUS", status)
    status.show("Reading")
    wait_for(terminal, "Reading…")
    console.tell("error\n")
    assert terminal.getvalue().endswith("\r\x1b[Kerror\n")


def test_a_closed_terminal_is_no_mistake(terminal: Terminal) -> None:
    status = Status(delay=0)
    status.show("Reading")
    wait_for(terminal, "Reading…")
    terminal.close()
    status.hide()


def test_the_columns_of_a_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    assert columns_of(terminal) == 40
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert columns_of(terminal) is None
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((70, 30)))
    monkeypatch.setattr(terminal, "fileno", lambda: 1)
    assert columns_of(terminal) == 70
    monkeypatch.setenv("COLUMNS", "0")
    assert columns_of(terminal) == 70
    assert columns_of(io.StringIO()) is None
