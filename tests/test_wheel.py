"""The wheel holds what it needs, and works from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[1]


def test_the_wheel(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("scale_reconciler-*.whl")
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
