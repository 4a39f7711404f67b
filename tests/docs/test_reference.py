"""The docs list every option, key, guard, and exit code as it is defined."""

from __future__ import annotations

import re
import signal

import pytest

from reconciler.cli import EXIT_BUG, EXIT_ERROR, EXIT_INTERRUPTED, EXIT_TERMINATED
from reconciler.cli.drift import EXIT_DRIFT
from reconciler.cli.plan import EXIT_CHANGES
from tests.docs.generated import DOCS, DOCUMENTS, PAGES, TABLES, current


@pytest.mark.parametrize("page", [*PAGES, *TABLES])
def test_a_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == current(page), "make reference"


def test_every_document_is_described() -> None:
    inputs = {"manifest", "defaults", "overlay", "configuration"}
    assert {file.stem for file in (DOCS / "schemas").iterdir()} == inputs | set(DOCUMENTS)


def test_every_exit_code_is_listed() -> None:
    section = (DOCS / "commands.md").read_text("utf-8").partition("\n## Exit codes\n")[2]
    listed = [int(code) for row in re.findall(r"(?m)^\| ([\d, ]+) \|", section) for code in row.split(", ")]
    raised = {0, EXIT_ERROR, EXIT_DRIFT, EXIT_CHANGES, EXIT_BUG, EXIT_INTERRUPTED, EXIT_TERMINATED}
    assert listed == sorted(raised | {128 + signal.SIGHUP})
