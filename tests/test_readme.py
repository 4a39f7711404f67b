"""README is true: its commands run, its output is the real one, its picture is current."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.store import Store
from tests.picture.recording import FILE, picture
from tests.serving import serve

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")


def blocks(kind: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A shell block, with this environment's reconciler in PATH."""
    binary = Path(sys.executable).parent
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = {**outer, "PATH": f"{binary}:{os.environ['PATH']}", "VENV": str(binary.parent)}
    return subprocess.run(
        ["sh", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _clone(tmp_path: Path) -> Path:
    """What git tracks, as a clone has it; the environment counts as made."""
    folder = tmp_path / "clone"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_every_command_block_is_known() -> None:
    """A new block needs a test below."""
    firsts = [block.split("\n", 1)[0] for block in blocks("sh")]
    assert firsts == [
        "make demo",
        "make test",
        "mkdir -p projects",
        "export SCALE_API_KEY=…            # a live or a test key: each has its own projects",
    ]


def test_the_demo_prints_what_readme_shows(tmp_path: Path) -> None:
    folder = _clone(tmp_path)
    ready = Path(sys.executable).parents[1] / ".ready"
    if not ready.exists():
        pytest.fail("run the tests with make, which makes the environment")
    os.utime(ready)  # the copies are not newer than the environment that was made from the originals
    done = _run("make demo", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("No changes. Your projects match the manifests.")
    said = re.sub(r"read \d\d:\d\d:\d\d UTC", "read 10:02:11 UTC", done.stdout)
    said = re.sub(r" at [0-9a-f]{7}( \(.*?\))?,", ",", said)
    shown = re.search(r"<!-- demo -->\n```\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    for part in shown[1].split("\n…\n"):
        assert part.strip("\n") in said, part
    assert "Apply complete! Projects: 9 added, 0 changed, 0 destroyed." in done.stdout


def test_make_test_runs_every_check(tmp_path: Path) -> None:
    done = _run("make --dry-run --always-make test", ROOT)
    for check in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest", "coverage_floor"):
        assert check in done.stdout


def test_a_first_manifest_of_ones_own(tmp_path: Path) -> None:
    [block] = [block for block in blocks("sh") if block.startswith("mkdir")]
    done = _run(block, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("1 manifest is valid.\n")
    assert "Apply complete! Projects: 1 added, 0 changed, 0 destroyed." in done.stdout
    assert done.stdout.rstrip().endswith("No changes. Your projects match the manifests.")


def test_the_real_api(tmp_path: Path) -> None:
    """The block as it is, but for where the requests go."""
    at = "2026-01-02T03:04:05.000Z"
    params = [{"instruction": "Label it.", "version": 0, "created_at": at}]
    Store(tmp_path / "account.db").seed(
        [{"type": "imageannotation", "name": "p", "created_at": at, "param_history": params}]
    )
    repository = tmp_path / "repository"
    [block] = [block for block in blocks("sh") if "SCALE_API_KEY" in block]
    who = "".join(f"export GIT_{role}_NAME=a GIT_{role}_EMAIL=a@b\n" for role in ("AUTHOR", "COMMITTER"))
    before = f"git init -q {repository}\ncd {repository}\n{who}"
    with serve(create_app(tmp_path / "account.db")) as port:
        endpoint = f"export RECONCILER_ENDPOINT=http://127.0.0.1:{port}/v1\n"
        done = _run(f"{before}{endpoint}{block.replace('…', 'key')}", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Imported 1 project." in done.stdout
    assert "No changes. Your projects match the manifests." in done.stdout
    assert "create mode 100644 projects/p.yaml" in done.stdout


def test_the_configuration_shown_is_valid(tmp_path: Path) -> None:
    from reconciler.settings import choose_target, read_settings

    [block] = blocks("toml", CONFIGURATION)
    (tmp_path / "reconciler.toml").write_text(block)
    target = choose_target(read_settings(tmp_path), name="staging", endpoint=None, environment={})
    assert target.key_variable == "SCALE_STAGING_KEY"


def test_every_command_and_option_is_in_the_reference() -> None:
    import click

    from reconciler.cli import reconciler as main

    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert f"| `reconciler {name}` |" in README, name
        heading = f"\n## {name}\n"
        assert heading in COMMANDS, name
        section = COMMANDS.split(heading)[1].split("\n## ")[0]
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                assert f"`{name} {each}" in section, each
            continue
        options = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
        shared = {"--target", "--endpoint", "--format", "--help", "-h"}  # in sections of their own
        for option in options - shared:
            assert f"`{option}" in section or f" {option}" in section, f"{name} {option}"


def test_every_dependency_has_its_reason() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=]", dependency)[0] for dependency in declared}
    table = README[README.index("## Dependencies") :]
    assert names == set(re.findall(r"\[([A-Za-z0-9.-]+)\]\(https", table[: table.index("Reconciler uses two YAML")]))


def test_every_tool_has_its_reason() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    names = {re.split(r"[\[<>=;]", tool)[0] for group in groups.values() for tool in group if isinstance(tool, str)}
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Tools\n")[2].partition("\n## ")[0]
    assert {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)} == set()


def test_the_picture_is_current() -> None:
    shown = FILE.read_text("utf-8")
    assert shown == picture(), "make picture"
    assert len(shown) < 150_000
    assert re.findall(r"<script|href|url\(|@import|@font-face", shown) == [], "what GitHub does not let an image have"
