"""Files, lines and commands as a person at a terminal uses them. Strings only: no folder is ever looked at."""

from __future__ import annotations

import re
import shlex
from typing import Final

from reconciler.model.printed import relative
from reconciler.model.project import Source
from reconciler.render.escape import exact, plain

_SAFE_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:+@%/=-]*", re.ASCII)


def shown_file(file: str, base: str) -> str:
    """The same for text, escaped."""
    return plain(relative(file, base))


def place(source: Source, base: str) -> str:
    """`FILE:LINE`, as editors and terminals take it."""
    return f"{shown_file(source.file, base)}:{source.line}"


def command(verb: str, name: str, *options: str) -> str:
    """A command of ours for one project, which works as it is when it is pasted into a shell."""
    words = (*options, "--", word(name)) if name.startswith("-") else (word(name), *options)
    return " ".join(("reconciler", verb, *words))


def word(text: str) -> str:
    """Any text as one word of a shell."""
    if _SAFE_WORD.fullmatch(text):
        return text
    if plain(text) == text:
        return shlex.quote(text)
    # Characters that cannot be shown: the shell's own spelling for them.
    return "$'" + exact(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
