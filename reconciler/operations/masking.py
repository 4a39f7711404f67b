"""Masks sensitive values in a server's messages, which may repeat what was sent to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Pattern
from reconciler.model.plan import ProjectChange, State
from reconciler.model.printed import mask
from reconciler.model.values import MASKED, Json


def masked(diagnostic: Diagnostic, change: ProjectChange, sensitive: Sequence[Pattern]) -> Diagnostic:
    """The diagnostic without the texts that are sensitive in this project, declared or live."""
    if not sensitive:
        return diagnostic
    desired = change.desired
    declared = State.spelled(desired.type, desired.params or {}, desired.ontology)
    texts: set[str] = set()
    for state in (declared, change.before):
        if state is not None:
            for value, part in ((state.params, "params"), (state.ontology, "ontology")):
                texts.update(_masked_texts(value, mask(value, (part,), sensitive)))
    summary, detail = diagnostic.summary, diagnostic.detail
    # A single character would mask everything.
    for text in sorted((text for text in texts if len(text) > 1), key=len, reverse=True):
        summary, detail = summary.replace(text, MASKED), detail.replace(text, MASKED)
    return replace(diagnostic, summary=summary, detail=detail)


def _masked_texts(value: Json, shown: Json) -> Iterator[str]:
    """The texts in `value` that are masked in `shown`."""
    if shown is value:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _masked_texts(inner, MASKED if shown is MASKED else shown[key])
