"""What doctor found, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import count
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport, Verdict
from reconciler.render.escape import plain
from reconciler.render.layout import Ink, Paint, commands

_INK: Final = {
    CheckStatus.OK: Ink.GREEN,
    CheckStatus.WARNING: Ink.BOLD_MAGENTA,
    CheckStatus.ERROR: Ink.BOLD_RED,
    CheckStatus.SKIPPED: Ink.DIM,
    Verdict.HOLDS: Ink.GREEN,
    Verdict.DOES_NOT_HOLD: Ink.BOLD_MAGENTA,
    Verdict.NOT_SEEN: Ink.DIM,
}
_CHECK_WIDTH: Final = 13
_ASSUMPTION_WIDTH: Final = 17
_LEAST: Final = 40
"""The columns that a message needs to be shown beside the name of its check."""


def lay_out_doctor(report: DoctorReport, *, colour: bool, columns: int | None = None) -> str:
    """Every check with its remedy, every assumption with its evidence, and a last line that counts."""
    paint = Paint(colour, columns)
    return "".join(f"{line}\n" for line in _lines(report, paint))


def _lines(report: DoctorReport, paint: Paint) -> Iterator[str]:
    if report.target:
        endpoint = f" ({plain(report.endpoint)})" if report.endpoint else ""
        yield from paint.fold(f"Target: {plain(report.target)}{endpoint}")
        yield ""
    for check in report.checks:
        yield from _entry(check, 7, _CHECK_WIDTH, paint)
    if report.assumptions:
        yield ""
        yield from paint.fold("Assumptions about the API, on this account:")
        yield ""
    for one in report.assumptions:
        yield from _entry(one, 13, _ASSUMPTION_WIDTH, paint)
    if report.hint:
        yield ""
        yield from _folded(report.hint.text, "", paint)
    yield ""
    yield from paint.fold(_last_line(report, paint))


def _entry(result: CheckResult, width: int, name_width: int, paint: Paint) -> Iterator[str]:
    """The status, the name, and the message in one line, and the lines of the remedy below it."""
    margin = " " * (width + 2 + name_width + 2)
    if paint.columns is not None and len(margin) + _LEAST > paint.columns:
        margin = " " * (width + 2)
    status = paint(result.status.value.ljust(width), _INK[result.status])
    line = f"{status}  {plain(result.check).ljust(name_width)}  {plain(result.message)}"
    yield from paint.fold(line, len(margin))
    yield from _folded(result.to_do, margin, paint)


def _folded(text: str, margin: str, paint: Paint) -> Iterator[str]:
    for line, command in commands(text):
        yield from paint.fold(f"{margin}{plain(line)}", len(margin) + (4 if command else 0), command=command)


def _last_line(report: DoctorReport, paint: Paint) -> str:
    warnings, errors = report.count(CheckStatus.WARNING), report.count(CheckStatus.ERROR)
    skipped = report.count(CheckStatus.SKIPPED)
    more = f", {skipped} skipped" if skipped else ""
    line = f"Doctor: {report.count(CheckStatus.OK)} ok, {count(warnings, 'warning')}, {count(errors, 'error')}{more}."
    return paint(line, Ink.BOLD_RED if errors else Ink.BOLD_GREEN)
