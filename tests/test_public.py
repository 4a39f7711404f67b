"""What scripts and notebooks import from `reconciler`."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reconciler
from reconciler.model.outcome import Status
from reconciler.sandbox.store import Store

NAMES = [name for name in reconciler.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there(name: str) -> None:
    assert getattr(reconciler, name).__name__ == name
    assert name in dir(reconciler)


def test_type_checkers_see_the_same_names() -> None:
    stub = ast.parse(Path(reconciler.__file__).with_suffix(".pyi").read_text())
    assert {alias.asname for node in ast.walk(stub) if isinstance(node, ast.ImportFrom) for alias in node.names} == {
        *NAMES
    }


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="module 'reconciler' has no attribute 'nothing'"):
        reconciler.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_it_imports_nothing_else() -> None:
    script = "import sys; before = {*sys.modules}; import reconciler; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if not name.startswith("__editable__")] == ["reconciler"]


def test_a_script_plans_and_applies(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "kittens.yaml").write_text("name: kittens\ntype: imageannotation\nparams: {a: 1}\n")
    settings = reconciler.read_settings(tmp_path)
    assert reconciler.validate(settings, ()).valid
    session = reconciler.open_session(settings, target="sandbox", environment={})
    plan = reconciler.plan(session)
    assert plan.summary.add == 1
    outcome = reconciler.apply_plan(session, plan)
    assert [project.status for project in outcome.projects] == [Status.DONE]
    assert session.target.sandbox is not None
    assert '"kittens"' in Store(session.target.sandbox).list_projects()
    assert not reconciler.plan(session).applyable
    assert not reconciler.drift(session).has_drifted
