"""Places that cannot be written: full, closed, limited, or not what they should be. Real processes, root or not."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Served
from tests.cli.processes import LIMIT, finished, started

pytestmark = pytest.mark.untraced

Write = Callable[[str, str], Path]
LIMITED = 4000
"""Bytes: more than an object, a ref and a lock of git need here, less than a plan or a result of twelve projects."""


@pytest.fixture
def twelve(write: Write) -> None:
    """Manifests whose plan, as JSON, is more than a pipe holds."""
    for number in range(12):
        lines = "\n".join(f"    line {line} of {number}, {'and so on ' * 10}" for line in range(100))
        name = f"{'abcdefghijkl'[number] * 6}"
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams:\n  instruction: |\n{lines}\n")


def limited(size: int) -> dict[str, Any]:
    """Options of a process whose files may have `size` bytes; a measurement of coverage would need more."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return {"preexec_fn": limit, "env": variables}


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if ".git" not in file.parts}


def record(repository: Path) -> str:
    command = ["git", "rev-parse", "refs/reconciler/record/production"]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--format=json"), ("apply", "--auto-approve")])
def test_a_full_output(repository: Path, twelve: None, served: Served, arguments: tuple[str, ...]) -> None:
    """An apply whose plan cannot be shown writes nothing."""
    with open("/dev/full", "w") as full:
        code, _, err = finished(*arguments, stdout=full)
    assert code == 1
    assert "error[output]: the output cannot be written: No space left on device" in err
    assert "Traceback" not in err
    assert served.methods == {"GET": 1}


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("output", "characters"), [("text", 0), ("json", 1)])
def test_an_output_that_is_closed(
    repository: Path, twelve: None, served: Served, output: str, characters: int, unbuffered: str
) -> None:
    """As behind `| head -1`: before anything is written, and halfway."""
    with started("plan", f"--format={output}", env={**os.environ, "PYTHONUNBUFFERED": unbuffered}) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(characters)) == characters
        process.stdout.close()
        err = process.stderr.read()
        process.wait(LIMIT)
    assert (process.returncode, err) == (1, "")


@pytest.mark.parametrize("full", [("stdout", "stderr"), ("stderr",), ("stdout",)])
@pytest.mark.parametrize("arguments", [("plan",), ("apply", "--auto-approve"), ("plam",), ("--help",)])
def test_outputs_that_are_full_end_with_1(
    repository: Path, write: Write, served: Served, arguments: tuple[str, ...], full: tuple[str, ...]
) -> None:
    """Python flushes both outputs once more at its end, and exits with 120 if one of them takes no more."""
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    with open("/dev/full", "w") as device:
        code, out, err = finished(*arguments, **dict.fromkeys(full, device))
    tells_nothing = arguments in (("plan",), ("--help",))
    assert code == (0 if full == ("stderr",) and tells_nothing else 1)
    assert "Traceback" not in f"{out}{err}"
    if "stdout" in full:
        assert "POST" not in served.methods


def test_a_full_stderr(repository: Path, twelve: None, served: Served) -> None:
    with open("/dev/full", "w") as full:
        code, _, _ = finished("apply", "--auto-approve", "--result=result.json", stderr=full)
    assert code in (0, 1)
    assert served.methods["POST"] == 12
    assert json.loads((repository / "result.json").read_text())["summary"]["added"] == 12


@pytest.mark.parametrize("place", ["/dev/full", "/proc/changes.plan"])
def test_a_plan_that_cannot_be_saved(repository: Path, twelve: None, served: Served, place: str) -> None:
    code, out, err = finished("plan", f"--out={place}")
    assert (code, out) == (1, "")
    assert f"the plan cannot be saved as {place}: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_result_that_cannot_be_kept(repository: Path, twelve: None, served: Served, output: str) -> None:
    """What was done is still reported."""
    code, out, err = finished("apply", "--auto-approve", "--result=/dev/full", f"--format={output}")
    assert code == 1
    assert "error[usage]: the result cannot be written to /dev/full: No space left on device" in err
    assert "Traceback" not in err
    if output == "json":
        assert json.loads(out)["summary"]["added"] == 12
    else:
        assert out.endswith("Apply complete! Projects: 12 added, 0 changed, 0 destroyed.\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_cut_short_is_an_error(
    repository: Path, twelve: None, served: Served, unbuffered: str
) -> None:
    options = limited(LIMITED)
    options["env"]["PYTHONUNBUFFERED"] = unbuffered
    with (repository / "plan.json").open("w") as file:
        code, _, err = finished("plan", "--format=json", stdout=file, **options)
    assert code == 1
    assert "error[output]: the output cannot be written: File too large" in err


