"""Paths of fields, as people and scripts write them, and the patterns that match them.

A path is dotted: `params.geometries.box.min_width`, `params.fields[2].title`,
`ontology.Animal."Small cat".@description`. A part that is not made of ASCII letters, digits, `_` and `-` is a JSON
string. `[n]` indexes a list. `@name` is an attribute of a choice or of the ontology itself. In patterns `*` is one part
(or any run of characters within an unquoted part), `**` any number of parts, `[*]` any item of a list. Inside quotes
`*` is a letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Final


@dataclass(frozen=True, slots=True)
class Attribute:
    """`@name`: an attribute of a choice, not one of its subchoices."""

    name: str


Part = str | int | Attribute
"""A key, an index, or an attribute."""

Path = tuple[Part, ...]

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


def format_path(path: Path) -> str:
    """The one spelling of a path that the plan, the hash and the messages use."""
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
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


_ANY_PART: Final = _Wild("*")
_ANY_DEPTH: Final = _Wild("**")
_ANY_INDEX: Final = _Wild("[*]")

_PatternPart = Part | re.Pattern[str] | _Wild


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path with wildcards. `text` is as it was written."""

    text: str
    parts: tuple[_PatternPart, ...]

    def matches(self, path: Path) -> bool:
        """Whether the pattern names exactly this path (what lies below it is then covered too)."""
        return len(self.parts) in self._positions(path)

    def reaches_below(self, path: Path) -> bool:
        """Whether some longer path that starts with this one could match."""
        return any(position < len(self.parts) for position in self._positions(path))

    def is_exact(self) -> bool:
        """Whether it holds no wildcard."""
        return all(isinstance(part, str | int | Attribute) for part in self.parts)

    def _positions(self, path: Path) -> set[int]:
        """How many of the pattern's parts can have been used up once the whole path has been read."""
        positions = self._without_depth({0})
        for part in path:
            following: set[int] = set()
            for position in positions:
                if position == len(self.parts):
                    continue
                wanted = self.parts[position]
                if wanted is _ANY_DEPTH:
                    following.add(position)
                elif _part_matches(wanted, part):
                    following.add(position + 1)
            if not following:
                return following
            positions = self._without_depth(following)
        return positions

    def _without_depth(self, positions: set[int]) -> set[int]:
        """`**` may stand for nothing: step over it too."""
        for position in sorted(positions):
            while position < len(self.parts) and self.parts[position] is _ANY_DEPTH:
                position += 1
                positions.add(position)
        return positions


def _part_matches(wanted: _PatternPart, part: Part) -> bool:
    if wanted is _ANY_PART:
        return True
    if wanted is _ANY_INDEX:
        return isinstance(part, int)
    if isinstance(wanted, re.Pattern):
        return isinstance(part, str) and wanted.fullmatch(part) is not None
    return wanted == part


def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        ValueError: with a sentence that says what is wrong.
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


def parse_path(text: str) -> Path:
    """Read a path without wildcards.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    pattern = parse_pattern(text)
    path = tuple(part for part in pattern.parts if isinstance(part, str | int | Attribute))
    if len(path) != len(pattern.parts):
        raise ValueError("a wildcard cannot stand here")
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
                raise ValueError(f"{token} is no JSON string") from None
        case "attribute":
            return Attribute(token[1:])
    if token == "*":
        return _ANY_PART
    if token == "**":
        return _ANY_DEPTH
    if "*" in token:
        return re.compile(translate(token), re.ASCII)
    return token


def _no_part(text: str, position: int) -> str:
    if position >= len(text):
        return "it ends with a dot"
    if text[position] == "[":
        return f'"[" at character {position + 1} is not followed by a number or "*" and "]"'
    if text[position] in ".":
        return f"character {position + 1} is a dot where a part should stand"
    return (
        f"character {position + 1} ({text[position]!r}) cannot stand in a plain part; "
        f'put the part in double quotes, as in params."a b"'
    )


def covered(path: Path, patterns: Iterable[Pattern]) -> bool:
    """Whether a pattern names this path or one above it."""
    return any(pattern.matches(path[:length]) for pattern in patterns for length in range(1, len(path) + 1))
