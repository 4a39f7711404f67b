"""Diagnostics as text: where, what is wrong, the line with carets, why and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, Severity, limited
from reconciler.render.counting import count
from reconciler.render.escape import plain
from reconciler.render.paint import Ink, Paint
from reconciler.render.places import shown_file
from reconciler.render.snippet import snippet

_INK: Final = {
    Severity.ERROR: Ink.BOLD_RED,
    Severity.WARNING: Ink.BOLD_YELLOW,
    Severity.NOTE: Ink.BOLD_CYAN,
}
_MOST_DETAIL: Final = 60
_LONGEST: Final = 2_000
_MOST_USERS: Final = 3


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, base: str, colour: bool = False) -> str:
    """Diagnostics below one another, in the order given. File names are shown as seen from the folder `base`."""
    paint = Paint(colour)
    return "".join(f"{line}\n" for diagnostic in limited(diagnostics) for line in _lines(diagnostic, base, paint))


def render_validation(diagnostics: Iterable[Diagnostic], *, manifests: int, base: str, colour: bool = False) -> str:
    """Diagnostics in the order of files and lines, and a last line that counts them. `manifests` were checked."""
    ordered = in_order(diagnostics)
    text = render_diagnostics(ordered, base=base, colour=colour)
    clean = not any(diagnostic.is_error for diagnostic in ordered)
    last = Paint(colour)(_last_line(ordered, manifests), Ink.BOLD_GREEN if clean else Ink.BOLD_RED)
    return f"{text}\n{last}\n" if text else f"{last}\n"


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, line and column; those without a place first. Equal ones keep their order."""

    def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
        location = diagnostic.location
        return (location.file, location.line, location.column) if location else ("", 0, 0)

    return sorted(diagnostics, key=place)


def _lines(diagnostic: Diagnostic, base: str, paint: Paint) -> Iterator[str]:
    location = diagnostic.location
    ink = _INK[diagnostic.severity]
    where = f"{paint(_place(location, base), Ink.BOLD)}: " if location else ""
    kind = paint(f"{diagnostic.severity}[{plain(diagnostic.code)}]", ink)
    yield f"{where}{kind}: {_clipped(diagnostic.summary)}"
    label = _clipped(diagnostic.label)
    if location and location.text is not None:
        shown, before, carets = snippet(location.text, location)
        gutter = " " * len(str(location.line))
        yield f"  {paint(f'{location.line} |', Ink.DIM)} {shown}".rstrip()
        marks = paint(f"{'^' * carets} {label}".rstrip(), ink)
        yield f"  {paint(f'{gutter} |', Ink.DIM)} {' ' * before}{marks}"
        indent = f"  {gutter} "
    else:
        indent = "  "
        if label:
            yield f"{indent}{label}"
    for line in _detail(diagnostic.detail):
        yield f"{indent}{line}".rstrip()
    if diagnostic.used_by:
        yield f"{indent}{paint(_users(diagnostic.used_by, base), Ink.DIM)}"


def _place(location: Location, base: str) -> str:
    return f"{shown_file(location.file, base)}:{location.line}:{location.column}"


def _detail(detail: str) -> Iterator[str]:
    lines = detail.rstrip("\n").split("\n") if detail else []
    for line in lines[:_MOST_DETAIL]:
        yield _clipped(line)
    if len(lines) > _MOST_DETAIL:
        yield f"… {len(lines) - _MOST_DETAIL:,} more lines"


def _clipped(words: str) -> str:
    """Words for one line: a server's answer may be of any length."""
    if len(words) <= _LONGEST:
        return plain(words)
    return f"{plain(words[:_LONGEST])}… ({len(words):,} characters)"


def _users(used_by: Sequence[Location], base: str) -> str:
    shown = used_by if len(used_by) <= _MOST_USERS else used_by[: _MOST_USERS - 1]
    places = ", ".join(f"{shown_file(location.file, base)}:{location.line}" for location in shown)
    more = f" and {len(used_by) - len(shown):,} more" if len(shown) < len(used_by) else ""
    return f"used by {places}{more}"


def _last_line(diagnostics: Sequence[Diagnostic], manifests: int) -> str:
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    warnings = sum(diagnostic.severity is Severity.WARNING for diagnostic in diagnostics)
    notes = len(diagnostics) - errors - warnings
    kinds = [
        count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning"), (notes, "note")) if number
    ]
    counted = " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
    if not errors:
        verdict = f"{count(manifests, 'manifest')} {'is' if manifests == 1 else 'are'} valid"
        return f"{verdict}, with {counted}." if counted else f"{verdict}."
    reached = min(_reached(diagnostics), manifests)
    among = f"{reached:,} of " if reached else ""
    return f"{counted} in {among}{count(manifests, 'manifest')}."


def _reached(diagnostics: Iterable[Diagnostic]) -> int:
    """How many files the errors and warnings reach: of a shared file's, those that use it."""
    files: set[str] = set()
    for diagnostic in diagnostics:
        if diagnostic.severity is not Severity.NOTE:
            locations = diagnostic.used_by or ((diagnostic.location,) if diagnostic.location else ())
            files.update(location.file for location in locations)
    return len(files)
