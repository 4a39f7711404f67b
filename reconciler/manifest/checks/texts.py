"""Checks of the instruction, of names that look alike or contain what nobody sees, and of ignores that end soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Choices, Subject
from reconciler.manifest.located import RawPath
from reconciler.model.characters import code_point, folded, is_blank, unseen_inside
from reconciler.model.values import Json

SOON: Final = timedelta(days=14)
_PLAIN = {" ": "a space", "\t": "a tab", "\n": "a line break"}


def empty_instruction(subject: Subject) -> Iterator[Fault]:
    """An instruction that is empty or only whitespace."""
    instruction = subject.params.get("instruction")
    if isinstance(instruction, str) and not instruction.strip():
        detail = "Labelers would see no guidance. Write an instruction, or remove the key."
        yield Fault(("params", "instruction"), "the instruction is empty", detail)


def like_choices(subject: Subject) -> Iterator[Fault]:
    """Choices that differ only in case, spacing, or Unicode form."""
    choices = subject.choices
    if choices is None:
        return
    for first, second in subject.once(choices, _alike):
        yield Fault(
            subject.path_of(second),
            f"{quoted(second)} and {quoted(first)} differ only in case, spacing, or Unicode form",
            "In answers, these are different choices, but people will confuse them. Rename or remove one of them.",
        )


def _alike(choices: Choices) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    found = []
    for name in choices.paths:
        earlier = first.setdefault(folded(name), name)
        if earlier != name:
            found.append((earlier, name))
    return found


def ignore_ends_soon(subject: Subject) -> Iterator[Fault]:
    """An `ignore` whose last day is near. After it, the project is held."""
    if subject.today is None:
        return
    for index, ignore in enumerate(subject.project.mask.ignore):
        if ignore.until is not None and subject.today <= ignore.until <= subject.today + SOON:
            days = (ignore.until - subject.today).days
            when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
            written: Json = subject.project.document["reconcile"]["ignore"][index]
            yield Fault(
                ("reconcile", "ignore", index, *(("until",) if isinstance(written, dict) else ())),
                f"this ignore expires {when}",
                "After that day, the expired-ignore guard holds the project. Remove the ignore, or set until to a "
                "later date.",
            )


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
