"""JSON values and names in one line. Different values look different.

What changes is spelled whole. In a sentence, and in a new project, a long value is shown by its head and tail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final, TypeGuard

from reconciler.model.characters import look_alike
from reconciler.model.plan import Kind
from reconciler.model.values import MASKED, OVERFLOW_TEXT, Absent, Json, Masked, equal
from reconciler.render.escape import exact, in_ascii, label, plain, quoted
from reconciler.render.worddiff import Effort, Fate, changes, excerpt

CHANGED_UNSEEN: Final = "(sensitive value, changed)"

LINE: Final = 120
"""How long a value in one line may be before its middle is left out."""

_EDGE: Final = 16
_DIGITS: Final = 24
_DEEPEST: Final = 200
_UNLIMITED: Final = sys.maxsize


def choice_text(name: str, *, loose: bool) -> str:
    """A choice's name as it appears in a tree, or the path of a loose choice."""
    if isinstance(name, Masked):
        return str(name)
    return plain(name) if loose else label(name)


def both_names(old: str, new: str) -> tuple[str, str]:
    """The old name of a choice and the new one. They look different."""
    both = choice_text(old, loose=False), choice_text(new, loose=False)
    return (exact(old), exact(new)) if look_alike(*both) else both


def renamed_text(old: str, new: str, *, declared: bool) -> str:
    """`banner -> Banner`, or if the manifest declares the rename, `banner -> Banner (renamed)`."""
    return " -> ".join(both_names(old, new)) + (" (renamed)" if declared else "")


def moved_words(parent: str) -> str:
    """Where a choice came from."""
    if parent == MASKED:
        return f"moved here from {MASKED}"
    return f"moved here from {plain(parent) if parent else 'the top level'}"


def is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Masked)


def arrow(kind: Kind | None, before: Json | Absent, after: Json | Absent) -> str:
    """`10 -> 12`. If both sides are hidden, it only says that the value changed."""
    both = both_sides(kind, before, after)
    return CHANGED_UNSEEN if both is None else " -> ".join(both)


def both_sides(kind: Kind | None, before: Json | Absent, after: Json | Absent) -> tuple[str, str] | None:
    """The two sides of an arrow, or None if both are hidden. For a new order, only the part that differs."""
    if isinstance(before, Masked) and isinstance(after, Masked):
        return None
    if kind is Kind.REORDER and isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return _order(before, after)
    return contrast(before, after)


def _order(before: Sequence[Json], after: Sequence[Json]) -> tuple[str, str]:
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    left, right = (_items(side, head, len(side) - tail) for side in (before, after))
    return contrast(list(before), list(after)) if left == right or look_alike(left, right) else (left, right)


def _items(items: Sequence[Json], first: int, last: int) -> str:
    shown = map(whole, items[first:last])
    return ", ".join([*(["…"] if first else []), *shown, *(["…"] if last < len(items) else [])])


def compact(value: Json | Absent, *, room: int = LINE) -> str:
    """`value` as JSON in one line of about `room` characters; what is left out is counted."""
    return _spell(value, room, 0)


def whole(value: Json | Absent) -> str:
    """All of `value` as JSON in one line."""
    return _spell(value, _UNLIMITED, 0)


def contrast(before: Json | Absent, after: Json | Absent) -> tuple[str, str]:
    """Both sides of an arrow, each in one line. They look different if the values are different.

    Of two long texts, every place in which they differ is shown.
    """
    if is_text(before) and is_text(after):
        return _contrast_texts(before, after)
    left, right = whole(before), whole(after)
    if look_alike(left, right):
        left, right = in_ascii(left), in_ascii(right)
    return left, f"{right} (a different value)" if left == right and not equal(before, after) else right


def _spell(value: Json | Absent, room: int, depth: int) -> str:
    match value:
        case Masked():
            return str(value)
        case str():
            return _spell_text(value, room)
        case dict():
            items = ((_spell_text(key, room), item) for key, item in value.items())
            return f"{{{_spell_items(items, len(value), room, depth)}}}"
        case list() | tuple():
            items = (("", item) for item in value)
            return f"[{_spell_items(items, len(value), room, depth)}]"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case float():
            return repr(value) if value - value == 0 else OVERFLOW_TEXT if value > 0 else f"-{OVERFLOW_TEXT}"
        case int():
            return _spell_whole(value, room)
    return "nothing"


def _spell_text(text: str, room: int) -> str:
    if len(text) <= max(room, _EDGE):
        return quoted(text)
    head = max(_EDGE, room * 2 // 3)
    tail = max(_EDGE // 2, room // 3)
    if head + tail >= len(text):
        return quoted(text)
    return f"{quoted(f'{text[:head]}…{text[-tail:]}')} ({len(text):,} characters)"


def _spell_whole(number: int, room: int) -> str:
    """All digits. A number beyond the interpreter's limit for decimal digits is written in hexadecimal."""
    try:
        digits = str(number)
    except ValueError:
        digits = hex(number)
    if len(digits) <= room or len(digits) <= 2 * _DIGITS:
        return digits
    return f"{digits[:_DIGITS]}…{digits[-_DIGITS:]} ({len(digits):,} digits)"


def _spell_items(items: Iterable[tuple[str, Json]], total: int, room: int, depth: int) -> str:
    """Items, each after its spelled key if it has one, until no room is left."""
    if total and depth >= _DEEPEST:
        return "…"
    pieces: list[str] = []
    used = 2
    for position, (key, item) in enumerate(items):
        if used >= room:
            pieces.append(f"… {total - position:,} more")
            break
        spelled = _spell(item, room - used - len(key), depth + 1)
        pieces.append(f"{key}: {spelled}" if key else spelled)
        used += len(pieces[-1]) + 2
    return ", ".join(pieces)


def _contrast_texts(before: str, after: str) -> tuple[str, str]:
    if max(len(before), len(after)) <= LINE:
        left, right = before, after
    else:
        pieces = excerpt(changes(before, after, Effort()))
        left, right = (
            "".join(piece.text for piece in pieces if piece.fate is not other)
            for other in (Fate.INSERTED, Fate.DELETED)
        )
    spell = exact if look_alike(left, right) else quoted
    return _with_length(spell(left), before, left), _with_length(spell(right), after, right)


def _with_length(spelled: str, text: str, shown: str) -> str:
    return spelled if shown == text else f"{spelled} ({len(text):,} characters)"
