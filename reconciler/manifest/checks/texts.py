"""Checks of the instruction, of choices that look alike, and of ignores that end soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Choices, Subject
from reconciler.model.characters import folded
from reconciler.model.values import Json

SOON: Final = timedelta(days=14)


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
            "They are different choices in answers, but people see no difference. Rename or remove one of them.",
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
                "After that day, the expired-ignore guard holds the project. Remove the ignore, or set a later date in "
                "until.",
            )
