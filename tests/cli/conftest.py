"""An empty repository, the sandbox served over loopback, and the command line run against them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import run
from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Handler, Request
from reconciler.sandbox.store import Store
from tests.cli.suggestions import check_parses, suggested
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.rstrip("\n").rsplit("\n", 1)[-1]

    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository, the working folder; its manifests go below `projects/`."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(".reconciler/\n")
    (tmp_path / "projects").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(repository: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line in this process. Every command that its output suggests must parse."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(list(arguments))
        said = capsys.readouterr()
        for command in suggested(said.out + said.err) if "--help" not in arguments else []:
            check_parses(command)
        return Result(code, said.out, said.err)

    return call


@pytest.fixture
def write(repository: Path) -> Callable[[str, str], Path]:
    """Writes a file below `projects/`."""

    def call(name: str, text: str) -> Path:
        file = repository / "projects" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    return call


@pytest.fixture
def seed(repository: Path) -> Callable[..., None]:
    """Puts projects into the sandbox of the default target."""

    def call(*projects: dict[str, Any], file: Path | None = None) -> None:
        Store(file or repository / ".reconciler" / "sandbox.db").seed([live(**project) for project in projects])

    return call


def live(
    name: str = "p",
    params: dict[str, Any] | None = None,
    ontology: list[Any] | None = None,
    ontology_name: str = "v1",
    **more: Any,
) -> dict[str, Any]:
    """A project as list answers it."""
    at = "2026-01-02T03:04:05.000Z"
    project: dict[str, Any] = {"type": "imageannotation", "name": name, "created_at": at, "param_history": []}
    if params is not None:
        project["param_history"] = [{**params, "version": 0, "created_at": at}]
    if ontology is not None:
        project["ontologyHistory"] = [{"ontology": ontology, "name": ontology_name}]
    return {**project, **more}


@dataclass
class Served:
    """The sandbox behind HTTP: its base URL, and the requests that came, as `METHOD path`."""

    url: str
    store: Dashboard
    requests: list[str] = field(default_factory=list)

    @property
    def methods(self) -> dict[str, int]:
        methods = [request.split()[0] for request in self.requests]
        return {method: methods.count(method) for method in sorted(set(methods))}


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The sandbox over HTTP on loopback; `RECONCILER_ENDPOINT` and a key point there."""
    file = tmp_path_factory.mktemp("served") / "sandbox.db"
    requests: list[str] = []
    with serve(_logged(create_app(file), requests)) as port:
        url = f"http://127.0.0.1:{port}/v1"
        monkeypatch.setenv("RECONCILER_ENDPOINT", url)
        monkeypatch.setenv("RECONCILER_TARGET", "production")
        monkeypatch.setenv("SCALE_API_KEY", "key-that-nobody-must-see")
        yield Served(url, Dashboard(file), requests)


def _logged(app: Handler, requests: list[str]) -> Handler:
    async def logged(request: Request) -> Answer:
        requests.append(f"{request.method} {request.target.decode().partition('?')[0]}")
        return await app(request)

    return logged
