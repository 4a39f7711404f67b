"""The examples of docs/guards.md, carried out: what the page shows is what the commands print."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.sandbox.dashboard import Dashboard

PAGE = Path(__file__).parents[2] / "docs" / "guards.md"


@dataclass(frozen=True)
class Block:
    """A code block. `title` is its first line if that is a comment."""

    kind: str
    title: str
    text: str


def examples() -> dict[str, list[Block]]:
    """The blocks of each section that is named after a guard."""
    sections = re.split(r"(?m)^## `([\w-]+)`$", PAGE.read_text("utf-8"))
    return {name: list(_blocks(text)) for name, text in zip(sections[1::2], sections[2::2], strict=True)}


def _blocks(text: str) -> Iterator[Block]:
    for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        title = re.match(r"# (.*)\n", body)
        yield Block(kind, title[1] if title else "", body)


def carry_out(
    block: Block, folder: Path, scale: Dashboard, reconciler: Callable[..., str]
) -> Iterator[tuple[str, str]]:
    """Write a file, edit the account, or run commands. Yields the output on the page and the real one."""
    if block.kind == "console":
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            if command.startswith("reconciler "):
                yield shown, reconciler(*command.split()[1:])
            else:
                subprocess.run(command, shell=True, cwd=folder, check=True)
    elif block.title.startswith("on Scale"):
        _edit(scale, block)
    else:
        file = folder / block.title
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text, "utf-8")


def _edit(scale: Dashboard, block: Block) -> None:
    project = yaml.safe_load(block.text)
    _, _, old = block.title.partition("instead of ")
    if old:
        scale.rename(old, project["name"])
    elif "type" in project:
        scale.seed([_live(project)])
    else:
        scale.edit_params(project["name"], project["params"])


def _live(project: dict[str, object]) -> dict[str, object]:
    at = "2026-01-02T03:04:05.000Z"
    params = project.pop("params")
    assert isinstance(params, dict)
    return {**project, "created_at": at, "param_history": [{**params, "version": 0, "created_at": at}]}
