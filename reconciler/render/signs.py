"""The signs. Each one has the same meaning in every format."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Sign(StrEnum):
    """In the order of the legend."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"
    MOVE = ">"
    FORGET = "."
    DRIFTED = "!"
    HELD = "="
    BLOCKED = "x"


MEANING: Final = {
    Sign.ADD: "add",
    Sign.CHANGE: "update in-place",
    Sign.REMOVE: "remove",
    Sign.MOVE: "move",
    Sign.FORGET: "forget",
    Sign.DRIFTED: "drifted",
    Sign.HELD: "held",
    Sign.BLOCKED: "blocked",
}

OF_KIND: Final = {
    "add": Sign.ADD,
    "remove": Sign.REMOVE,
    "change": Sign.CHANGE,
    "move": Sign.MOVE,
    "reorder": Sign.MOVE,
}
"""The sign of each kind of field. A Kind is its value, so a command that shows no plan does not import the plan."""
