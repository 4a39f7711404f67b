"""How a fact is written: a fragment of JSON Schema with a description and, in `$comment`, its source.

`type` is what a value is known to be. `minItems`, `maximum` and the like stand only where a limit is documented.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Fact: TypeAlias = dict[str, Any]

SOURCES: Final = {
    "D": "documented by Scale",
    "S": "in Scale's own code, tests or recorded answers",
    "P": "in third-party code",
    "A": "assumed",
}
"""Facts from the last two are never worth more than a note."""


def fact(kind: str | list[str] | None, text: str, source: str = "D", **more: Any) -> Fact:
    """A value of that JSON type (None where it is not known); `source` is the best of SOURCES' letters for it."""
    written: Fact = {"description": text, "$comment": SOURCES[source], **more}
    return written if kind is None else {"type": kind, **written}


def string(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("string", text, source, **more)


def whole(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("integer", text, source, **more)


def number(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("number", text, source, **more)


def truth(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("boolean", text, source, **more)


def strings(text: str, source: str = "D", **more: Any) -> Fact:
    return fact("array", text, source, items={"type": "string"}, **more)


def listed(items: str, text: str, source: str = "D", **more: Any) -> Fact:
    """A list of a shape in SHAPES."""
    return fact("array", text, source, items={"$ref": f"#/$defs/{items}"}, **more)


def mapping(text: str, properties: dict[str, Fact], source: str = "D", **more: Any) -> Fact:
    return fact("object", text, source, properties=properties, **more)


def keyed(values: str, text: str, source: str = "D") -> Fact:
    """A mapping from free keys to a shape in SHAPES."""
    return fact("object", text, source, additionalProperties={"$ref": f"#/$defs/{values}"})


def is_sure(written: Fact) -> bool:
    """Whether it is worth more than a note when a value contradicts it."""
    return written.get("$comment") in (SOURCES["D"], SOURCES["S"])
