"""What a composer finds wrong, in words."""

from __future__ import annotations

from typing import Final, NoReturn

from yaml.events import ScalarEvent

from reconciler.manifest.codes import Code
from reconciler.manifest.located import AnyEvent
from reconciler.manifest.problems import Problem, Stretch
from reconciler.manifest.scalars import MOST_DIGITS, code_point

MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000


class LimitError(Exception):
    """A document is over a limit. What follows in the file is not read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.summary)
        self.problem = problem


class Findings:
    """The problems of one document."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._reported: set[int] = set()

    def report(self, code: Code, summary: str, event: AnyEvent, *, detail: str = "", label: str = "") -> None:
        stretch = _stretch(event)
        self.problems.append(Problem(code, summary, stretch, detail, label))
        self._reported.add(stretch.start)

    def was_reported(self, event: AnyEvent) -> bool:
        """Whether something was reported exactly at `event`: then its value is only a stand-in."""
        return event.start_mark.index in self._reported

    def version(self, event: AnyEvent) -> None:
        self.report(
            Code.YAML_VERSION,
            "manifests are YAML 1.2",
            event,
            detail="Take the %YAML line out: other versions read `yes`, `012` and others in another way.",
        )

    def tag(self, event: AnyEvent) -> None:
        self.report(
            Code.TAG,
            "a manifest has no tags",
            event,
            label="quote it if it is a text",
            detail="An unquoted ! at the beginning of a value is a YAML tag. Values are what they look like.",
        )

    def not_json(self, event: AnyEvent) -> None:
        summary = f"JSON has no number {_shortened(event.value)}"
        if len(event.value) > MOST_DIGITS / 2:
            summary = f"a whole number has at most {MOST_DIGITS:,} digits"
        self.report(Code.NOT_A_NUMBER, summary, event, label="quote it if it is a text")

    def unknown_alias(self, event: AnyEvent) -> None:
        self.report(
            Code.UNKNOWN_ALIAS,
            f"no anchor &{event.anchor} stands before this",
            event,
            label="quote it if it is a text",
            detail="An unquoted * begins an alias, which repeats a value that was marked with & further up.",
        )

    def self_alias(self, event: AnyEvent) -> None:
        self.report(
            Code.SELF_ALIAS,
            f"*{event.anchor} stands inside the value that it repeats",
            event,
            detail="Such a value would have no end.",
        )

    def bad_key(self, event: AnyEvent) -> None:
        detail = (
            "" if event.__class__ is ScalarEvent else "A { or [ begins a mapping or a list; as a text it needs quotes."
        )
        self.report(Code.BAD_KEY, "a key is a string", event, detail=detail, label="quote it")

    def unseen_edge(self, event: AnyEvent, edge: str) -> None:
        self.report(
            Code.INVISIBLE_KEY,
            f"this key begins or ends with {code_point(edge)}, which cannot be seen",
            event,
            label="remove it, or quote the key",
            detail="Such characters come with text that is copied from web pages; as indentation they mean nothing.",
        )

    def bad_merge(self, event: AnyEvent) -> None:
        self.report(
            Code.BAD_MERGE,
            "<< takes a mapping or a list of mappings",
            event,
            detail="To have a key of that name, put it in quotes.",
        )

    def second_merge(self, event: AnyEvent) -> None:
        self.report(
            Code.DUPLICATE_KEY,
            "the merge key << appears twice in this mapping",
            event,
            label="merge several with one list: <<: [*a, *b]",
        )

    def duplicate_key(self, key: str, event: AnyEvent, first: Stretch) -> None:
        stretch = _stretch(event)
        summary = f'the key "{_shortened(key)}" appears twice in this mapping'
        self.problems.append(Problem(Code.DUPLICATE_KEY, summary, stretch, first=first))
        self._reported.add(stretch.start)

    def too_deep(self, event: AnyEvent) -> NoReturn:
        raise LimitError(too_deep(_stretch(event)))

    def too_large(self, event: AnyEvent) -> NoReturn:
        summary = f"more than {MAX_NODES:,} values, with aliases counted out"
        raise LimitError(Problem(Code.TOO_LARGE, summary, _stretch(event), _NOT_READ))


def _stretch(event: AnyEvent) -> Stretch:
    return Stretch(event.start_mark.index, event.end_mark.index)


_NOT_READ: Final = "The rest of this file is not read."


def too_deep(stretch: Stretch) -> Problem:
    return Problem(Code.TOO_DEEP, f"more than {MAX_DEPTH} levels of nesting", stretch, _NOT_READ)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
