"""Gives the documents of a file new values by splicing: only the lines of what differs change.

Lists are edited item by item: an added choice is an added line, a choice that moves takes its comment along, and one
that is removed takes it with it. New lines follow the style of the file. The result is proven: it is read again, and
must have exactly the new values, and all comments outside of what was removed.
"""

from __future__ import annotations

from bisect import bisect_right
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from reconciler.manifest.editing.changes import Changes, Way
from reconciler.manifest.editing.spans import Spans, read_spans
from reconciler.manifest.editing.splices import NotSplicedError
from reconciler.manifest.editing.style import Style
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sourcetree.outside import Outside
from reconciler.model.values import Json, equal


class NotEditableError(Exception):
    """The values cannot be reached by splicing. The message says why, and `file` is set if it is about a whole file."""

    def __init__(self, why: str, file: str | None = None) -> None:
        super().__init__(why)
        self.file = file


_WAYS: Final = (Way(), Way(moves=False), Way(moves=False, whole=2), Way(moves=False, whole=1))
"""How to edit, the best way first."""


def edited(data: bytes, wanted: Sequence[Json], *, parser: Parser | None = None) -> bytes:
    """The bytes of a file whose documents have the `wanted` values, in the order of its documents.

    Raises:
        NotEditableError: with the reason.
    """
    parser = parser or best_parser()
    found = read("", data, Words(), parser)
    if found.broken or len(found.documents) != len(wanted):
        raise NotEditableError("the file has errors")
    if equal([document.value for document in found.documents], [*wanted]):
        return data
    closed = data.endswith((b"\n", b"\r"))
    ending = b"\r\n" if b"\r\n" in data else b"\n"
    spans = read_spans(data if closed else data + ending, parser)
    for way in _WAYS:
        changes = Changes(spans, Style.of(spans), way)
        try:
            for root, value in zip(spans.documents, wanted, strict=True):
                changes.document(root, value)
            whole = changes.spliced().encode()
        except NotSplicedError:
            continue
        if data.startswith(BOM_UTF8):
            whole = BOM_UTF8 + whole
        for new in (whole,) if closed else (whole.removesuffix(ending), whole):
            if _is_proven(new, wanted, parser) and _keeps_comments(spans, changes.removed, new, parser):
                return new
    raise NotEditableError("reconciler cannot edit YAML with this layout")


def _keeps_comments(spans: Spans, removed: Sequence[tuple[int, int]], new: bytes, parser: Parser) -> bool:
    """Whether all comments are still there, except those in the ranges that were removed."""
    ranges = sorted(removed)
    starts = [start for start, _ in ranges]
    ends = [0, *accumulate((end for _, end in ranges), max)]
    kept = Counter(
        comment.text.rstrip()
        for comment in spans.comments
        if ends[bisect_right(starts, comment.start)] <= comment.start
    )
    return kept <= Counter(comment.text.rstrip() for comment in Outside(new, parser).comments)


def _is_proven(data: bytes, values: Sequence[Json], parser: Parser) -> bool:
    after = read("", data, Words(), parser)
    return not after.broken and equal([document.value for document in after.documents], list(values))
