"""Which names a project can have, and how a name is written in a path.

The raw path is split before it is decoded, since a name may hold `%2F` [S].
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from reconciler.sandbox.refusals import bad_request

UNADDRESSABLE = frozenset({"", ".", ".."})
"""Names that break the URL even when encoded [T]."""

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def name_problem(name: object) -> str | None:
    """Why this cannot be a project's name, as the rest of a sentence that starts with the name's place."""
    if not isinstance(name, str):
        return "must be a string"
    if name in UNADDRESSABLE:
        return "must not be empty, '.' or '..'"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "must be valid Unicode"
    return None


def split_path(raw: bytes) -> list[str]:
    """The decoded segments of a raw request path such as `/v1/projects/a%2Fb?archived=true`."""
    path = raw.partition(b"?")[0].removeprefix(b"/")
    return [_decode(segment) for segment in path.split(b"/")]


def _decode(segment: bytes) -> str:
    try:
        if _BROKEN_ESCAPE.search(segment):
            raise ValueError
        return unquote_to_bytes(segment).decode("utf-8")
    except ValueError:
        raise bad_request("The path is not percent-encoded UTF-8.") from None
