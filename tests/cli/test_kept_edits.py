"""An edit made on Scale that `--pending` keeps stays kept, however many runs do not finish; two accounts stay apart.

The requests go over loopback to a sandbox that refuses, stops or kills as instructed. A run that is interrupted or that
starts together with others, is a process of its own.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run
from reconciler.record.stores import open_record
from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Request, error_answer
from tests.cli.conftest import live
from tests.cli.processes import LIMIT, environment, started
from tests.repositories import git
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of, serve

pytestmark = pytest.mark.untraced

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


class Account:
    """A sandbox that calls `at` right before the write of a kind, and answers a 400 for the kinds that it refuses."""

    def __init__(self, file: Path) -> None:
        self.store = Dashboard(file)
        self._inner = create_app(file)
        self.refused: set[str] = set()
        self.at: dict[str, Callable[[], None]] = {}

    async def __call__(self, request: Request) -> Answer:
        kind = path_of(request).rsplit("/", 1)[-1] if request.method == "POST" else ""
        self.at.pop(kind, lambda: None)()
        if kind in self.refused:
            return error_answer(400, "not today")
        return await self._inner(request)

    def params(self) -> dict[str, Any]:
        latest = json.loads(self.store.get("p"))["param_history"][-1]
        return {key: value for key, value in latest.items() if key in ("a", "b")}

    def versions(self) -> tuple[int, int]:
        project = json.loads(self.store.get("p"))
        return len(project["param_history"]), len(project["ontologyHistory"])


@contextmanager
def accounts(*files: Path) -> Iterator[list[tuple[Account, dict[str, str]]]]:
    """Accounts, each with the environment that leads to it."""
    with ExitStack() as stack:
        found = []
        for file in files:
            account = Account(file)
            found.append((account, environment(f"http://127.0.0.1:{stack.enter_context(serve(account))}/v1")))
        yield found


def finished(*arguments: str, env: dict[str, str], cwd: Path | None = None) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a run in this process, in an environment and a folder of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in os.environ.keys() - env.keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.chdir(cwd or Path.cwd())
        code = run(list(arguments))
    written = []
    for stream in (out, err):
        stream.seek(0)
        written.append(stream.read())
    return code, written[0], written[1]


def drifted(env: dict[str, str]) -> list[str]:
    code, out, err = finished("drift", "--format=json", env=env)
    assert code in (0, 2), err
    return [unit["path"] for one in json.loads(out)["projects"] for unit in one["units"] if unit["class"] == "drift"]


def apply(env: dict[str, str], *more: str) -> tuple[int, str]:
    code, out, _ = finished("apply", "--pending", "--auto-approve", *more, env=env)
    return code, out.rstrip().rsplit("\n", 1)[-1]


def refuse(account: Account, env: dict[str, str]) -> None:
    """setOntology is refused once."""
    account.refused = {"setOntology"}
    assert apply(env)[0] == 1
    account.refused = set()


def end(number: signal.Signals) -> Callable[[Account, dict[str, str]], None]:
    """A signal arrives between the two calls."""

    def call(account: Account, env: dict[str, str]) -> None:
        with started("apply", "--pending", "--auto-approve", env=env) as process:
            account.at["setOntology"] = lambda: process.send_signal(number)
            account.refused = {"setOntology"}
            process.communicate(timeout=LIMIT)
        account.refused = set()

    return call


@pytest.mark.parametrize(
    ("incomplete", "times"),
    [(refuse, 3), (end(signal.SIGTERM), 1), (end(signal.SIGKILL), 2)],
    ids=["refused", "SIGTERM", "SIGKILL"],
)
def test_an_edit_that_unfinished_runs_kept_stays_kept(
    repository: Path, write: Write, tmp_path: Path, incomplete: Callable[[Account, dict[str, str]], None], times: int
) -> None:
    write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        assert apply(env)[0] == 0
        account.store.edit_params("p", {"b": 2})
        for number in range(times):
            write("p.yaml", M + f"params: {{a: {5 + number}, b: 1}}\nontology: [Cat, Dog]\n")
            incomplete(account, env)
            assert account.params() == {"a": 5 + number, "b": 2}
            assert drifted(env) == ["params.b"]
        assert apply(env) == (0, "Apply complete! Projects: 0 added, 1 changed, 0 destroyed.")
        assert account.params() == {"a": 4 + times, "b": 2}
        assert drifted(env) == ["params.b"]
        assert account.versions() == (2 + times, 2)
        code, out, _ = finished("plan", "--pending", env=env)
        assert (code, out.rstrip().rsplit("\n", 1)[-1][:19]) == (0, "No pending changes.")


def test_a_saved_plan_knows_the_base_of_what_it_keeps(repository: Path, write: Write, tmp_path: Path) -> None:
    """The base is a version that only an unfinished run's intent names."""
    write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        assert apply(env)[0] == 0
        write("p.yaml", M + "params: {a: 1, b: 2}\nontology: [Cat, Dog]\n")
        refuse(account, env)
        account.store.edit_params("p", {"b": 3})
        write("p.yaml", M + "params: {a: 5, b: 2}\nontology: [Cat, Dog]\n")
        assert finished("plan", "--pending", "--out=p.plan", env=env)[0] == 0
        saved = json.loads((repository / "p.plan").read_text())["resource_changes"][0]
        assert saved["kept"] == [{"path": "params.b", "base_version": 1}]
        assert finished("apply", "--plan=p.plan", "--auto-approve", env=env)[0] == 0
        assert account.params() == {"a": 5, "b": 3}
        assert drifted(env) == ["params.b"]


