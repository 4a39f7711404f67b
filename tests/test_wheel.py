"""The wheel holds what it needs, and works from another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[1]


def build(out: Path, *arguments: str, **variables: str) -> list[Path]:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *arguments, str(ROOT)],
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
    )
    return sorted(out.glob("scale_reconciler-*"))


def test_a_release_is_as_pypi_wants_it(tmp_path: Path) -> None:
    repository = "https://git.example.org/o/r"
    files = build(tmp_path, RECONCILER_REPOSITORY=repository, RECONCILER_REVISION="v9")
    assert [file.name.rpartition(".")[2] for file in files] == ["whl", "gz"]
    twine = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(twine, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(files[0]) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = archive.read(name).decode()
    assert f"Project-URL: Changelog, {repository}/blob/v9/CHANGELOG.md" in metadata
    description = metadata.split("\n\n", 1)[1]
    links = re.findall(r"\]\(([^)#]+)", description)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("https://")] == []
    assert f"changes]({repository}/raw/v9/docs/run.svg)" in description
    rating = subprocess.run(
        [sys.executable, "-m", "pyroma", str(files[1])], capture_output=True, text=True, check=False
    )
    problems = re.findall(r"^Your package .*|^You .*", rating.stdout, re.MULTILINE)
    assert problems == ["Your package does not have author-email data."], rating.stdout


def test_the_wheel(tmp_path: Path) -> None:
    [wheel] = build(tmp_path, "--wheel")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    assert not [name for name in names if name.startswith(("tests", "projects", "docs"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "reconciler/py.typed" in names, "the classifier says so"
    assert {name.rsplit("/", 1)[1] for name in names if name.startswith("reconciler/initial/action/")} == {
        "action.yml", "action.lock", "installer.lock"
    }  # fmt: skip
    [metadata] = installed.glob("*.dist-info/entry_points.txt")
    assert "reconciler = reconciler.cli:main" in metadata.read_text()
    (tmp_path / "repo" / "projects").mkdir(parents=True)
    (tmp_path / "repo" / "projects" / "p.yaml").write_text("name: p\ntype: imageannotation\n")
    script = "import reconciler; print(reconciler.__file__); from reconciler.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "apply", "--auto-approve"],
        cwd=tmp_path / "repo",
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith(str(installed))
    assert done.stdout.splitlines()[-1] == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."
    assert {name.rsplit("/", 1)[1] for name in names if "/templates/" in name} == {
        path.name for path in (ROOT / "reconciler" / "render" / "html" / "templates").iterdir()
    }
