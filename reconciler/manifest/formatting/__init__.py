"""Formats one file as `reconciler fmt` does: key order, indentation, block style. Pure: bytes in, bytes out.

Nothing is lost. Before the new bytes are returned, they are read again, and must have the same values, comments, and
anchors as the old ones.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence

import yaml

from reconciler.manifest.formatting.layout import lay_out as lay_out
from reconciler.manifest.formatting.ordering import FileKind as FileKind
from reconciler.manifest.formatting.ordering import arrange
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.parsing import NotYamlError, Parser, best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sourcetree.building import parse_source
from reconciler.manifest.sourcetree.outside import Outside, read_events
from reconciler.manifest.sourcetree.tree import Remarks
from reconciler.model.values import equal


class NotProvenError(Exception):
    """The new text could not be proven to mean the same as the old text, so the file must not be changed."""


def formatted(data: bytes, kind: FileKind, *, before: LocatedFile | None = None, parser: Parser | None = None) -> bytes:
    """The formatted bytes of a file that is not `broken`. `before` is what was read from it, if it has been read.

    Raises:
        NotProvenError: the result could not be proven to mean the same.
    """
    parser = parser or best_parser()
    before = before or read("", data, Words(), parser)
    if not before.documents:
        return data
    tree = parse_source(data, parser)
    opened: set[int] = set()
    for document in tree.documents:
        opened |= arrange(document, kind)
    new = _encoded(lay_out(tree.documents, opened), data)
    if new != data:
        _prove(before, tree.remarks, new, parser)
    return new


def _encoded(lines: Sequence[str], data: bytes) -> bytes:
    """The lines as bytes, with the byte order mark and the line endings of `data`."""
    first_end = data.find(b"\n")
    ending = "\r\n" if first_end > 0 and data[first_end - 1 : first_end] == b"\r" else "\n"
    text = "".join(line + ending for line in lines).encode()
    return BOM_UTF8 + text if data.startswith(BOM_UTF8) else text


def _prove(before: LocatedFile, was: Remarks, new: bytes, parser: Parser) -> None:
    after = read("", new, Words(), parser)
    if after.broken:
        raise NotProvenError("it would no longer be valid")
    if not _are_equal(before, after):
        raise NotProvenError("its values would change")
    now = Outside(new, parser).remarks()
    if was.comments != now.comments:
        raise NotProvenError("a comment would be lost")
    if was.anchors != now.anchors:
        raise NotProvenError("an anchor would be lost")
    cuts = {each.content: each.placed.gap for each in was.alone if each.is_code and each.placed}
    if cuts and _is_accepted(_uncommented(was, cuts), parser):
        old, other = (read("", _uncommented(each, cuts).encode(), Words(), parser) for each in (was, now))
        if not old.broken and (other.broken or not _are_equal(old, other)):
            raise NotProvenError("commented-out lines would mean something different")


def _is_accepted(text: str, parser: Parser) -> bool:
    """Whether a text is YAML for one parser. Comments in words seldom are, and a second parser takes long to say so."""
    try:
        read_events(text, parser)
    except (yaml.YAMLError, NotYamlError):
        return False
    return True


def _are_equal(one: LocatedFile, other: LocatedFile) -> bool:
    return equal([each.value for each in one.documents], [each.value for each in other.documents])


def _uncommented(remarks: Remarks, cuts: Mapping[str, int]) -> str:
    """The file with lines that are no longer commented out. `cuts` has the content of these lines, and how many
    characters hide it."""
    pieces, reached = [], 0
    for comment in remarks.alone:
        if comment.content in cuts:
            hidden = 2 if cuts[comment.content] == 2 and comment.text[1:2] == " " else 1
            pieces.append(remarks.text[reached : comment.start])
            reached = comment.start + hidden
    return "".join([*pieces, remarks.text[reached:]])
