"""Help that fits a terminal of 40 columns or more, without shortening sentences."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import click

from reconciler.cli.status import columns_of

_NARROW: Final = 60
_TERM: Final = 10
"""The columns of a term at a terminal that is narrow. What a longer one means is below it."""

_WHOLE: Final = 1_000
_EXAMPLE: Final = re.compile(r"(?P<command> +\S.*?)(?: {3,}(?P<remark>.+))?")
_REMARK: Final = " " * 6


class Formatter(click.HelpFormatter):
    """How each command's help is laid out."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(indent_increment, width, max_width)
        self._columns = columns_of(sys.stdout)
        if width is None and self._columns is not None:
            self.width = min(self._columns, max_width or self._columns) - 2

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, col_max if self.width >= _NARROW else _TERM, col_spacing)

    def write_text(self, text: str) -> None:
        lines = text.split("\n")
        if self._columns is not None and text.startswith("\b"):
            room = self._columns - self.current_indent
            if max(map(len, lines)) > room:
                lines = [*_folded(lines, room)]
        super().write_text("\n".join(lines))


class Group(click.Group):
    """Its help shows the first sentence of each command whole."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.sentences(context))

    def sentences(self, context: click.Context) -> list[tuple[str, str]]:
        """Each command with the first sentence of its help."""
        commands = [(name, self.get_command(context, name)) for name in self.list_commands(context)]
        return [(name, command.get_short_help_str(_WHOLE)) for name, command in commands if command is not None]


def _folded(lines: Iterable[str], room: int) -> Iterator[str]:
    """Examples that are too wide: the remark next to a command moves below it."""
    from reconciler.render.layout import Paint

    paint = Paint(False, room)
    for line in lines:
        found = _EXAMPLE.fullmatch(line)
        if found is None:
            yield from paint.fold(line, 0)
            continue
        yield from paint.fold(found["command"], len(_REMARK), command=True)
        if found["remark"]:
            yield from paint.fold(_REMARK + found["remark"], len(_REMARK))
