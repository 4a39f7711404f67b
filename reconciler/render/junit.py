"""Test reports in the XML of JUnit, for CI systems that show such reports.

There is no standard. These reports are valid for the schemas of Ant and Jenkins. GitLab shows the content of a failure,
and only the first of several cases with the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler import __version__
from reconciler.instants import in_utc
from reconciler.render.escape import plain
from reconciler.render.text.diagnostics import lay_out_diagnostics
from reconciler.render.text.plan import lay_out_project
from reconciler.render.view.cases import Case, Report

_NO_TIME: Final = "0"


def lay_out_junit(report: Report) -> str:
    """The report, as one suite."""
    cases = report.cases
    failures = sum(case.failure is not None and not case.is_error for case in cases)
    errors = sum(case.failure is not None and case.is_error for case in cases)
    root = Element("testsuites")
    within = SubElement(
        root,
        "testsuite",
        name=plain(report.title),
        package="reconciler",
        id="0",
        timestamp=f"{in_utc(report.made_at):%Y-%m-%dT%H:%M:%S}",
        hostname="localhost",
        tests=str(len(cases)),
        failures=str(failures),
        errors=str(errors),
        time=_NO_TIME,
    )
    SubElement(SubElement(within, "properties"), "property", name="reconciler", value=__version__)
    for case, name in zip(cases, _unique(cases), strict=True):
        element = SubElement(within, "testcase", name=name, classname=plain(case.file), time=_NO_TIME)
        if case.failure is not None:
            kind = "error" if case.is_error else "failure"
            failure = SubElement(element, kind, type=plain(case.code), message=plain(case.failure))
            failure.text = _content(case)
    SubElement(within, "system-out").text = "".join(f"{line}\n" for line in _notes(report))
    SubElement(within, "system-err")
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _unique(cases: Iterable[Case]) -> Iterator[str]:
    """The names of the cases. A name that its file has already had gets a number."""
    counts: dict[tuple[str, str], int] = {}
    for case in cases:
        number = counts[case.file, case.name] = counts.get((case.file, case.name), 0) + 1
        yield plain(case.name) if number == 1 else f"{plain(case.name)} ({number})"


def _content(case: Case) -> str:
    if case.project is not None:
        return lay_out_project(case.project)
    return lay_out_diagnostics(case.diagnostics, colour=False) or f"{plain(case.failure or '')}\n"


def _notes(report: Report) -> Iterator[str]:
    """What the cases without a failure have to say, and the last line of the text."""
    for case in report.cases:
        if case.failure is None and case.diagnostics:
            yield from lay_out_diagnostics(case.diagnostics, colour=False).splitlines()
    yield plain(report.last)
