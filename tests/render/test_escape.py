"""Foreign text neither acts nor hides, and stays readable."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.characters import clusters, is_unseen, look_alike
from reconciler.render.escape import exact, in_ascii, label, plain, quoted

HIDING = "⚠👨👩👧🏴❤🏽1e\u0301\ufe0f\ufe0e\u200d\u20e3\u200c\u202e\u2066\U000e0067\U000e0062\U000e007f"
BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
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
        ("\u0301x\u0301\n\u0301", '"\\u0301x\u0301\\n\\u0301"'),
        ("Caf\u00e9 Cafe\u0301", '"Caf\u00e9 Cafe\\u0301"'),
        ("\u212b \u1112\u1161\u11ab", '"\\u212b \u1112\\u1161\\u11ab"'),
        ("हिन्दी", '"हिन्दी"'),
        (
            "1\ufe0f\u20e3 ⚠\ufe0f 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
            '"1\ufe0f\u20e3 ⚠\ufe0f 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈"',
        ),
        ("⚠\ufe0f\ufe0f👨\u200d👩\u200d", '"⚠\ufe0f\\ufe0f👨\\u200d👩\\u200d"'),
        ("a\ufe0f\u200d🐈 नम\u200cस", '"a\\ufe0f\\u200d🐈 नम\\u200cस"'),
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
        left = (cluster for cluster in clusters(shown) if len(cluster) == 1)
        assert all(unicodedata.category(character)[0] != "C" for character in left)
        assert len(shown.splitlines()) <= 1


@given(TEXTS.flatmap(lambda text: st.permutations([*text, *HIDING])), st.booleans())
def test_what_is_not_seen_is_escaped_or_in_an_emoji(characters: list[str], decomposed: bool) -> None:
    text = "".join(characters)
    for shown in (quoted(text), plain(text, decomposed=decomposed), in_ascii(plain(text))):
        left = "".join(cluster for cluster in clusters(shown) if len(cluster) == 1)
        assert not [character for character in left if character != " " and is_unseen(character)]
        assert all(unicodedata.bidirectional(character) not in BIDIRECTIONAL for character in shown)
        assert decomposed or unicodedata.is_normalized("NFC", shown)
    assert json.loads(quoted(text)) == text


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
        ("⚠", "⚠\ufe0f", True),
        ("a", "a", False),
        ("a", "b", False),
    ],
)
def test_look_alike(left: str, right: str, alike: bool) -> None:
    assert look_alike(left, right) is alike
