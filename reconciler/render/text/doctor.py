"""What doctor found, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import count
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport, Verdict
from reconciler.render.escape import plain
from reconciler.render.layout import Ink, Paint

_INK: Final = {
    CheckStatus.OK: Ink.GREEN,
    CheckStatus.WARNING: Ink.BOLD_YELLOW,
    CheckStatus.ERROR: Ink.BOLD_RED,
    CheckStatus.SKIPPED: Ink.DIM,
    Verdict.HOLDS: Ink.GREEN,
    Verdict.DOES_NOT_HOLD: Ink.BOLD_YELLOW,
    Verdict.NOT_SEEN: Ink.DIM,
}
_CHECK_WIDTH: Final = 13
_ASSUMPTION_WIDTH: Final = 17


def lay_out_doctor(report: DoctorReport, *, colour: bool) -> str:
    """Every check with its remedy, every assumption with its evidence, and a last line that counts."""
    paint = Paint(colour)
    return "".join(f"{line}\n" for line in _lines(report, paint))


def _lines(report: DoctorReport, paint: Paint) -> Iterator[str]:
    if report.target:
        endpoint = f" ({plain(report.endpoint)})" if report.endpoint else ""
        yield f"Target: {plain(report.target)}{endpoint}"
        yield ""
    for check in report.checks:
        yield from _entry(check, 7, _CHECK_WIDTH, paint)
    if report.assumptions:
        yield ""
        yield "Assumptions about the API, on this account:"
        yield ""
    for one in report.assumptions:
        yield from _entry(one, 13, _ASSUMPTION_WIDTH, paint)
    if report.hint:
        yield ""
        yield from map(plain, report.hint.text.split("\n"))
    yield ""
    yield _last_line(report, paint)


def _entry(result: CheckResult, width: int, name_width: int, paint: Paint) -> Iterator[str]:
    """The status, the name, and the message in one line, and the lines of the remedy below it."""
    margin = " " * (width + 2 + name_width + 2)
    status = paint(result.status.value.ljust(width), _INK[result.status])
    yield f"{status}  {plain(result.check).ljust(name_width)}  {plain(result.message)}"
    for line in filter(None, result.to_do.split("\n")):
        yield f"{margin}{plain(line)}"


def _last_line(report: DoctorReport, paint: Paint) -> str:
    warnings, errors = report.count(CheckStatus.WARNING), report.count(CheckStatus.ERROR)
    skipped = report.count(CheckStatus.SKIPPED)
    more = f", {skipped} skipped" if skipped else ""
    line = f"Doctor: {report.count(CheckStatus.OK)} ok, {count(warnings, 'warning')}, {count(errors, 'error')}{more}."
    return paint(line, Ink.BOLD_RED if errors else Ink.BOLD_GREEN)
