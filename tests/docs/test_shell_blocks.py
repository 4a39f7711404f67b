"""Every block of commands in the docs is run: those of stories by their own tests, the others here."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Served, live
from tests.cli.suggestions import check_parses
from tests.docs.pages import DOCS, blocks, sections
from tests.repositories import commit_all, git

STORIES = {"adopt.md", "day-2.md", "guards.md", "tutorial.md"}
"""Pages whose `console` blocks a test of their own runs, and compares with what they show."""

NOT_RUN = ("conftest test ",)
"""Programs that the tests do not have. tests/docs/test_policies.py runs the policies in other engines."""

DRIFT_FOUND = 2


def shell(page: str) -> list[str]:
    return [block.text for block in blocks((DOCS / page).read_text("utf-8")) if block.kind == "sh"]


@pytest.fixture
def account(served: Served) -> Served:
    """A project with nine versions of params."""
    served.store.seed([live("kittens", {"instruction": "Draw a box."})])
    for priority in range(1, 9):
        served.store.edit_params("kittens", {"priority": priority})
    return served


def run(page: str, number: int, cli: Cli, folder: Path) -> None:
    """Run one block, line by line. A line of ours runs in this process. An apply that would ask is approved."""
    for line in shell(page)[number].splitlines():
        command, _, file = line.partition(" #")[0].strip().partition(" > ")
        if command.startswith("reconciler "):
            approved = ["--auto-approve"] if command.startswith("reconciler apply kittens") else []
            done = cli(*shlex.split(command)[1:], *approved)
            assert done.code in (0, DRIFT_FOUND if " drift " in command else 0), done.err
            assert done.out
            if file:
                (folder / file).write_text(done.out, "utf-8")
        elif not command.startswith(NOT_RUN):
            subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)


def test_the_commands_of_a_page(cli: Cli, account: Served, repository: Path) -> None:
    run("import.md", 0, cli, repository)
    assert "priority: 8" in (repository / "projects/kittens.yaml").read_text("utf-8")
    (repository / ".gitignore").write_text(".reconciler/\n*.html\n*.out\n*.patch\n/plan.json\n")
    commit_all(repository)
    run("policies.md", 0, cli, repository)
    run("history.md", 0, cli, repository)
    assert (repository / "changes.html").read_text("utf-8").startswith("<!doctype html>")
    run("history.md", 1, cli, repository)
    assert "priority: 6" in git(repository, "show", "HEAD:projects/kittens.yaml")
    account.store.edit_params("kittens", {"priority": 20})
    run("adopt.md", 1, cli, repository)
    assert "priority: 20" in (repository / "projects/kittens.yaml").read_text("utf-8")
    git(repository, "checkout", "--quiet", ".")
    run("adopt.md", 0, cli, repository)
    assert "priority: 20" in (repository / "projects/kittens.yaml").read_text("utf-8")


def test_the_schemas_for_editors(cli: Cli, repository: Path) -> None:
    for number in range(len(shell("editor.md"))):
        run("editor.md", number, cli, repository)
    assert (repository / "projects/_schema.json").stat().st_size > 1_000
    assert (repository / ".reconciler.schema.json").stat().st_size > 1_000


def test_what_would_not_end_is_parsed() -> None:
    """Servers, a table of cron, and a container: no engine for it is here."""
    commands = [line for page in ("sandbox.md", "tutorial.md") for text in shell(page) for line in text.splitlines()]
    commands += re.findall(r"reconciler [a-z][^>|\n]*", "".join(shell("ci.md")))
    ours = [shlex.split(command) for command in commands if command.startswith("reconciler")]
    assert len(ours) == 5
    for command in ours:
        check_parses(command)


def test_the_sandbox_in_a_test(tmp_path: Path) -> None:
    import reconciler.sandbox.app
    import reconciler.sandbox.assumptions
    import reconciler.sandbox.faults
    import reconciler.sandbox.store

    parts = (
        reconciler.sandbox.app,
        reconciler.sandbox.assumptions,
        reconciler.sandbox.faults,
        reconciler.sandbox.store,
    )
    names = {"asyncio": asyncio, "file": tmp_path / "sandbox.db"}
    for part in parts:
        names.update(vars(part))
    [block] = [block.text for block in blocks((DOCS / "sandbox.md").read_text("utf-8")) if block.kind == "python"]
    exec(block, names)
    assert callable(names["app"])


def test_every_block_of_commands_is_known() -> None:
    """A new one needs a test: here, or that of a story."""
    found: dict[str, Counter[str]] = {}
    for page in sorted(DOCS.glob("*.md")):
        kinds = Counter(block.kind for block in blocks(page.read_text("utf-8")))
        found[page.name] = Counter({kind: kinds[kind] for kind in ("sh", "bash", "shell", "python") if kinds[kind]})
        if kinds["console"] and page.name != "diagnostics.md":  # whose blocks are outputs alone
            assert page.name in STORIES
    assert {page: dict(kinds) for page, kinds in found.items() if kinds} == {
        "adopt.md": {"sh": 2},
        "ci.md": {"sh": 2},
        "editor.md": {"sh": 2},
        "history.md": {"sh": 2},
        "import.md": {"sh": 1},
        "library.md": {"python": 2},  # tests/test_public.py
        "policies.md": {"sh": 1},
        "sandbox.md": {"sh": 1, "python": 1},
        "tutorial.md": {"sh": 2},
    }
    with_console = [
        name for name, each in sections("adopt.md").items() if any(block.kind == "console" for block in each)
    ]
    assert with_console == ["An example"]
