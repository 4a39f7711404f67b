"""The one text of a snapshot: what is written of it, and read again with nothing taken on trust."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Final

from pydantic import ValidationError

from reconciler import __version__
from reconciler.documents.reading import DEEPEST, is_deep
from reconciler.documents.snapshotshape import Document, place_of, project_document, unreadable_document
from reconciler.errors import SnapshotError
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Json, canonical_json, to_json

FORMAT_VERSION: Final = "1.0"
SIGN: Final = b'"kind":"snapshot"'
"""What stands in the first bytes of every snapshot, and of nothing else that is saved."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""A larger snapshot is neither written nor read."""

REMEDY: Final = "Take a new one where the key is: reconciler snapshot --publish, or --out FILE."
_MOST_DIGITS: Final = 10_000
_MOST_VALUES: Final = 5_000_000


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as UTF-8 JSON on one line, with a `digest` over everything else.

    Raises:
        SnapshotError: it is larger than one may be.
    """
    document: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "kind": "snapshot",
        "tool_version": __version__,
        "timestamp": snapshot.taken_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": {
            "name": snapshot.target.name,
            "endpoint": snapshot.target.endpoint,
            "account": snapshot.target.account,
        },
        "commit": snapshot.commit,
        "projects": [
            *(project_document(project) for project in snapshot.projects),
            *(unreadable_document(project) for project in snapshot.unreadable),
        ],
    }
    text = to_json({**document, "digest": _digest(document)}) + "\n"
    content = text.encode("utf-8", "surrogatepass")
    if len(content) > MOST_BYTES:
        raise SnapshotError(f"the snapshot has {len(content):,} bytes, more than the {MOST_BYTES:,} that one may have")
    return content


def decode(content: bytes, *, place: str) -> Snapshot:
    """The snapshot of a text; keys that are not known are passed over. `place` names it in an error.

    Raises:
        SnapshotError: it is too large, damaged, of another format version, or not what a snapshot is.
    """
    if len(content) > MOST_BYTES:
        raise too_large(len(content), place=place)
    if sum(map(content.count, (b"[", b"{", b","))) > _MOST_VALUES:  # no fewer than there are values
        raise SnapshotError(f"{place} is no snapshot: it may hold more than {_MOST_VALUES:,} values", REMEDY)
    try:
        document = json.loads(content.decode("utf-8", "surrogatepass"), parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise SnapshotError(f"{place} is damaged: it is not JSON that a snapshot may hold", REMEDY) from None
    if not isinstance(document, dict) or document.get("kind") != "snapshot":
        raise SnapshotError(f"{place} is no snapshot", REMEDY)
    version = document.get("format_version")
    if isinstance(version, str) and version != FORMAT_VERSION:
        raise SnapshotError(
            f"{place} has the format version {version[:20]}; this reconciler reads {FORMAT_VERSION}",
            "Use the version of reconciler that wrote it, or a later one. Else: " + REMEDY,
        )
    if is_deep(document):
        raise SnapshotError(f"{place} is damaged: it has more than {DEEPEST} levels of nesting", REMEDY)
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise SnapshotError(f"{place} was changed or cut short after it was written", REMEDY)
    try:
        return Document.model_validate(document).read()
    except ValidationError as problem:
        where = place_of(problem.errors()[0]["loc"])
        raise SnapshotError(
            f"{place} is damaged: it does not hold what a snapshot holds", f"First at {where[:200]}. {REMEDY}"
        ) from None


def too_large(size: int | None, *, place: str) -> SnapshotError:
    """The error for a snapshot of so many bytes; None if it has too many files to count them."""
    if size is None:
        return SnapshotError(f"{place} has more files than a snapshot may have", REMEDY)
    return SnapshotError(f"{place} has {size:,} bytes, more than the {MOST_BYTES:,} that a snapshot may have", REMEDY)


def _digest(document: dict[str, Json]) -> str:
    return hashlib.sha256(canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")
