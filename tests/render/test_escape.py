"""Foreign text neither acts nor hides, and stays readable."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.escape import exact, label, look_alike, plain, quoted

TEXTS = st.text(st.characters(), max_size=20)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kätzchen 猫 🐈", '"Kätzchen 猫 🐈"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("\x1b[31m\x00\x7f\x85", '"\\u001b[31m\\u0000\\u007f\\u0085"'),
        ("\n\r\t\b\f", '"\\n\\r\\t\\b\\f"'),
        ("\u202e\u200b\ufeff\u2028\u2029\u00a0\u3000", '"\\u202e\\u200b\\ufeff\\u2028\\u2029\\u00a0\\u3000"'),
        ("\ud800", '"\\ud800"'),
        ("\U000e0041\u2800\u3164\ufe0f", '"\\udb40\\udc41\\u2800\\u3164\\ufe0f"'),
        ("\u0301a\u0301\n\u0301", '"\\u0301a\u0301\\n\\u0301"'),
        ("", '""'),
    ],
)
def test_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown
    assert json.loads(shown) == text


@given(TEXTS)
def test_quoted_is_json_and_plain_is_one_line_of_seen_characters(text: str) -> None:
    assert json.loads(quoted(text)) == text
    assert json.loads(exact(text)) == text
    assert exact(text).isascii()
    for shown in (quoted(text), plain(text), exact(text), label(text)):
        assert all(unicodedata.category(character)[0] != "C" for character in shown)
        assert len(shown.splitlines()) <= 1


@given(TEXTS)
def test_plain_is_done_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_plain_keeps_backslashes_and_quotes() -> None:
    assert plain('C:\\x "y"\n') == 'C:\\x "y"\\n'


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Small cat", "Small cat"),
        ("Ä-1 (b)", "Ä-1 (b)"),
        (" cat", '" cat"'),
        ("a  b", '"a  b"'),
        ("a -> b", '"a -> b"'),
        ("", '""'),
        ("- x", '"- x"'),
        ("e\u0301", '"e\\u0301"'),
        ("a: b", '"a: b"'),
    ],
)
def test_label(name: str, shown: str) -> None:
    assert label(name) == shown


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("é", "e\u0301", True),
        ("A", "\uff21", True),
        ("a", "\u0430", True),
        ("1-2", "1\u20132", True),
        ("a", "a", False),
        ("a", "b", False),
    ],
)
def test_look_alike(left: str, right: str, alike: bool) -> None:
    assert look_alike(left, right) is alike
