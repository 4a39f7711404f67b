"""Names that could break or mislead a message, through every command: none of them is ever shown without quotes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Cli, Served

Write = Callable[[str, str], Path]

NAME = 'ab, "cd" -> ef.'
CHOICES = ['gh, "ij" -> kl', 'Mn: "op" (any)', 'rs, "tu"; ']
KEY = 'vw: "xy", '
NAMES = (NAME, *CHOICES, KEY)


def manifest(number: int, choices: list[str]) -> str:
    return json.dumps(
        {
            "name": NAME,
            "type": "imageannotation",
            "params": {KEY: {KEY: [f"{CHOICES[0]} {number}"]}, "n": number},
            "ontology": choices,
        }
    )


def unquoted(shown: str) -> list[str]:
    """The names that are shown as they are, outside of a shell's word, a line of a file, or code."""
    text = re.sub(r"(?m)^ *[0-9]+ [|] .*$", "", shown)
    for name in NAMES:
        text = text.replace(shlex.quote(name), "")
    return [name for name in NAMES if name.strip() in text]


def test_no_name_is_shown_without_quotes(cli: Cli, served: Served, write: Write) -> None:
    said: list[str] = []
    comments: list[str] = []

    def run(*arguments: str) -> None:
        found = cli(*arguments)
        said.append(found.out + found.err)

    write("p.yaml", manifest(1, CHOICES))
    run("apply", "--auto-approve")
    served.store.edit_params(NAME, {"n": 7, KEY: 1})
    served.store.edit_ontology(NAME, [*CHOICES[:2], "other"])
    run("drift")
    comments.append(cli("drift", "--format", "markdown").out)
    write("p.yaml", manifest(2, [CHOICES[0].upper(), CHOICES[1]]))
    run("plan")
    comments.append(cli("plan", "--format", "markdown").out)
    run("apply", "--auto-approve", "--pending", NAME)
    write("p.yaml", manifest(2, CHOICES).replace("imageannotation", "categorization"))
    run("apply", "--auto-approve")
    write("q.yaml", manifest(3, CHOICES))
    run("validate")
    run("plan", f"{NAME}x")
    for shown in said:
        assert unquoted(shown) == [], shown
    for shown in comments:
        assert unquoted(re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)|<summary>.*</summary>", "", shown)) == [], shown