@pytest.mark.parametrize(
    "without",
    [
        "ontology: [Cat]\n",
        "params: {a: 3, b: 1}\nontology: [Cat]\nreconcile: {ignore: [params.b]}\n",
        "params: {a: 1}\nontology: [Cat]\nreconcile: {params: merge}\n",
        "params: {a: 3}\nontology: [Cat, Dog]\nreconcile: {params: merge}\n",
    ],
)
@pytest.mark.parametrize("edited", ["before", "after"])
def test_an_edit_of_what_the_manifest_does_not_own_for_a_while_is_kept(
    repository: Path, write: Write, tmp_path: Path, without: str, edited: str
) -> None:
    """Whether it was kept before that or was made meanwhile: once the manifest owns it again, it is drift."""
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
        assert apply(env)[0] == 0
        if edited == "before":
            account.store.edit_params("p", {"b": 2})
            assert apply(env)[0] == 0
        write("p.yaml", M + without)
        assert apply(env)[0] == 0
        if edited == "after":
            account.store.edit_params("p", {"b": 2})
            assert apply(env)[0] == 0
        write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
        assert apply(env)[0] == 0
        assert account.params() == {"a": 1, "b": 2}
        assert drifted(env) == ["params.b"]


def test_an_ontology_that_the_manifest_does_not_own_for_a_while_is_kept(
    repository: Path, write: Write, tmp_path: Path
) -> None:
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
        assert apply(env)[0] == 0
        account.store.edit_ontology("p", ["Cat", "Fox"])
        write("p.yaml", M + "params: {a: 2, b: 1}\n")
        assert apply(env)[0] == 0
        write("p.yaml", M + "params: {a: 2, b: 1}\nontology: [Cat]\n")
        assert apply(env)[0] == 0
        assert account.versions() == (2, 2)
        assert drifted(env) == ["ontology"]


