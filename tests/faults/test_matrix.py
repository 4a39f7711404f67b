"""Every call × everything that goes wrong × once, three times, always: what the server's history has then."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from reconciler.applying.landing import PARTS
from reconciler.model.outcome import CallResult, Status
from reconciler.model.plan import Cause
from reconciler.sandbox.faults import Fault
from tests.faults.account import Account, History, Run
from tests.faults.liar import ANSWERS, CUT, Liar
from tests.faults.visitor import Visitor

pytestmark = pytest.mark.untraced

FIRST = """\
name: p
type: imageannotation
params: {a: 0, b: 1}
ontology: [Cat]
"""
PATCH = """\
name: p
type: imageannotation
params: {a: 1, b: 1}
ontology: [Cat, Dog]
"""
REPLACE = """\
name: p
type: imageannotation
params: {a: 1}
ontology: [Cat, Dog]
"""
STORIES = {"create": PATCH, "patch": PATCH, "replace": REPLACE}
"""What is declared when the fault comes: of a project that is not there, or of FIRST."""

WANTED: dict[str, tuple[dict[str, int], tuple[str, ...]]] = {
    "create": ({"a": 1, "b": 1}, ("Cat", "Dog")),
    "patch": ({"a": 1, "b": 1}, ("Cat", "Dog")),
    "replace": ({"a": 1}, ("Cat", "Dog")),
}

TIMES = {"once": 1, "three-times": 3, "always": None}

SPOTS = {
    "list": ("list", 0),
    "get": ("get", 0),
    "get-back": ("get", 1),
    "get-last": ("get", 2),
    "create": ("create", 0),
    "setParams": ("setParams", 0),
    "setOntology": ("setOntology", 0),
}
"""Where it goes wrong: a call, and how many of its kind pass first. A project is got before its writes (`get`) and
after each of them (`get-back`, `get-last`)."""

READS = frozenset({"list", "get", "get-back", "get-last"})

STATUSES = (500, 502, 503, 504)
FAULTS = (
    "no-answer-before",
    "no-answer-after",
    *(f"{status}-{when}" for when in ("before", "after") for status in STATUSES),
    "429",
    "429-retry-after",
    "garbage-before",
    "garbage",
    "slow",
    "slow-beyond-the-limit",
)
OTHERS = ("other-before", "other-between", "other-after")
SECONDS = {"slow": (5.0, 5.0), "slow-beyond-the-limit": (40.0, 20.0)}
"""How long a read and a write take: a read's limit is 30 seconds. A write's is 15, and it is looked for until 30."""


@dataclass(frozen=True, slots=True)
class Case:
    story: str
    spot: str
    what: str
    times: str
    pending: bool = False

    def __str__(self) -> str:
        pending = "-with-pending" if self.pending else ""
        return f"{self.spot}-{self.what}-{self.times}{pending}"

    @property
    def reads(self) -> bool:
        return self.spot in READS


FAULTY_SPOTS = {
    "create": ("create", "setOntology"),
    "patch": ("list", "get", "get-back", "setParams", "setOntology"),
    "replace": ("setParams",),
}
VISITED_SPOTS = {
    "create": ("list", "get", "create", "get-back", "setOntology", "get-last"),
    "patch": ("list", "get", "setParams", "get-back", "setOntology", "get-last"),
    "replace": ("get", "setParams", "get-back"),
}
"""A read goes wrong alike in every story; what another writer does to one does not."""

NO_ONTOLOGY_YET = {("create", "list"), ("create", "get")}
"""Where between our calls there is no project yet, so that nobody can write the part of it that we do not write."""


def faulty(story: str) -> list[Case]:
    return [Case(story, spot, what, times) for spot in FAULTY_SPOTS[story] for what in FAULTS for times in TIMES]


def visited(story: str) -> list[Case]:
    return [
        Case(story, spot, what, times, pending)
        for spot in VISITED_SPOTS[story]
        for what in OTHERS
        if what != "other-between" or (story, spot) not in NO_ONTOLOGY_YET
        for times in TIMES
        for pending in (False, True)
    ]


def outcome_of(case: Case) -> Status | None:
    """What becomes of the project; None where there is no plan."""
    if case.what == "slow":
        return Status.DONE
    if case.spot == "get-back" and case.times != "always":
        # A write that was answered is read for until it is seen; three reads of 30 seconds each take longer.
        return Status.UNCLEAR if (case.what, case.times) == ("slow-beyond-the-limit", "three-times") else Status.DONE
    if case.reads:
        if case.times == "always" or case.what.startswith("garbage") or case.what == "slow-beyond-the-limit":
            return {"list": None, "get": Status.FAILED, "get-back": Status.UNCLEAR}[case.spot]
        return Status.DONE
    never_happens = case.what.startswith("429") or case.what.endswith("-before")
    # Silence is watched for 30 seconds, and after 90 seconds nothing is sent.
    too_long = case.times == "always" or (case.what, case.times) == ("no-answer-before", "three-times")
    return Status.FAILED if never_happens and too_long else Status.DONE


def meet(account: Account, case: Case) -> Run:
    """The run that meets it."""
    call, skip = SPOTS[case.spot]
    times = TIMES[case.times]
    if case.what not in OTHERS:
        what = case.what.removesuffix("-beyond-the-limit")
        seconds = SECONDS.get(case.what, (0.0, 0.0))[not case.reads]
        return account.run(faults=[Fault(call=call, what=what, times=times, after=skip, seconds=seconds)])
    between = case.what == "other-between"
    fresh = case.story == "create" and (
        case.spot in ("list", "get") or (case.spot, case.what) == ("create", "other-before")
    )
    if not between and not fresh and case.spot != "list":
        fault = Fault(call=call, what=case.what, times=times, after=skip)
        return account.run(faults=[fault], pending=case.pending, allowed=["takeover"])
    part = "ontology" if between and case.spot != "setOntology" else "project" if fresh else "params"
    before = case.what == "other-before" or (between and case.spot == "setOntology")
    visitor = partial(Visitor, call=call, part=part, before=before, times=times, skip=skip)
    return account.run(between=visitor, pending=case.pending, allowed=["takeover"])


def is_reported_truly(run: Run) -> None:
    """One change is one version, and what is reported of each call is what the history shows."""
    params, ontologies = run.after.made_since(run.before)
    if run.outcome is None:
        assert run.problem is not None
        assert (params, ontologies) == (0, 0)
        return
    results = {PARTS[call.call]: call.result for call in run.project.calls}
    assert len(results) == len(run.project.calls)
    for part, number in (("params", params), ("ontology", ontologies)):
        match results.get(part):
            case CallResult.LANDED:
                assert number == 1, part
            case CallResult.UNCLEAR:
                assert number <= 1, part
            case _:
                assert number == 0, part
    if run.project.status is not Status.DONE:
        assert run.project.status is Status.UNCHANGED or run.project.reason
        assert run.complete is (run.project.status is Status.UNCHANGED)


def loses_nothing_in_silence(run: Run) -> None:
    """A value that another writer brought, and this run took away, was in its plan as theirs, or is reported."""
    theirs = {place for history in (run.before, *history_during(run)) for place in history.theirs}
    lost = theirs - run.after.theirs.keys()
    if run.plan is not None:
        lost -= {field.path[:2] for field in run.change.fields if field.cause is not Cause.PENDING}
    if lost:
        assert {"lost-race", "someone-else"} & set(run.codes), lost
        assert not run.complete


def history_during(run: Run) -> Iterator[History]:
    """The history as it was after each other's write of the run."""
    for position in run.after.other_params:
        if position >= len(run.before.params):
            yield History(True, run.after.params[: position + 1])
    for position in run.after.other_ontologies:
        if position >= len(run.before.ontologies):
            yield History(True, (), run.after.ontologies[: position + 1])


