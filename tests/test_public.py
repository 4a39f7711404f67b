"""What scripts and notebooks import from `reconciler`."""

from __future__ import annotations

import ast
import asyncio
import gc
import locale
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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


GUIDE = (Path(__file__).parents[1] / "docs" / "library.md").read_text("utf-8")
EXAMPLE, ON_AN_ACCOUNT = re.findall("```python\n(.*?)```", GUIDE, re.DOTALL)
SHOWN = """\
kitten_labels add type ABSENT imageannotation
kitten_labels add params.a ABSENT 1
OutcomeSummary(added=1, changed=0, destroyed=0, forgotten=0, failed=0, skipped=0, not_started=0)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "projects").mkdir()
    for name in ("kitten_labels", "puppies"):
        text = f"name: {name}\ntype: imageannotation\nparams: {{a: 1}}\n"
        (tmp_path / f"projects/{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(EXAMPLE, {})
    assert capsys.readouterr().out == SHOWN
    names: dict[str, Any] = {"reconciler": reconciler, "settings": reconciler.read_settings(folder)}
    exec(ON_AN_ACCOUNT.replace("production", "sandbox"), names)
    assert list(names["live"]) == ["kitten_labels"]
    assert names["wide"] == []


def test_in_a_notebook(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cells are run while the event loop of the kernel runs."""

    async def cell() -> None:
        exec(EXAMPLE, {})
        with pytest.raises(reconciler.ReconcilerError, match="no project matches"):
            reconciler.plan(reconciler.open_session(reconciler.read_settings(folder), target="sandbox"), ["nothing"])

    asyncio.run(cell())
    assert capsys.readouterr().out == SHOWN


def test_in_a_thread(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor() as threads:
        threads.submit(exec, EXAMPLE, {}).result()
    assert capsys.readouterr().out == SHOWN


def test_settings_of_the_process_stay(folder: Path) -> None:
    def settings() -> list[Any]:
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        return [gc.isenabled(), sys.get_int_max_str_digits(), locale.setlocale(locale.LC_ALL), handlers, os.getcwd()]

    (folder / "reconciler.toml").write_text("[guards]\nmax-creates = 7\n")
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(700)
    try:
        before = settings()
        exec(EXAMPLE, {})
        assert settings() == before
    finally:
        sys.set_int_max_str_digits(digits)


def test_a_session_does_not_show_its_key(folder: Path) -> None:
    session = reconciler.open_session(
        reconciler.read_settings(folder), target="production", environment={"SCALE_API_KEY": "s3cret"}
    )
    assert "s3cret" not in repr(session)


OF_POSIX = """
import importlib, os, pkgutil, signal, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "grp", "pwd", "resource", "termios"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules.pop(module, None)
for name in ("SIGHUP", "SIGXFSZ", "SIGKILL"):
    delattr(signal, name)
for name in [name for name in dir(os) if name.startswith("O_")]:
    if name not in ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND"):
        delattr(os, name)
import reconciler
for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
from reconciler.cli import main
sys.argv[1:] = ["plan"]
main()
"""


@pytest.mark.untraced
def test_where_posix_is_missing_every_module_can_be_imported_and_a_command_says_why_it_does_not_run() -> None:
    done = subprocess.run([sys.executable, "-c", OF_POSIX], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error[usage]: reconciler does not run on this system")
