"""File names from any project name: safe, found as manifests, and unique on every file system."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.discovery import is_read
from reconciler.manifest.exporting.naming import Names, safe


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("kitten_labeling", "kitten_labeling"),
        ("Birds 2024 (v2)", "Birds_2024_v2"),
        ("team/a\\b:c*?", "team_a_b_c"),
        ("_hidden", "hidden"),
        (".env", "env"),
        ("-rf", "rf"),
        ("con", "con_"),
        ("AUX.old", "AUX_.old"),
        ("COM¹", "COM1_"),
        ("lpt9", "lpt9_"),
        ("CON.yaml", "CON_.yaml"),
        ("CONIN$", "CONIN_"),
        ("com².", "com2_"),
        ("../x", "x"),
        ("/etc/passwd", "etc_passwd"),
        ("a／b", "a_b"),
        ("．．", "project"),
        ("_defaults.yaml", "defaults.yaml"),
        ("a\u202eb\x1b[31m", "a_b_31m"),
        ("console", "console"),
        ("a..b.", "a.b"),
        ("...", "project"),
        ("🐈", "project"),
        ("名前 テスト", "名前_テスト"),
        ("Cafe\u0301", "Café"),
        ("1\ufe0f\u20e3", "1"),
        ("a\u3164\u115f\u034fb", "ab"),
        ("\u3164", "project"),
        ("x" * 300, "x" * 100),
        ("é" * 300, "é" * 50),
    ],
)
def test_a_name_is_safe(name: str, file: str) -> None:
    assert safe(name) == file


def test_names_that_a_file_system_takes_for_the_same_differ() -> None:
    names = Names(["README.yaml"])
    claimed = [names.claim(name, ".yaml") for name in ("Kitten", "kitten", "KITTEN", "readme", "a b", "a/b", "a/b")]
    assert claimed[0] == "Kitten.yaml"
    assert len({name.casefold() for name in (*claimed, "README.yaml")}) == 8
    assert all(re.fullmatch(r"\w+(-[0-9a-f]{6}(-2)?)?\.yaml", name) for name in claimed)


def test_names_that_some_file_system_folds_differ() -> None:
    twins = [
        "ﬁ",
        "fi",
        "ß",
        "SS",
        "ẞ",
        "ı",
        "i",
        "I",
        "İ",
        "\u2126",
        "\u03a9",
        "\u212a",
        "K",
        "ς",
        "σ",
        "Σ",
        "à",
        "a\u0300",
    ]
    twins += ["1", "1\ufe0f", "ᾳ", "αι", "VIII", "Ⅷ", "ǰ", "ΐ", "é" * 200, "É" * 200, "x" * 300, "X" * 299]
    names = Names()
    claimed = [names.claim(name, ".yaml") for name in twins]
    for fold in (str.casefold, str.upper, str.lower):
        for form in ("NFC", "NFD", "NFKD"):
            assert len({fold(unicodedata.normalize(form, name)) for name in claimed}) == len(twins)
    assert max(len(name.encode()) for name in claimed) <= 143, "the longest name on eCryptfs"


@pytest.mark.parametrize("unseen", ["\u200b", "\ufe0f", "\u034f", "\u3164", "\xad", "\ufeff"])
def test_a_name_differs_from_one_that_looks_the_same(unseen: str) -> None:
    """ext4 and HFS+ ignore such a character where they ignore case."""
    assert Names([f"a{unseen}.yaml"]).claim("A", ".yaml") == "A-e61c21.yaml"
    names = Names()
    assert names.claim("a", ".yaml") != names.claim(f"a{unseen}", ".yaml")


def test_a_name_does_not_depend_on_those_before_it_more_than_needed() -> None:
    one, other = Names(["a.yaml"]), Names(["a.yaml", "b.yaml"])
    assert one.claim("A", ".yaml") == other.claim("A", ".yaml")


@given(st.lists(st.text(min_size=1, max_size=30), max_size=6, unique=True))
def test_any_names(texts: list[str]) -> None:
    names = Names()
    claimed = [names.claim(text, ".yaml") for text in texts]
    for name in claimed:
        assert is_read(name, False)
        assert not re.search(r'[<>:"/\\|?*\s\x00-\x1f]', name)
        assert unicodedata.is_normalized("NFC", name)
        assert len(name.encode()) <= 130
    assert len({unicodedata.normalize("NFKD", name).casefold().upper() for name in claimed}) == len(claimed)
