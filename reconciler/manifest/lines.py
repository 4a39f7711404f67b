"""Composes a manifest in plain block style from its lines, without a parser.

Most lines of a manifest also appear in others, so the meaning of a line is remembered during a load. Only keys, list
items, scalars in one line, lists of words and numbers in brackets, literal texts, and comments are understood here. For
anything else there is no result, and a parser must read the text. A result is exactly what the composer makes of the
C parser's events.
"""

from __future__ import annotations

import re
from array import array
from typing import Any, Final, TypeAlias

from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES
from reconciler.manifest.located import Document, Entries, Part, SourceText
from reconciler.manifest.scalars import NotJsonError, Words
from reconciler.model.values import Json

Line: TypeAlias = tuple[int, bool, Any, int, int, Json, int, int, int]
"""The column, whether it is a list item, the key or None, start and end of the key, the value, start and end of the
value, and what follows. All offsets are from the start of the line. The value of a list in brackets is its items, and
their numbers in `Entries`."""

_NOTHING, _BRACKETS, _VALUE, _TEXT, _TEXT_WITH_END = range(5)
"""What follows a line: nothing, also after a list in brackets; a mapping or list; or a literal text, which may keep its
last line end."""

_BLANK: Final[Line] = (0, False, None, 0, 0, None, 0, 0, _NOTHING)
"""A line without content."""

_WORD: Final = r"[A-Za-z0-9_] [A-Za-z0-9_./()+-]*+ (?:[\ ][A-Za-z0-9_./()+-]++)*+"
_ITEM: Final = re.compile(_WORD, re.VERBOSE)
_LIST: Final = rf"\[ (?: {_WORD} (?: ,[\ ] {_WORD} )*+ )?+ \]"
_SCALAR: Final = r"""(?:
    "[^"\\]*+" | '[^']*+' | \|-?
    | (?: [^\s?:,\[\]{}#&*!|>'"%@`-] | -(?=[0-9.]) ) (?: [^:\ ]++ | :(?![\ ]|$) | [\ ]++(?![\#\ ]|$) )*+
)"""
_LINE: Final = re.compile(
    rf"""([\ ]*+) (-[\ ]++)? (?:
        (\$?[A-Za-z_][A-Za-z0-9_./()-]*+(?:[\ ][A-Za-z0-9_./()-]++)*+): (?:[\ ]++({_SCALAR}|{_LIST}))?
        | ({_SCALAR})
    ) (?:[\ ]++\#.*+|[\ ]*+)""",
    re.VERBOSE,
)
_WITHOUT_CONTENT: Final = re.compile(r" *+(?:#.*+)?")
_LONGEST_KEY: Final = 1_000
_LONGEST_REMEMBERED: Final = 64
_MOST_REMEMBERED: Final = 20_000
_END: Final = "\n"
"""Comes after the last line. No line contains it."""


def compose_lines(source: SourceText, words: Words) -> Document | None:
    """The document in a text, or None if it takes a parser to read it."""
    text = source.parsed
    if not text.endswith("\n") or len(text) > MAX_NODES:
        return None
    lines = text.split("\n")
    lines[-1] = _END
    at, base = (1, 4) if lines[0] == "---" else (0, 0)  # the line, and its offset in the text
    remembered = words.lines
    entries = Entries()
    root: dict[str, Json] = {}
    opened: list[tuple[Any, list[int], int, bool]] = []
    current: Any = root  # the innermost open mapping or list, with the offsets of its entries, its column, and its kind
    noted: list[int] = []
    column, is_list = 0, False
    waiting: str | None = None  # the key whose value starts in the next line
    first = start = 0
    directives = False
    while (line := lines[at]) is not _END:
        found = remembered.get(line)
        if found is None:
            found = _understood(line, words)
            if found is None:
                return None
            directives |= found[2] is not None and found[2].startswith("$")
        at += 1
        if found is _BLANK:
            base += len(line) + 1
            continue
        indent, is_item, key, key_start, key_end, value, value_start, value_end, follows = found
        if waiting is not None:
            if indent < column or (indent == column and not is_item) or len(opened) > MAX_DEPTH - 4:
                return None
            noted.append(base + indent)
            opened.append((current, noted, column, is_list))
            inner: Any = [] if is_item else {}
            current[waiting] = inner
            current, noted, column, is_list, waiting = inner, [], indent, is_item, None
        else:
            while indent < column or (indent == column and is_list and not is_item):
                block = entries.add(noted)
                current, noted, column, is_list = opened.pop()
                noted += (base + indent, block)
            if indent != column or is_item is not is_list:
                return None
        if is_item:
            if key is None:
                current.append(value)
                noted += (base + value_start, base + value_end, 0)
                base += len(line) + 1
                continue
            noted.append(base + key_start)
            opened.append((current, noted, column, True))
            inner = {}
            current.append(inner)
            current, noted, column, is_list = inner, [], key_start, False
        elif not first:
            first, start = at, base
        if key in current:
            return None
        noted += (base + key_start, base + key_end)
        value_start += base
        if follows == _NOTHING:
            current[key] = value
            noted += (value_start, base + value_end, 0)
        elif follows == _BRACKETS:
            items, numbers = value
            current[key] = [*items]
            block = entries.add([base + number if number else 0 for number in numbers])
            noted += (value_start, base + value_end, block)
        elif follows == _VALUE:
            waiting = key
        base += len(line) + 1
        if follows >= _TEXT:
            stop, value = _text(lines, at, column)
            if value is None:
                return None
            base += sum(map(len, lines[at:stop])) + stop - at
            current[key] = value if follows == _TEXT else f"{value}\n"
            noted += (value_start, base, 0)
            at = stop
    if waiting is not None or not first:
        return None
    while opened:
        block = entries.add(noted)
        current, noted, column, is_list = opened.pop()
        noted += (base, block)
    whole = Part(array("I", (start, base, entries.add(noted))))
    entries.pack()
    return Document(root, source, first, directives, [], whole, entries)


