"""An ontology as a tree of choices, in the one spelling that two equal ontologies share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.values import Json


@dataclass(frozen=True, slots=True)
class Choice:
    """`display` is None where it would equal `choice`; `description` is None where there is none.

    `dropped` names keys that the API showed and no write can carry (`attachments`, `links`; [S] in scale-api.md).
    """

    choice: str
    display: str | None = None
    description: str | None = None
    subchoices: tuple[Choice, ...] = ()
    dropped: tuple[str, ...] = ()


def walk(choices: tuple[Choice, ...], parents: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, Choice]]:
    """Every choice in reading order: the names above it, its position among its siblings, and itself."""
    for position, choice in enumerate(choices):
        yield parents, position, choice
        yield from walk(choice.subchoices, (*parents, choice.choice))


def spell(choice: Choice) -> Json:
    """The shortest spelling that the API takes: a string, or an OntologyChoice object with its subchoices."""
    spelled = spell_alone(choice)
    if not choice.subchoices:
        return spelled
    whole = {"choice": spelled} if isinstance(spelled, str) else spelled
    return {**whole, "subchoices": [spell(subchoice) for subchoice in choice.subchoices]}


def spell_alone(choice: Choice) -> Json:
    """The same without its subchoices."""
    spelled: dict[str, Json] = {"choice": choice.choice}
    if choice.display is not None:
        spelled["display"] = choice.display
    if choice.description is not None:
        spelled["description"] = choice.description
    return spelled if len(spelled) > 1 else choice.choice
