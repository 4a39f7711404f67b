"""Live projects that cannot be read: each is blocked alone and named with its path; all others are compared as ever."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.documents.drift import DriftShape
from reconciler.documents.plan import PlanShape
from reconciler.documents.snapshot import decode, encode
from reconciler.model.drift import Drift
from reconciler.model.plan import Plan
from reconciler.model.printed import printed
from reconciler.model.record import Record, RecordedProject, Section
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import to_json
from reconciler.operations.drift import drift_live, drift_saved
from reconciler.operations.plan import plan_live, plan_saved
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.session import Session
from reconciler.operations.snapshot import take
from reconciler.render.text.snapshot import lay_out_snapshot
from reconciler.scale.client import ScaleClient
from reconciler.settings import choose_target, read_settings
from tests.ontologies import hash_of
from tests.render.shown import (
    render_drift,
    render_drift_markdown,
    render_drift_page,
    render_page,
    render_plan,
    render_plan_markdown,
)

NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
ENDPOINT: Final = "https://api.scale.com/v1"
NAMES: Final = ("alpha", "bravo", "charlie", "delta", "echo")
UNMANAGED: Final = "zulu"

RAW: Final = {
    "@nan@": "NaN",
    "@infinity@": "-Infinity",
    "@large@": "1e400",
    "@long@": "9" * 4301,
    "@half@": '"a\\ud800"',
    "@other-half@": '"\\udfff"',
    "@deep@": "[" * 10_000 + "]" * 10_000,
    "@deeper@": '{"a":' * 150 + "1" + "}" * 150,
    "@latin@": '"caf\xe9"',
}
"""Replacements in an answer for the strings that a Python value cannot hold."""

JUNK: Final[list[Any]] = [
    None, True, 0, -1, 3, 1.5, 10**40, "", "x", "2026-13-01T00:00:00Z", [], {}, [None], [[]], {"a": 1},
    [{"no": "choice"}], {"choice": 5}, *RAW,
]  # fmt: skip


def shown(name: str, number: int) -> dict[str, Any]:
    """A project as list answers it: five versions, the last two of them after the record."""
    at = f"2026-01-0{number + 1}T03:04:05.000Z"
    return {
        "name": name,
        "type": "imageannotation",
        "created_at": at,
        "archived": False,
        "pipelineName": "standard_task",
        "param_history": [
            {"version": version, "created_at": at, "a": version, "b": {"c": [1, {"d": "e"}]}, "n": number}
            for version in range(4)
        ],
        "ontologyHistory": [
            {"ontology": ["Cat", {"choice": "Dog", "subchoices": ["Pug", {"choice": "Lab", "description": "x"}]}]},
            {"ontology": ["Cat", {"choice": "Dog", "subchoices": ["Pug"]}], "name": "v2"},
        ],
    }


@dataclass(frozen=True)
class Account:
    """The bodies that list and get answer with, by the name that a get asks for."""

    bodies: dict[str, bytes]

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/v1/projects")
        if not path:
            return httpx.Response(200, content=b"[" + b",".join(self.bodies.values()) + b"]")
        body = self.bodies.get(unquote(path[1:]))
        if body is None:
            return httpx.Response(404, json={"status_code": 404, "error": "No such project"})
        return httpx.Response(200, content=body)

    def client(self) -> ScaleClient:
        return ScaleClient(
            endpoint=ENDPOINT, key="k", key_variable="SCALE_API_KEY", transport=httpx.MockTransport(self.answer)
        )


def encoded(document: Any) -> bytes:
    text = json.dumps(document)
    for sign, raw in RAW.items():
        text = text.replace(json.dumps(sign), raw)
    return text.encode("latin-1")


DOCUMENTS: Final = {name: shown(name, number) for number, name in enumerate((*NAMES, UNMANAGED))}
RECORD: Final = Record(
    {
        (ENDPOINT, DOCUMENTS["alpha"]["created_at"]): Section(
            {
                name: RecordedProject(
                    f"projects/{name}.yaml",
                    params_version=1,
                    ontology_version=0,
                    commit="c" * 40,
                    recorded_at="2026-02-01T00:00:00Z",
                    created_at=DOCUMENTS[name]["created_at"],
                    ontology_hash=hash_of(DOCUMENTS[name]["ontologyHistory"][0]["ontology"]),
                )
                for name in NAMES
            }
        )
    }
)


@dataclass(frozen=True, repr=False)
class Seen:
    """What plan, drift and snapshot say of an account; the last two from the snapshot."""

    plan: Plan
    drift: Drift
    snapshot: Snapshot
    plan_from: Plan
    drift_from: Drift


@dataclass(frozen=True, repr=False)
class Repository:
    session: Session
    prepared: Prepared

    def look(self, account: Account) -> Seen:
        return asyncio.run(self._look(account))

    async def _look(self, account: Account) -> Seen:
        async with account.client() as client:
            made = await plan_live(self.session, client, self.prepared)
            found = await drift_live(self.session, client, self.prepared)
            taken = await take(self.session, client, RECORD)
        snapshot = decode(encode(taken), place="s")
        later = plan_saved(self.session, snapshot, self.prepared)
        drifted = drift_saved(self.session, snapshot, self.prepared)
        return Seen(made, found, snapshot, later, drifted)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Manifests of all of them but one: `a` has drifted, `b` is pending in one, and one ontology is not managed."""
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    (folder / "projects").mkdir()
    for number, name in enumerate(NAMES):
        ontology = "ontology: [Cat, {choice: Dog, subchoices: [Pug, {choice: Lab, description: x}]}]\n"
        wanted = f"params: {{a: 1, b: {{c: [1, {{d: e}}]}}, n: {number + (name == 'echo')}}}\n"
        text = f"name: {name}\ntype: imageannotation\n{wanted}{ontology if name != 'delta' else ''}"
        (folder / "projects" / f"{name}.yaml").write_text(text)
    read = read_settings(folder)
    target = choose_target(read, name="production", endpoint=None, environment={})
    session = Session(read, target, {}, now=lambda: NOW)
    return Repository(session, prepare(session, (), (RECORD, ())))


