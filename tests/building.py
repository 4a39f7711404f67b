"""Projects as the tests need them: what a manifest says, and what Scale has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.model.project import DesiredProject, LiveProject, Source, Version
from reconciler.model.record import RecordedProject
from tests.ontologies import live_ontology, ontology

KIND = "imageannotation"
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""When the first version of a live project was written."""
KNOWN = RecordedProject("projects/p.yaml", params_version=0, ontology_version=0)
"""The record of a project whose first versions an apply wrote."""


def desired(
    params: Any = None, choices: Any = None, ontology_name: str | None = None, *, name: str = "p", **more: Any
) -> DesiredProject:
    """The project of a manifest, with choices as they are written there."""
    source = Source(f"/repo/projects/{name}.yaml", 1)
    return DesiredProject(name, KIND, source, params=params, ontology=ontology(choices, ontology_name), **more)


def live(
    *params: Any,
    ontologies: tuple[Any, ...] = (),
    ontology_names: tuple[str | None, ...] = (),
    apart: timedelta = timedelta(0),
) -> LiveProject:
    """A project whose histories hold these params and these ontologies; each is written `apart` after the last."""
    history = tuple(Version(n, AT + n * apart, content) for n, content in enumerate(params))
    names = ontology_names or (None,) * len(ontologies)
    shown = tuple(
        Version(n, AT, ontology(content, name)) for n, (content, name) in enumerate(zip(ontologies, names, strict=True))
    )
    return LiveProject(
        "p",
        KIND,
        params=params[-1] if params else {},
        params_version=history[-1].number if history else None,
        ontology=live_ontology(ontologies[-1], names[-1]) if ontologies else None,
        ontology_version=len(shown) - 1 if shown else None,
        params_history=history,
        ontology_history=shown,
    )
