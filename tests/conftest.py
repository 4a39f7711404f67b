"""What all tests share: a clean environment, which tests coverage traces, and no skipped test where none is allowed."""

from __future__ import annotations

import gc
import os
import pkgutil
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest
from hypothesis import settings

import reconciler

pytest_plugins = ["tests.repositories"]

settings.register_profile("reconciler", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("reconciler")

_FOREIGN = (
    "CI", "GITHUB_", "RECONCILER_TARGET", "RECONCILER_ENDPOINT", "SCALE_", "NO_COLOR", "FORCE_COLOR", "RUNNER_", "SSL",
    "COLUMNS", "LINES", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE",
)  # fmt: skip
_COVERAGE_OF_CHILDREN = "COVERAGE_PROCESS_CONFIG"


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """No test sees the variables of the machine that it runs on, even after it calls `monkeypatch.undo()`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@contextmanager
def _no_coverage() -> Iterator[None]:
    """Coverage does not trace what is done meanwhile, its threads or its child processes."""
    tracer, tracer_of_threads = sys.gettrace(), threading.gettrace()
    config = os.environ.pop(_COVERAGE_OF_CHILDREN, None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(tracer_of_threads)
        sys.settrace(tracer)
        if config is not None:
            os.environ[_COVERAGE_OF_CHILDREN] = config


def pytest_configure(config: pytest.Config) -> None:
    """What hands out the tests to workers runs none itself, so there is nothing to trace."""
    if config.getoption("numprocesses", None):
        sys.settrace(None)
        threading.settrace(None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Coverage sees that each module is imported. To trace pytest as it collects would take half as long again."""
    if sys.gettrace() is not None:
        for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
            if module.name != "reconciler.__main__":
                import_module(module.name)
    gc.disable()
    try:
        with _no_coverage():
            return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The untraced tests are the longest. They run first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("untraced") is None)


def pytest_collection_finish() -> None:
    """The garbage collector need not look again and again at everything that collecting the tests has made."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage does not trace a test that is marked `untraced`."""
    if item.get_closest_marker("untraced") is None:
        return (yield)
    with _no_coverage():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where every system package is there, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("RECONCILER_TESTS_ALLOW_NO_SKIP") and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
