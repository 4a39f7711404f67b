"""Our own sentences as Markdown. A suggested command is the workflow that does the same: nobody has a shell here.

The workflows are those of `init`. Their inputs `names` and `allow` are separated by whitespace, and `everything` undoes
changes made on Scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from reconciler.model.invocation import Invocation
from reconciler.render.escape import plain
from reconciler.render.markdown.code import cell, code, name_cell, name_code, said
from reconciler.render.view.parts import Command, Name, Quoted, Sentence, Spelled, Strong

_TARGET: Final = "production"
"""The target of the workflows."""

_OF_VERB: Final = {"apply": "apply", "drift": "drift", "snapshot": "drift", "validate": "plan"}
_DOES: Final = {"apply": "applies to", "drift": "checks", "snapshot": "checks", "validate": "checks"}


def sentence(pieces: Sentence, *, in_table: bool = False) -> str:
    """One of our own sentences. Names in it are code, and foreign text in it is shown literally."""
    return "".join(_piece(piece, in_table) for piece in pieces)


def _piece(piece: str, in_table: bool) -> str:
    match piece:
        case Command():
            return f"{workflow(piece)}."
        case Name():
            return name_cell(piece) if in_table else name_code(piece)
        case Spelled():
            return cell(piece) if in_table else code(piece)
        case Strong():
            return f"**{piece}**"
        case Quoted():
            return said(piece)
        case _:
            return piece


def workflow(command: Command) -> str:
    """What to run, as Markdown that continues a sentence."""
    invocation = command.invocation
    verb, own, names = invocation.parts(command.run)
    named = [_input(name) for name in names]
    if verb not in _OF_VERB or None in named or (verb == "snapshot" and "--publish" not in own):
        return f"in a clone, run {code(command)}"
    words = f"run the workflow {_name(verb, invocation)}"
    if verb != "apply":
        return words
    guards = [guard for option, guard in pairwise(own) if option == "--allow"]
    allow = [*(guard for guard in invocation.allowed if guard not in guards), *guards]
    inputs = [
        *_inputs("names", [name for name in named if name is not None]),
        *_inputs("allow", allow),
        *([] if invocation.is_pending(command.run) else _inputs("everything", ["true"])),
    ]
    return f"{words} with {', '.join(inputs)}" if inputs else words


def _inputs(name: str, values: list[str]) -> Iterator[str]:
    if values:
        yield f"{name}: {code(' '.join(values))}"


def _name(verb: str, invocation: Invocation) -> str:
    """Its name, or what it does if it is not one that `init` laid out."""
    target = invocation.read or invocation.target or _TARGET
    if target != _TARGET or invocation.title is None:
        return f"that {_DOES[verb]} {code(target)}"
    title = invocation.title.replace("_", "\\_")
    return f"**reconciler {_OF_VERB[verb]}{title}**"


def _input(name: str) -> str | None:
    """A project's name as one word of an input: a name with whitespace is a pattern that matches it.

    None if there is no such word: a `/` makes a word a path, an ending makes it a file, and nobody can type what cannot
    be shown.
    """
    if plain(name) != name:
        return None
    if not re.search(r"\s", name):
        return name
    if "/" in name or name.endswith((".yaml", ".yml")):
        return None
    return re.sub(r"\s", _A_SPACE, re.sub(r"([*?\[])", r"[\1]", name))


_A_SPACE: Final = "[!!-~]"
"""Any character except those of ASCII that are visible, as a shell-style pattern."""
