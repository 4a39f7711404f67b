"""The tutorial is true: its blocks are run from top to bottom, on the sandbox of an empty folder."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from tests.cli.conftest import Cli
from tests.docs.conftest import compare
from tests.docs.pages import sections
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_tutorial_is_true(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [block for found in sections("tutorial.md").values() for block in found]
    make, serving = [block.text for block in blocks if block.kind == "sh"]
    outside = tmp_path_factory.mktemp("outside")
    subprocess.run(["sh", "-euc", make], cwd=outside, check=True)
    folder = outside / "labels"
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    assert serving == "reconciler sandbox serve --port 8080\n"
    file = Path(".reconciler/sandbox.db").absolute()
    with serve(create_app(file)) as port:
        steps = [
            replace(block, text=block.text.replace(":8080/", f":{port}/")) for block in blocks if block.kind != "sh"
        ]
        printed = [*compare(steps, folder, Dashboard(file), cli)]
    assert printed[-1].endswith("5 values: 4 by applies, 1 on Scale.\n")
    assert {block.kind for block in steps} == {"console", "yaml"}
