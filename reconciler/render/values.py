"""JSON values in one line: whole while they are short, else with head and tail; two different ones never look alike.

The length of what comes out is bounded whatever goes in, and the work with it: a million keys are not walked.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from reconciler.model.values import OVERFLOW_TEXT, Absent, Json, Masked, equal
from reconciler.render.escape import exact, look_alike, quoted

LINE: Final = 120
"""How long a value may be in one line before it is cut in the middle."""

_EDGE: Final = 16
_CONTEXT: Final = 24
_DEEPEST: Final = 40
_FULLER: Final = 20_000


def compact(value: Json | Absent, *, room: int = LINE) -> str:
    """`value` as JSON in one line of about `room` characters; what is left out is counted."""
    return _spell(value, room, 0)


def contrast(before: Json | Absent, after: Json | Absent, *, room: int = LINE) -> tuple[str, str]:
    """Both sides of an arrow, each in one line. They look different wherever the values are."""
    if equal(before, after):
        return compact(before, room=room), compact(after, room=room)
    if isinstance(before, Masked) or isinstance(after, Masked):
        left, right = compact(before, room=room), compact(after, room=room)
    elif isinstance(before, str) and isinstance(after, str):
        left, right = _contrast_texts(before, after, room)
    else:
        left, right = compact(before, room=room), compact(after, room=room)
        if left == right or look_alike(left, right):
            left, right = _contrast_spellings(before, after, room)
    if left == right:
        return left, f"{right} (another one)"
    return left, right


def _spell(value: Json | Absent, room: int, depth: int) -> str:
    match value:
        case Masked():
            return str(value)
        case str():
            return _spell_text(value, room)
        case dict():
            return _spell_object(value, room, depth)
        case list() | tuple():
            return _spell_list(value, room, depth)
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
    """All digits. Beyond the interpreter's limit for decimal digits, the same number in hexadecimal ones."""
    try:
        digits = str(number)
    except ValueError:
        digits = hex(number)
    if len(digits) <= room or len(digits) <= 2 * _CONTEXT:
        return digits
    return f"{digits[:_CONTEXT]}…{digits[-_CONTEXT:]} ({len(digits):,} digits)"


def _spell_list(items: list[Json] | tuple[Json, ...], room: int, depth: int) -> str:
    if items and depth >= _DEEPEST:
        return "[…]"
    pieces: list[str] = []
    used = 2
    for position, item in enumerate(items):
        if used >= room:
            pieces.append(f"… {len(items) - position:,} more")
            break
        pieces.append(_spell(item, room - used, depth + 1))
        used += len(pieces[-1]) + 2
    return f"[{', '.join(pieces)}]"


def _spell_object(members: dict[str, Json], room: int, depth: int) -> str:
    if members and depth >= _DEEPEST:
        return "{…}"
    pieces: list[str] = []
    used = 2
    for position, (key, item) in enumerate(members.items()):
        if used >= room:
            pieces.append(f"… {len(members) - position:,} more")
            break
        name = _spell_text(key, room)
        pieces.append(f"{name}: {_spell(item, room - used - len(name), depth + 1)}")
        used += len(pieces[-1]) + 2
    return f"{{{', '.join(pieces)}}}"


def _contrast_texts(before: str, after: str, room: int) -> tuple[str, str]:
    first, last = common_edges(before, after)
    left = _window(before, first, len(before) - last, room)
    right = _window(after, first, len(after) - last, room)
    spell = exact if look_alike(left, right) else quoted
    return _with_length(spell(left), before, left), _with_length(spell(right), after, right)


def _with_length(spelled: str, text: str, shown: str) -> str:
    return spelled if shown == text else f"{spelled} ({len(text):,} characters)"


def _contrast_spellings(before: Json | Absent, after: Json | Absent, room: int) -> tuple[str, str]:
    """For values whose short spellings are alike: where their fuller ones part."""
    left, right = compact(before, room=_FULLER), compact(after, room=_FULLER)
    if look_alike(left, right):
        left, right = _ascii(left), _ascii(right)
    first, last = common_edges(left, right)
    return _window(left, first, len(left) - last, room), _window(right, first, len(right) - last, room)


def _ascii(text: str) -> str:
    return "".join(character if character.isascii() else exact(character)[1:-1] for character in text)


def _window(text: str, first: int, last: int, room: int) -> str:
    """`text` with head, tail and what stands from `first` to `last`; the rest is left out where it is long."""
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
    """How many characters two texts share at their start, and at their end without counting one twice.

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
    """The length of the common start, found by halving: the comparisons themselves run at full speed."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
