"""Sensitive values in a server's words: it may repeat what it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered
from reconciler.model.ontology import Choice, Ontology, read_ontology, walk
from reconciler.model.plan import ProjectChange
from reconciler.model.values import MASKED, Json


def masked(diagnostic: Diagnostic, change: ProjectChange, sensitive: Sequence[Pattern]) -> Diagnostic:
    """The diagnostic without the texts that are sensitive in this project, declared or live."""
    if not sensitive:
        return diagnostic
    texts = set(_texts_of_params(change.desired.params or {}, ("params",), sensitive))
    if change.desired.ontology is not None:
        texts.update(_texts_of_choices(change.desired.ontology.choices, sensitive))
    if change.before is not None:
        texts.update(_texts_of_params(dict(change.before.params), ("params",), sensitive))
        texts.update(_texts_of_choices(_readable(change.before.ontology), sensitive))
    summary, detail = diagnostic.summary, diagnostic.detail
    # A single character would mask everything.
    for text in sorted((text for text in texts if len(text) > 1), key=len, reverse=True):
        summary, detail = summary.replace(text, MASKED), detail.replace(text, MASKED)
    return replace(diagnostic, summary=summary, detail=detail)


def _texts_of_params(
    value: Json, path: FieldPath, sensitive: Sequence[Pattern], *, below: bool = False
) -> Iterator[str]:
    below = below or covered(path, sensitive)
    if isinstance(value, str) and below:
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts_of_params(inner, (*path, key), sensitive, below=below)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts_of_params(inner, (*path, position), sensitive, below=below)


def _texts_of_choices(choices: tuple[Choice, ...], sensitive: Sequence[Pattern]) -> Iterator[str]:
    for parents, _, choice in walk(choices):
        path: FieldPath = ("ontology", *parents, choice.choice)
        if covered(path, sensitive):
            yield choice.choice
        for name, text in (("display", choice.display), ("description", choice.description)):
            if text and covered((*path, Attribute(name)), sensitive):
                yield text


def _readable(ontology: Sequence[Json] | None) -> tuple[Choice, ...]:
    read = read_ontology(list(ontology or ()))
    return read.choices if isinstance(read, Ontology) else ()
