"""The signs. Each one has the same meaning in every format."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from reconciler.model.plan import Kind


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
    Kind.ADD: Sign.ADD,
    Kind.REMOVE: Sign.REMOVE,
    Kind.CHANGE: Sign.CHANGE,
    Kind.MOVE: Sign.MOVE,
    Kind.REORDER: Sign.MOVE,
}
