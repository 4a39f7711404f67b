"""How many bytes are hashed, counted where they reach hashlib. They are exact: no clock is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.documents.savedplan import read_plan_file, write_plan_file
from reconciler.model.plan import Plan, TargetInfo
from reconciler.model.printed import printed
from reconciler.model.values import canonical_json
from reconciler.planning.intent import identity_of
from reconciler.planning.live import Live
from reconciler.planning.planner import Declared, Terms, make_plan
from tests.building import desired, live

PROJECTS = 50
PARAMS = {"instruction": "Box every cat.", "priority": 10}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The number of bytes that were hashed since it was last asked for."""
    sizes: list[int] = []

    class Counting:
        def __init__(self, hash_of: Any) -> None:
            self._hash_of = hash_of

        def update(self, data: bytes) -> None:
            sizes.append(len(data))
            self._hash_of.update(data)

        def hexdigest(self) -> str:
            return str(self._hash_of.hexdigest())

    def counted(real: Callable[..., Any]) -> Callable[..., Counting]:
        def create(data: bytes = b"", **options: Any) -> Counting:
            sizes.append(len(data))
            return Counting(real(data, **options))

        return create

    for name in ("sha1", "sha256"):
        monkeypatch.setattr(hashlib, name, counted(getattr(hashlib, name)))

    def since() -> int:
        found = sum(sizes)
        sizes.clear()
        return found

    return since


def _plan(changed: int) -> Plan:
    """The plan of many projects, of which some have another priority on Scale."""
    names = [f"p{number}" for number in range(PROJECTS)]
    shown = live(PARAMS, ontologies=(["Cat", "Dog"],))
    other = live({**PARAMS, "priority": 20}, ontologies=(["Cat", "Dog"],))
    projects = {name: replace(other if at < changed else shown, name=name) for at, name in enumerate(names)}
    declared = Declared(
        [desired(PARAMS, ["Cat", "Dog"], name=name) for name in names],
        dict.fromkeys(names, "p.yaml"),
        "projects",
        PROJECTS,
    )
    at = datetime(2026, 11, 24, tzinfo=UTC)
    return make_plan(declared, Live(projects, whole=True), {}, Terms(TargetInfo("production", "https://x"), at))


def test_nothing_of_an_unchanged_project_is_hashed(hashed: Callable[[], int]) -> None:
    _plan(changed=0)
    assert hashed() == len("[]")


def test_only_the_fields_of_a_changed_project_are_hashed(hashed: Callable[[], int]) -> None:
    (change,) = [change for change in _plan(changed=1).changes if change.fields]
    (field,) = change.fields
    of_the_project = len(canonical_json([identity_of(field)]))
    of_the_plan = len(canonical_json([["p0", change.hash]]))
    assert hashed() == of_the_project + of_the_plan


def test_a_saved_plan_is_hashed_once(hashed: Callable[[], int], tmp_path: Path) -> None:
    file = tmp_path / "saved.plan"
    plan = printed(_plan(changed=5), base="/repo")
    hashed()
    write_plan_file(plan, file)
    sealed = len(file.read_bytes().rpartition(b',"digest":"')[0] + b"}")
    assert hashed() == sealed
    read_plan_file(file, base=tmp_path)
    assert hashed() == sealed