def test_a_second_run_from_another_clone_keeps_it_too(repository: Path, write: Write, tmp_path: Path) -> None:
    """The first one is killed between its calls; the other clone finds the intent on the remote."""
    write("p.yaml", M + "params: {a: 1, b: 1}\nontology: [Cat]\n")
    (repository / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        _share(repository, tmp_path)
        assert apply(env)[0] == 0
        account.store.edit_params("p", {"b": 2})
        write("p.yaml", M + "params: {a: 5, b: 1}\nontology: [Cat, Dog]\n")
        end(signal.SIGKILL)(account, env)
        other = tmp_path / "other"
        shutil.copytree(repository / "projects", other / "projects", dirs_exist_ok=True)
        store = open_record(repository, "production", "origin")
        [killed] = [one for section in store.read().record.sections.values() for one in section.runs.values()]
        store.end(killed)
        _expire(store)
        assert finished("apply", "--pending", "--auto-approve", env=env, cwd=other)[0] == 0
        assert account.params() == {"a": 5, "b": 2}
        assert drifted(env) == ["params.b"]
        assert account.versions() == (3, 2)


def test_runs_started_together_write_each_change_once(repository: Path, write: Write, tmp_path: Path) -> None:
    """In one clone and in two. Which of them writes is chance; how many versions come of it is not."""
    (repository / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
    write("p.yaml", M + "params: {a: 0, b: 1}\nontology: [Cat]\n")
    with accounts(tmp_path / "account" / "sandbox.db") as [(account, env)]:
        _share(repository, tmp_path)
        assert apply(env)[0] == 0
        other = tmp_path / "other"
        for number in range(1, 4):
            for folder in (repository, other):
                (folder / "projects" / "p.yaml").write_text(
                    M + f"params: {{a: {number}, b: 1}}\nontology: [Cat, Dog{number}]\n"
                )
            with ExitStack() as stack:
                runs = [
                    stack.enter_context(started("apply", "--auto-approve", env=env, cwd=folder))
                    for folder in (repository, repository, other)
                ]
                ends = [one.communicate(timeout=LIMIT) for one in runs]
            assert any("Projects: 0 added, 1 changed" in out for out, _ in ends), ends
            assert all("Traceback" not in err for _, err in ends)
            assert account.versions() == (1 + number, 1 + number)
        record = open_record(repository, "production", "origin").read().record
        [section] = record.sections.values()
        assert section.runs == {}
        assert section.projects["p"].params_version == 3


def test_a_narrowed_run_of_another_account_leaves_the_record_alone(
    repository: Path, write: Write, tmp_path: Path
) -> None:
    """A test key and a live key, one endpoint, the same names."""
    write("p.yaml", M + "params: {a: 1, b: 1}\n")
    files = [tmp_path / "live" / "sandbox.db", tmp_path / "test" / "sandbox.db"]
    with accounts(*files) as [(real, env), (test, other)]:
        real.store.seed([live("p", {"a": 1, "b": 1}, created_at="2025-01-01T00:00:00.000Z")])
        test.store.seed([live("p", {"a": 0, "b": 0}, created_at="2025-06-01T00:00:00.000Z")])
        # Both use the same endpoint, as two keys do: the key decides which account answers.
        with _by_key({"live": real, "test": test}) as port:
            for one, key in ((env, "live"), (other, "test")):
                one |= environment(f"http://127.0.0.1:{port}/v1") | {"SCALE_API_KEY": key}
            assert apply(env)[0] == 0
            assert finished("apply", "p", "--auto-approve", env=other)[0] == 0
            assert test.params() == {"a": 1, "b": 1}
            record = open_record(repository, "production", "local").read().record
            assert sorted(account or "" for _, account in record.sections) == [
                "2025-01-01T00:00:00.000Z",
                "2025-06-01T00:00:00.000Z",
            ]
            real.store.edit_params("p", {"b": 7})
            for names in ((), ("p",)):
                code, out, _ = finished("drift", "--format=json", *names, env=env)
                assert code == 2
                [unit] = json.loads(out)["projects"][0]["units"]
                assert (unit["class"], unit["base"], unit["live"]) == ("drift", 1, 7)
            assert drifted(other) == []


@contextmanager
def _by_key(accounts: dict[str, Account]) -> Iterator[int]:
    import base64

    async def chosen(request: Request) -> Answer:
        login = base64.b64decode(request.headers["authorization"].split()[1]).decode()
        return await accounts[login.removesuffix(":")](request)

    with serve(chosen) as port:
        yield port


def _share(repository: Path, folder: Path) -> None:
    """A bare remote, and another clone of it, in `other`."""

    git(repository, "init", "-q", "--bare", "-b", "main", str(folder / "remote.git"))
    git(repository, "add", "reconciler.toml", "projects", ".gitignore")
    git(repository, "commit", "-q", "-m", "manifests")
    git(repository, "remote", "add", "origin", str(folder / "remote.git"))
    git(repository, "push", "-q", "origin", "HEAD:main")
    git(repository, "clone", "-q", str(folder / "remote.git"), str(folder / "other"))


def _expire(store: Any) -> None:
    """The killed run's lease is over, as it is three minutes later."""
    from dataclasses import replace

    seen = store.read()
    sections = {
        key: replace(
            section,
            runs={name: replace(one, until="2020-01-01T00:00:00Z", clone=None) for name, one in section.runs.items()},
        )
        for key, section in seen.record.sections.items()
    }
    assert store.swap(seen, replace(seen.record, sections=sections), "time passes")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