def is_finished(account: Account, case: Case) -> None:
    """The last runs: everything as declared, and nothing to do."""
    last = account.run()
    assert not last.change.fields
    assert last.complete
    assert last.after == last.before
    assert last.after.live == WANTED[case.story]


def check_faulty(account: Account, case: Case) -> None:
    run = meet(account, case)
    is_reported_truly(run)
    expected = outcome_of(case)
    assert (run.project.status if run.outcome else None) is expected
    if expected is Status.DONE:
        assert run.complete
        assert run.after.made_since(run.before) == (1, 1)
        assert run.after.live == WANTED[case.story]
    quiet = account.run(pending=True)
    is_reported_truly(quiet)
    assert quiet.complete
    assert quiet.after.made_since(run.before) == (1, 1)
    is_finished(account, case)


def check_visited(account: Account, case: Case) -> None:
    run = meet(account, case)
    is_reported_truly(run)
    loses_nothing_in_silence(run)
    if run.complete and not run.after.theirs:
        assert run.after.live == WANTED[case.story]
    quiet = account.run(pending=True)
    is_reported_truly(quiet)
    assert quiet.after.theirs == quiet.before.theirs, "a merge leaves their edits alone"
    held = {held.guard for held in quiet.change.held_by}
    assert held <= {"conflict", "takeover"}
    assert quiet.complete is not bool(held)
    whole = account.run(allowed=["takeover"])
    is_reported_truly(whole)
    loses_nothing_in_silence(whole)
    assert whole.complete
    assert not whole.after.theirs
    is_finished(account, case)


