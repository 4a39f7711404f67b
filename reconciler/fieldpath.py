"""Paths of fields, as people and scripts write them, and the patterns that match them.

A path is dotted: `params.geometries.box.min_width`, `params.fields[2].title`,
`ontology.Animal."Small cat".@description`. A part with characters other than ASCII letters, digits, `_`, and `-` is a
JSON string. `[n]` indexes a list. `@name` is an attribute of a choice or of the ontology itself.

In patterns, `*` matches one part (or any characters within an unquoted part), `**` matches any number of parts, and
`[*]` matches any list item. Inside quotes, `*` is an ordinary character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property, lru_cache
from typing import Final

from reconciler.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """`@name`: an attribute of a choice, not one of its subchoices."""

    name: str


Part = str | int | Attribute
"""A key, an index, or an attribute."""

FieldPath = tuple[Part, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_TOKEN = re.compile(
    r"""
      (?P<index>\[(?:[0-9]{1,9}|\*)\])
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<attribute>@[A-Za-z0-9_-]+)
    | (?P<bare>[A-Za-z0-9_*-]+)
    """,
    re.VERBOSE | re.ASCII,
)


def format_path(path: FieldPath) -> str:
    """The spelling of a path in plans, hashes, and messages."""
    pieces: list[str] = []
    for part in path:
        if isinstance(part, int):
            pieces.append(f"[{part}]")
            continue
        if isinstance(part, Attribute):
            piece = f"@{part.name}"
        elif _BARE.fullmatch(part):
            piece = part
        else:
            piece = json.dumps(part, ensure_ascii=False)
        pieces.append(f".{piece}" if pieces else piece)
    return "".join(pieces)


class _Wild:
    """A wildcard, by its identity."""


_ANY_PART: Final = _Wild()
_ANY_DEPTH: Final = _Wild()
_ANY_INDEX: Final = _Wild()


@dataclass(frozen=True, slots=True)
class _Glob:
    """A part with `*` in it; each `*` matches any characters."""

    pieces: tuple[str | _Wild, ...]


_PatternPart = Part | _Glob | _Wild


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path with wildcards. `text` is the pattern as written, and `parts` are its parsed parts."""

    text: str
    parts: tuple[_PatternPart, ...] = field(compare=False)


class Patterns(tuple[Pattern, ...]):
    """Patterns as one automaton, which reads a path once even if there are many patterns with many `**`.

    Its states are integers with one bit for each position in each pattern.
    """

    @cached_property
    def _parts(self) -> _Automaton:
        return _Automaton([pattern.parts for pattern in self], _ANY_DEPTH)

    @cached_property
    def _globs(self) -> _Globs:
        return _Globs(dict.fromkeys(part for pattern in self for part in pattern.parts if isinstance(part, _Glob)))

    @cached_property
    def _states(self) -> dict[FieldPath, int]:
        return {(): self._parts.start}

    def covers(self, path: FieldPath) -> bool:
        """Whether a pattern names this path or one above it."""
        return self._state(path) == _COVERED

    def reaches_below(self, path: FieldPath) -> bool:
        """Whether a pattern names this path, one above it, or could name one below it."""
        return self._state(path) & ~self._parts.ends != 0

    def _state(self, path: FieldPath) -> int:
        if not self or not path:
            return 0 if not self else self._parts.start
        holder = path[:-1]
        state = self._states.get(holder)
        if state is None:
            state = self._parts.start
            for part in holder:
                state = self._step(state, part)
            if len(self._states) >= _MOST_STATES:
                self._states.clear()
            self._states[holder] = state
        return self._step(state, path[-1])

    def _step(self, state: int, part: Part) -> int:
        if state in (0, _COVERED):
            return state
        masks = self._parts
        reads = masks.mask(part) | masks.mask(_ANY_PART)
        if isinstance(part, int):
            reads |= masks.mask(_ANY_INDEX)
        elif isinstance(part, str):
            for glob in self._globs.matching(part):
                reads |= masks.mask(glob)
        following = masks.step(state, reads)
        return _COVERED if following & masks.ends else following


_COVERED: Final = -1
"""The state in and below a path that a pattern names."""

_MOST_STATES: Final = 10_000


