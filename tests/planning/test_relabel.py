"""Which names changed between two versions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.errors import UsageError
from reconciler.model.history import Part, Range
from reconciler.model.project import LiveProject
from reconciler.planning.makers import Makers
from reconciler.planning.relabel import renames_between
from tests.building import live

MAKERS = Makers({}, dict.fromkeys(Part, -1))


def found(project: LiveProject, text: str = "0..", declared: Mapping[str, str] | None = None) -> list[str]:
    """`1: Kitten -> Kittens`, with `!` after a rename that is declared."""
    asked = Range.of(text)
    assert asked is not None
    _, _, _, renames = renames_between(project, asked, MAKERS, declared or {})
    return [f"{one.version}: {one.old} -> {one.new}{'!' if one.declared else ''}" for one in renames]


VERSIONS = (
    ["Kitten", "Dog"],
    ["Kittens", "Dog"],
    ["Kittens", "Dog"],
    ["Kittens", {"choice": "Pets", "subchoices": ["Dogs"]}],
)


def test_names_that_look_alike() -> None:
    project = live(ontologies=VERSIONS)
    assert found(project) == ["1: Kitten -> Kittens", "3: Dog -> Dogs"]
    assert found(project, "1..2") == []
    assert found(project, "1..") == found(project, "ontology:2..3") == ["3: Dog -> Dogs"]
    assert found(live(ontologies=(["Kitten"], ["Cat"]))) == []
    described = {"choice": "Kittens", "description": "young"}
    assert found(live(ontologies=(["Kitten", "A"], [described, "A"], ["A", {"choice": "Kittens"}]))) == [
        "1: Kitten -> Kittens"
    ]


def test_declared_renames() -> None:
    project = live(ontologies=(["Kitten", "Bat"], ["Cat", "Bats"], ["Feline", "Bats"]))
    declared = {"Kitten": "Cat", "Cat": "Feline", "Loop": "Pool", "Pool": "Loop"}
    assert found(project, declared=declared) == ["1: Kitten -> Cat!", "1: Bat -> Bats", "2: Cat -> Feline!"]
    assert found(live(ontologies=(["Kitten"], ["Feline"])), declared=declared) == ["1: Kitten -> Feline!"]
    # Two choices that become one: the new name was there before.
    assert found(live(ontologies=(["Kitten", "Cat"], ["Cat"])), declared=declared) == ["1: Kitten -> Cat!"]
    assert found(live(ontologies=(["Loop", "A"], ["A"])), declared=declared) == []


def test_labels_in_params() -> None:
    project = live(
        {
            "geometries": {
                "box": {"objects_to_annotate": ["Kitten", "Dog"]},
                "line": {"objects_to_annotate": ["Kitten"]},
            },
            "a": 1,
        },
        {
            "geometries": {
                "box": {"objects_to_annotate": ["Kittens", "Dog"]},
                "line": {"objects_to_annotate": ["Kittens"]},
            }
        },
        {"geometries": {"box": {"objects_to_annotate": ["Kittens", "Dog", [1]]}, "line": {"objects_to_annotate": [7]}}},
    )
    assert found(project, "params:0..") == found(project) == ["1: Kitten -> Kittens"]
    labels = live({"labels": [{"choice": "Car"}]}, {"labels": [{"choice": "Auto"}]}, ontologies=(["A"],))
    assert found(labels, "params:0..", {"Car": "Auto"}) == ["1: Car -> Auto!"]


def test_versions_that_cannot_be_read_are_passed_over() -> None:
    assert found(live(ontologies=(["Kitten"], None, ["Kittens"]))) == ["2: Kitten -> Kittens"]


def test_a_range_that_names_no_versions() -> None:
    with pytest.raises(UsageError, match="the ontology has no version 9"):
        found(live(ontologies=(["A"],)), "0..9")
    with pytest.raises(UsageError, match="the ontology has no version 0"):
        found(live())
