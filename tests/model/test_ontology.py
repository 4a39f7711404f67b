"""Ontologies: read once, at the boundary, and spelled again."""

from __future__ import annotations

import pytest

from reconciler.model.ontology import Ontology, Unreadable, read_ontology, read_written
from reconciler.model.values import Json


@pytest.mark.parametrize(
    "written", [["Cat"], {"name": "animals", "choices": ["Cat", {"choice": "Dog", "display": "D"}]}]
)
def test_what_is_written_is_read_again(written: Json) -> None:
    read = read_written(written)
    assert isinstance(read, Ontology)
    assert read.written == written


@pytest.mark.parametrize(
    ("choices", "name", "why"),
    [
        (["Cat"], 5, "name is not a string"),
        ("Cat", None, "ontology is not a list"),
        ([5], None, "ontology[0] is neither a string nor an object"),
        ([{"choice": "Cat", "subchoices": [{}]}], None, 'ontology[0].subchoices[0] has no "choice" that is a string'),
    ],
)
def test_what_cannot_be_read_is_named(choices: Json, name: Json, why: str) -> None:
    read = read_ontology(choices, name)
    assert isinstance(read, Unreadable)
    assert read.why == why
