"""What a composer finds wrong with a document, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NoReturn

from yaml.events import ScalarEvent

from reconciler.diagnostics import Diagnostic, error
from reconciler.manifest.codes import Code
from reconciler.manifest.located import AnyEvent, SourceText, Stretch, first_at
from reconciler.manifest.scalars import MOST_DIGITS
from reconciler.model.characters import code_point

MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000

_IF_TEXT: Final = "if this is text, quote it"


class LimitError(Exception):
    """A document is over a limit, which was reported. The rest of its file is not read."""


class Findings:
    """The problems of one document."""

    def __init__(self, source: SourceText) -> None:
        self.problems: list[Diagnostic] = []
        self._source = source
        self._reported: set[int] = set()
        self._bad_keys: dict[int, tuple[int, int]] = {}

    def _report(self, code: Code, summary: str, at: AnyEvent | Stretch, *, detail: str = "", label: str = "") -> None:
        stretch = at if isinstance(at, Stretch) else _stretch(at)
        self.problems.append(error(code, summary, detail=detail, location=self._source.location(stretch), label=label))
        self._reported.add(stretch.start)

    def was_reported(self, event: AnyEvent) -> bool:
        """Whether something was reported exactly at `event`: then its value is only a stand-in."""
        return event.start_mark.index in self._reported

    def version(self, event: AnyEvent) -> None:
        # The parsers differ in where a document with such a line starts.
        start = max(0, self._source.parsed.rfind("%YAML", 0, event.start_mark.index + len("%YAML")))
        self._report(
            Code.YAML_VERSION,
            "a manifest can only be YAML 1.2",
            Stretch(start, start + len("%YAML")),
            detail="Remove the %YAML line. Other versions of YAML read values such as yes and 012 differently.",
        )

    def tag(self, event: AnyEvent) -> None:
        detail = "An unquoted ! at the start of a value begins a YAML tag, which a manifest cannot contain."
        self._report(Code.TAG, "YAML tags are not supported", event, label=_IF_TEXT, detail=detail)

    def not_json(self, event: AnyEvent) -> None:
        summary = f"{_shortened(event.value)} is not a number in JSON"
        if event.value.lstrip("+-.")[:1].isdigit():
            summary = f"the number {_shortened(event.value)} is too large"
        if len(event.value) > MOST_DIGITS / 2 and "." not in event.value:
            summary = f"a whole number can have at most {MOST_DIGITS:,} digits"
        self._report(Code.NOT_A_NUMBER, summary, event, label=_IF_TEXT)

    def unknown_alias(self, event: AnyEvent) -> None:
        self._report(
            Code.UNKNOWN_ALIAS,
            f"no anchor &{event.anchor} is defined above this alias",
            event,
            label=_IF_TEXT,
            detail="An unquoted * begins an alias, which repeats a value that & marks further up.",
        )

    def self_alias(self, event: AnyEvent) -> None:
        summary = f"the alias *{event.anchor} is inside the value that it repeats"
        self._report(Code.SELF_ALIAS, summary, event, detail="The value would be infinitely deep. Remove the alias.")

    def bad_key(self, event: AnyEvent, mapping: AnyEvent) -> None:
        """Report a key that is not a string; further ones in the same mapping, such as numbers, with the first."""
        if event.__class__ is not ScalarEvent:
            detail = "An unquoted { or [ begins a mapping or a list."
            label = "quote the key, or, if all of this is text, the whole text"
            self._report(Code.BAD_KEY, "a key must be a string", event, detail=detail, label=label)
            return
        at, count = self._bad_keys.get(mapping.start_mark.index, (len(self.problems), 0))
        self._bad_keys[mapping.start_mark.index] = at, count + 1
        if not count:
            label = "quote the key" if event.value else "write a key before the colon"
            self._report(Code.BAD_KEY, "a key must be a string", event, label=label)
            return
        self.problems[at] = replace(
            self.problems[at],
            summary=f"{count + 1:,} keys in this mapping are not strings",
            detail="If the keys only number the values, use a list instead.",
            label="write each key as a string, in quotes",
        )

    def unseen_edge(self, event: AnyEvent, edge: str) -> None:
        self._report(
            Code.INVISIBLE_KEY,
            f"this key begins or ends with {code_point(edge)}, which is invisible",
            event,
            label="remove the character, or quote the key",
            detail="Text copied from web pages often contains such characters. YAML does not indent with them.",
        )

    def bad_merge(self, event: AnyEvent) -> None:
        summary = "the value of << must be a mapping or a list of mappings"
        self._report(Code.BAD_MERGE, summary, event, detail="To use << as an ordinary key, quote it.")

    def second_merge(self, event: AnyEvent) -> None:
        summary = "the merge key << appears twice in this mapping"
        self._report(Code.DUPLICATE_KEY, summary, event, label="merge several mappings with a list: <<: [*a, *b]")

    def duplicate_key(self, key: str, event: AnyEvent, first: Stretch) -> None:
        summary = f'the key "{_shortened(key)}" appears twice in this mapping'
        self._report(
            Code.DUPLICATE_KEY, summary, event, label=first_at(self._source.location(first), self._source.root)
        )

    def too_deep(self, at: AnyEvent | Stretch) -> NoReturn:
        self._stop(Code.TOO_DEEP, f"the nesting is more than {MAX_DEPTH} levels deep", at, "Reduce the nesting.")

    def too_large(self, event: AnyEvent) -> NoReturn:
        self._stop(
            Code.TOO_LARGE,
            f"the file has more than {MAX_NODES:,} values, counting aliases in full",
            event,
            "Split the file, or use fewer aliases.",
        )

    def _stop(self, code: Code, summary: str, at: AnyEvent | Stretch, remedy: str) -> NoReturn:
        self._report(code, summary, at, detail=f"Reconciler stopped reading this file here. {remedy}")
        raise LimitError(summary)


def _stretch(event: AnyEvent) -> Stretch:
    return Stretch(event.start_mark.index, event.end_mark.index)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