def test_files_that_may_not_grow_leave_the_old_ones_whole(repository: Path, twelve: None, served: Served) -> None:
    assert finished("plan", "--out=changes.plan")[0] == 0
    (repository / "result.json").write_text("old")
    plan, before = (repository / "changes.plan").read_bytes(), files(repository)
    code, _, err = finished("plan", "--out=changes.plan", **limited(LIMITED))
    assert code == 1
    assert "the plan cannot be saved as changes.plan: File too large" in err
    assert (repository / "changes.plan").read_bytes() == plan

    code, out, err = finished("apply", "--auto-approve", "--result=result.json", **limited(LIMITED))
    assert code == 1
    assert "the result cannot be written to result.json: File too large" in err
    assert "Apply complete! Projects: 12 added" in out
    assert (repository / "result.json").read_text() == "old"
    assert files(repository) == before
    assert served.methods["POST"] == 12


def test_a_record_in_git_that_may_not_grow_stops_the_apply(repository: Path, write: Write, served: Served) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    assert finished("apply", "--auto-approve")[0] == 0
    old = record(repository)
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 2}\n")
    code, _, err = finished("apply", "--auto-approve", "--result=result.json", **limited(0))
    assert code == 1
    assert "git fast-import was terminated by SIGXFSZ (file size limit exceeded)" in err
    assert "Traceback" not in err
    assert (served.methods["POST"], record(repository)) == (1, old)
    assert finished("apply", "--auto-approve")[0] == 0
    assert served.methods["POST"] == 2


def test_a_record_in_a_file_that_may_not_grow_stops_the_apply(repository: Path, write: Write, served: Served) -> None:
    shutil.rmtree(repository / ".git")
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    assert finished("apply", "--auto-approve")[0] == 0
    kept = repository / ".reconciler" / "record-production.json"
    old, before = kept.read_bytes(), files(repository)
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 2}\n")
    code, _, err = finished("apply", "--auto-approve", **limited(0))
    assert code == 1
    assert "the record .reconciler/record-production.json cannot be written: File too large" in err
    assert (kept.read_bytes(), files(repository), served.methods["POST"]) == (old, before, 1)


def test_a_file_where_the_records_folder_is_due(cli: Cli, repository: Path, write: Write, served: Served) -> None:
    shutil.rmtree(repository / ".git")
    (repository / ".reconciler").write_text("mine")
    write("p.yaml", "name: p\ntype: imageannotation\n")
    assert "the record .reconciler/record-production.json cannot be read" in cli("plan").err
    applied = cli("apply", "--auto-approve")
    assert applied.code == 1
    assert ".reconciler is not a folder" in applied.err
    assert "POST" not in served.methods
    assert (repository / ".reconciler").read_text() == "mine"


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_file_where_the_sandboxs_folder_is_due(cli: Cli, repository: Path, write: Write, command: str) -> None:
    (repository / ".reconciler").write_text("mine")
    write("p.yaml", "name: p\ntype: imageannotation\n")
    refused = cli(command, *(["--auto-approve"] if command == "apply" else []))
    assert refused.code == 1
    assert f"{repository / '.reconciler'} is not a folder" in refused.err


def test_a_sandbox_in_a_place_where_no_file_can_be_made(cli: Cli, repository: Path, write: Write) -> None:
    """It is reported before anything is recorded or asked."""
    (repository / ".reconciler").symlink_to("/proc/self")
    write("p.yaml", "name: p\ntype: imageannotation\n")
    refused = cli("apply", "--auto-approve")
    assert refused.code == 1
    assert "sandbox.db" in refused.err
    assert not (repository / ".git" / "refs" / "reconciler").exists()


def test_a_file_where_the_manifests_folder_is_due(cli: Cli, repository: Path) -> None:
    (repository / "projects").rmdir()
    (repository / "projects").write_text("name: p\n")
    for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
        refused = cli(*command)
        assert refused.code == 1
        assert "projects" in refused.err
        assert "folder" in refused.err
