"""A repository with a remote and an account at Scale, for the examples of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import Assumptions
from tests.cli.conftest import Cli, cli, repository, seed, served, write  # noqa: F401
from tests.docs.pages import Block, carry_out
from tests.repositories import git
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve


@pytest.fixture(autouse=True)
def _author(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@localhost")


Check = Callable[[Sequence[Block]], str]


@pytest.fixture
def check(
    repository: Path,  # noqa: F811
    cli: Cli,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Check]:
    """Carries out blocks, and checks that they print what they show. Returns the last output."""
    remote = tmp_path_factory.mktemp("remote")
    git(remote, "init", "-q", "--bare", "-b", "main", str(remote))
    git(repository, "remote", "add", "origin", str(remote))
    file = tmp_path_factory.mktemp("served") / "sandbox.db"
    monkeypatch.setenv("RECONCILER_TARGET", "production")
    monkeypatch.setenv("SCALE_API_KEY", "key")

    def call(blocks: Sequence[Block]) -> str:
        return [*compare(blocks, repository, Dashboard(file), cli)][-1]

    with serve(create_app(file, assumptions=Assumptions.parse(["strings=trimmed"]))) as port:
        monkeypatch.setenv("RECONCILER_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        yield call


def compare(blocks: Sequence[Block], folder: Path, scale: Dashboard, cli: Cli) -> Iterator[str]:  # noqa: F811
    """Carry out blocks, and check that each command prints what its block shows. Yields what it printed."""

    def reconciler(*arguments: str) -> str:
        done = cli(*arguments)
        return done.out + done.err

    for block in blocks:
        for shown, printed in carry_out(block, folder, scale, reconciler):
            for part in re.split(r"(?m)^…\n", shown):
                assert _plain(part) in _plain(printed)
            yield printed


def _plain(text: str) -> str:
    """A text without what differs from run to run: commits, times, and how the run was started."""
    text = re.sub(r" --target production --endpoint http://\S+", " --target production", text)
    text = text.replace(" --target production", "")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC(, [^)\n]*? ago)?", "TIME", text)
    text = re.sub(r"\([A-Z][a-z]+ \d+, \d{4}\)", "(DAY)", text)
    text = re.sub(r" +\d+\.\ds$", " SECONDS", text, flags=re.MULTILINE)
    text = re.sub(r"(?m)^index [0-9a-f]+\.\.[0-9a-f]+", "index", text)
    return re.sub(r"\b[0-9a-f]{7,12}\b", "COMMIT", text)
