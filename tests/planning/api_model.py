"""What the Projects API does with a call, in its smallest form: written from scale-api.md, for properties of plans."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject, Version


def carry_out(call: Call, live: LiveProject | None) -> LiveProject:
    """Live after the call."""
    body = dict(call.body)
    match call.kind:
        case CallKind.CREATE:
            assert live is None
            params = body.get("params")
            first = (Version(0, None, params),) if params else ()
            return LiveProject(
                name=call.project,
                type=body["type"],
                params=params or {},
                params_version=0 if params else None,
                pipeline=body.get("pipeline"),
                created_at="2026-01-01T00:00:00.000Z",
                params_history=first,
            )
        case CallKind.SET_PARAMS:
            assert live is not None
            patch = body.pop("patch")
            assert type(patch) is bool
            params = {**live.params, **body} if patch else body
            number = _next(live.params_version)
            history = (*live.params_history, Version(number, None, params))
            return replace(live, params=params, params_version=number, params_history=history)
        case CallKind.SET_ONTOLOGY:
            assert live is not None
            known = live.ontology.name if isinstance(live.ontology, Ontology) else None
            number, content = _next(live.ontology_version), read_ontology(body["ontology"], body.get("name", known))
            return replace(
                live,
                ontology=content,
                ontology_version=number,
                ontology_history=(*live.ontology_history, Version(number, None, content)),
            )


def _next(version: int | None) -> int:
    return 0 if version is None else version + 1
