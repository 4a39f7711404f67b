"""Every argument and option that can be completed is."""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.cli import reconciler
from reconciler.cli.candidates import source_of

WITHOUT = {"URL", "A..B", "TIME", "V", "N", "REQUIREMENT", "NAME=VALUE", "BRANCH", None}
"""The metavars of what nobody can guess."""


def parameters(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        yield path, parameter
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from parameters(below, f"{path} {name}")


def test_every_parameter_is_completed_or_known_not_to_be() -> None:
    left = {
        (path, parameter.opts[0])
        for path, parameter in parameters(reconciler)
        if source_of(parameter) is None
        and not isinstance(parameter.type, click.Choice)
        and not getattr(parameter, "is_flag", False)
        and getattr(parameter, "metavar", None) not in WITHOUT
    }
    assert left == {
        (" adopt", "--path"),
        (" github adopt-pull-request", "--id"),
        (" github comment", "--branch"),
        (" github comment", "--id"),
        (" github drift-issue", "--id"),
    }
