"""Signals at every stage of a command, sent to real processes."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Served
from tests.cli.processes import LIMIT, environment, finished, gated, started

pytestmark = pytest.mark.untraced

Write = Callable[[str, str], Path]
FOUR = ("alder", "birch", "cedar", "hazel")
ENDS = {
    signal.SIGINT: (130, "Interrupted."),
    signal.SIGTERM: (143, "Terminated."),
    signal.SIGHUP: (129, "Hung up."),
}


def histories(store: Any) -> dict[str, tuple[int, int]]:
    """The number of versions of parameters and of the ontology of each project."""
    projects = json.loads(store.list_projects())
    return {one["name"]: (len(one["param_history"]), len(one.get("ontologyHistory") or [])) for one in projects}


@pytest.mark.parametrize(
    "numbers", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT, signal.SIGINT)]
)
def test_a_signal_amid_an_apply_lets_calls_under_way_end_and_tells_what_landed(
    repository: Path, write: Write, tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    """A second signal neither hurries it nor breaks it."""
    for name in FOUR:
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{about: {name}}}\nontology: [{name}]\n")
    result = repository / "result.json"
    with gated(tmp_path / "account" / "sandbox.db", "POST") as (gate, variables):
        with started(
            "apply", "--auto-approve", "--parallelism=2", "--result=result.json", env=variables, start_new_session=True
        ) as process:
            gate.wait_for(2)
            for number in numbers:
                os.killpg(process.pid, number)
            wait_until(result.exists)
            at_once = json.loads(result.read_text())
            gate.open()
            out, err = process.communicate(timeout=LIMIT)
        assert process.returncode == ENDS[numbers[0]][0], err
        assert out.rstrip().rsplit("\n", 1)[-1] == (
            "Apply incomplete! Projects: 0 added, 0 changed, 0 destroyed, 2 failed, 0 skipped, 2 not started."
        )
        assert f"Interrupted by {numbers[0].name}: no further writes were started." in err
        assert gate.arrived == 2, "no call was started after the signal"
        assert (at_once["finished_at"], at_once["interrupted_by"]) == (None, numbers[0])
        assert sorted((one["status"], [call["result"] for call in one["calls"]]) for one in at_once["projects"]) == [
            *[("not-started", [])] * 2,
            *[("unclear", ["unclear", "not-sent"])] * 2,
        ]
        assert json.loads(result.read_text())["finished_at"] is not None
        projects = {one["name"]: one for one in json.loads(result.read_text())["projects"]}
        landed = {
            name: tuple(
                sum(call["result"] == "landed" for call in one["calls"] if call["call"] in calls) for calls in KINDS
            )
            for name, one in projects.items()
        }
        there = histories(gate.store)
        assert landed == {name: there.get(name, (0, 0)) for name in FOUR}
        assert sorted(landed.values()) == [(0, 0), (0, 0), (1, 0), (1, 0)]
        assert [one["params_version"] for one in projects.values() if one["status"] == "failed"] == [0, 0]

        code, out, err = finished("apply", "--auto-approve", env=variables)
        assert (code, histories(gate.store)) == (0, dict.fromkeys(FOUR, (1, 1))), err
        code, out, _ = finished("plan", "--detailed-exitcode", env=variables)
        assert (code, "No changes." in out) == (0, True)


KINDS = (("create", "setParams"), ("setOntology",))


@pytest.mark.parametrize(
    ("command", "number"),
    [("plan", signal.SIGINT), ("plan", signal.SIGHUP), ("apply", signal.SIGINT), ("apply", signal.SIGTERM)],
)
def test_a_signal_while_live_state_is_read(
    repository: Path, write: Write, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    with (
        gated(tmp_path / "account" / "sandbox.db", "GET") as (gate, variables),
        started(command, env=variables) as process,
    ):
        gate.wait_for(1)
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    code, words = ENDS[number]
    assert (process.returncode, out, err.strip()) == (code, "", words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_git_reads_the_record(
    repository: Path, write: Write, tmp_path: Path, number: signal.Signals
) -> None:
    """git has a session of its own, so that a Ctrl-C does not reach it; a git that hangs is not waited for."""
    git = shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(
        f"#!/bin/sh\ncase $* in *ls-remote*) cut -d' ' -f6 /proc/$$/stat > {tmp_path}/new; "
        f'mv {tmp_path}/new {tmp_path}/session; exec sleep 600;; esac\nexec {git} "$@"\n'
    )
    (tmp_path / "bin" / "git").chmod(0o755)
    subprocess.run(["git", "remote", "add", "origin", str(tmp_path / "nowhere")], check=True)
    (repository / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
    write("p.yaml", "name: p\ntype: imageannotation\n")
    variables = environment("http://127.0.0.1:9/v1") | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    session = tmp_path / "session"
    with started("apply", "--auto-approve", env=variables) as process:
        wait_until(session.exists)
        assert int(session.read_text()) != os.getsid(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    code, words = ENDS[number]
    assert (process.returncode, out, err.strip()) == (code, "", words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_prompt(repository: Path, write: Write, served: Served, number: signal.Signals) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    terminal, stdin = pty.openpty()
    try:
        with started("apply", "--result=result.json", stdin=stdin) as process:
            assert process.stderr is not None
            said = ""
            while "Enter a value: " not in said:
                character = process.stderr.read(1)
                assert character, said
                said += character
            process.send_signal(number)
            _, err = process.communicate(timeout=LIMIT)
    finally:
        os.close(terminal)
        os.close(stdin)
    code, words = ENDS[number]
    assert (process.returncode, err.strip()) == (code, words)
    assert served.methods == {"GET": 1}
    kept = json.loads((repository / "result.json").read_text())
    assert (kept["interrupted_by"], [one["status"] for one in kept["projects"]]) == (number, ["not-started"])


def test_an_apply_goes_on_when_nobody_reads_its_output_any_more(repository: Path, write: Write, tmp_path: Path) -> None:
    """As behind `2>&1 | head -1`: what was approved is done, recorded and in the result."""
    for name in FOUR:
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{about: {name}}}\n")
    reader, writer = os.pipe()
    with gated(tmp_path / "account" / "sandbox.db", "POST") as (gate, variables):
        arguments = ("apply", "--auto-approve", "--parallelism=1", "--result=result.json")
        with started(*arguments, env=variables, stdout=writer, stderr=writer) as process:
            os.close(writer)
            gate.wait_for(1)
            os.close(reader)
            gate.open()
            process.wait(LIMIT)
        assert process.returncode == 1
        assert histories(gate.store) == dict.fromkeys(FOUR, (1, 0))
        assert json.loads((repository / "result.json").read_text())["summary"]["added"] == 4
        assert (
            "written"
            not in subprocess.run(
                ["git", "show", "refs/reconciler/record/production:record.json"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        ), "the record has the result, not only what was intended"


def wait_until(condition: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < LIMIT
        time.sleep(0.01)
