"""What all tests share: a clean environment, and no skipped test where none is allowed."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("reconciler", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("reconciler")

_FOREIGN = ("CI", "GITHUB_", "RECONCILER_TARGET", "RECONCILER_ENDPOINT", "SCALE_", "NO_COLOR", "RUNNER_")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the variables of the machine that it runs on."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where every system package is there, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("RECONCILER_TESTS_ALLOW_NO_SKIP") and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
