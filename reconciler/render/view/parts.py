"""The parts of a view. A format lays them out and decides nothing else.

Text is raw here, and a format escapes what it prints. Values are already masked, and file names are relative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from posixpath import join, normpath
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, count, separators
from reconciler.fieldpath import Pattern
from reconciler.frozen import dataclass
from reconciler.model.guards import OLDER_COMMIT
from reconciler.model.invocation import Invocation, Run
from reconciler.model.plan import Commit, Kind, Rename
from reconciler.model.printed import Printable, printed
from reconciler.model.project import Source
from reconciler.model.values import ABSENT, Absent, Json, Masked
from reconciler.render.phrases import shell
from reconciler.render.signs import Sign

Links = Callable[[Source], str | None]
"""The web address of a line in a file with an absolute name; None if it has none."""

Addresses = Callable[[Source | Location], str | None]
"""The same for a file as a view names it."""


class Name(str):
    """A name from outside in one of our sentences, not escaped. A format spells it as a tree of choices does."""

    __slots__ = ()


class Spelled(str):
    """A path, an option, or a hash: what has one spelling. Markdown shows it as code."""

    __slots__ = ()


class Strong(str):
    """Words to emphasize, if a format can."""

    __slots__ = ()


class Quoted(str):
    """Text from outside: a server's answer, or a reason from a manifest. It may be long."""

    __slots__ = ()


class Command(str):
    """A command to run, spelled for a shell. Text shows it on a line of its own.

    Markdown, which is read where nobody has a shell, names the workflow that does the same.
    """

    __slots__ = ("invocation", "run")

    invocation: Invocation
    run: Run

    def __new__(cls, invocation: Invocation, *run: str) -> Command:
        command = super().__new__(cls, shell(invocation.arguments(run)))
        command.invocation, command.run = invocation, run
        return command


_MOST_LISTED: Final = 5

Sentence = tuple[str, ...]
"""Pieces in reading order: our own words, or one of the kinds above. A command is the last piece."""


def allowing(invocation: Invocation, guards: Sequence[str], *names: str) -> Command:
    """The apply that waives what holds projects. A saved plan is applied as it is, except for one guard."""
    options = [word for guard in guards for word in ("--allow", guard)]
    if invocation.planfile is not None and list(guards) == [OLDER_COMMIT]:
        return Command(invocation, "apply", *options)
    return Command(invocation, "apply", *options, *(("--", *names) if names else ()))


def words(sentence: Sentence) -> str:
    """A sentence as one text."""
    return "".join(sentence)


def names(items: Sequence[str]) -> Sentence:
    """`a`, `a and b`, or `a, b, and 14 more`."""
    return listing([(name(item),) for item in items])


def listing(items: Sequence[Sentence]) -> Sentence:
    """As `names`, for parts of a sentence."""
    others = len(items) - _MOST_LISTED
    shown = [*items[:_MOST_LISTED], *([(f"{others:,} more",)] if others > 0 else ())]
    parts = zip(separators(len(shown)), shown, strict=True)
    return tuple(piece for separator, part in parts for piece in (separator, *part) if piece)


def name(text: str) -> str:
    """A name in a sentence. A masked one is not quoted."""
    return Spelled(text) if isinstance(text, Masked) else Name(text)


def plan_of(plan_hash: str, commit: Commit) -> Iterator[str]:
    """`Plan 9c1e4f2a of 1a2b3c4 with uncommitted changes`."""
    yield "Plan"
    if plan_hash:
        yield from (" ", Spelled(plan_hash[:8]))
    if commit.commit:
        yield from (" of ", Spelled(commit.commit[:7]))
        yield " with uncommitted changes" if commit.dirty else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a view is for: the folder that file names are relative to, the current time, the links, and what is hidden.

    `invocation` is how the run was started, for the commands that the view suggests.
    A view masks its input first and works with plain values after that, so nothing sensitive can reach a format.
    """

    base: str
    now: datetime
    links: Links | None = None
    sensitive: Sequence[Pattern] = ()
    invocation: Invocation = field(default_factory=Invocation)

    @property
    def full(self) -> bool:
        """Whether nothing is to be left out."""
        return self.invocation.full

    def printed(self, found: Printable) -> Printable:
        """With sensitive values masked, with relative file names, and with commands that can be run."""
        invocation = replace(self.invocation, read=found.target.name)
        return printed(found, base=self.base, sensitive=self.sensitive, spell=partial(Command, invocation))

    def address(self, place: Source | Location) -> str | None:
        """The web address of a line in a file that is named as the reader sees it; None if it has none."""
        file = normpath(join(self.base, place.file))
        address = self.links(Source(file, place.line)) if self.links else None
        return address if address is not None and address.startswith(("https://", "http://")) else None


def message_lines(diagnostic: Diagnostic) -> Iterator[str]:
    """`Warning: what is wrong`, then the lines of its detail."""
    yield f"{diagnostic.severity.capitalize()}: {diagnostic.summary}"
    yield from filter(None, diagnostic.explanation.split("\n"))


@dataclass(frozen=True, slots=True)
class Row:
    """A value that is added, removed, changed, or reordered. `name` is its path below the section.

    An unchanged value has no kind and no sign.

    `note` says who changed it on Scale, and when; `said` replaces the values.
    """

    kind: Kind | None
    sign: Sign | None
    name: str
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT
    location: Source | None = None
    note: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of an ontology. `depth` counts from the root. `moved_from` is the path of its old parent.

    An unchanged choice has no sign. `renamed_from` is the old name of one that is renamed, or probably renamed.
    `declared` is whether the manifest declares the rename. `renamed_to` is the new name of a removed one that becomes
    a choice which exists already.

    A `loose` choice belongs to no tree; its name is its path below the ontology.
    """

    depth: int
    name: str
    sign: Sign | None
    details: tuple[Row, ...] = ()
    moved_from: str | None = None
    location: Source | None = None
    loose: bool = False
    renamed_from: str | None = None
    renamed_to: str | None = None
    declared: bool = False

    @property
    def signs(self) -> Iterator[Sign | None]:
        yield self.sign
        if self.sign is not Sign.ADD:
            yield from (detail.sign for detail in self.details)


