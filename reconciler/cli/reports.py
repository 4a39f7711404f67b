"""`--report FILE`: a plan or a drift in a file, in the format that the file's suffix names.

A report is written completely or not at all, so a failed run leaves no empty file. If there is no plan or drift to
report, a JSON report has the errors instead, and the others are not written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from reconciler.cli import formats
from reconciler.diagnostics import joined

if TYPE_CHECKING:
    from reconciler.model.drift import Drift
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings

_FORMATS: Final = {".html": "html", ".md": "markdown", ".json": "json"}


def _check_suffix(context: click.Context, parameter: click.Parameter, reports: tuple[str, ...]) -> tuple[str, ...]:
    for report in reports:
        if Path(report).suffix not in _FORMATS:
            raise click.UsageError(f"--report {report}: the name must end in {joined([*_FORMATS], 'or')}", context)
    return reports


report_option = click.option(
    "--report",
    "reports",
    metavar="FILE",
    multiple=True,
    callback=_check_suffix,
    help="Also write a page (FILE.html), Markdown (FILE.md), or JSON (FILE.json); repeatable.",
)


def check_reports(reports: Sequence[str], settings: Settings, *, out: str | None = None) -> None:
    """Check that the reports can be written. `out` is the file of a saved plan.

    Raises:
        click.UsageError: one cannot, or it would replace something that the run reads or writes.
    """
    from reconciler.files.walking import is_below
    from reconciler.files.writing import check_named

    for report in reports:
        file = os.path.realpath(report)
        if is_below(file, os.path.realpath(settings.manifests)):
            raise click.UsageError(f"the report cannot be written in the manifest folder: {report}")
        if out is not None and file == os.path.realpath(out):
            raise click.UsageError(f"{report} cannot be both the saved plan and a report")
        if not os.path.isdir(os.path.dirname(file)):
            raise click.UsageError(f"the report cannot be written to {report}: its folder does not exist")
        try:
            check_named(Path(report))
        except OSError as problem:
            words = f"the report cannot be written to {report}: {problem.strerror}"
            raise click.UsageError(words) from None


def write_reports(
    subject: Literal["plan", "drift"],
    found: Plan | Drift,
    reports: Sequence[str],
    settings: Settings,
    *,
    commit: str | None = None,
) -> None:
    """Write the reports. Links in them lead to `commit`.

    Raises:
        UsageError: one cannot be written.
    """
    for report in reports:
        _write(report, formats.laid_out(subject, found, _format(report), settings, commit=commit))


def write_failure(document: Any, reports: Sequence[str]) -> None:
    """Write the JSON reports of a run that has nothing else to report than `document`.

    Raises:
        UsageError: one cannot be written.
    """
    from reconciler.model.values import to_json

    for report in reports:
        if _format(report).document:
            _write(report, f"{to_json(document)}\n")


def _format(report: str) -> formats.Format:
    return formats.named(_FORMATS[Path(report).suffix])


def _write(report: str, text: str) -> None:
    from reconciler.errors import UsageError
    from reconciler.files.writing import write_whole

    try:
        write_whole(text.encode("utf-8", "surrogatepass"), Path(report), mode=None)
    except OSError as problem:
        raise UsageError(f"the report cannot be written to {report}: {problem.strerror}") from None
