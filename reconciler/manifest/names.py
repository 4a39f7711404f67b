"""The names of projects from the lines at the margin of their manifests, without composing the manifests.

What a command does not select, it only needs for its name, because names are unique. A glimpse is at most too wide: if
the file declares a project, this is its name. A file in which that is not certain is not glimpsed.

Completion, where a fraction of a second counts, needs every name that a manifest may declare. What a check would refuse
is not reported there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from reconciler.files.reading import FoundFiles
from reconciler.keys.faults import RefusedError
from reconciler.manifest.discovery import discover
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sharedfiles import read_found

_START: Final = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\n)*(?:---[ ]*\n(?:[ \t]*(?:#[^\n]*)?\n)*)?(?=[A-Za-z_])")
"""Blank lines, comments, and the start of the document, up to a key at the margin."""

_AT_MARGIN: Final = re.compile(rb"^[^ \t\n#].*", re.MULTILINE)
_KNOWN: Final = re.compile(rb"(?:- |-$|[A-Za-z_][A-Za-z0-9_.-]*:(?: |$))")
"""A plain key of a block mapping, or an item of a list. All other lines, such as quoted keys and `<<`, may hold a
name."""

_NAME: Final = re.compile(
    rb"""^name:[ ]+(?:([A-Za-z][A-Za-z0-9_.-]*(?:[ ]+[A-Za-z0-9_.-]+)*)|"([ !#-\[\]-~]*)"|'([ -&(-~]*)')"""
    rb"""[ ]*(?:[ ]\#[^\n]*)?\n(?!(?:[ ]*\n)*[ \t])""",
    re.MULTILINE,
)
"""A name in one line, in printable characters of ASCII, that no indented line continues."""

_OTHER_LINE_ENDS: Final = (b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")


def glimpsed_name(data: bytes) -> str | None:
    """The only name that a project in a file with these bytes can have; None if it takes a parser to find out."""
    start = _START.match(data)
    if start is None or any(end in data for end in _OTHER_LINE_ENDS):
        return None
    lines = _AT_MARGIN.findall(data, start.end())
    if sum(line.startswith(b"name:") for line in lines) != 1 or not all(map(_KNOWN.match, lines)):
        return None
    found = _NAME.search(data, start.end())
    return next(part for part in found.groups() if part is not None).decode("ascii") if found is not None else None


_NAME_LINE: Final = re.compile(r"""^(?:name|"name"|'name')[ \t]*:[ \t]+(\S[^\r\n]*)""", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def declared_names(folder: str, root: str) -> Iterator[str]:
    """The names in the manifests below `folder`, which is below `root`; both are absolute. A file that cannot be read
    has none."""
    words, parser = Words(), best_parser()
    with closing(FoundFiles(root)) as files:
        for file in discover(folder, root=root).manifests:
            try:
                text = read_found(files, file).decode(errors="replace")
            except RefusedError:
                continue
            for found in _NAME_LINE.finditer(text):
                written = found[1].rstrip()
                if _WORD.fullmatch(written) and isinstance(words[written], str):
                    yield written
                    continue
                documents = read(file, f"name: {written}\n".encode(), words, parser).documents
                name = documents[0].value.get("name") if documents and isinstance(documents[0].value, dict) else None
                if isinstance(name, str):
                    yield name
