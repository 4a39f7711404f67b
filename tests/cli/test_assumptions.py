"""The main stories where one assumption about the API is wrong, through the command line.

Each works, or stops with words that name what is not as expected; no run says that it is complete where it is not, and
no run writes again and again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.operations import apply, session
from reconciler.sandbox import app
from reconciler.sandbox.assumptions import Assumptions, switches
from reconciler.sandbox.faults import Fault, FaultyApp
from reconciler.scale.client import ScaleClient
from tests.cli.conftest import Cli, Result
from tests.faults.line import Line, at_once
from tests.sandbox.dashboard import Dashboard
from tests.scale.loopback import FakeClock

pytestmark = pytest.mark.untraced

Params = dict[str, Any]
Ontology = list[Any]

PARAMS: Params = {"instruction": "Label every cat", "size": 10, "geometries": {"box": {"min_width": 10}}}
ONTOLOGY: Ontology = ["Background", {"choice": "Animal", "description": "Alive", "subchoices": ["Cat", "Kitten"]}]

ODD: Params = {"nothing": None, "empty": "", "list": [], "object": {}, "edges": " x\n", "deep": [{"label": "x "}]}
NOT_KEPT = {
    "null=removes": {"nothing"},
    "empty-values=pruned": {"nothing", "empty", "list", "object"},
    "strings=trimmed": {"edges", "deep"},
}

AS_ASSUMED = "as-assumed"
CUT = "list-histories=last,histories=capped"
"""Two at once, with which no answer shows more than the last two versions."""
WRONG = [f"{switch.name}={value}" for switch in switches() for value in switch.values[1:]] + [CUT]

_COMPLETE = "Apply complete!"
_ADDED = ("can_add_tags", "with_labels")
"""What `added-keys=some` adds."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Outside git, so that the record is a file."""
    (tmp_path / "projects").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class Account:
    """The command line, and the account as it is with one assumption wrong."""

    cli: Cli
    folder: Path
    wrong: str
    store: Dashboard
    faults: list[Fault] = field(default_factory=list)
    declared: tuple[Params, Ontology] | None = None
    ignores_added: bool = False

    def declare(
        self, params: Params, ontology: Ontology, *, ontology_name: str | None = None, tamed: bool = True
    ) -> None:
        """The manifest. `tamed`: where Scale adds parameters of its own, they are ignored."""
        self.declared = params, ontology
        self.ignores_added = tamed and self.wrong == "added-keys=some"
        named = {"name": ontology_name, "choices": ontology} if ontology_name else ontology
        lines = ["name: p", "type: imageannotation", f"params: {json.dumps(params)}", f"ontology: {json.dumps(named)}"]
        lines += [f"reconcile: {{ignore: [{', '.join(f'params.{key}' for key in _ADDED)}]}}"] * self.ignores_added
        (self.folder / "projects" / "p.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def apply(self, *options: str) -> Result:
        """An apply. What says that it is complete is as declared, but for edits that `--pending` keeps."""
        done = self.cli("apply", "--auto-approve", *options)
        assert done.code in (0, 1), done.err
        assert (done.code == 0) is done.last.startswith(_COMPLETE), done.out
        if done.code == 0 and "--pending" not in options:
            assert self.is_as_declared(), self.shown()
        if done.code == 1:
            assert "error[" in done.err or "held by" in done.out, "it says why"
        return done

    def works(self, *options: str) -> None:
        """An apply that is complete, after which there is nothing to do."""
        done = self.apply(*options)
        assert done.code == 0, done.err + done.out
        assert self.cli("plan").last == "No changes. Your projects match the manifests."

    def settles(self, *options: str) -> None:
        """Three more runs with nothing changed write nothing."""
        before = self.versions()
        for _ in range(3):
            self.apply(*options)
        assert self.versions() == before

    def shown(self, name: str = "p") -> dict[str, Any]:
        """The project with its whole histories, whatever get shows of them."""
        whole = Dashboard(self.folder / ".reconciler" / "sandbox.db").list_projects()
        return next((project for project in json.loads(whole) if project["name"] == name), {})

    def versions(self) -> tuple[int, int]:
        shown = self.shown()
        return len(shown.get("param_history", [])), len(shown.get("ontologyHistory", []))

    @property
    def params(self) -> Params:
        hidden = ("version", "created_at", *(_ADDED if self.ignores_added else ()))
        return {key: value for key, value in self.shown()["param_history"][-1].items() if key not in hidden}

    @property
    def ontology(self) -> Ontology:
        return _choices(self.shown()["ontologyHistory"][-1]["ontology"])

    def is_as_declared(self) -> bool:
        assert self.declared is not None
        params, ontology = self.declared
        return self.params == params and self.ontology == _choices(ontology)


def _choices(choices: Ontology) -> Ontology:
    """In one spelling: name, description, subchoices."""
    spelled: list[dict[str, Any]] = [{"choice": one} if isinstance(one, str) else one for one in choices]
    return [(one["choice"], one.get("description", ""), _choices(one.get("subchoices", []))) for one in spelled]


@pytest.fixture(params=[AS_ASSUMED, *WRONG])
def account(request: pytest.FixtureRequest, cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    wrong: str = request.param
    assumptions = Assumptions.parse([] if wrong == AS_ASSUMED else wrong.split(","))
    file = repository / ".reconciler" / "sandbox.db"
    made = Account(cli, repository, wrong, Dashboard(file, assumptions=assumptions))

    async def sleep(seconds: float) -> None:
        raise AssertionError("no fault here is slow")

    def line(application: Any) -> Line:
        return Line(FaultyApp(application, made.faults, made.store, sleep=sleep, aside=at_once))

    clock = FakeClock()
    monkeypatch.setattr(app, "create_app", partial(app.create_app, assumptions=assumptions, aside=at_once))
    monkeypatch.setattr(session, "in_process", line)
    monkeypatch.setattr(session, "ScaleClient", partial(ScaleClient, clock=clock, random=Random(0)))
    monkeypatch.setattr(apply, "carry_out", partial(apply.carry_out, clock=clock, random=Random(0)))
    return made


def created(account: Account) -> None:
    account.declare(PARAMS, ONTOLOGY)
    assert account.apply().code == 0


def test_every_assumption_is_wrong_once() -> None:
    assert {wrong.partition("=")[0] for wrong in WRONG} == {switch.name for switch in switches()}


def test_a_create(account: Account) -> None:
    account.declare(PARAMS, ONTOLOGY, tamed=False)
    done = account.apply()
    assert account.versions() == (1, 1)
    account.settles()
    if account.wrong == "added-keys=some":
        assert done.code == 1
        assert "params.can_add_tags" in done.err
        assert "reconcile.ignore" in done.err
        assert "held by not-kept" in account.cli("plan").out
        account.declare(PARAMS, ONTOLOGY)
    account.works()
    assert account.versions() == (1, 1)


def test_updates(account: Account) -> None:
    """A parameter changed and one added, by patch; parameters removed; both parts at once."""
    created(account)
    account.declare({**PARAMS, "size": 12, "more": [1, 2]}, ONTOLOGY)
    account.works()
    assert account.versions() == (2, 1)
    account.declare({"size": 12}, ONTOLOGY)
    account.works()
    assert account.versions() == (3, 1)
    account.declare({"size": 11, "more": 1}, [*ONTOLOGY, "More"])
    account.works()
    assert account.versions() == (4, 2)
    account.settles()


def test_one_ontology_after_another(account: Account) -> None:
    created(account)
    for number in range(3):
        account.declare(PARAMS, [*ONTOLOGY, f"Choice {number}"])
        account.works()
        assert account.versions() == (1, 2 + number)
    account.settles()


@pytest.mark.parametrize("edits", [1, 3])
def test_a_parameter_that_drifts(account: Account, edits: int) -> None:
    """`--pending` leaves it alone, or holds where the history no longer shows what the record names."""
    created(account)
    for number in range(edits):
        account.store.edit_params("p", {"size": 100 + number})
    account.declare({**PARAMS, "instruction": "Label every dog"}, ONTOLOGY)
    done = account.apply("--pending")
    cut = account.wrong == CUT and edits > 1
    _is_left_alone_or_held(done, cut=cut)
    assert account.params["size"] == 99 + edits
    assert account.params["instruction"] == ("Label every cat" if cut else "Label every dog")
    # Our own write was one version more: the one before the edit is no longer among the last two.
    _is_reported(account, "params.size", cut=account.wrong == CUT)
    account.settles("--pending")
    assert account.params["size"] == 99 + edits
    account.works()


@pytest.mark.parametrize(("edits", "earlier"), [(1, 0), (1, 2), (3, 2)])
def test_an_ontology_that_drifts(account: Account, edits: int, earlier: int) -> None:
    """The same, after versions of our own, where the numbers of a cut history may stand for something else."""
    created(account)
    ontology = ONTOLOGY
    for number in range(earlier):
        ontology = [*ONTOLOGY, f"Choice {number}"]
        account.declare(PARAMS, ontology)
        assert account.apply().code == 0
    for number in range(edits):
        account.store.edit_ontology("p", [*ontology, f"Theirs {number}"])
    edited = account.ontology
    account.declare({**PARAMS, "size": 11}, ontology)
    done = account.apply("--pending")
    cut = account.wrong == CUT and edits > 1
    _is_left_alone_or_held(done, cut=cut)
    assert account.ontology == edited
    assert account.params["size"] == (10 if cut else 11)
    _is_reported(account, "ontology", cut=cut)
    account.settles("--pending")
    assert account.ontology == edited
    account.works()


def _is_left_alone_or_held(done: Result, *, cut: bool) -> None:
    """`cut`: the history no longer shows the version that the record names."""
    assert done.code == int(cut), done.err
    assert ("held by conflict" in done.out) is cut


def _is_reported(account: Account, unit: str, *, cut: bool) -> None:
    """A merge leaves the edit alone, and a whole apply says beforehand that it takes one back."""
    merging, whole = account.cli("plan", "--pending"), account.cli("plan")
    if cut:
        for planned in (merging, whole):
            assert "cannot determine who changed project.p" in planned.out
            printed = [line for line in planned.out.splitlines() if "that the last apply recorded" in line]
            assert printed
            assert all(unit in line for line in printed)
    else:
        assert "1 change made on Scale is kept" in merging.last
        assert f"1 change made on Scale would be reverted (p: {unit})" in whole.out


@pytest.mark.parametrize("call", ["create", "setParams", "setOntology"])
@pytest.mark.parametrize("what", ["no-answer-after", "500-after"])
def test_a_lost_answer(account: Account, call: str, what: str) -> None:
    """After two versions of each, so that a cut history moves on."""
    if call != "create":
        created(account)
        account.declare({**PARAMS, "size": 11}, [*ONTOLOGY, "More"])
        account.works()
    before = account.versions()
    account.declare({**PARAMS, "size": 12}, [*ONTOLOGY, "Even more"])
    account.faults.append(Fault(call=call, what=what))
    if call == "create" and account.wrong == "added-keys=some":
        # Without an answer, a project that is not as it was sent may be anybody's.
        done = account.apply()
        assert done.code == 1
        assert "Either another writer made the change, or Scale altered the" in " ".join(done.err.split())
        account.faults.clear()
    account.works()
    account.settles()
    assert account.versions() == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("call", "what"), [("setParams", "other-before"), ("setOntology", "other-before"), ("setOntology", "other-after")]
)
def test_a_lost_race(account: Account, call: str, what: str) -> None:
    created(account)
    account.declare({**PARAMS, "size": 11}, [*ONTOLOGY, "More"])
    account.works()
    before = account.versions()
    account.declare(
        *(({"size": 12}, [*ONTOLOGY, "More"]) if call == "setParams" else ({**PARAMS, "size": 11}, ["New"]))
    )
    account.faults.append(Fault(call=call, what=what))
    done = account.apply()
    assert done.code == 1
    assert "error[lost-race]" in done.err
    assert sum(account.versions()) == sum(before) + 2
    account.faults.clear()
    account.works()
    account.settles()


def test_an_adoption(account: Account) -> None:
    """A project made by hand, with versions of its own: nothing is written, and what drifts later is seen."""
    account.declare(PARAMS, ONTOLOGY)
    entry = {"version": 0, "created_at": "2026-01-02T03:04:05.000Z"}
    account.store.seed([{"name": "p", "type": "imageannotation", "param_history": [{**PARAMS, "size": 1, **entry}]}])
    account.store.edit_params("p", PARAMS)
    for ontology in (["First"], ["Second"], ONTOLOGY):
        account.store.edit_ontology("p", ontology)
    before = account.versions()
    account.works()
    assert account.versions() == before
    account.store.edit_ontology("p", [*ONTOLOGY, "Theirs"])
    account.store.edit_params("p", {"size": 5})
    edited = account.params, account.ontology
    account.apply("--pending")
    account.settles("--pending")
    assert (account.params, account.ontology) == edited
    account.works()


def test_an_archived_namesake(account: Account) -> None:
    account.store.seed([{"name": "p", "type": "imageannotation", "archived": True, "param_history": []}])
    account.declare(PARAMS, ONTOLOGY)
    done = account.apply()
    assert done.code == 1
    assert "p is archived on Scale" in done.out + done.err
    assert "Unarchive the project in Scale's dashboard, or use a different name" in " ".join(
        (done.out + done.err).split()
    )
    account.settles()
    assert account.versions() == (0, 0)


def test_a_namesake_in_capitals(account: Account) -> None:
    account.store.seed([{"name": "P", "type": "imageannotation", "param_history": []}])
    account.declare(PARAMS, ONTOLOGY)
    assert "held by near-name" in account.apply().out
    done = account.apply("--allow", "near-name")
    if account.wrong == "get-case=ignored":
        assert done.code == 1
        assert 'project.name is "P", so the response is about a different project' in done.err
        assert account.versions() == (0, 0)
    else:
        account.works()
        assert account.versions() == (1, 1)
    account.settles()
    assert account.shown("P")["param_history"] == []


@pytest.mark.parametrize("at_once", [True, False], ids=["in-a-create", "in-an-update"])
def test_values_that_are_not_kept(account: Account, at_once: bool) -> None:
    """They are written once; then the guard holds the project, until the manifest declares what Scale keeps."""
    if not at_once:
        created(account)
    account.declare({**PARAMS, **ODD}, ONTOLOGY)
    changed = NOT_KEPT.get(account.wrong, set())
    if not changed:
        account.works()
        account.settles()
        return
    before = account.versions()
    done = account.apply()
    assert done.code == 1
    assert "error[not-kept]" in done.err
    assert {key for key in ODD if f"params.{key}" in done.err} == changed
    assert account.versions() == (before[0] + 1, 1)
    account.settles()
    assert "held by not-kept" in account.apply().out
    account.declare(account.params, ONTOLOGY)
    account.works()
    assert account.versions() == (before[0] + 1, 1)


def test_an_ontology_with_a_name(account: Account) -> None:
    """A manifest without a name does not care what an ontology is called; one with a name does."""
    created(account)
    account.declare(PARAMS, ONTOLOGY, ontology_name="mine")
    account.works()
    assert account.shown()["ontologyHistory"][-1]["name"] == "mine"
    account.declare(PARAMS, ONTOLOGY)
    account.works()
    account.settles()
    assert account.versions() == (1, 2)
