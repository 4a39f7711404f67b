"""Labels in the parameters, compared with the ontology. Scale does not connect the two [D], so these are all notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.manifest.checks.subject import Finding, Subject, labels_in, named

_NOT_ANNOTATED: Final = frozenset({"background"})
"""Choices that many ontologies have although no label uses them (an assumption)."""


def label_not_in_ontology(subject: Subject) -> Iterator[Finding]:
    """A label that is not a choice of the ontology: labelers find no guidance for it."""
    choices = subject.choices
    if choices is None:
        return
    missing = [label for label in subject.labels if label.name not in choices.paths]
    if not missing:
        return
    first = missing[0]
    others = [label.name for label in missing[1:]]
    also = f" {named(others)} {'is' if len(others) == 1 else 'are'} missing too." if others else ""
    yield Finding(
        first.path,
        f"{quoted(first.name)} is not a choice in the ontology",
        f"The ontology has no guidance for it.{also}",
        did_you_mean(first.name, choices.paths),
    )


def choice_without_label(subject: Subject) -> Iterator[Finding]:
    """A leaf of the ontology that is not a label, so labelers are not asked for it."""
    choices = subject.choices
    if choices is None or not subject.labels:
        return
    asked = {label.name for label in subject.labels} | subject.events
    idle = {name for name in choices.paths.keys() - asked - choices.headings if name.casefold() not in _NOT_ANNOTATED}
    if idle:
        idle -= _answers(subject)
    if idle:
        names = [name for name in choices.paths if name in idle]
        are, them = ("is not a label", "it") if len(names) == 1 else ("are not labels", "them")
        yield Finding(
            subject.path_of(names[0]),
            f"{named(names)} {are} in params",
            f"The ontology describes {them}, but no label uses {them}.",
        )


def heading_and_leaf(subject: Subject) -> Iterator[Finding]:
    """A heading in the ontology that is a leaf in the labels, or the reverse."""
    choices = subject.choices
    if choices is None or subject.type == "namedentityrecognition":
        return  # there, a parent is a label like any other
    for label in subject.labels:
        if label.name in choices.paths and label.heading != (label.name in choices.headings):
            here, there = ("a heading", "a leaf") if label.heading else ("a leaf", "a heading")
            yield Finding(
                label.path,
                f"{quoted(label.name)} is {here} here and {there} in the ontology",
                "A heading cannot be selected, so it is never in an answer. Make both headings, or both leaves.",
            )


def duplicate_label(subject: Subject) -> Iterator[Finding]:
    """A name that appears twice in one list of labels: an answer does not show which one is meant."""
    seen: dict[tuple[object, ...], set[str]] = {}
    for label in subject.labels:
        group = seen.setdefault(label.path[:4] if label.path[1] == "geometries" else label.path[:2], set())
        if label.name in group:
            yield Finding(
                label.path,
                f"the label {quoted(label.name)} appears twice",
                "An answer contains only the name, so it does not show which label was selected.",
            )
        group.add(label.name)


def _answers(subject: Subject) -> set[str]:
    """The answers that attributes offer. An ontology may describe these too (an assumption)."""
    return {
        label.name
        for path, choices in subject.at("annotation_attributes.{}.choices")
        for label in labels_in(choices, path)
    }
