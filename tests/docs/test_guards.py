"""The examples of docs/guards.md are true: each is carried out, and prints what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS
from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import Assumptions
from tests.cli.conftest import Cli, cli, repository  # noqa: F401
from tests.docs.guards import carry_out, examples
from tests.repositories import git
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve

EXAMPLES = examples()


def test_every_guard_has_an_example() -> None:
    assert tuple(EXAMPLES) == (*GUARD_NAMES, NO_MANIFESTS)


@pytest.mark.parametrize("guard", EXAMPLES)
def test_an_example_is_true(
    guard: str,
    repository: Path,  # noqa: F811
    cli: Cli,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote = tmp_path_factory.mktemp("remote")
    git(remote, "init", "-q", "--bare", "-b", "main", str(remote))
    git(repository, "remote", "add", "origin", str(remote))
    file = tmp_path_factory.mktemp("served") / "sandbox.db"
    monkeypatch.setenv("RECONCILER_TARGET", "production")
    monkeypatch.setenv("SCALE_API_KEY", "key")

    def reconciler(*arguments: str) -> str:
        done = cli(*arguments)
        return done.out + done.err

    with serve(create_app(file, assumptions=Assumptions.parse(["strings=trimmed"]))) as port:
        monkeypatch.setenv("RECONCILER_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        for block in EXAMPLES[guard]:
            for shown, printed in carry_out(block, repository, Dashboard(file), reconciler):
                for part in re.split(r"(?m)^…\n", shown):
                    assert _plain(part) in _plain(printed)
    assert f"held by {guard}" in printed or guard == NO_MANIFESTS


def _plain(text: str) -> str:
    """A text without what differs from run to run: commits, and how the run was started."""
    text = re.sub(r" --target production --endpoint http://\S+", "", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "COMMIT", text)