@dataclass(frozen=True, slots=True)
class Lie:
    story: str
    call: str
    answer: str
    lag: float
    late: float

    def __str__(self) -> str:
        return f"{self.call}-{self.answer}-lag-{self.lag}-late-{self.late}"


def lies() -> list[Lie]:
    """Within the bounds: reads lag by 5 seconds, a write lands 5 seconds after a failure's answer, 25 after a cut."""
    calls = (("create", "create"), ("create", "setOntology"), ("patch", "setParams"), ("replace", "setParams"))
    found = []
    for story, call in (*calls, ("patch", "setOntology")):
        for answer in (*ANSWERS, CUT):
            lates = (0.0,) if answer.startswith("429") else (2.0, 25.0) if answer == CUT else (0.0, 2.0, 5.0)
            found += [Lie(story, call, answer, lag, late) for lag in (0.0, 1.0, 5.0) for late in lates]
    return found


@pytest.fixture(scope="module")
def repositories() -> Iterator[dict[str, Path]]:
    """One of each story, right before the run that meets a fault. In memory where the system has a folder there."""
    made = {}
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        for story, manifest in STORIES.items():
            account = Account(Path(folder) / story)
            if story != "create":
                account.declare(FIRST)
                assert account.run().complete
            account.declare(manifest)
            made[story] = account.folder
        yield made


@pytest.fixture
def account(case: Case | Lie, repositories: dict[str, Path]) -> Iterator[Account]:
    template = repositories[case.story]
    folder = template.with_name("case")
    shutil.copytree(template, folder)
    yield Account(folder, passed=10_000.0)
    shutil.rmtree(folder)


@pytest.mark.parametrize("case", faulty("create"), ids=str)
def test_a_fault_in_a_create(account: Account, case: Case) -> None:
    check_faulty(account, case)


@pytest.mark.parametrize("case", faulty("patch"), ids=str)
def test_a_fault_in_an_update(account: Account, case: Case) -> None:
    check_faulty(account, case)


@pytest.mark.parametrize("case", faulty("replace"), ids=str)
def test_a_fault_in_a_removal(account: Account, case: Case) -> None:
    check_faulty(account, case)


@pytest.mark.parametrize("case", visited("create"), ids=str)
def test_another_writer_in_a_create(account: Account, case: Case) -> None:
    check_visited(account, case)


@pytest.mark.parametrize("case", visited("patch"), ids=str)
def test_another_writer_in_an_update(account: Account, case: Case) -> None:
    check_visited(account, case)


@pytest.mark.parametrize("case", visited("replace"), ids=str)
def test_another_writer_in_a_removal(account: Account, case: Case) -> None:
    check_visited(account, case)


@pytest.mark.parametrize("case", lies(), ids=str)
def test_an_answer_that_lies(account: Account, case: Lie) -> None:
    """The write lands, its answer says that it did not, and reads lag: one version, sent once, and no error."""
    liar = partial(Liar, call=case.call, answer=case.answer, lag=case.lag, late=case.late)
    run = account.run(between=liar)
    assert run.after.made_since(run.before) == (1, 1)
    assert (run.project.status, run.codes, run.complete) == (Status.DONE, [], True)
    assert run.after.live == WANTED[case.story]
    quiet = account.run()
    assert not quiet.change.fields
    assert quiet.after == run.after
