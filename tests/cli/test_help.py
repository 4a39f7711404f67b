"""Help at terminals of any width."""

from __future__ import annotations

import click
import pytest

from reconciler.cli import reconciler

WIDTHS = (40, 60, 80, 200)


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, *path: str) -> str:
    monkeypatch.setattr("reconciler.cli.help.columns_of", lambda stream: columns)
    command: click.Command = reconciler
    context = click.Context(command, info_name="reconciler", max_content_width=100)
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(context, name)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    return command.get_help(context)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("path", [(), ("plan",), ("init",), ("github",), ("github", "comment"), ("sandbox", "serve")])
def test_help_fits_the_terminal_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...], columns: int
) -> None:
    wide, narrow = shown(monkeypatch, 1000, *path), shown(monkeypatch, columns, *path)
    assert [row for row in narrow.split("\n") if len(row) > columns and max(map(len, row.split())) < columns - 10] == []
    assert "..." not in narrow.replace("[NAME]...", "").replace("[ARGS]...", "")
    assert "".join(narrow.replace(" \\\n", "").split()) == "".join(wide.split())


def test_an_example_at_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 40).endswith(
        "  Examples:\n"
        "    reconciler validate\n"
        "        check the manifests, offline\n"
        "    reconciler plan\n"
        "        show what would change on the\n"
        "        sandbox\n"
        "    reconciler apply\n"
        "        carry out the plan, once you\n"
        "        approve\n"
        "    reconciler plan --target production\n"
        "        the same on Scale, with\n"
        "        SCALE_API_KEY"
    )
