"""Reads the value of `$ref`: the path of a YAML file and, after #, a JSON pointer (RFC 6901) to a value in it.

A pointer is written without percent-encoding. It cannot go through another reference.
"""

from __future__ import annotations

from typing import Final

from reconciler.diagnostics import count, did_you_mean, named, quoted
from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.located import LITERAL, RawPath
from reconciler.model.values import Json

REF: Final = "$ref"


_WITHIN_A_FILE: Final = (
    "Write $ref as PATH or PATH#/pointer, relative to the file that contains the $ref. To repeat a value within one "
    "file, use an anchor (&name) and its alias (*name)."
)


def split(named: str) -> tuple[str, str]:
    """Splits a reference into path and pointer. A # is part of the file's name unless a / or nothing follows it.

    Raises:
        RefusedError: there is no path.
    """
    path, mark, pointer = named.partition("#/")
    if not mark:
        path = path.removesuffix("#")
    if not path:
        raise RefusedError(Code.FILE_NOT_FOUND, "$ref does not name a file", _WITHIN_A_FILE)
    return path, mark[1:] + pointer


def follow(value: Json, pointer: str, path: str) -> tuple[Json, RawPath, bool]:
    """The value that a pointer finds in the document at `path`, its path, and whether it is in a `$literal`.

    Raises:
        RefusedError: there is no such value.
    """
    at: RawPath = ()
    literal = False
    for part in _parts(pointer):
        if isinstance(value, dict) and value.keys() == {LITERAL}:
            value, literal = value[LITERAL], True
        key = _step(value, part)
        if key is None:
            raise _not_there(value, part, path, pointer)
        value = value[key]
        at = (*at, key)
    return value, at, literal


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _step(value: Json, part: str) -> str | int | None:
    """The key or index that a part of a pointer means; None if there is none."""
    if isinstance(value, dict):
        return part if part in value else None
    if isinstance(value, list) and part.isascii() and part.isdigit() and (part == "0" or part[0] != "0"):
        return int(part) if len(part) < 10 and int(part) < len(value) else None
    return None


def _not_there(value: Json, part: str, path: str, pointer: str) -> RefusedError:
    summary = f"{quoted(path)} has no value at #{pointer}"
    if isinstance(value, dict):
        if value.keys() == {REF}:
            return RefusedError(
                Code.POINTER_NOT_FOUND,
                summary,
                "The pointer goes through another reference. Refer directly to the file that contains the value.",
                str(value[REF]) if isinstance(value[REF], str) else "",
            )
        return RefusedError(
            Code.POINTER_NOT_FOUND,
            summary,
            f"The mapping there has no key {quoted(part)}. "
            + (f"Known keys: {named(value, _MOST_KEYS)}." if value else "The mapping is empty."),
            did_you_mean(part, value),
        )
    what = "a single value"
    if isinstance(value, list):
        what = f"a list of {count(len(value), 'item')}, counted from 0" if value else "an empty list"
    return RefusedError(Code.POINTER_NOT_FOUND, summary, f"The pointer asks for {quoted(part)} in {what}.")


_MOST_KEYS: Final = 8