@dataclass(frozen=True, slots=True)
class Section:
    """`params`, `ontology`, or without a title, what belongs to neither.

    `call` says what will be sent, `total` counts the parameters or choices after the change, and `hidden` those among
    them that do not change and are not shown. `tally` is `+1 −2 ~1`. `order` is about the top level. `removed` are the
    names that are gone, without those that are `renamed`, or look so; `guessed` is whether some only look so. If it is
    `full`, the values of a new project and what is unchanged are shown whole.
    """

    title: str
    sign: Sign
    rows: tuple[Row, ...] = ()
    order: tuple[Row, ...] = ()
    choices: tuple[Choice, ...] = ()
    created: bool = False
    call: str = ""
    note: str = ""
    tally: str = ""
    versions: str = ""
    total: int = 0
    hidden: int = 0
    removed: tuple[str, ...] = ()
    renamed: tuple[Rename, ...] = ()
    guessed: bool = False
    full: bool = False

    @property
    def renames(self) -> str:
        """The verb for what is renamed."""
        return "probably renames" if self.guessed else "renames"

    @property
    def brief(self) -> bool:
        """Whether a text shows only the head of long values: those of a new project, which git has whole."""
        return self.created and not self.full

    @property
    def noun(self) -> str:
        return "choice" if self.title == "ontology" else "parameter"

    @property
    def total_words(self) -> str:
        return count(self.total, self.noun)

    @property
    def hidden_words(self) -> str:
        """`4 unchanged parameters hidden`, or nothing."""
        return f"{count(self.hidden, f'unchanged {self.noun}')} hidden" if self.hidden else ""

    @property
    def signs(self) -> Iterator[Sign | None]:
        yield from (row.sign for row in (*self.rows, *self.order))
        for choice in self.choices:
            yield from choice.signs


class Tone(StrEnum):
    """Whether a mark is a warning."""

    ADD = "add"
    HELD = "held"
    CAUTION = "caution"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Mark:
    """A few words on what is risky about a project, or on what stops it."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a project is not written, or why it is written anyway, and what a person can do. A remark has no sign."""

    headline: Sentence
    lines: tuple[Sentence, ...] = ()
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project that a person should look at. If there is no room for all of them, the lowest `rank` comes first.

    `fate` is what will happen to it or has happened; empty if its plan is blocked. If it is `planned`, its sections are
    what will be written; otherwise they are what was seen. `caution` ends it. `cells` are its columns of the table.
    `command` shows all of it, and `full` also what text leaves out of a new project.
    """

    name: str
    sign: Sign
    location: Source
    command: Command
    full: Command | None = None
    fate: str = ""
    planned: bool = False
    held: bool = False
    marks: tuple[Mark, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    sections: tuple[Section, ...] = ()
    caution: str = ""
    warnings: tuple[Diagnostic, ...] = ()
    asides: tuple[str, ...] = ()
    cells: tuple[Sentence, ...] = ()
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """One of the counts of a whole plan or drift."""

    number: int
    words: str
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A plan or a drift as it is shown.

    `seen` says what was read and when, `origin` what it was compared with. A format that puts the risks first starts
    with `alerts` and ends with `footnotes`; the others end with `closing`. `columns` are the heads of the table of
    projects. `last` is the line that scripts look for. `address` returns the link to a line.
    """

    title: str
    target: str
    endpoint: str
    seen: str
    origin: str
    headline: str
    last: str
    columns: tuple[str, ...]
    address: Addresses
    projects: tuple[ProjectView, ...] = ()
    intro: str = ""
    legend: tuple[tuple[Sign, str], ...] = ()
    numbers: tuple[Number, ...] = ()
    messages: tuple[Diagnostic, ...] = ()
    alerts: tuple[Sentence, ...] = ()
    closing: tuple[Sentence, ...] = ()
    footnotes: tuple[Sentence, ...] = ()
    colophon: Sentence = ()

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to do."""
        return self.last.startswith("No ")
