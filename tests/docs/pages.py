"""The examples of a page, carried out: what the page shows is what the commands print."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.sandbox.dashboard import Dashboard

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Block:
    """A code block. `title` is its first line if that is a comment."""

    kind: str
    title: str
    text: str


def sections(page: str) -> dict[str, list[Block]]:
    """The blocks of each section that has some, by its heading."""
    parts = re.split(r"(?m)^## (.+)$", (DOCS / page).read_text("utf-8"))
    found = {name.strip("`"): list(blocks(text)) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {name: some for name, some in found.items() if some}


def blocks(text: str) -> Iterator[Block]:
    for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        title = re.match(r"# (.*)\n", body)
        yield Block(kind, title[1] if title else "", body)


def carry_out(
    block: Block, folder: Path, scale: Dashboard, reconciler: Callable[..., str]
) -> Iterator[tuple[str, str]]:
    """Write a file, edit the account, or run commands. Yields the output on the page and the real one."""
    if block.kind == "console":
        for command, shown in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            if re.fullmatch(r"reconciler [^>|]*", command):
                yield shown, reconciler(*command.split()[1:])
            else:
                done = subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True, text=True)
                yield shown, done.stdout
    elif block.title.startswith("on Scale"):
        _edit(scale, block)
    elif block.kind in ("yaml", "markdown", "toml"):
        file = folder / block.title
        file.parent.mkdir(exist_ok=True)
        text = block.text
        file.write_text(text if block.kind == "yaml" else text.partition("\n")[2], "utf-8")


def _edit(scale: Dashboard, block: Block) -> None:
    project = yaml.safe_load(block.text)
    _, _, old = block.title.partition("instead of ")
    if old:
        scale.rename(old, project["name"])
    elif "type" in project:
        scale.seed([_live(project)])
    else:
        if "params" in project:
            scale.edit_params(project["name"], project["params"])
        if "ontology" in project:
            scale.edit_ontology(project["name"], project["ontology"])


def _live(project: dict[str, object]) -> dict[str, object]:
    at = "2026-01-02T03:04:05.000Z"
    params = project.pop("params")
    assert isinstance(params, dict)
    return {**project, "created_at": at, "param_history": [{**params, "version": 0, "created_at": at}]}
