"""The table of formats: every row can be used, and every command offers what the table has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import click
import pytest

from reconciler.cli import apply, doctor, drift, plan, show, validate
from reconciler.cli.formats import FORMATS, Format, Subject, named
from tests.cli.conftest import Cli

COMMANDS: dict[Subject, list[click.Command]] = {
    "plan": [plan.command, show.command],
    "drift": [drift.command],
    "outcome": [apply.command],
    "validation": [validate.command],
    "doctor": [doctor.command],
}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_layout_can_be_imported(form: Format) -> None:
    assert named(form.name) is form
    assert all(callable(form.layout(subject)) for subject in form.layouts)


@pytest.mark.parametrize("subject", COMMANDS)
def test_a_command_offers_every_format_of_its_subject(subject: Subject) -> None:
    for command in COMMANDS[subject]:
        [option] = [parameter for parameter in command.params if parameter.name == "output"]
        assert isinstance(option.type, click.Choice)
        assert list(option.type.choices) == [form.name for form in FORMATS if subject in form.layouts]


def test_reports_of_validate(cli: Cli, write: Callable[[str, str], Path]) -> None:
    write("a.yaml", "name: a\ntype: chat\n")
    write("b.yaml", "name: b\ntipe: chat\n")
    report = cli("validate", "--format", "junit")
    assert report.code == 1
    [suite] = fromstring(report.out)
    assert [(case.attrib["name"], [part.tag for part in case]) for case in suite.findall("testcase")] == [
        ("a", []),
        ("b", ["failure"]),
    ]
    log = cli("validate", "--format", "sarif")
    assert log.code == 1
    [result] = log.json()["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("unknown-key", "error")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "projects/b.yaml"


@pytest.mark.parametrize("output", ["junit", "sarif"])
def test_a_report_of_what_could_not_be_checked(cli: Cli, repository: Path, output: str) -> None:
    (repository / "reconciler.toml").write_text("nonsense = 1\n")
    report = cli("validate", "--format", output)
    assert report.code == 1
    assert "nonsense" in report.out
    assert report.out.startswith({"junit": "<?xml", "sarif": "{"}[output])
