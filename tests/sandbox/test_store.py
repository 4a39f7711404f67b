"""The account: seeding, the dashboard's edits, and many writers at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.bodies import NewParams
from reconciler.sandbox.exchange import Refusal
from reconciler.sandbox.store import utc_now
from tests.sandbox.calling import KEY, in_process_client
from tests.sandbox.dashboard import Dashboard

KITTENS: dict[str, Any] = {
    "type": "imageannotation",
    "name": "kittens",
    "created_at": "2020-01-01T00:00:00.000Z",
    "pipelineName": "standard_task",
    "unheardOf": [1.5, {"x": None}],
    "archived": True,
    "param_history": [
        {"instruction": "a", "version": 0, "created_at": "2020-01-01T00:00:00.000Z"},
        {"instruction": "b", "n": 10**30, "version": 1, "created_at": "2020-01-02T00:00:00.000Z"},
    ],
    "ontologyHistory": [{"ontology": ["Cat"], "name": "v1", "version": 0}, {"ontology": "unreadable"}, None],
}


def listed(store: Dashboard) -> list[Any]:
    projects: list[Any] = json.loads(store.list_projects())
    return projects


def test_what_is_seeded_is_listed_as_it_was(store: Dashboard) -> None:
    assert store.seed([KITTENS, {"type": "chat", "name": "bare"}]) == 2
    at = "2026-11-24T12:00:00.000Z"
    bare = {"name": "bare", "archived": False, "type": "chat", "created_at": at, "param_history": []}
    assert listed(store) == [KITTENS, bare]
    assert Dashboard(store._database.file.with_name("copy.db")).seed(listed(store)) == 2


def test_a_seeded_history_goes_on(store: Dashboard) -> None:
    store.seed([KITTENS, {"type": "chat", "name": "half", "param_history": [{"a": 1}], "ontologyHistory": []}])
    store.edit_params("kittens", {"instruction": "c"})
    store.append_ontology_entry("kittens", {"ontology": [{"choice": "Dog", "links": []}]})
    store.edit_params("half", {"b": 2}, patch=False)
    store.append_ontology_entry("half", 7)
    kittens, half = listed(store)
    at = "2026-11-24T12:00:00.000Z"
    assert kittens["param_history"][2:] == [{"instruction": "c", "n": 10**30, "version": 2, "created_at": at}]
    assert kittens["ontologyHistory"][3:] == [{"ontology": [{"choice": "Dog", "links": []}]}]
    assert half["param_history"] == [{"a": 1, "version": 0, "created_at": at}, {"b": 2, "version": 1, "created_at": at}]
    assert half["ontologyHistory"] == [7]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("kittens", "the entry is not an object"),
        ({"type": "chat"}, '"name" must be a string'),
        ({"type": "chat", "name": ".."}, '"name" must not be'),
        ({"name": "n"}, '"type" must be'),
        ({"name": "n", "type": "chat", "archived": "no"}, '"archived" must be'),
        ({"name": "n", "type": "chat", "created_at": 5}, '"created_at" must be'),
        ({"name": "n", "type": "chat", "created_at": "yesterday"}, '"created_at" must be a time such as'),
        ({"name": "n", "type": "chat", "param_history": {}}, '"param_history" must be'),
        ({"name": "n", "type": "chat", "param_history": [1]}, r'"param_history\[0\]" must be'),
        ({"name": "n", "type": "chat", "param_history": [{"version": -1}]}, r'"param_history\[0\].version" must be a'),
        (
            {"name": "n", "type": "chat", "param_history": [{"version": 3}, {"version": 5}]},
            r'"param_history\[1\].version" must be 4',
        ),
        ({"name": "n", "type": "chat", "param_history": [{}, {"version": True}]}, r'\[1\].version" must be 1'),
        ({"name": "n", "type": "chat", "param_history": [{"created_at": None}]}, r'\[0\].created_at" must be'),
        ({"name": "n", "type": "chat", "param_history": [{"patch": True}]}, '"patch"'),
        ({"name": "n", "type": "chat", "params": {}}, '"params" is a key of a manifest; the API lists "param_history"'),
        ({"name": "n", "type": "chat", "ontology": ["Cat"]}, '"ontology" is a key of a manifest; the API lists "ont'),
        ({"name": "n", "type": "chat", "ontologyHistory": None}, '"ontologyHistory" must be'),
        ({"name": "n", "type": "chat", "x": float("nan")}, "JSON"),
        ({"name": "n", "type": "chat", "x": object()}, "JSON"),
        ({"name": "first", "type": "chat"}, 'entry 1 has the same name, "first"'),
    ],
)
def test_a_seed_that_is_wrong_seeds_nothing(store: Dashboard, file: Path, entry: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^cannot be added: entry 2: .*{problem}"):
        store.seed([{"type": "chat", "name": "first"}, entry])
    assert not file.parent.exists()


def test_a_seed_that_is_too_deep_or_no_array(store: Dashboard) -> None:
    deep: Any = 0
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^cannot be added: entry 1: it is nested deeper"):
        store.seed([{"type": "chat", "name": "n", "x": deep}])
    for wrong in ({"name": "n", "type": "chat"}, "text", 5):
        with pytest.raises(ValueError, match="array"):
            store.seed(wrong)  # type: ignore[arg-type]


def test_a_seed_never_replaces(store: Dashboard, file: Path) -> None:
    assert store.seed([]) == 0
    assert not file.exists()
    store.seed([{"type": "chat", "name": "n"}])
    with pytest.raises(ValueError, match=r"^cannot be added: project \"n\" \(entry 2\) already exists"):
        store.seed([{"type": "chat", "name": "m"}, {"type": "other", "name": "n"}])
    assert [(project["name"], project["type"]) for project in listed(store)] == [("n", "chat")]


def test_a_person_renames_and_archives(store: Dashboard) -> None:
    store.seed([{"type": "chat", "name": "a"}, {"type": "chat", "name": "b"}])
    store.rename("a", "c/d")
    store.rename("b", "b")
    store.archive("b")
    store.archive("b", archived=False)
    assert [(project["name"], project["archived"]) for project in listed(store)] == [("c/d", False), ("b", False)]
    for new_name, status in (("b", 409), ("..", 400)):
        with pytest.raises(Refusal) as refusal:
            store.rename("c/d", new_name)
        assert refusal.value.status == status
    with pytest.raises(Refusal, match='no project named "a"'):
        store.archive("a")


def test_an_account_has_an_id_until_it_is_emptied(store: Dashboard, file: Path) -> None:
    assert store.account_id() is None
    assert store.reset() == 0
    assert not file.parent.exists()
    first = store.open_account()
    assert store.open_account() == store.account_id() == Dashboard(file).account_id() == first
    store.seed([{"type": "chat", "name": "a"}, {"type": "chat", "name": "b"}])
    store.disable(["chat"])
    assert store.reset() == 2
    assert listed(store) == []
    assert store.account_id() not in (None, first)


def test_times_are_utc_with_milliseconds(file: Path) -> None:
    zone = timezone(timedelta(hours=2))
    store = Dashboard(file, now=lambda: datetime(2026, 11, 24, 1, 2, 3, 4567, tzinfo=zone))
    store.seed([{"type": "chat", "name": "n"}])
    assert listed(store)[0]["created_at"] == "2026-11-23T23:02:03.004Z"
    assert utc_now().utcoffset() == timedelta(0)


def test_a_hundred_creates_of_one_name_make_one_project(file: Path) -> None:
    async def race() -> list[int]:
        async with in_process_client(create_app(file)) as client:
            body = {"type": "chat", "name": "n", "params": {"a": 1}}
            calls = (client.post("/projects", json=body, auth=KEY) for _ in range(100))
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert Counter(asyncio.run(race())) == {200: 1, 409: 99}
    assert [entry["version"] for entry in listed(Dashboard(file))[0]["param_history"]] == [0]


def test_two_stores_and_many_threads_leave_no_gap_in_the_versions(file: Path) -> None:
    stores = [Dashboard(file), Dashboard(file)]
    with ThreadPoolExecutor(16) as pool:
        created = pool.map(lambda i: stores[i % 2].seed([{"type": "chat", "name": f"p{i}"}]), range(20))
        assert sum(created) == 20
        writes = [
            pool.submit(stores[i % 2].set_params, "p0", NewParams(params={f"k{i}": i}, patch=True)) for i in range(60)
        ]
        reads = [pool.submit(stores[i % 2].list_projects) for i in range(20)]
        for done in writes + reads:
            done.result()
    entries = json.loads(stores[0].get("p0"))["param_history"]
    assert [entry["version"] for entry in entries] == list(range(60))
    assert {key for key in entries[-1] if key.startswith("k")} == {f"k{i}" for i in range(60)}
