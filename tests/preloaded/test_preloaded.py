"""Runs are forked under coverage, too: else each of them would import everything again."""

from __future__ import annotations

import subprocess

import pytest

from tests import preloaded


def test_a_run_is_forked_whatever_coverage_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    preloaded.command()  # starts the process to fork from
    monkeypatch.setattr(subprocess.Popen, "_execute_child", lambda *_: pytest.fail("Python itself was started"))
    for name in ("COVERAGE_RUN", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.setenv(name, "true")
    with preloaded.Popen([*preloaded.COMMAND, "--version"], stdout=subprocess.PIPE, text=True) as run:
        out, _ = run.communicate(timeout=120)
    assert (run.returncode, out[:10]) == (0, "reconciler")
