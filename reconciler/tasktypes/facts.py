"""How a fact is written: a fragment of JSON Schema with a description and, in `$comment`, its source."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeAlias

Fact: TypeAlias = dict[str, Any]

SOURCES: Final = {
    "D": "documented by Scale",
    "S": "in Scale's own code, tests, or recorded responses",
    "P": "in third-party code",
    "A": "assumed",
}
"""How well a fact is known. A value that contradicts a fact from the last two is only a note."""


def fact(kind: str | list[str] | None, text: str, source: str = "D", **more: Any) -> Fact:
    """A fact about a value of that JSON type (None if unknown). `source` is the best source, a key of SOURCES."""
    written: Fact = {"description": text, "$comment": SOURCES[source], **more}
    return written if kind is None else {"type": kind, **written}


string = partial(fact, "string")
whole = partial(fact, "integer")
number = partial(fact, "number")
truth = partial(fact, "boolean")


def strings(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("array", text, source, items={"type": "string"}, **more)


def listed(items: str, text: str, source: str = "D", **more: Any) -> Fact:
    """A list of a shape in SHAPES."""
    return fact("array", text, source, items={"$ref": f"#/definitions/{items}"}, **more)


def mapping(text: str, properties: dict[str, Fact], source: str = "D", **more: Any) -> Fact:
    return fact("object", text, source, properties=properties, **more)


def keyed(values: str, text: str, source: str = "D") -> Fact:
    """A mapping from arbitrary keys to a shape in SHAPES."""
    return fact("object", text, source, additionalProperties={"$ref": f"#/definitions/{values}"})


def is_sure(written: Fact) -> bool:
    """Whether a value that contradicts the fact gets more than a note."""
    return written.get("$comment") in (SOURCES["D"], SOURCES["S"])


def open_schema(written: Fact) -> dict[str, Any]:
    """A fact for an editor: its description and its proposals. It never refuses a value.

    The type is a proposal, too: without one, an editor completes a key without its colon.
    """
    if "$ref" in written:
        return {"$ref": written["$ref"]}
    words = _words(written)
    return {
        **({"description": words} if words else {}),
        "anyOf": [*(_proposal(written, kind) for kind in types_of(written) or ["string"] if kind != "null"), {}],
    }


def _proposal(written: Fact, kind: str) -> dict[str, Any]:
    """A type that a value can have, and what an editor can propose for it."""
    proposal: dict[str, Any] = {"type": kind}
    if "enum" in written:
        proposal["enum"] = [value for value in written["enum"] if _PYTHON[kind] is type(value)]
    if kind == "object" and "properties" in written:
        proposal["properties"] = open_schemas(written["properties"])
    word = {"array": "items", "object": "additionalProperties"}.get(kind, "")
    if isinstance(written.get(word), dict):
        proposal[word] = open_schema(written[word])
    return proposal


def open_schemas(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The facts of some parameters for an editor, by name."""
    return {name: {"title": name, **open_schema(written)} for name, written in facts.items()}


def _words(written: Fact) -> str:
    """The description of a parameter, its types, and the source of these facts."""
    if "description" not in written:
        return ""
    return f"{written['description']} ({', '.join(filter(None, (type_words(types_of(written)), written['$comment'])))})"


def types_of(written: Fact) -> list[str]:
    """The JSON types that a value can have; empty if they are unknown."""
    kinds = written.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def type_words(kinds: list[str]) -> str:
    """JSON types as messages name them, without null."""
    return " or ".join(_WORDS[kind] for kind in kinds if kind in _WORDS)


_PYTHON: Final = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict,
}  # fmt: skip
_WORDS: Final = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