def _text(lines: list[str], at: int, column: int) -> tuple[int, str | None]:
    """The line after a literal text, and the text without the line ends at its end; None if it takes a parser."""
    line = lines[at]
    margin = line[: len(line) - len(line.lstrip(" "))]
    if len(margin) <= column:
        return at, None
    stop = at
    while lines[stop].startswith(margin) or not lines[stop]:
        stop += 1
    found = lines[at:stop]
    text = "\n".join(found)
    has_spaces = any(map(str.isspace, found)) or (lines[stop].isspace() and lines[stop] is not _END)
    if has_spaces or not text.replace("\n", "").isprintable():
        return at, None
    return stop, text.rstrip("\n").replace(f"\n{margin}", "\n")[len(margin) :]


def _understood(line: str, words: Words) -> Line | None:
    """The meaning of a line, or None if it takes a parser to find it."""
    if not line.isprintable():
        return None
    found = _BLANK if _WITHOUT_CONTENT.fullmatch(line) else _meaning(line, words)
    is_directive = found is not None and found[2] is not None and found[2].startswith("$")
    if found and not is_directive and len(line) <= _LONGEST_REMEMBERED and len(words.lines) < _MOST_REMEMBERED:
        words.lines[line] = found
    return found


def _meaning(line: str, words: Words) -> Line | None:
    match = _LINE.fullmatch(line)
    if match is None or match.end(3) > _LONGEST_KEY:
        return None
    indent, dash, written, value, item = match.groups()
    follows, read = _read(value or item, words) if value is None or value[0] != "[" else _bracketed(match, words)
    if written is None:
        # A text that is neither a key nor an item may continue the line before.
        is_scalar = dash is not None and follows == _NOTHING
        return (len(indent), True, None, 0, 0, read, *match.span(5), _NOTHING) if is_scalar else None
    key = _key(written, words)
    if key is None or follows is None:
        return None
    return len(indent), dash is not None, key, *match.span(3), read, *match.span(4), follows


def _bracketed(match: re.Match[str], words: Words) -> tuple[int | None, Json]:
    """The items of a list in brackets, and their numbers."""
    items: list[Json] = []
    numbers: list[int] = []
    for item in _ITEM.finditer(match.string, match.start(4) + 1, match.end(4) - 1):
        follows, value = _read(item[0], words)
        if follows is None:
            return None, None
        items.append(value)
        numbers += (*item.span(), 0)
    return _BRACKETS, (items, numbers)


def _key(key: str, words: Words) -> str | None:
    """The key, None if it is not a string."""
    known = words.keys_seen.get(key)
    if known is None and isinstance(words[key], str):
        known = key
        if not key.startswith("$") and len(key) <= _LONGEST_REMEMBERED:
            words.keys_seen[key] = key
    return known


def _read(scalar: str | None, words: Words) -> tuple[int | None, Json]:
    """What follows a line that ends with a scalar, and the value of the scalar."""
    if scalar is None:
        return _VALUE, None
    if scalar[0] in "\"'":
        return _NOTHING, scalar[1:-1]
    if scalar[0] == "|":
        return (_TEXT if scalar == "|-" else _TEXT_WITH_END), None
    try:
        return _NOTHING, words[scalar]
    except NotJsonError:
        return None, None
