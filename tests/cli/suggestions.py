"""The commands that an output suggests: found, split as a shell splits them, and parsed."""

from __future__ import annotations

import html
import re
import subprocess

import click

from reconciler.cli import reconciler

_COMMAND = re.compile(rf"reconciler (-C |({'|'.join(reconciler.list_commands(click.Context(reconciler)))})\b)")

_PLACEHOLDER = re.compile(r"(^|[@=/])(NAME|FILE|COMMIT|URL|DIR|TARGET|GUARD|HOST|HEX|REPOSITORY|VERSION)\b")


def suggested(text: str) -> list[list[str]]:
    """Each command of ours in an output: alone on its line, or as code on a page."""
    lines = [line.strip() for line in text.split("\n")]
    found = [line for line in lines if _COMMAND.match(line)]
    found += map(html.unescape, re.findall(r"<code>(reconciler .*?)</code>", text))
    return [split(command) for command in found]


def split(command: str) -> list[str]:
    """The words of a command, as bash splits them."""
    words = subprocess.run(
        ["bash", "-c", f'set -f; printf "%s\\0" {command}'], check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"}
    )
    return words.stdout.decode().split("\0")[:-1]


def check_parses(words: list[str]) -> None:
    """Raises click.UsageError if the command line refuses the words of a command. None of them is a placeholder."""
    assert words[0] == "reconciler"
    assert not [word for word in words if _PLACEHOLDER.search(word)], words
    rest = words[3:] if words[1] == "-C" else words[1:]
    command: click.Command = reconciler
    while isinstance(command, click.Group):
        context = click.Context(command)
        inner = command.get_command(context, rest[0])
        assert inner is not None, words
        command, rest = inner, rest[1:]
    command.make_context(command.name, list(rest))
