"""What is shown of diagnostics: their order, how many of them, file names as the reader sees them, and a last line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, Severity, count, counted, limited
from reconciler.frozen import dataclass
from reconciler.model.rebuilding import relative, with_files


@dataclass(frozen=True, slots=True)
class Validation:
    """Diagnostics in the order of files and lines, and the line that counts them."""

    diagnostics: tuple[Diagnostic, ...]
    last: str
    clean: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Equal messages as one: the first of them, all their locations, and two more summaries if these differ."""

    first: Diagnostic
    count: int
    locations: tuple[Location, ...]
    examples: tuple[str, ...]


def in_blocks(diagnostics: Iterable[Diagnostic]) -> list[Block]:
    """The messages, with equal warnings and notes as one. An error is always a message of its own.

    Warnings of one code are equal if they explain the same, even about different names. Without an explanation, their
    summaries must be the same.
    """
    groups: dict[object, list[Diagnostic]] = {}
    for position, diagnostic in enumerate(diagnostics):
        explanation = diagnostic.explanation
        same = (diagnostic.severity, diagnostic.code, explanation, None if explanation else diagnostic.summary)
        is_alone = diagnostic.is_error or diagnostic.location is None
        groups.setdefault(position if is_alone else same, []).append(diagnostic)
    return [_block(group) for group in groups.values()]


def _block(group: Sequence[Diagnostic]) -> Block:
    locations = dict.fromkeys(one.location for one in group if one.location is not None)
    summaries = list(dict.fromkeys(one.summary for one in group))
    return Block(group[0], len(group), tuple(locations), tuple(summaries[1:_MOST_SUMMARIES]))


_MOST_SUMMARIES: Final = 3


def view_validation(diagnostics: Iterable[Diagnostic], *, manifests: int, base: str) -> Validation:
    """What is shown after `manifests` manifests were checked."""
    ordered = in_order(diagnostics)
    clean = not any(diagnostic.is_error for diagnostic in ordered)
    return Validation(view_diagnostics(ordered, base), last_line(ordered, manifests), clean)


def view_diagnostics(diagnostics: Iterable[Diagnostic], base: str) -> tuple[Diagnostic, ...]:
    """Diagnostics with relative file names, and with a limit for each file."""
    return relative_to(limited(diagnostics), base)


def relative_to(diagnostics: Iterable[Diagnostic], base: str) -> tuple[Diagnostic, ...]:
    """Diagnostics with their files as seen from the folder `base`."""
    return with_files(tuple(diagnostics), partial(relative, base=base))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file, line, and column. Diagnostics without a location come first."""

    def location(diagnostic: Diagnostic) -> tuple[str, int, int]:
        location = diagnostic.location
        return (location.file, location.line, location.column) if location else ("", 0, 0)

    return sorted(diagnostics, key=location)


def last_line(diagnostics: Sequence[Diagnostic], manifests: int) -> str:
    """What was found in so many manifests."""
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    found = counted(diagnostic.severity for diagnostic in diagnostics)
    if not errors:
        verdict = f"{count(manifests, 'manifest')} {'is' if manifests == 1 else 'are'} valid"
        if not manifests:
            verdict = "There are no manifests to check"
        return f"{verdict}, with {found}." if found else f"{verdict}."
    reached = min(_reached(diagnostics), manifests)
    among = f"{reached:,} of " if reached else ""
    if not manifests:
        return f"{found}."
    return f"{found} in {among}{count(manifests, 'manifest')}."


def _reached(diagnostics: Iterable[Diagnostic]) -> int:
    """How many files have an error or a warning. One in a shared file counts for each file that uses it."""
    files: set[str] = set()
    for diagnostic in diagnostics:
        if diagnostic.severity is not Severity.NOTE:
            locations = diagnostic.used_by or ((diagnostic.location,) if diagnostic.location else ())
            files.update(location.file for location in locations)
    return len(files)
