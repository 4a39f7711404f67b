"""The names that manifests declare, found without composing them: for completion, where a fraction of a second counts.

A name is taken from a line that starts with `name:`. What a check would refuse is not reported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from reconciler.keys.faults import RefusedError
from reconciler.manifest.discovery import discover
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sharedfiles import read_found

_LINE: Final = re.compile(r"""^(?:name|"name"|'name')[ \t]*:[ \t]+(\S[^\r\n]*)""", re.MULTILINE)
_PLAIN: Final = re.compile(r"[A-Za-z][\w-]*", re.ASCII)


def declared_names(folder: str, root: str) -> Iterator[str]:
    """The names in the manifests below `folder`, which is below `root`; both are absolute. A file that cannot be read
    has none."""
    words, parser = Words(), best_parser()
    for file in discover(folder, root=root).manifests:
        try:
            text = read_found(root, file).decode(errors="replace")
        except RefusedError:
            continue
        for found in _LINE.finditer(text):
            written = found[1].rstrip()
            if _PLAIN.fullmatch(written) and isinstance(words[written], str):
                yield written
                continue
            documents = read(file, f"name: {written}\n".encode(), words, parser).documents
            name = documents[0].value.get("name") if documents and isinstance(documents[0].value, dict) else None
            if isinstance(name, str):
                yield name
