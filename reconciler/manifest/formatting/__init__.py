"""Formats one file as `reconciler fmt` does: key order, indentation, block style. Pure: bytes in, bytes out.

Nothing is lost. Before the new bytes are returned, they are read again, and must have the same values, comments, and
anchors as the old ones.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence

from reconciler.manifest.formatting.layout import lay_out as lay_out
from reconciler.manifest.formatting.ordering import FileKind as FileKind
from reconciler.manifest.formatting.ordering import arrange
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sourcetree.building import parse_source
from reconciler.manifest.sourcetree.tree import SourceTree
from reconciler.model.values import equal


class NotProvenError(Exception):
    """The new text could not be proven to mean the same as the old text, so the file must not be changed."""


def formatted(data: bytes, kind: FileKind, *, parser: Parser | None = None) -> bytes:
    """The formatted bytes of a file that is not `broken`.

    Raises:
        NotProvenError: the result could not be proven to mean the same.
    """
    parser = parser or best_parser()
    before = read("", data, Words(), parser)
    if not before.documents:
        return data
    tree = parse_source(data, parser)
    opened: set[int] = set()
    for document in tree.documents:
        opened |= arrange(document, kind)
    new = _encoded(lay_out(tree.documents, opened), data)
    _prove(before, tree, new, parser)
    return new


def _encoded(lines: Sequence[str], data: bytes) -> bytes:
    """The lines as bytes, with the byte order mark and the line endings of `data`."""
    first_end = data.find(b"\n")
    ending = "\r\n" if first_end > 0 and data[first_end - 1 : first_end] == b"\r" else "\n"
    text = "".join(line + ending for line in lines).encode()
    return BOM_UTF8 + text if data.startswith(BOM_UTF8) else text


def _prove(before: LocatedFile, tree: SourceTree, new: bytes, parser: Parser) -> None:
    after = read("", new, Words(), parser)
    if after.broken:
        raise NotProvenError("it would not be valid")
    if not equal([each.value for each in before.documents], [each.value for each in after.documents]):
        raise NotProvenError("its values would change")
    again = parse_source(new, parser)
    if tree.comments != again.comments:
        raise NotProvenError("a comment would be lost")
    if tree.anchors != again.anchors:
        raise NotProvenError("an anchor would be lost")