class _Automaton:
    """Sequences of symbols, read together. `repeated` is the symbol that matches any number of any symbols."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]], repeated: Hashable) -> None:
        self._positions: dict[Hashable, list[int]] = {}
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for sequence in sequences:
            starts.append(position)
            before: Hashable = None
            for symbol in sequence:
                if symbol is not repeated or before is not repeated:
                    self._positions.setdefault(symbol, []).append(position)
                    position += 1
                before = symbol
            ends.append(position)
            position += 1
        self._size = position
        self._masks: dict[Hashable, int] = {}
        self._repeated = self._bits(self._positions.get(repeated, []))
        self.end_positions = ends
        self.ends = self._bits(ends)
        self.start = self._passing(self._bits(starts))

    def mask(self, symbol: Hashable) -> int:
        """The positions of a symbol. Rare symbols are not cached, because there may be very many of them."""
        known = self._masks.get(symbol)
        if known is not None:
            return known
        positions = self._positions.get(symbol, ())
        mask = self._bits(positions)
        if len(positions) > self._size >> 10:
            self._masks[symbol] = mask
        return mask

    def step(self, state: int, reads: int) -> int:
        """The state after a symbol whose positions are `reads`."""
        return self._passing((state & reads) << 1 | (state & self._repeated))

    def _passing(self, state: int) -> int:
        """A repeated symbol may also match nothing."""
        return state | (state & self._repeated) << 1

    def _bits(self, positions: Sequence[int]) -> int:
        if len(positions) < 2:
            return 1 << positions[0] if positions else 0
        bits = bytearray((positions[-1] >> 3) + 1)
        for position in positions:
            bits[position >> 3] |= 1 << (position & 7)
        return int.from_bytes(bits, "little")


class _Globs:
    """Which of several globs match a part."""

    def __init__(self, globs: Iterable[_Glob]) -> None:
        globs = tuple(globs)
        self._letters = _Automaton([glob.pieces for glob in globs], _ANY_DEPTH)
        self._by_end = dict(zip(self._letters.end_positions, globs, strict=True))
        self._found: dict[str, tuple[_Glob, ...]] = {}

    def matching(self, part: str) -> tuple[_Glob, ...]:
        if not self._by_end:
            return ()
        found = self._found.get(part)
        if found is None:
            letters = self._letters
            state = letters.start
            for letter in part:
                state = letters.step(state, letters.mask(letter))
            found = tuple(self._by_end[end] for end in _ones(state & letters.ends))
            if len(self._found) >= _MOST_STATES:
                self._found.clear()
            self._found[part] = found
        return found


def _ones(bits: int) -> Iterator[int]:
    """The positions of the bits that are set."""
    for at, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) >> 3, "little")):
        if byte:
            yield from (at * 8 + bit for bit in range(8) if byte >> bit & 1)


@lru_cache(maxsize=10_000)
def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        ValueError: with a sentence that explains the mistake.
    """
    parts: list[_PatternPart] = []
    position = 0
    while position < len(text):
        if parts:
            if text[position] == ".":
                position += 1
            elif text[position] != "[":
                raise ValueError(f'character {position + 1} should be "." or "["')
        match = _TOKEN.match(text, position)
        if match is None or (match.lastgroup == "index" and text[position - 1 : position] == "."):
            raise ValueError(_no_part(text, position))
        parts.append(_read_part(match))
        position = match.end()
    if not parts:
        raise ValueError("it is empty")
    return Pattern(text, tuple(parts))


def parse_path(text: str) -> FieldPath:
    """Read a path without wildcards.

    Raises:
        ValueError: with a sentence that explains the mistake.
    """
    pattern = parse_pattern(text)
    path = tuple(part for part in pattern.parts if isinstance(part, str | int | Attribute))
    if len(path) != len(pattern.parts):
        raise ValueError("a wildcard is not allowed here")
    return path


def _read_part(match: re.Match[str]) -> _PatternPart:
    token = match.group()
    match match.lastgroup:
        case "index":
            return _ANY_INDEX if token == "[*]" else int(token[1:-1])
        case "quoted":
            try:
                return str(json.loads(token))
            except ValueError:
                raise ValueError(f"{token} is not a JSON string") from None
        case "attribute":
            return Attribute(token[1:])
    if token == "*":
        return _ANY_PART
    if token == "**":
        return _ANY_DEPTH
    if "*" in token:
        return _Glob(tuple(_ANY_DEPTH if letter == "*" else letter for letter in token))
    return token


def _no_part(text: str, position: int) -> str:
    if position >= len(text):
        return "it ends with a dot"
    if text[position] == "[":
        return f'the "[" at character {position + 1} must be followed by a number or "*", and then by "]"'
    if text[position] in ".":
        return f"character {position + 1} is an extra dot"
    return (
        f"character {position + 1} ({json.dumps(text[position])}) is not allowed without quotes; "
        f'put this part in double quotes, as in params."a b"'
    )


def covered(path: FieldPath, patterns: Iterable[Pattern]) -> bool:
    """Whether a pattern names this path or one above it. `Patterns` are compiled once, other iterables on each call."""
    return as_patterns(patterns).covers(path)


def as_patterns(patterns: Iterable[Pattern]) -> Patterns:
    """The patterns, compiled unless they already are."""
    return patterns if isinstance(patterns, Patterns) else Patterns(patterns)
