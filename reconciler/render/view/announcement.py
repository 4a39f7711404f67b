"""A history for the people who label: the text of the instruction, the choices, and the other settings, newest first.

It has no commits, paths of files, or names of the API's parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.history import Part
from reconciler.model.plan import Kind
from reconciler.model.values import ABSENT, Json
from reconciler.render.signs import Sign
from reconciler.render.spelling import arrow, is_text, whole
from reconciler.render.view.history import HistoryView, RevisionView
from reconciler.render.view.parts import Choice, Name, Row, Section, Sentence

INSTRUCTION: Final = "instruction"
_HEADINGS: Final = {Part.PARAMS: "Instruction and settings", Part.ONTOLOGY: "Choices"}
_TOP: Final = "the top level"


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A choice and what happened to it. `depth` is its level in a list of all choices, 0 in a list of changes."""

    words: Sentence
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One version, or the difference of two. `before` and `after` are the instruction, None if it does not change.

    `remark` says why there is nothing else.
    """

    heading: str
    before: str | None = None
    after: str | None = None
    choices: tuple[ChoiceLine, ...] = ()
    settings: tuple[Sentence, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """`title` is about the project named `name`. The newest entry comes first."""

    title: str
    name: str
    entries: tuple[Entry, ...]


def announced(view: HistoryView) -> Announcement:
    """What labelers read about a history."""
    title = f"As of {view.day}:" if view.day else "What changed in"
    entries = [_entry(revision) for revision in view.revisions]
    return Announcement(title, view.head.name, tuple(reversed(entries) if view.is_timeline else entries))


def _entry(revision: RevisionView) -> Entry:
    versions = revision.versions.replace("->", "→")
    day = f" ({revision.day})" if revision.day else ""
    heading = f"{_HEADINGS[revision.part]}, {versions}{day}"
    section = revision.section
    if section is None:
        return Entry(heading, remark=revision.remark)
    if revision.part is Part.ONTOLOGY:
        return Entry(heading, choices=tuple(_all_choices(section) if section.created else _choice_changes(section)))
    shown = next((row for row in section.rows if _is_instruction(row)), None)
    before, after = (_text(shown.before), _text(shown.after)) if shown is not None else (None, None)
    return Entry(heading, before, after, settings=tuple(_setting(row) for row in section.rows if row is not shown))


def _is_instruction(row: Row) -> bool:
    return row.name == INSTRUCTION and row.kind is not Kind.MOVE and all(map(_may_be_text, (row.before, row.after)))


def _may_be_text(value: Json) -> bool:
    return value is ABSENT or is_text(value)


def _text(value: Json) -> str:
    return value if is_text(value) else ""


def _setting(row: Row) -> Sentence:
    name = Name(row.name)
    note = f" ({row.note})" if row.note else ""
    if row.kind is Kind.REMOVE:
        return (name, " removed: it was ", Name(whole(row.before)), note)
    if row.kind in (Kind.CHANGE, Kind.REORDER):
        return (name, ": ", Name(arrow(row.kind, row.before, row.after)), note)
    return (name, ": ", Name(whole(row.after)), note)


def _all_choices(section: Section) -> Iterator[ChoiceLine]:
    for choice in section.choices:
        yield ChoiceLine((Name(choice.name), *_described(choice)), choice.depth)


def _choice_changes(section: Section) -> Iterator[ChoiceLine]:
    """The changes: added, removed, renamed, moved, then everything else."""
    for row in section.rows:
        yield ChoiceLine(("The ", row.name.removeprefix("@"), " of the list: ", Name(_detail(row))))
    above: list[Choice] = []
    groups: dict[int, list[ChoiceLine]] = {}
    for choice in section.choices:
        del above[choice.depth :]
        rank, words = _change(choice, above)
        groups.setdefault(rank, []).extend(ChoiceLine(each) for each in words)
        above.append(choice)
    for rank in sorted(groups):
        yield from groups[rank]
    for row in section.order:
        yield ChoiceLine(("The order: ", Name(_detail(row))))


def _change(choice: Choice, above: Sequence[Choice]) -> tuple[int, list[Sentence]]:
    """What happened to a choice: its place in the order of changes, and a sentence for each change."""
    name, place = Name(choice.name), _place(above)
    if choice.renamed_from is not None:
        verb = "Renamed " if choice.declared else "Probably renamed "
        return 2, [(verb, Name(choice.renamed_from), " to ", name, *_described(choice))]
    if choice.sign is Sign.ADD:
        return 0, [("Added ", name, *place, *_described(choice))]
    if choice.sign is Sign.REMOVE:
        return 1, [("Removed ", name, *place)]
    words: list[Sentence] = []
    if choice.sign is Sign.MOVE and choice.moved_from is not None:
        was = Name(choice.moved_from) if choice.moved_from else _TOP
        now = Name(above[-1].name) if above else _TOP
        words.append(("Moved ", name, " from ", was, " to ", now))
    words += [("Changed ", name, ": ", detail.name, " ", Name(_detail(detail))) for detail in choice.details]
    return 3 if choice.sign is Sign.MOVE else 4, words


def _place(above: Sequence[Choice]) -> Sentence:
    return (" below ", Name(above[-1].name)) if above else ()


def _described(choice: Choice) -> Sentence:
    """The display and the description of a choice."""
    pieces: list[str] = []
    for detail in choice.details:
        pieces += [", " if pieces else ": ", detail.name, " ", Name(_detail(detail))]
    return tuple(pieces)


def _detail(row: Row) -> str:
    if row.kind in (Kind.CHANGE, Kind.REORDER):
        return arrow(row.kind, row.before, row.after)
    return whole(row.before if row.kind is Kind.REMOVE else row.after)
