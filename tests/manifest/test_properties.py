"""Whatever can be written comes back; whatever is in a file, loading ends in diagnostics."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifest.formatting import FileKind, formatted
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.model.values import equal

pytestmark = pytest.mark.untraced

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=12)
WORDS = st.sampled_from(
    [
        "yes",
        "null",
        "~",
        "<<",
        "012",
        "1e3",
        ".inf",
        "=",
        "a: b",
        "a #b",
        "- x",
        "&a",
        "*a",
        "!t",
        "%x",
        "@a",
        "",
        "true",
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | WORDS, inner, max_size=4),
    max_leaves=12,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _read(text: str | bytes, parser: Parser) -> LocatedFile:
    return read("/p.yaml", text if isinstance(text, bytes) else text.encode(), Words(), parser)


@QUICK
@given(VALUES)
def test_json_comes_back(value: Any) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"v": value}, ensure_ascii=ascii_only, indent=1)
        text = re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)  # not printable, in YAML
        for parser in Parser:
            (document,) = _read(text, parser).documents
            assert document.problems == []
            assert equal(document.value, {"v": value})


class _Dumper(yaml.SafeDumper):
    """Writes block style; strings that need quotes by YAML 1.2 too get them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Dumper.add_representer(str, _quoted)


@QUICK
@given(VALUES)
def test_yaml_comes_back(value: Any) -> None:
    text = yaml.dump({"v": value}, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
    for parser in Parser:
        (document,) = _read(text, parser).documents
        assert document.problems == []
        assert equal(document.value, {"v": value})


@QUICK
@given(VALUES, st.booleans(), st.sampled_from([None, '"', "'"]))
def test_any_yaml_can_be_formatted(value: Any, flow: bool, style: Any) -> None:
    """In either style, folded by PyYAML at 80 columns; what is formatted has been proven equal."""
    text = yaml.dump({"v": value}, default_flow_style=flow, default_style=style, allow_unicode=True)
    for parser in Parser:
        if not _read(text, parser).broken:
            once = formatted(text.encode(), FileKind.OTHER, parser=parser)
            assert formatted(once, FileKind.OTHER, parser=parser) == once


PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "name:",
            "type:",
            "params:",
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "-",
            "#",
            "&",
            "*",
            "!",
            "|",
            ">",
            "'",
            '"',
            "%",
            "@",
            "`",
            "~",
            "<<:",
            "\\",
            "\\u",
            "\\ud83d",
            "\\ude00",
            "---",
            "...",
            "?",
            "&x",
            "*x",
            "!!s",
            "\n",
            "\n  ",
            "\t",
            " ",
            "\r",
            "\r\n",
            "\x85",
            "\u2028",
            "\ufeff",
            "\x00",
            "\x07",
            "é",
            "😀",
            "\xa0",
            "1",
            ".nan",
        ]
    ),
    max_size=30,
).map("".join)


@QUICK
@given(PIECES | TEXTS | st.binary(max_size=40))
def test_garbage_ends_in_diagnostics(garbage: str | bytes) -> None:
    data = garbage if isinstance(garbage, bytes) else garbage.encode()
    for parser in Parser:
        file = _read(data, parser)
        assert all(diagnostic.location is not None for diagnostic in file.reported)
