"""A record that somebody forged: it can class an edit wrongly or quiet a guard, and nothing worse.

No ruleset of GitHub protects `refs/reconciler/*`: whoever can push can write them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Handler, Request
from tests.cli.conftest import Cli, live
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of, serve

REF = "refs/reconciler/record/production"
KEY = "live_key-that-goes-nowhere-else"
M = "name: p\ntype: imageannotation\n"
Write = Callable[[str, str], Path]


class Watching:
    """Notes each request and what key it came with, and lets somebody else write right before one of them."""

    def __init__(self, inner: Handler) -> None:
        self._inner = inner
        self.requests: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}

    async def __call__(self, request: Request) -> Answer:
        asked = f"{request.method} {path_of(request).removeprefix('/v1')}"
        self.requests.append(asked)
        self.before.pop(asked, lambda: None)()
        return await self._inner(request)


class Scale:
    """An account with one project, and a second server that no key may reach."""

    def __init__(self, repository: Path, stack: ExitStack) -> None:
        file = repository / ".reconciler" / "account.db"
        self.repository = repository
        self.store = Dashboard(file)
        self.store.seed([live("p", {"a": 1, "theirs": 1}, ["Cat", "Dog"])])
        self.watching = Watching(create_app(file))
        self.elsewhere = Watching(create_app(repository / ".reconciler" / "other.db"))
        self.url = f"http://127.0.0.1:{stack.enter_context(serve(self.watching))}/v1"
        self.other_url = f"http://127.0.0.1:{stack.enter_context(serve(self.elsewhere))}/v1"
        (repository / "reconciler.toml").write_text(
            f'target = "production"\n[targets.production]\nendpoint = "{self.url}"\n'
        )

    def params(self) -> list[dict[str, Any]]:
        history = json.loads(self.store.get("p"))["param_history"]
        return [{key: value for key, value in entry.items() if key in ("a", "theirs")} for entry in history]

    def edit(self, params: dict[str, Any]) -> None:
        self.store.edit_params("p", params)

    def forge(self, *sections: dict[str, Any], text: str | None = None, at: int = 0) -> None:
        """Put a forged record into the ref, in a commit of the time `at`."""
        content = text if text is not None else json.dumps({"format_version": "1.0", "sections": sections})
        blob = self._git("hash-object", "-w", "--stdin", data=content)
        tree = self._git("mktree", data=f"100644 blob {blob}\trecord.json\n")
        commit = f"tree {tree}\nauthor x <x@example.org> {at} +0000\ncommitter x <x@example.org> {at} +0000\n\nforged\n"
        self._git(
            "update-ref", REF, self._git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=commit)
        )

    def section(self, endpoint: str | None = None, **entry: Any) -> dict[str, Any]:
        project = {
            "file": "projects/p.yaml",
            "params_version": 0,
            "ontology_version": 0,
            "commit": None,
            "recorded_at": "2026-11-20T10:00:00Z",
            **entry,
        }
        return {"endpoint": endpoint or self.url, "account": None, "projects": {"p": project}}

    def _git(self, *arguments: str, data: str = "") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.repository, input=data, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture
def scale(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scale]:
    monkeypatch.setenv("SCALE_API_KEY", KEY)
    with ExitStack() as stack:
        yield Scale(repository, stack)


def test_it_can_class_an_edit_wrongly_and_quiet_a_guard(cli: Cli, write: Write, scale: Scale) -> None:
    write("p.yaml", M + "params: {a: 1}\nontology: [Cat]\n")
    honest = cli("apply", "--pending", "--auto-approve")
    assert "held by takeover" in honest.out
    assert len(scale.params()) == 1

    scale.forge(scale.section())
    misled = cli("plan", "--pending", "--format", "json").json()["resource_changes"][0]
    assert {field["class"] for field in misled["fields"]} == {"pending"}
    assert misled["held_by"] == []


def test_it_makes_no_write_unsafe(cli: Cli, write: Write, scale: Scale) -> None:
    """Fence, read-back and exactly-once do not ask the record."""
    write("p.yaml", M + "params: {a: 2, theirs: 1}\n")
    scale.forge(scale.section())
    scale.watching.before["GET /projects/p"] = lambda: scale.edit({"a": 7})
    stale = cli("apply", "--auto-approve")
    assert stale.code == 1
    assert "changed on Scale since the plan" in stale.err
    assert scale.params() == [{"a": 1, "theirs": 1}, {"a": 7, "theirs": 1}]
    assert not any(request.startswith("POST") for request in scale.watching.requests)


@pytest.mark.parametrize(
    "intended",
    [
        {"params_version": 0, "ontology_version": 0, "params_hash": "0" * 64, "ontology_hash": "0" * 64},
        {"params_version": 99, "ontology_version": 99, "params_hash": "x", "ontology_hash": None},
    ],
)
@pytest.mark.parametrize("number", [0, 1, 99, None])
def test_versions_that_never_were_cost_one_version_at_most(
    cli: Cli, write: Write, scale: Scale, number: int | None, intended: dict[str, Any]
) -> None:
    write("p.yaml", M + "params: {a: 2, theirs: 1}\n")
    scale.forge(
        scale.section(params_version=number, ontology_version=number, intended=intended, older={"params.a": 98})
    )
    done = cli("apply", "--auto-approve")
    assert done.code in (0, 1)
    assert "Traceback" not in done.err
    assert scale.params() in ([{"a": 1, "theirs": 1}], [{"a": 1, "theirs": 1}, {"a": 2, "theirs": 1}])


def test_it_sends_a_key_nowhere(cli: Cli, write: Write, scale: Scale) -> None:
    write("p.yaml", M + "params: {a: 2, theirs: 1}\n")
    scale.forge(scale.section(scale.other_url), scale.section("https://evil.example.com/v1"))
    for command in (["plan"], ["drift"], ["apply", "--auto-approve"]):
        cli(*command)
    assert scale.watching.requests
    assert scale.elsewhere.requests == []


def test_its_words_and_places_are_words(cli: Cli, write: Write, scale: Scale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write("q.yaml", "name: q\ntype: imageannotation\n")
    evil = "::error::x\n##[group]\x1b[31m\u202e<script>"
    section = scale.section(file="../../../etc/passwd", commit=evil, recorded_at=evil)
    section["projects"] |= {evil: {**section["projects"]["p"], "file": "projects/gone.yaml"}}
    scale.forge(section)
    reading = (["history", "p"], ["blame", "p"], ["pins"], ["pins", "--format", "csv"], ["adopt", "--diff"], ["plan"])
    for command in (*reading, ["plan", "--format", "markdown"], ["drift"], ["apply", "--auto-approve"]):
        said = cli(*command)
        shown = said.out + said.err
        assert said.code in (0, 1, 2)
        assert not set(shown) & {"\x1b", "\u202e"}
        assert "##[" not in shown
        assert "root:" not in shown
        assert not [line for line in shown.split("\n") if line.strip().startswith("::error::x")]


@pytest.mark.parametrize("at", [-1, 253_402_300_800, 99_999_999_999_999, 2**63 - 1])
def test_a_commit_can_have_any_time(cli: Cli, write: Write, scale: Scale, at: int) -> None:
    scale.forge(scale.section(), at=at)
    for command in (
        ["history", "p"],
        ["history", "p", "--relabel", "0.."],
        ["blame", "p", "--format", "json"],
        ["pins"],
    ):
        assert cli(*command).code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": "9.9", "sections": []}', "[" * 100_000])
def test_what_is_no_record_stops_an_apply(cli: Cli, write: Write, scale: Scale, text: str) -> None:
    write("p.yaml", M + "params: {a: 2, theirs: 1}\n")
    scale.forge(text=text)
    done = cli("apply", "--auto-approve")
    assert done.code == 1
    assert "error[record]" in done.err
    assert len(scale.params()) == 1
    planned = cli("plan")
    assert planned.code == 0
    assert "warning[record]" in planned.err
