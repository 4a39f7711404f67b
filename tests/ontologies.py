"""Ontologies as the boundaries read them, for tests that make projects by hand."""

from __future__ import annotations

from reconciler.model.ontology import Ontology, Unreadable, read_ontology
from reconciler.model.values import Json
from reconciler.planning.bases import content_hash


def live_ontology(choices: Json, name: str | None = None) -> Ontology | Unreadable | None:
    """What is live: None if there was never one."""
    return None if choices is None else read_ontology(choices, name)


def ontology(choices: Json, name: str | None = None) -> Ontology | None:
    """Declared, or of a version: None if it cannot be read."""
    read = live_ontology(choices, name)
    return read if isinstance(read, Ontology) else None


def hash_of(choices: Json) -> str:
    """The hash by which the record knows the choices."""
    declared = ontology(choices)
    assert declared is not None
    return content_hash(declared)
