"""Whitespace at the ends of names, and invisible characters in names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from reconciler.diagnostics import quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Choices, Subject
from reconciler.manifest.located import RawPath
from reconciler.model.characters import code_point, is_blank, unseen_inside

_PLAIN = {" ": "a space", "\t": "a tab", "\n": "a line break"}


def outer_whitespace(subject: Subject) -> Iterator[Fault]:
    """A project name, a choice, or a label that begins or ends with whitespace."""
    for what, name, path in _names(subject, _is_padded):
        begins = name != name.lstrip()
        edge = name[0] if begins else name[-1]
        yield Fault(
            path,
            f"the {what} {quoted(name)} {'begins' if begins else 'ends'} with {_PLAIN.get(edge) or code_point(edge)}",
            "The character is part of the name, but people cannot see it. Remove it.",
        )


def invisible_character(subject: Subject) -> Iterator[Fault]:
    """A project name, a choice, or a label that contains an invisible character."""
    for what, name, path in _names(subject, _hides_something):
        hidden = unseen_inside(name.strip())
        assert hidden is not None
        yield Fault(
            path,
            f"the {what} {quoted(name)} contains {_PLAIN.get(hidden) or code_point(hidden)}",
            "The character is part of the name, but people cannot see it. Remove it.",
        )


def _is_padded(name: str) -> bool:
    return name[:1].isspace() or name[-1:].isspace()


@lru_cache(maxsize=4096)  # the same names appear in most projects
def _hides_something(name: str) -> bool:
    return not is_blank(name) and unseen_inside(name.strip()) is not None


def _names(subject: Subject, is_wrong: Callable[[str], bool]) -> Iterator[tuple[str, str, RawPath]]:
    """The names that are wrong: what each is, the name, and its path."""
    if is_wrong(subject.project.name):
        yield "project name", subject.project.name, ("name",)
    if subject.choices is not None:
        for name in subject.once(subject.choices, _strange):
            if is_wrong(name):
                yield "choice", name, subject.path_of(name)
    for name, path in subject.shown_names:
        if is_wrong(name):
            yield "label", name, path


def _strange(choices: Choices) -> list[str]:
    return [name for name in choices.paths if _is_padded(name) or _hides_something(name)]
