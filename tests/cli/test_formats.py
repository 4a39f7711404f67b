"""The table of formats: every row can be used, and every command offers what the table has."""

from __future__ import annotations

import click
import pytest

from reconciler.cli import apply, doctor, drift, plan, show, validate
from reconciler.cli.formats import FORMATS, Format, Subject, named

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
