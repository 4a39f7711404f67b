"""Characters that nobody sees."""

from __future__ import annotations

import pytest

from reconciler.manifest.unseen import folded, is_blank, unseen_edge, unseen_inside


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