@pytest.fixture(scope="module")
def healthy(repository: Repository) -> Seen:
    return repository.look(Account({name: encoded(document) for name, document in DOCUMENTS.items()}))


def test_nothing_is_damaged(healthy: Seen) -> None:
    assert healthy.drift.summary.blocked == healthy.plan.summary.blocked == 0
    assert healthy.drift.summary.drift > 5
    assert healthy.plan.summary.change == len(NAMES)
    assert healthy.plan.unmanaged == healthy.drift.unmanaged == (UNMANAGED,)
    assert not healthy.snapshot.unreadable
    _render(healthy)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(value: Any, path: tuple[str | int, ...], change: Any) -> Any:
    """`value` with what `change` makes of the container and key at the end of `path`, which is not empty."""
    copy = json.loads(json.dumps(value))
    holder = copy
    for part in path[:-1]:
        holder = holder[part]
    change(holder, path[-1])
    return copy


DEEDS: Final = ("replace", "replace", "replace", "drop", "double", "swap", "rename")


def changed(random: Random, document: Any) -> Any:
    """The document with one thing wrong."""
    path, junk = random.choice(list(places(document))), random.choice(JUNK)
    deed, new_key = random.choice(DEEDS), random.choice(("@half@", "version", "x"))
    if not path:
        return junk
    # A project without a time may be the account's oldest, which is then another account.
    if path == ("created_at",) and (deed == "drop" or junk is None):
        deed, junk = "replace", 5

    def change(holder: Any, key: Any) -> None:
        if deed == "drop":
            del holder[key]
        elif deed == "double" and isinstance(holder, list):
            holder.append(holder[key])
        elif deed == "swap" and isinstance(holder, list):
            holder.reverse()
        elif deed == "rename" and isinstance(holder, dict) and path != ("created_at",):
            holder[new_key] = holder.pop(key)
        else:
            holder[key] = junk

    return put(document, path, change)


@pytest.mark.untraced
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_one_damaged_project_is_read_or_named_and_hides_no_other(
    repository: Repository, healthy: Seen, seed: int
) -> None:
    random = Random(seed)
    name = random.choice((*NAMES, UNMANAGED))
    damaged = changed(random, DOCUMENTS[name])
    note(f"{name}: {json.dumps(damaged)[:2000]}")
    bodies = {other: encoded(damaged if other == name else document) for other, document in DOCUMENTS.items()}
    seen = repository.look(Account(bodies))
    shows = damaged.get("name") if isinstance(damaged, dict) else None
    affected = {name, shows if isinstance(shows, str) else None}
    pairs: list[tuple[Sequence[Any], Sequence[Any]]] = [
        (before.changes, after.changes)
        for before, after in ((healthy.plan, seen.plan), (healthy.plan_from, seen.plan_from))
    ]
    pairs += [
        ((*before.projects, *before.blocked), (*after.projects, *after.blocked))
        for before, after in ((healthy.drift, seen.drift), (healthy.drift_from, seen.drift_from))
    ]
    for before, after in pairs:
        assert [one for one in after if one.name not in affected] == [one for one in before if one.name not in affected]
    kept = [one for one in seen.snapshot.projects if one.live.name not in affected]
    assert kept == [one for one in healthy.snapshot.projects if one.live.name not in affected]
    _check_blocked(seen.plan, seen.drift)
    _check_blocked(seen.plan_from, seen.drift_from)
    unread = {one.name: one for one in seen.snapshot.unreadable}
    for blocked in seen.drift.blocked:
        if blocked.diagnostic.code == "unreadable":
            assert blocked.name in unread
            assert blocked.path.startswith(("projects[", "project"))
    _render(seen, known=healthy)


def _check_blocked(made: Plan, found: Drift) -> None:
    """A project whose live state cannot be read is blocked in both, with one path. A call blocks in a plan alone."""
    planned = {change.name: change for change in made.changes if change.blocked}
    for blocked in found.blocked:
        assert blocked.path
        assert blocked.diagnostic in planned[blocked.name].diagnostics
    others = planned.keys() - {blocked.name for blocked in found.blocked}
    assert all(planned[name].reason == "not-sendable" for name in others)
    assert found.errored == bool(found.blocked)


def _render(seen: Seen, known: Seen | None = None) -> None:
    """Nothing that is rendered fails, nor holds what UTF-8 cannot. What is as `known` has been rendered."""
    plans = (known.plan, known.plan_from) if known else ()
    for made in (one for one in (seen.plan, seen.plan_from) if one not in plans):
        to_json(PlanShape.document(printed(made, base="/"))).encode()
        render_plan(made, base="/", now=NOW).encode()
        render_plan_markdown(made, base="/", now=NOW).encode()
        render_page(made, base="/", now=NOW).encode()
    drifts = (known.drift, known.drift_from) if known else ()
    for found in (one for one in (seen.drift, seen.drift_from) if one not in drifts):
        to_json(DriftShape.document(printed(found, base="/"))).encode()
        render_drift(found, base="/", now=NOW).encode()
        render_drift_markdown(found, base="/", now=NOW).encode()
        render_drift_page(found, base="/", now=NOW).encode()
    lay_out_snapshot(seen.snapshot, place="s", now=NOW).encode()
