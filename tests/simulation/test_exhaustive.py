"""Two reconcilers and one person on one project with one call each: every order of their requests, every single fault.

What is enumerated, not sampled: each request is held until it is chosen, so that a path is the sequence of choices of
who goes next and what becomes of it; all paths are walked, and their number is asserted. A chosen request takes effect
and is answered in one step: what its run does later shows only in its next request, which is held again. The person's
edit is one such request.

What is bounded: one request of a path at most meets a fault (lost before it landed, lost after, a 500 that did
nothing), and a read that gets lost is one case, since a read changes nothing. Both plans are made from the same state
before the first choice; the requests are those of the applies, with all their repeats. Who sleeps before a repeat is
awake again before the next choice, so that every order in which the requests could come is walked. Of orders that
differ only in neighbours which cannot notice one another (two reads; a request that never arrives beside any other) one
is walked.
"""

from __future__ import annotations

import sys

import pytest

from reconciler.model.outcome import Status
from reconciler.model.project import DesiredProject, Source
from tests.ontologies import ontology
from tests.simulation.blind import BlindClient
from tests.simulation.exhaustive import NAME, Scene, explore, walk
from tests.simulation.server import Json, Server
from tests.simulation.virtual import START

pytestmark = pytest.mark.untraced


def wish(params: dict[str, Json] | None = None, choices: list[Json] | None = None) -> DesiredProject:
    return DesiredProject(NAME, "chat", Source("/p.yaml", 1), params=params, ontology=ontology(choices))


def save_a(server: Server, at: float) -> None:
    server.set_params(NAME, {"a": 7, "patch": True}, "d", at, at, START)


def save_mine(server: Server, at: float) -> None:
    server.set_params(NAME, {"mine": 7, "patch": True}, "d", at, at, START)


def save_ontology(server: Server, at: float) -> None:
    server.set_ontology(NAME, {"ontology": ["Cat", "Cow"]}, "d", at, at, START)


SCENES = {
    "different wishes": Scene({"a": 0}, None, (wish({"a": 1}), wish({"a": 2})), save_a),
    "the same wish": Scene({"a": 0}, None, (wish({"a": 1}), wish({"a": 1})), save_mine),
    "ontologies": Scene(
        {"a": 0}, ["Cat"], (wish(None, ["Cat", "Dog"]), wish(None, ["Cat", "Dog", "Eel"])), save_ontology
    ),
    "two creates": Scene(None, None, (wish({"a": 1}), wish({"a": 2})), save_a),
}


ORDERS = {
    "different wishes": (959, 924),
    "the same wish": (763, 728),
    "ontologies": (1124, 1081),
    "two creates": (1634, 1588),
}
"""How many there are, and how many of them have a fault. The numbers change with the requests that an apply makes."""


@pytest.mark.parametrize("name", SCENES)
def test_every_order_and_every_single_fault(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    count = faults = done = 0
    for path in explore(SCENES[name]):
        assert not path.verdict.violations, str(path)
        count += 1
        faults += path.faults
        done += any(f" reports {Status.DONE.value} " in line for line in path.trace)
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {count:,} orders, {faults:,} of them with a fault, versions too many: 0\n")
    assert (count, faults) == ORDERS[name]
    assert done > 0


def test_a_path_can_be_walked_again() -> None:
    """By its choices alone."""
    for _, path in zip(range(40), explore(SCENES["different wishes"]), strict=False):
        assert str(walk(SCENES["different wishes"], path.taken)) == str(path)


def test_a_blind_retry_is_found() -> None:
    assert any(path.verdict.too_many for path in explore(SCENES["different wishes"], BlindClient))
