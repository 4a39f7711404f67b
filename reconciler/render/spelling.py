"""JSON values and names in one line: whole if they are short, otherwise head and tail. Different values look different.

The length of the result is limited, and so is the work: a million keys are not visited.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.model.plan import Kind
from reconciler.model.values import MASKED, OVERFLOW_TEXT, Absent, Json, Masked, equal
from reconciler.render.escape import exact, label, look_alike, plain, quoted

CHANGED_UNSEEN: Final = "(sensitive value, changed)"

LINE: Final = 120
"""How long a value in one line may be before its middle is left out."""

_EDGE: Final = 16
_CONTEXT: Final = 24
_DEEPEST: Final = 40
_FULLER: Final = 20_000
_LONGEST_NAME: Final = 200
_MOST_IN_ORDER: Final = 6


def name_text(name: str) -> str:
    """A name or a path as a label. If it is longer than a line, its middle is left out."""
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 4 :]} ({len(name):,} characters)"
    return plain(name)


def choice_text(name: str, *, loose: bool) -> str:
    """A choice's name as it appears in a tree, or the path of a loose choice."""
    if isinstance(name, Masked):
        return str(name)
    if loose:
        return name_text(name)
    return label(name) if len(name) <= _LONGEST_NAME else compact(name)


def moved_words(parent: str) -> str:
    """Where a choice came from."""
    if parent == MASKED:
        return f"moved here from {MASKED}"
    return f"moved here from {name_text(parent) if parent else 'the top level'}"


def arrow(kind: Kind, before: Json | Absent, after: Json | Absent) -> str:
    """`10 -> 12`. If both sides are hidden, it only says that the value changed."""
    both = both_sides(kind, before, after)
    return CHANGED_UNSEEN if both is None else " -> ".join(both)


def both_sides(kind: Kind, before: Json | Absent, after: Json | Absent, *, room: int = LINE) -> tuple[str, str] | None:
    """The two sides of an arrow, or None if both are hidden. For a new order, only the part that differs."""
    if isinstance(before, Masked) and isinstance(after, Masked):
        return None
    if kind is Kind.REORDER and isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return _order(before, after, room)
    return contrast(before, after, room=room)


def _order(before: Sequence[Json], after: Sequence[Json], room: int) -> tuple[str, str]:
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    left, right = (_items(side, head, len(side) - tail) for side in (before, after))
    return contrast(list(before), list(after), room=room) if left == right or look_alike(left, right) else (left, right)


def _items(items: Sequence[Json], first: int, last: int) -> str:
    shown = [compact(item, room=LINE // 3) for item in items[first : min(last, first + _MOST_IN_ORDER)]]
    left_out = last - first - len(shown)
    before = ["…"] if first else []
    after = [f"… {left_out:,} more"] if left_out else ["…"] if last < len(items) else []
    return ", ".join([*before, *shown, *after])


def compact(value: Json | Absent, *, room: int = LINE) -> str:
    """`value` as JSON in one line of about `room` characters; what is left out is counted."""
    return _spell(value, room, 0)


def contrast(before: Json | Absent, after: Json | Absent, *, room: int = LINE) -> tuple[str, str]:
    """Both sides of an arrow, each in one line. They look different if the values are different."""
    left, right = compact(before, room=room), compact(after, room=room)
    if equal(before, after):
        return left, right
    if not isinstance(before, Masked) and not isinstance(after, Masked):
        if isinstance(before, str) and isinstance(after, str):
            left, right = _contrast_texts(before, after, room)
        elif left == right or look_alike(left, right):
            left, right = _contrast_spellings(before, after, room)
    return left, f"{right} (a different value)" if left == right else right


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
    if len(digits) <= room or len(digits) <= 2 * _CONTEXT:
        return digits
    return f"{digits[:_CONTEXT]}…{digits[-_CONTEXT:]} ({len(digits):,} digits)"


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


def _contrast_texts(before: str, after: str, room: int) -> tuple[str, str]:
    first, last = common_edges(before, after)
    left = _window(before, first, len(before) - last, room)
    right = _window(after, first, len(after) - last, room)
    spell = exact if look_alike(left, right) else quoted
    return _with_length(spell(left), before, left), _with_length(spell(right), after, right)


def _with_length(spelled: str, text: str, shown: str) -> str:
    return spelled if shown == text else f"{spelled} ({len(text):,} characters)"


def _contrast_spellings(before: Json | Absent, after: Json | Absent, room: int) -> tuple[str, str]:
    """For values whose short spellings look alike: the part in which longer spellings differ."""
    left, right = compact(before, room=_FULLER), compact(after, room=_FULLER)
    if look_alike(left, right):
        left, right = _ascii(left), _ascii(right)
    first, last = common_edges(left, right)
    return _window(left, first, len(left) - last, room), _window(right, first, len(right) - last, room)


def _ascii(text: str) -> str:
    return "".join(character if character.isascii() else exact(character)[1:-1] for character in text)


def _window(text: str, first: int, last: int, room: int) -> str:
    """`text`, or if it is long, its head, its tail, and the part from `first` to `last`."""
    if len(text) <= room:
        return text
    low = max(0, first - _CONTEXT)
    high = min(len(text), last + _CONTEXT)
    head = f"{text[:_EDGE]}…" if low > _EDGE else text[:low]
    tail = f"…{text[-_EDGE:]}" if len(text) - high > _EDGE else text[high:]
    middle = text[low:high]
    if len(middle) > room:
        middle = f"{middle[: room * 2 // 3]}…{middle[-(room // 3) :]}"
    return head + middle + tail


def common_edges(left: str, right: str) -> tuple[int, int]:
    """How many characters two texts share at their start and at their end. No character is counted twice.

    An edge never falls between a character and the marks drawn over it.
    """
    first = shared_start(left, right)
    while first > 0 and (_is_mark_at(left, first) or _is_mark_at(right, first)):
        first -= 1
    rest = min(len(left), len(right)) - first
    last = shared_start(left[::-1][:rest], right[::-1][:rest])
    return first, last


def _is_mark_at(text: str, position: int) -> bool:
    return position < len(text) and unicodedata.category(text[position]).startswith("M")


def shared_start(left: str, right: str) -> int:
    """The length of the common start, found by bisection, so that the comparisons run at full speed."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
