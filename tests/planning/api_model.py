"""What the Projects API does with a call, in its smallest form: written from scale-api.md, for properties of plans."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject
from reconciler.model.values import Json


def carry_out(call: Call, live: LiveProject | None) -> LiveProject:
    """Live after the call."""
    body = dict(call.body)
    match call.kind:
        case CallKind.CREATE:
            assert live is None
            params = body.get("params")
            return LiveProject(
                name=call.project,
                type=body["type"],
                params=params or {},
                params_version=0 if params else None,
                pipeline=body.get("pipeline"),
                created_at="2026-01-01T00:00:00.000Z",
            )
        case CallKind.SET_PARAMS:
            assert live is not None
            patch = body.pop("patch")
            assert type(patch) is bool
            params = {**live.params, **body} if patch else body
            return replace(live, params=params, params_version=_next(live.params_version))
        case CallKind.SET_ONTOLOGY:
            assert live is not None
            ontology: list[Json] = body["ontology"]
            return replace(
                live,
                ontology=ontology,
                ontology_name=body.get("name", live.ontology_name),
                ontology_version=_next(live.ontology_version),
            )


def _next(version: int | None) -> int:
    return 0 if version is None else version + 1
