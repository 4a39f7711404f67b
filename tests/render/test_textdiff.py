"""Texts line by line: small, exact where white space decides, bounded in work and size."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render import textdiff
from reconciler.render.signs import Sign
from reconciler.render.textdiff import DiffLine, diff, is_long, lines_of
from tests.calls import GROWTH, calls_of

LINES = st.lists(st.sampled_from(["a", "b", "c", "a ", "b\r", "\\r", "·", "a·", ""]), min_size=1, max_size=12)


def shown(before: str, after: str) -> list[str]:
    return [_drawn(line) for line in diff(before, after)]


def _drawn(line: DiffLine) -> str:
    return f"{line.sign or ' '} {line.text}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb", "a \nb\n", ["- a", "+ a·", "  b", "  # (final newline added)"]),
        ("a\nb\n", "a\nb", ["  # (2 unchanged lines hidden)", "  # (final newline removed)"]),
        ("x\r\ny", "x\ny", ["- x\\r", "+ x", "  y"]),
        ("x\r\n\\", "x\\r\n\\", ["- x\\r", "+ x\\\\r", "  \\\\"]),
        ("a·\nb", "a \nb", ["- a·", "+ a\\u0020", "  b"]),
            ("é\nb", "e\u0301\nb", ["- é", "+ e\\u0301", "  b"]),
            ("e\u0301\nb", "e\u0301 x\nb", ["- e\u0301", "+ e\u0301 x", "  b"]),
            ("e\u0301\\", "é\\", ["- e\\u0301\\\\", "+ é\\\\"]),
            ("a\u0323\u0307 ạ\u0307", "a", ["- a\\u0323\\u0307 ạ\u0307", "+ a"]),
            ("Сat\nb", "Cat\nb", ["- \\u0421at", "+ Cat", "  b"]),
            ("⚠ x", "⚠\ufe0f x", ["- \\u26a0 x", "+ \\u26a0\\ufe0f x"]),
        ("a\nb\nc\nd\ne\nf", "a\nb\nX\nd\ne\nf",
         ["  a", "  b", "- c", "+ X", "  d", "  # (2 unchanged lines hidden)"]),
        ("1\n2\n3\n4\n5\n6\n7", "0\n2\n3\n4\n5\n6\n8",
         ["- 1", "+ 0", "  2", "  # (3 unchanged lines hidden)", "  6", "- 7", "+ 8"]),
        ("a\nb", "a\nb\n\n", ["  a", "  b", "+ ", "  # (final newline added)"]),
    ],
)  # fmt: skip
def test_diff(before: str, after: str, expected: list[str]) -> None:
    assert shown(before, after) == expected


@given(LINES)
def test_different_lines_look_different(lines: list[str]) -> None:
    text = "\n".join([*lines, "end"])
    spelled, _ = lines_of(text, most=100)
    assert len({line.text for line in spelled}) == len({*lines, "end"})


@given(LINES, LINES)
def test_different_texts_have_a_difference(old: list[str], new: list[str]) -> None:
    lines = diff("\n".join(old), "\n".join(new))
    printed = [line for line in lines if line.sign or "final newline" in line.text]
    assert bool(printed) == (old != new)


@given(LINES, LINES)
def test_the_diff_leads_from_one_text_to_the_other(old: list[str], new: list[str]) -> None:
    plain_old = [f"x{line.strip()}x".replace("\\", "").replace("·", "") for line in old]
    plain_new = [f"x{line.strip()}x".replace("\\", "").replace("·", "") for line in new]
    lines = diff("\n".join([*plain_old, "end"]), "\n".join([*plain_new, "end"]))
    hidden = [line for line in lines if line.remark]
    if not hidden:
        texts = [line for line in lines if not line.remark]
        assert [line.text for line in texts if line.sign is not Sign.ADD] == [*plain_old, "end"]
        assert [line.text for line in texts if line.sign is not Sign.REMOVE] == [*plain_new, "end"]


@pytest.mark.parametrize("number", [60, 100, 3_000])
def test_every_changed_line_is_shown(number: int) -> None:
    old, new = ([f"{word} {n}" for n in range(number)] for word in ("line", "Line"))
    assert shown("\n".join(old), "\n".join(new)) == [f"- {line}" for line in old] + [f"+ {line}" for line in new]


def test_more_lines_than_anybody_reads_are_cut_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textdiff, "_MOST_LINES", 4)
    assert shown("a\nb\nc", "1\n2\n3\n4\n5\n6") == [
        "- a", "- b", "+ 1", "+ 2", "  # (1 more removed and 4 more added lines: see --format json)"
    ]  # fmt: skip
    assert [line.text for line in lines_of("\n".join("abcdefgh"))[0]] == ["a", "b", "c", "d", "…"]


@pytest.mark.parametrize(("before", "after"), [("\n".join("abcdef"), "\n".join("abXdef")), ("a", "b"), ("a\n", "a")])
def test_unchanged_lines_are_shown_on_request(before: str, after: str) -> None:
    every = [line for line in diff(before, after, whole=True) if not line.remark]
    assert [line.text for line in every if line.sign is not Sign.ADD] == before.removesuffix("\n").split("\n")
    assert [line.text for line in every if line.sign is not Sign.REMOVE] == after.removesuffix("\n").split("\n")


def test_long_lines_show_where_they_part() -> None:
    old = "a" * 20_000 + "cat" + "a" * 20_000 + "\nsame"
    new = "a" * 20_000 + "dog" + "a" * 20_000 + "\nsame"
    removed, added, same = diff(old, new)
    assert "cat" in removed.text
    assert "dog" in added.text
    assert removed.text.endswith("(40,003 characters)")
    assert len(added.text) < 500
    assert same == DiffLine("same")


def test_every_edit_in_a_long_line_is_shown() -> None:
    text = "word " * 1_000
    removed, added, _ = diff(f"first {text}middle {text}last\nsame", f"1st {text}centre {text}end\nsame")
    for line, words in ((removed.text, ("first ", " middle ", " last")), (added.text, ("1st ", " centre ", " end"))):
        assert all(word in line for word in words)
        assert line.count("(4,841 characters)") == 2
        assert len(line) < 600
    assert removed.text.endswith("(10,017 characters)")


def test_a_long_line_without_a_partner_is_whole() -> None:
    assert diff("a\nb", "a\n" + "x" * 5_000 + "\nb")[1].text == "x" * 5_000
    assert diff("x" * 5_000 + "\nb", "x" * 5_000 + "\nc")[0].text == "x" * 400 + "… (5,000 characters)"
    assert diff("x" * 5_000 + "\nb", "x" * 5_000 + "\nc", whole=True)[0].text == "x" * 5_000


@pytest.mark.untraced
@pytest.mark.parametrize("kind", ["same words", "random", "repeated", "long lines"])
def test_twice_the_lines_are_at_most_twice_the_work(kind: str) -> None:
    once, twice = (_pair(kind, size) for size in (5_000, 10_000))
    assert calls_of(diff, *twice) <= GROWTH * calls_of(diff, *once)
    kept = [line.text for line in diff(*once) if not line.sign and not line.remark]
    assert kind == "long lines" or kept


def _pair(kind: str, size: int) -> tuple[str, str]:
    dice = random.Random(7)
    old = [f"line {n}" for n in range(size)]
    new = list(old)
    if kind == "same words":
        new = [line if n % 10 else f"{line}!" for n, line in enumerate(old)]
    elif kind == "random":
        dice.shuffle(new)
    elif kind == "repeated":
        old = ["a", "b"] * (size // 2)
        new = [dice.choice("ab") for _ in range(size)]
    else:
        old = ["<p>Label every car.</p>" * (size // 20)] * 40
        new = ["<p>Label each car.</p>" * (size // 20)] * 40
    return "\n".join(old), "\n".join(new)


def test_an_insertion_before_much_text_is_found() -> None:
    text = "".join(f"line {n}\n" for n in range(1_000))
    assert shown(text, f"new\n{text}") == ["+ new", "  line 0", "  # (999 unchanged lines hidden)"]
    assert shown(text, f"{text}new\n") == ["  # (999 unchanged lines hidden)", "  line 999", "+ new"]


@pytest.mark.parametrize(
    ("text", "expected", "total"),
    [
        ("a\nb", ["a", "b"], 2),
        ("a\nb\n", ["a", "b", "# (ends with a newline)"], 2),
        ("\n".join("abcdef"), ["a", "b", "c", "…"], 6),
        ("\n".join("abcd"), ["a", "b", "c", "d"], 4),
        ("a \n\x1b", ["a·", "\\u001b"], 2),
        ("x" * 5_000 + "\ny", ["x" * 5_000, "y"], 2),
    ],
)
def test_lines_of(text: str, expected: list[str], total: int) -> None:
    lines, count = lines_of(text, most=3)
    assert [line.text for line in lines] == expected
    assert count == total


def test_is_long() -> None:
    assert [is_long(text) for text in ("a", "a\n", "a\nb", "")] == [False, False, True, False]
