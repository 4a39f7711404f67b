"""The hidden first line of our comments and issues. It identifies the text, and remembers values.

`<!-- reconciler plan target=NAME folder=FOLDER id=ID {"v":1,…} -->`: the three are percent-encoded, and the JSON spells
`-`, `<` and `>` as escapes, so that no value can end the HTML comment. The folder is left out if it is the git top
level, and the ID if the job gave none. A marker counts only at the start of a body, and only if we wrote the body,
because anybody can copy one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from reconciler.frozen import dataclass
from reconciler.model.values import Json, text_digest

VERSION: Final = 1

_MARKER: Final = re.compile(
    r"<!-- reconciler (?P<kind>[a-z]+) target=(?P<target>\S*)(?: folder=(?P<folder>\S+))?(?: id=(?P<id>\S+))?"
    r" (?P<data>\{[^\n]*\}) -->\r?(?:\n|$)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a comment or an issue is about: a target, as one configuration and one job see it.

    `folder` is the configuration's, relative to the git top level. `id` is what the job gave, or else empty.
    """

    target: str
    folder: str = "."
    id: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a comment or an issue. `data` are the values that the marker remembers, empty if they are unknown."""

    data: Mapping[str, Json]
    text: str
    intact: bool = True
    """Whether the text is still the one that was written with the marker, so nobody edited it."""


def write_body(kind: str, scope: Scope, body: Body) -> str:
    """The whole text. It starts with the marker."""
    data = {"v": VERSION, **body.data, "body": _digest(body.text)}
    text = json.dumps(data, separators=(",", ":"))
    for character in "-<>":
        text = text.replace(character, f"\\u{ord(character):04x}")
    folder = f" folder={_encoded(scope.folder)}" if scope.folder != "." else ""
    job = f" id={_encoded(scope.id)}" if scope.id else ""
    return f"<!-- reconciler {kind} target={_encoded(scope.target)}{folder}{job} {text} -->\n{body.text}"


def read_body(kind: str, whole: str) -> tuple[Scope, Body] | None:
    """What `write_body` wrote for that kind; None for any other text.

    A marker of another version, or a broken one, is still ours, but remembers nothing.
    """
    found = _MARKER.match(whole)
    if found is None or found["kind"] != kind:
        return None
    try:
        scope = Scope(_decoded(found["target"]), _decoded(found["folder"] or "."), _decoded(found["id"] or ""))
    except UnicodeDecodeError:
        return None
    text = whole[found.end() :]
    try:
        data: Any = json.loads(found["data"])
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.pop("v", None) != VERSION:
        return scope, Body({}, text, intact=False)
    return scope, Body(data, text, intact=data.pop("body", None) == _digest(text))


def short_hash(text: str) -> str:
    """The first twelve hex digits of a text's hash, for markers."""
    return text_digest(text)[:12]


def _digest(text: str) -> str:
    """A hash that ignores line endings and surrounding whitespace, which GitHub may change (an assumption)."""
    return short_hash(text.replace("\r\n", "\n").strip())


def _encoded(text: str) -> str:
    """Percent-encoded, including two hyphens in a row."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="").replace("--", "%2D%2D")


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogatepass")
