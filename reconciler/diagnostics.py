"""Diagnostics show what is wrong, where it is, and what to do. They are collected, never raised one at a time."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property, partial
from itertools import islice
from typing import Final

from reconciler.frozen import dataclass


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Location:
    """A range of characters on one line of a file.

    `file` is absolute, with `/`. `line` and `column` count from 1; a tab counts as one character, a byte order mark as
    none. `end_column` is one past the last character on that line. `text` is the whole source line without its end, or
    None if the line cannot be shown (the file is not UTF-8, or is gone).
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str | None = None


def first_line(file: str, line: int = 1) -> Location:
    """The location of what is about a whole file, or a document that starts at a line of it."""
    return Location(file, line, 1, 2)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do, in `words`, and the command that does it.

    `run` is the command without how the run was started, as `model.invocation` defines it. `command` is the whole of
    it, for a shell. Who prints the message knows how the run was started, and adds it.
    """

    words: str
    run: tuple[str, ...]
    command: str = ""

    @property
    def text(self) -> str:
        """The words, and the command on a line of its own."""
        bare = shlex.join(self.run if self.run[0] == "git" else ("reconciler", *self.run))
        return "\n".join(filter(None, (self.words, self.command or bare)))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, one message.

    `summary` is short, without a final period. `label` is shown at the caret ("did you mean …?"). `detail` explains why
    it matters and what to do; `remedies` are the commands to run. `used_by` are the manifests that use the file of the
    mistake.
    """

    severity: Severity
    code: str
    summary: str
    detail: str = ""
    location: Location | None = None
    label: str = ""
    used_by: tuple[Location, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    @property
    def explanation(self) -> str:
        """The detail, and the remedies below it."""
        return "\n".join(filter(None, (self.detail, *(remedy.text for remedy in self.remedies))))

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def merged(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without repeated mistakes. Each keeps the position of its first message and gets all `used_by`
    files."""
    found: dict[object, Diagnostic] = {}
    users: dict[object, dict[Location, None]] = {}
    for diagnostic in diagnostics:
        location = diagnostic.location
        same = (diagnostic.severity, diagnostic.code, diagnostic.summary, location)
        first = found.setdefault(same if location is not None else object(), diagnostic)
        if first is not diagnostic and diagnostic.used_by != first.used_by:
            users.setdefault(same, dict.fromkeys(first.used_by)).update(dict.fromkeys(diagnostic.used_by))
    for key, locations in users.items():
        found[key] = replace(found[key], used_by=tuple(locations))
    return [*found.values()]


def limited(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """At most 1,000 messages per file, and one more that counts the rest.

    If a file has more, its errors come first, then warnings, then notes, each by position. Others keep their order.
    """
    every = list(diagnostics)
    of_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for diagnostic in every:
        if diagnostic.location is not None and diagnostic.code != LEFT_OUT:
            of_file[diagnostic.location.file].append(diagnostic)
    crowded = {file: found for file, found in of_file.items() if len(found) > MOST_OF_A_FILE}
    if not crowded:
        return every
    shown: list[Diagnostic] = []
    for diagnostic in every:
        file = diagnostic.location.file if diagnostic.location is not None else ""
        if file not in of_file or len(of_file[file]) <= MOST_OF_A_FILE:
            shown.append(diagnostic)
        elif found := crowded.pop(file, None):
            found.sort(key=_rank)
            shown += found[:MOST_OF_A_FILE]
            shown.append(left_out(file, [each.severity for each in found[MOST_OF_A_FILE:]]))
    return shown


MOST_OF_A_FILE: Final = 1_000
LEFT_OUT: Final = "left-out"
_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


def _rank(diagnostic: Diagnostic) -> tuple[int, int, int]:
    location = diagnostic.location
    assert location is not None
    return _RANKS[diagnostic.severity], location.line, location.column


def count(number: int, noun: str) -> str:
    """`1 project`, `1,204 projects`."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


def sentence(summary: str) -> str:
    """A summary as a sentence. A name at its start, such as setParams, keeps its spelling."""
    return f"{capital(summary)}."


def capital(text: str) -> str:
    """The text as the start of a sentence. A command of git keeps its spelling."""
    is_name = not text.split(maxsplit=1)[0].islower() or _GIT_COMMAND.match(text)
    return text if is_name else text[0].upper() + text[1:]


_GIT_COMMAND: Final = re.compile(r"git [a-z-]+ failed")


def counted(severities: Iterable[Severity]) -> str:
    """`2 errors, 1 warning, and 3 notes`; empty if there are none."""
    numbers = Counter(severities)
    return joined([count(number, kind) for kind in Severity if (number := numbers[kind])])


def left_out(file: str, severities: Sequence[Severity]) -> Diagnostic:
    """The message that counts the messages that are not shown."""
    return Diagnostic(
        Severity.NOTE,
        LEFT_OUT,
        f"{counted(severities)} in this file {'is' if len(severities) == 1 else 'are'} not shown",
        f"At most {MOST_OF_A_FILE:,} messages are shown for one file. Fix those first, then run the command again.",
        first_line(file),
    )


error = partial(Diagnostic, Severity.ERROR)
warning = partial(Diagnostic, Severity.WARNING)


def quoted(text: str) -> str:
    """A name in quotes, for messages. A long name is shortened, because it may appear in many messages.

    Quotes, backslashes, and line ends in it are escaped. If it is not in Unicode's composed form, so is all but ASCII,
    because it would look like the name that is.
    """
    return json.dumps(shortened(text), ensure_ascii=not unicodedata.is_normalized("NFC", text))


def yaml_text(text: str) -> str:
    """A text as a YAML scalar in one line that loads as that text. What may be invisible is escaped."""
    composed = unicodedata.is_normalized("NFC", text)
    pieces = (
        json.dumps(character, ensure_ascii=False)[1:-1]
        if character.isascii() or (composed and unicodedata.category(character)[0] in "LNPS")
        else f"\\u{ord(character):04X}"
        if ord(character) <= 0xFFFF
        else f"\\U{ord(character):08X}"
        for character in text
    )
    return f'"{"".join(pieces)}"'.replace("\x7f", "\\u007F")


def shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"


_LONGEST_QUOTED: Final = 200


def listed(texts: Collection[str], most: int = 3, *, total: int = 0) -> str:
    """`a, b, c, and 14 more`: the first few texts, and the number of the others. `total` counts texts not given."""
    others = max(total, len(texts)) - most
    return joined([*islice(texts, most), *([f"{others:,} more"] if others > 0 else ())])


def joined(texts: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, or `a, b, and c`; empty if there are none."""
    return "".join(f"{separator}{text}" for separator, text in zip(separators(len(texts), word), texts, strict=True))


def separators(number: int, word: str = "and") -> list[str]:
    """What comes before each of so many parts of a sentence."""
    last = f", {word} " if number > 2 else f" {word} "
    return ["", *[", "] * (number - 2), last][:number]


def named(names: Collection[str], most: int = 3) -> str:
    """A list of a few names in quotes, and the number of the others."""
    return listed([*map(quoted, islice(names, most))], most, total=len(names))


_CUTOFF: Final = 0.6


def did_you_mean(word: str, known: Collection[str]) -> str:
    """The label with the nearest known word; empty if there is none."""
    near = nearest(word, known)
    return f"did you mean {quoted(near)}?" if near is not None else ""


def with_suggestion(summary: str, word: str, known: Collection[str]) -> str:
    """The summary, with a question about the nearest known word if there is one."""
    label = did_you_mean(word, known)
    return f"{summary}, {label}" if label else summary


def nearest(word: str, known: Collection[str], *, cutoff: float = _CUTOFF) -> str | None:
    """The known word most similar to `word`, or the only one that starts with it; None if there is none.

    `cutoff` is the minimum similarity. A word that starts with `word` counts only with the default. Inside
    `few_suggestions`, only the first words get a suggestion.
    """
    if len(word) > _LONGEST_WORD:
        return None
    effort = _EFFORT.get() or _Effort()
    if effort.comparisons >= len(known):
        effort.comparisons -= len(known)
        return _most_alike(word, [other for other in known if len(other) <= _LONGEST_WORD], cutoff)
    if effort.searches > 0:
        effort.searches -= 1
        return _one_edit_away(word, effort.words(known))
    return None


@contextmanager
def few_suggestions() -> Iterator[None]:
    """Limit the work for suggestions: a careful search for the first, a quick one for the next, none for the rest."""
    token = _EFFORT.set(_Effort())
    try:
        yield
    finally:
        _EFFORT.reset(token)


def _most_alike(word: str, known: Sequence[str], cutoff: float) -> str | None:
    if close := get_close_matches(word, known, n=1, cutoff=cutoff):
        return close[0]
    if cutoff != _CUTOFF or len(word) < _SHORTEST_BEGINNING:
        return None
    longer = [other for other in known if other.startswith(word)]
    return longer[0] if len(longer) == 1 else None


def _one_edit_away(word: str, known: _Words) -> str | None:
    """The first known word that is one edit away from `word`."""
    if len(known.words) <= _FEW_WORDS:
        return next((other for other in known.words if is_one_edit(word, other)), None)
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    edits = {left + right[1:] for left, right in cuts if right}
    edits |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    for letter in known.letters:
        edits.update(left + letter + right for left, right in cuts)
        edits.update(left + letter + right[1:] for left, right in cuts)
    return min(edits & known.words.keys(), key=known.words.__getitem__, default=None)


def is_one_edit(left: str, right: str) -> bool:
    """Whether one edit makes two different texts the same."""
    if not -1 <= len(left) - len(right) <= 1:
        return False
    left, right = sorted((left, right), key=len)
    at = next((at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), len(left))
    if len(left) < len(right):
        return left[at:] == right[at + 1 :]
    swapped = left[at : at + 2] == right[at : at + 2][::-1] and left[at + 2 :] == right[at + 2 :]
    return swapped or left[at + 1 :] == right[at + 1 :]


class _Words:
    """The known words with their positions."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = known
        self.words = {word: number for number, word in enumerate(known)}

    @cached_property
    def letters(self) -> list[str]:
        """The letters to try."""
        return sorted({letter for word in self.words for letter in word[:_LONGEST_WORD]})[:_MOST_LETTERS]


class _Effort:
    """The remaining budget: comparisons of two words, and quick searches."""

    def __init__(self) -> None:
        self.comparisons = _MOST_COMPARISONS
        self.searches = _MOST_SEARCHES
        self._last: _Words | None = None

    def words(self, known: Collection[str]) -> _Words:
        if self._last is None or self._last.known is not known:
            self._last = _Words(known)
        return self._last


_EFFORT: Final[ContextVar[_Effort | None]] = ContextVar("effort", default=None)
_MOST_COMPARISONS: Final = 10_000
_MOST_SEARCHES: Final = 1_000
_MOST_LETTERS: Final = 64
_FEW_WORDS: Final = 100
"""Up to this many words, each is compared. Of more, those are looked up that one edit makes."""
_LONGEST_WORD: Final = 64
_SHORTEST_BEGINNING: Final = 3
