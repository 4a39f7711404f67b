"""What the form of projects shows about the API."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.doctor.assumptions import assess
from reconciler.doctor.evidence import Assumption, Made, Seen

NO_ONTOLOGY_PROJECT = {"name": "p", "type": "t", "param_history": []}
HOLDS, FAILS, UNSEEN = "holds", "does not hold", "not seen"


def _numbered(*numbers: object) -> dict[str, Any]:
    entries = [{"a": 1, "version": number} if number is not None else {"a": 1} for number in numbers]
    return {"name": "p", "type": "t", "param_history": entries}


def _with(**fields: object) -> dict[str, Any]:
    return {**NO_ONTOLOGY_PROJECT, **fields}


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("version-numbers", _numbered(), UNSEEN, "No project shows two versions of its params."),
    ("version-numbers", _numbered(0), UNSEEN, "No project shows two versions of its params."),
    ("version-numbers", _numbered(0, 1), HOLDS, 'In "p", version 1 of the params follows version 0.'),
    ("version-numbers", _numbered(4, 5), HOLDS, 'In "p", version 5 of the params follows version 4.'),
    ("version-numbers", _numbered(0, 2), FAILS, 'In "p", version 2 of the params follows version 0.'),
    ("version-numbers", _numbered(1, 0), FAILS, 'In "p", version 0 of the params follows version 1.'),
    ("version-numbers", _numbered(0, None), FAILS, '"p" has a version of its params without a number.'),
    ("version-numbers", _numbered("0"), FAILS, '"p" has a version of its params without a number.'),
    ("version-numbers", _numbered(False), FAILS, '"p" has a version of its params without a number.'),
    ("no-ontology", _with(), HOLDS, '"p" has no ontology and shows no ontologyHistory.'),
    ("no-ontology", _with(ontologyHistory=[]), FAILS, '"p" has no ontology, but shows an ontologyHistory.'),
    ("no-ontology", _with(ontologyHistory=None), FAILS, '"p" has no ontology, but shows an ontologyHistory.'),
    ("no-ontology", _with(ontologyHistory=[{"ontology": ["A"]}]), UNSEEN, "No project lacks an"),
    ("rapid-studio", _with(), HOLDS, "No project shows rapid or studio."),
    ("rapid-studio", _with(rapid=False), FAILS, '"p" shows rapid.'),
    ("rapid-studio", _with(studio=True, rapid=None), FAILS, '"p" shows rapid and studio.'),
    ("num-consensus", _with(numConsensus=3), UNSEEN, "No project with the pipeline consensus_task shows"),
    ("num-consensus", _with(pipelineName="consensus_task", numConsensus=0), UNSEEN, "No project with the pipeline"),
    ("num-consensus", _with(pipelineName="consensus_task", numConsensus=3), HOLDS, '"p" has the pipeline'),
    (
        "num-consensus",
        _with(pipelineName="consensus_task"),
        FAILS,
        '"p" has the pipeline consensus_task and shows no',
    ),
]


def _finding(name: str, *projects: dict[str, Any], made: Made | None = None) -> tuple[str, str]:
    (found,) = [finding for finding in assess(Seen(projects), made) if finding.check == name]
    return found.status.value, found.message


@pytest.mark.parametrize(("name", "project", "verdict", "evidence"), CASES)
def test_the_form_of_a_project(name: str, project: dict[str, Any], verdict: str, evidence: str) -> None:
    found, message = _finding(name, project)
    assert found == verdict
    assert message.startswith(evidence)
    otherwise = next(assumption.otherwise for assumption in Assumption.known if assumption.name == name)
    assert message.endswith(otherwise) == (verdict == FAILS)


@pytest.mark.parametrize("name", ["version-numbers", "no-ontology", "rapid-studio", "num-consensus"])
def test_what_does_not_hold_is_reported_wherever_it_stands(name: str) -> None:
    """Whatever other projects show before and after it."""
    failing = next(project for one, project, verdict, _ in CASES if (one, verdict) == (name, FAILS))
    holding = next(project for one, project, verdict, _ in CASES if (one, verdict) == (name, HOLDS))
    assert _finding(name, holding, failing)[0] == FAILS
    assert _finding(name, failing, holding)[0] == FAILS
    assert _finding(name, holding, holding)[0] == HOLDS


@pytest.mark.parametrize(("created", "verdict"), [(_with(), HOLDS), (_with(ontologyHistory=[]), FAILS)])
def test_a_project_that_was_made_shows_it_before_its_first_ontology(created: dict[str, Any], verdict: str) -> None:
    later = {**created, "ontologyHistory": [{"ontology": ["A"]}]}
    made = Made({"instruction": " a "}, {}, created, None, Seen((later,), {"p": later}))
    assert _finding("no-ontology", made=made)[0] == verdict
