"""Labels in the parameters against the ontology. Scale does not tie them together [D], so all of these are notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.manifest.checks.rule import Finding
from reconciler.manifest.checks.subject import Subject, entries, get, labels_in, named

_NOBODYS: Final = frozenset({"background"})
"""What an ontology often has and nobody is asked to annotate (an assumption)."""


def label_not_in_ontology(subject: Subject) -> Iterator[Finding]:
    """A label that is no choice of the ontology, so that labelers find no guidance for it."""
    choices = subject.choices
    if choices is None:
        return
    missing = [label for label in subject.labels if label.name not in choices.names]
    if not missing:
        return
    first = missing[0]
    others = [label.name for label in missing[1:]]
    also = f" Neither {'is' if len(others) == 1 else 'are'} {named(others)}." if others else ""
    yield Finding(
        first.path,
        f"{quoted(first.name)} is not a choice in the ontology",
        f"Labelers find no guidance for it there.{also}",
        did_you_mean(first.name, choices.names),
    )


def choice_without_label(subject: Subject) -> Iterator[Finding]:
    """A leaf of the ontology that no label names, so that nobody is asked for it."""
    choices = subject.choices
    if choices is None or not subject.labels:
        return
    asked = {label.name for label in subject.labels} | subject.events
    idle = {name for name in choices.names - asked - choices.headings if name.casefold() not in _NOBODYS}
    if idle:
        idle -= _answers(subject)
    if idle:
        names = [name for name in choices.paths if name in idle]
        are = "is no label" if len(names) == 1 else "are no labels"
        yield Finding(
            subject.place_of(names[0]),
            f"{named(names)} {are} in params",
            "The ontology describes what nobody is asked to annotate here.",
        )


def heading_and_leaf(subject: Subject) -> Iterator[Finding]:
    """A heading in the ontology that is a leaf in the labels, or the other way round."""
    choices = subject.choices
    if choices is None or subject.type == "namedentityrecognition":
        return  # there, a parent is a label like others
    for label in subject.labels:
        if label.name in choices.names and label.heading != (label.name in choices.headings):
            here, there = ("a heading", "a leaf") if label.heading else ("a leaf", "a heading")
            yield Finding(
                label.path,
                f"{quoted(label.name)} is {here} here and {there} in the ontology",
                "A heading cannot be selected, and never comes back in an answer.",
            )


def duplicate_label(subject: Subject) -> Iterator[Finding]:
    """A name that stands twice in one list of labels, where answers cannot tell which was meant."""
    seen: dict[tuple[object, ...], set[str]] = {}
    for label in subject.labels:
        group = seen.setdefault(label.path[:4] if label.path[1] == "geometries" else label.path[:2], set())
        if label.name in group:
            yield Finding(
                label.path,
                f"the label {quoted(label.name)} appears twice",
                "Answers name a label alone, so they cannot tell which of the two was meant.",
            )
        group.add(label.name)


def _answers(subject: Subject) -> set[str]:
    """What attributes offer as answers: an ontology may describe these, too (an assumption)."""
    return {
        label.name
        for _, attribute in entries(subject.params.get("annotation_attributes"))
        for label in labels_in(get(attribute, "choices"), ())
    }
