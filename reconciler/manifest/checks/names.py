"""Whitespace at the ends of names, and invisible characters in names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from reconciler.diagnostics import quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Choices, Subject
from reconciler.manifest.located import RawPath
from reconciler.model.characters import code_point, is_blank, unseen_inside

_PLAIN = {" ": "a space", "\t": "a tab", "\n": "a line break"}


def outer_whitespace(subject: Subject) -> Iterator[Fault]:
    """A project name, a choice, or a label that begins or ends with whitespace."""
    for what, name, path in _names(subject):
        if not _is_padded(name):
            continue
        begins = name != name.lstrip()
        edge = name[0] if begins else name[-1]
        yield Fault(
            path,
            f"the {what} {quoted(name)} {'begins' if begins else 'ends'} with {_PLAIN.get(edge) or code_point(edge)}",
            "People cannot see this character, but it is part of the name. Remove it.",
        )


def invisible_character(subject: Subject) -> Iterator[Fault]:
    """A project name, a choice, or a label that contains an invisible character."""
    for what, name, path in _names(subject):
        hidden = None if is_blank(name) else unseen_inside(name.strip())
        if hidden is None:
            continue
        yield Fault(
            path,
            f"the {what} {quoted(name)} contains {_PLAIN.get(hidden) or code_point(hidden)}",
            "People cannot see this character, but it is part of the name. Remove it.",
        )


def _is_padded(name: str) -> bool:
    return name[:1].isspace() or name[-1:].isspace()


@lru_cache(maxsize=4096)  # the same names appear in most projects
def _is_strange(name: str) -> bool:
    return _is_padded(name) or not (is_blank(name) or unseen_inside(name.strip()) is None)


def _names(subject: Subject) -> Iterator[tuple[str, str, RawPath]]:
    """The names that are wrong in one way or the other: what each is, the name, and its path."""
    if _is_strange(subject.project.name):
        yield "project name", subject.project.name, ("name",)
    if subject.choices is not None:
        for name in subject.once(subject.choices, _strange):
            yield "choice", name, subject.path_of(name)
    for label in subject.shown_names:
        if _is_strange(label.name):
            yield "label", label.name, label.path


def _strange(choices: Choices) -> list[str]:
    return list(filter(_is_strange, choices.paths))
