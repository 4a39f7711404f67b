"""Characters that nobody sees, and the sequences in which they belong."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest

from reconciler.model.characters import clusters, folded, is_blank, is_unseen, normalized, unseen_edge, unseen_inside

JOINED = (Path(__file__).parent / "joined_emoji.txt").read_text(encoding="utf-8").split("\n")[:-1]
"""Unicode's sequences with a joiner or with tags, in each spelling; of the skin tones, only the medium one."""


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u200b", "\u3164", "\ufe0f", "\u00a0\u2060", "\u2800"])
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "-", "\u200bx", "é", "⚠\ufe0f", " x"])
def test_visible(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("a b", None),
        ("a\u200bb", "\u200b"),
        ("a\u00a0b", "\u00a0"),
        ("Car\n(any)", "\n"),
        ("東京\u3000駅", None),
        ("⚠\ufe0f", None),
        ("a\ufe0f", "\ufe0f"),
        ("1\ufe0f\u20e3", None),
        ("👨\u200d👩\u200d👧", None),
        ("a\u200d👩", "\u200d"),
        ("🏳\ufe0f\u200d🌈", None),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("x\U000e0067\U000e007f", "\U000e0067"),
        ("👍🏽", None),
        ("Cafe\u0301", None),
    ],
)
def test_inside(text: str, hidden: str | None) -> None:
    assert unseen_inside(text) == hidden


def test_edges_and_folding() -> None:
    assert unseen_edge("x\u00a0") == "\u00a0"
    assert unseen_edge("x") is None
    assert folded(" Ⓒat  x ") == folded("cat x")


def test_a_sequence_that_unicode_lists_is_one_piece() -> None:
    assert [sequence for sequence in JOINED if list(clusters(f"a{sequence}b")) != ["a", sequence, "b"]] == []


@pytest.mark.parametrize("tone", "🏻🏼🏾🏿")
def test_every_skin_tone(tone: str) -> None:
    toned = [sequence.replace("🏽", tone) for sequence in JOINED if "🏽" in sequence]
    assert [sequence for sequence in toned if list(clusters(sequence)) != [sequence]] == []


@pytest.mark.parametrize(
    "text",
    [
        "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "delete the data") + "\U000e007f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067",
        "\U000e0067\U000e007f",
        "🐈\u200d🚗",
        "👨\u200d",
        "\u200d👩",
        "👨\u200d\u200d👩",
        "😀\ufe0f\ufe0f",
        "😀\ufe01",
        "あ\ufe0f",
        "\ufe0f",
        "★\ufe0e",
        "क\u200d",
    ],
)
def test_out_of_place(text: str) -> None:
    assert any(map(is_unseen, clusters(text)))


def test_the_edges_of_a_name_are_clusters() -> None:
    assert unseen_edge("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f") is None
    assert unseen_edge("⚠\ufe0f") is None
    assert unseen_edge("a\ufe0f") == "\ufe0f"
    assert unseen_edge("\u200bé") == "\u200b"
    assert unseen_edge("") is None


def test_a_long_run_of_marks_is_quick() -> None:
    text = "a" + "\u0301\u0327" * 100_000
    started = time.process_time()
    assert len(normalized("NFKC", text)) <= len(text)
    assert time.process_time() - started < 2
    assert normalized("NFC", "Cafe\u0301 " * 200) == unicodedata.normalize("NFC", "Cafe\u0301 " * 200)
