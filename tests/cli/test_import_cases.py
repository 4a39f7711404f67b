"""What other exports lose, and an import keeps: a case for each row of the table in docs/import.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.sandbox.store import Store
from tests.cli.conftest import Cli
from tests.repositories import commit_all, git

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
LONG = "\n".join(f"Rule {number}." for number in range(25))
UNCHANGED = "No changes. Your projects match the manifests."

Seed = Callable[..., None]


def files(repository: Path) -> dict[str, bytes]:
    folder = repository / "projects"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def existing_files(repository: Path, cli: Cli, seed: Seed) -> None:
    """A manifest with comments, a text, and a shared file stay byte for byte, also where live state differs by now."""
    seed(*({"name": name, "params": {"instruction": LONG, "x": 1}} for name in ("a", "b")))
    cli("import", "--all")
    manifest = repository / "projects" / "a.yaml"
    manifest.write_text("# agreed with ops\n" + manifest.read_text().replace("x: 1", "x: 2   # soon"))
    commit_all(repository)
    before = files(repository)
    seed({"name": "c", "params": {"instruction": LONG, "x": 3}})
    assert cli("import", "--all").code == 0
    after = files(repository)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"c.yaml"}
    assert git(repository, "status", "--porcelain") == "?? projects/c.yaml"


def one_file_for_each(repository: Path, cli: Cli, seed: Seed) -> None:
    """Each project has a file, and so has each text and each ontology that several of them have."""
    choices = [{"choice": "Tit"}, {"choice": "Owl"}]
    for number in range(3):
        seed({"name": f"bird {number}", "params": {"instruction": LONG, "n": number}, "ontology": choices})
    seed({"name": "cat", "params": {"instruction": f"{LONG}\nRule 25."}, "ontology": ["Cat"]})
    assert cli("import", "--all").code == 0
    assert set(files(repository)) == {
        "bird_0.yaml", "bird_1.yaml", "bird_2.yaml", "cat.yaml", "cat.md", "_shared/bird_instruction.md",
        "_shared/v1.yaml",
    }  # fmt: skip
    assert sum(content.count(b"Rule 3.") for content in files(repository).values()) == 2
    assert sum(content.count(b"Owl") for content in files(repository).values()) == 1
    assert cli("plan").last == UNCHANGED


def secrets(repository: Path, cli: Cli, seed: Seed) -> None:
    """A secret is in no file and in nothing that is printed, and an apply of the manifests leaves it on Scale."""
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    seed({"name": "p", "params": {"callback_url": "https://x:hush@y.example", "x": 1}})
    printed = cli("import", "--all")
    assert b"hush" not in b"".join(files(repository).values()) + (printed.out + printed.err).encode()
    manifest = repository / "projects" / "p.yaml"
    manifest.write_text(manifest.read_text().replace("x: 1", "x: 2"))
    commit_all(repository)
    applied = cli("apply", "--auto-approve")
    assert "hush" not in applied.out + applied.err
    latest = json.loads(Store(repository / ".reconciler" / "sandbox.db").get("p"))["param_history"][-1]
    assert (latest["callback_url"], latest["x"]) == ("https://x:hush@y.example", 2)


CASES = {"existing files": existing_files, "files": one_file_for_each, "secrets": secrets}


@pytest.mark.parametrize("row", CASES)
def test_what_an_import_keeps(row: str, repository: Path, cli: Cli, seed: Seed) -> None:
    CASES[row](repository, cli, seed)


def test_the_table_has_these_rows() -> None:
    table = PAGE.partition("## What other tools lose\n")[2]
    assert re.findall(r"^\| ([a-z ]+?) \|", table, re.MULTILINE) == [*CASES]
