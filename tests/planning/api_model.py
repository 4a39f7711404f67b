"""What the Projects API does with a call, in its smallest form: written from scale-api.md, for properties of plans."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject, Version
from reconciler.model.values import Json


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
            ontology: list[Json] = body["ontology"]
            number, name = _next(live.ontology_version), body.get("name", live.ontology_name)
            return replace(
                live,
                ontology=ontology,
                ontology_name=name,
                ontology_version=number,
                ontology_history=(*live.ontology_history, Version(number, None, ontology, name)),
            )


def _next(version: int | None) -> int:
    return 0 if version is None else version + 1
