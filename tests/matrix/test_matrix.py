"""Every call × every fault × once, three times, always.

What is demanded, of the server's history alone:

- no change makes two versions, in the run that meets the fault or in those after it;
- what is reported as landed is there, what is reported as refused or not sent is not, and a project that is done is as
  the manifest says, unless somebody wrote after it;
- what landed is reported as landed or unclear; where it is unclear, the next run names it;
- what somebody else wrote stays in the history, and where ours came right after it, unread, the run says so;
- the quiet runs after it end with no changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.outcome import CallResult, Status
from reconciler.model.plan import CallKind
from reconciler.sandbox.faults import CALLS, WHATS, Fault
from tests.matrix.story import AFTER, NEW_CHOICES, Run, Story

TIMES = {"once": 1, "three-times": 3, "always": None}
SLOW = {"slow": 5.0, "slow-beyond-the-limit": 20.0}
"""Seconds. The second lands after the client has given up (15 seconds), and before it would send again (15 more)."""


def _faults() -> Iterator[Any]:
    for call in CALLS:
        for what in (*WHATS, "slow-beyond-the-limit"):
            for after in (0, 1, 2) if what.startswith("other") and call == "get" else (0,):
                for times, number in TIMES.items():
                    fault = _fault(call, what, number, after)
                    if fault is None:
                        continue
                    for story in ("create", "update"):
                        if (call == "create" and story == "update") or (call == "setParams" and story == "create"):
                            continue
                        behind = f"-after-{after}" if after else ""
                        yield pytest.param(fault, story, id=f"{story}-{call}-{what}{behind}-{times}")


def _fault(call: str, what: str, times: int | None, after: int) -> Fault | None:
    known = what if what in WHATS else "slow"
    fault = Fault(call=call, what=known, times=times, after=after, seconds=SLOW.get(what, 0.0))
    return fault if fault.matches(call, "p") else None


@pytest.mark.parametrize(("fault", "story"), list(_faults()))
def test_a_fault(tmp_path: Path, fault: Fault, story: str) -> None:
    account = Story(tmp_path / "sandbox.db", create=story == "create")
    start = _counts(account)
    first = account.run(fault)
    middle = _counts(account)
    _is_told_truly(account, first, start, middle)
    second = account.run()
    _names_what_was_unclear(first, second, start, middle)
    third = account.run()
    assert third.plan is not None
    assert not third.plan.applyable, third.plan.changes[0].fields
    params, ontologies = account.history()
    assert (params[-1], ontologies[-1]) == (AFTER, NEW_CHOICES)
    others = _others(params, ontologies)
    made = (len(params) - start[0] - others[0], len(ontologies) - start[1] - others[1])
    # What somebody else wrote is for the next run to take back, once, where the manifest says otherwise.
    assert made[0] <= 1 + bool(others[0]), params
    assert made[1] <= 1 + bool(others[1]), ontologies


def _counts(account: Story) -> tuple[int, int]:
    params, ontologies = account.history()
    return len(params), len(ontologies)


def _others(params: list[Any], ontologies: list[Any]) -> tuple[int, int]:
    """How many versions of each are another writer's: each of them has a number that no version before it had."""
    return len(_numbers(params, 0)), len(_numbers(ontologies, 0))


def _numbers(contents: list[Any], start: int) -> set[Any]:
    if start >= len(contents):
        return set()
    if isinstance(contents[0], dict):
        return {content["other_writer"] for content in contents[start:] if "other_writer" in content}
    return {name for content in contents[start:] for name in content if name.startswith("Other ")}


def _is_told_truly(account: Story, run: Run, start: tuple[int, int], now: tuple[int, int]) -> None:
    if run.outcome is None:
        assert run.problem
        assert now == start
        return
    params, ontologies = account.history()
    others = _others(params, ontologies)
    made = {
        CallKind.SET_PARAMS: now[0] - start[0] - others[0],
        CallKind.SET_ONTOLOGY: now[1] - start[1] - others[1],
    }
    if run.plan is not None and start == (0, 0):
        made[CallKind.CREATE] = made.pop(CallKind.SET_PARAMS)
        assert made[CallKind.CREATE] == account.exists()
    for kind, number in made.items():
        result = run.result(kind)
        assert number in (0, 1), f"{number} versions of {kind.value}"
        if result is CallResult.LANDED:
            assert number == 1, f"{kind.value} is reported as landed"
        elif result is not CallResult.UNCLEAR:
            assert number == 0, f"{kind.value} landed, and is reported as {result}"
    if run.outcome.status is Status.DONE:
        assert all(made.values())
        assert all(run.result(kind) is CallResult.LANDED for kind in made)
    elif run.outcome.status is not Status.UNCHANGED:
        assert run.outcome.reason
    _tells_of_others(run, params, made)


def _tells_of_others(run: Run, params: list[Any], made: dict[CallKind, int]) -> None:
    """A version of ours right after one of theirs holds what theirs brought, or the run says that it did not."""
    assert run.outcome is not None
    told = any(diagnostic.code == "lost-race" for diagnostic in run.outcome.diagnostics)
    ended = run.outcome.status not in (Status.DONE, Status.UNCHANGED)
    for before, after in pairwise(params):
        if "other_writer" in before and "other_writer" not in after:
            assert told or ended, params


def _names_what_was_unclear(first: Run, second: Run, start: tuple[int, int], middle: tuple[int, int]) -> None:
    """Where nobody else wrote, what may have landed and did is known as ours by the next run, which says so."""
    assert second.plan is not None
    if first.outcome is None or first.outcome.status is not Status.UNCLEAR:
        return
    [change] = second.plan.changes
    words = " ".join(told.summary for told in change.diagnostics if told.code == "interrupted-run")
    for kind, name, at in (
        (CallKind.CREATE, "setParams", 0),
        (CallKind.SET_PARAMS, "setParams", 0),
        (CallKind.SET_ONTOLOGY, "setOntology", 1),
    ):
        if first.result(kind) is CallResult.UNCLEAR and middle[at] == start[at] + 1:
            assert f"{name} (version {start[at]})" in words
