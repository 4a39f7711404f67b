"""Words compared inside a line: nothing lost, nothing invented, and given up where it costs too much."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import Kind
from reconciler.render import alignment
from reconciler.render.html.cards import Value, value_of
from reconciler.render.html.prose import marked, prose
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.view.parts import Row
from reconciler.render.worddiff import Effort, Fate, Piece, changes, compare_words, is_close

LINES = st.one_of(
    st.lists(st.sampled_from(["a", "b", "cat", " ", "  ", ".", "</p>", "é", "e\u0301", "\u0301", "\t", "a\u0301b"]))
    .map("".join),
    st.text(max_size=30),
)  # fmt: skip


def joined(pieces: list[Piece], *fates: Fate) -> str:
    return "".join(piece.text for piece in pieces if piece.fate in fates)


def of(kind: Kind, before: str | None, after: str | None, effort: Effort) -> Value:
    return value_of(Row(kind, OF_KIND[kind], "a", before, after), effort)


def drawn(before: str, after: str, effort: Effort | None = None) -> list[str]:
    """Lines with a sign, `[-deleted-]` and `{+inserted+}`."""
    marks = {Fate.KEPT: "{}", Fate.DELETED: "[-{}-]", Fate.INSERTED: "{{+{}+}}"}
    whole = {Sign.REMOVE: Fate.DELETED, Sign.ADD: Fate.INSERTED}
    found: list[str] = []
    for line in prose(before, after, effort or Effort()):
        pieces = line.pieces or [Piece(whole[line.sign] if line.sign else Fate.KEPT, line.text)]
        found.append(f"{line.sign or ' '} {''.join(marks[piece.fate].format(piece.text) for piece in pieces)}")
    return found


@given(LINES, LINES)
def test_both_lines_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = compare_words(before, after, Effort())
    assert pieces is not None
    assert joined(pieces, Fate.KEPT, Fate.DELETED) == before
    assert joined(pieces, Fate.KEPT, Fate.INSERTED) == after
    assert all(piece.text for piece in pieces)
    assert all(first.fate is not second.fate for first, second in pairwise(pieces))
    if before == after:
        assert joined(pieces, Fate.KEPT) == before


@given(st.lists(st.sampled_from("abc"), max_size=60), st.lists(st.sampled_from("abc"), max_size=60))
def test_they_can_in_stretches_too(before: list[str], after: list[str]) -> None:
    old, new = " ".join(before), " ".join(after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MOST_EDITS", 4)
        patch.setattr(alignment, "REACH", 3)
        pieces = compare_words(old, new, Effort())
    assert pieces is not None
    assert joined(pieces, Fate.KEPT, Fate.DELETED) == old
    assert joined(pieces, Fate.KEPT, Fate.INSERTED) == new


def test_a_phrase_is_replaced_as_one() -> None:
    pieces = compare_words("draw one box here", "draw a tight polygon here", Effort())
    assert pieces == [
        Piece(Fate.KEPT, "draw "),
        Piece(Fate.DELETED, "one box"),
        Piece(Fate.INSERTED, "a tight polygon"),
        Piece(Fate.KEPT, " here"),
    ]


def test_what_costs_too_much_is_not_compared() -> None:
    effort = Effort(100)
    assert compare_words("a b c", "a x c", effort) is not None
    left = effort.left
    assert compare_words("a b c " * 50, "x y z " * 50, effort) is None
    assert effort.left == left < 100
    assert compare_words("a" * 300_000, "b" * 300_000, Effort()) is None
    assert drawn("a b c d", "a b c x", Effort(0)) == ["- [-a b c d-]", "+ {+a b c x+}"]


def test_is_close() -> None:
    assert not is_close([Piece(Fate.DELETED, "abc"), Piece(Fate.KEPT, " "), Piece(Fate.INSERTED, "xyz")])
    assert is_close([Piece(Fate.KEPT, "abc"), Piece(Fate.INSERTED, "xyz")])


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("Skip blurs.\nb", "Skip blurs, and say why.\nb", ["~ Skip blurs{+, and say why+}.", "  b"]),
        ("one thing here\nb", "something else\nb", ["- [-one thing here-]", "+ {+something else+}", "  b"]),
        ("old a b c\nz", "new line\nold a b d\nz", ["+ {+new line+}", "~ old a b [-c-]{+d+}", "  z"]),
        ("x y\nold a b c\nz", "old a b d\nz", ["- [-x y-]", "~ old a b [-c-]{+d+}", "  z"]),
        ("a b\nq", "a b \nq", ["~ a b{+·+}", "  q"]),
        ("a b \nq", "a b\nq", ["~ a b[-·-]", "  q"]),
        ("a b  c\nq", "a b  d\nq", ["~ a b  [-c-]{+d+}", "  q"]),
        ("a b\r\nq", "a b\nq", ["~ a b[-\\r-]", "  q"]),
        ("a b\nq", "a b\nq\n", ["  # (2 unchanged lines hidden)", "  # (final newline added)"]),
        ("the c\u0430t sat\nq", "the cat sat\nq", ["~ the [-c\\u0430t-]{+cat+} sat", "  q"]),
        ("word a \\u0000 b\nq", "word a \x00 b\nq", ["~ word a [-\\\\u0000-]{+\\u0000+} b", "  q"]),
    ],
)  # fmt: skip
def test_prose(before: str, after: str, lines: list[str]) -> None:
    assert drawn(before, after) == lines


def test_a_long_line_keeps_what_stands_around_its_changes() -> None:
    text = "word " * 1_000
    [line] = drawn(f"first {text}middle {text}last", f"1st {text}centre {text}end")
    assert line.startswith("~ [-first-]{+1st+} word word")
    assert "(4,841 characters)" in line
    assert "word [-middle-]{+centre+} word" in line
    assert line.endswith("word [-last-]{+end+}")
    assert len(line) < 900
    [line] = drawn(f"{text}last", f"{text}end")
    assert line.startswith("~ … (4,920 characters) …word")


def test_a_long_word_is_shown_where_it_differs() -> None:
    x = "x" * 900
    [line] = drawn(f"{'see ' * 400}{x}1{x} q", f"{'see ' * 400}{x}2{x} q")
    assert "1" in line
    assert "2" in line
    assert "xxx[-1-]{+2+}xxx" in line
    assert len(line) < 1_000


@pytest.mark.untraced
def test_each_tenth_word_of_a_very_long_line() -> None:
    before = "<p>Label every car.</p>" * 2_000
    after = " ".join(word if n % 10 else f"{word}X" for n, word in enumerate(before.split(" ")))
    [line] = drawn(before, after)
    assert line.startswith("~ <p>[-Label-]{+LabelX+} every car")
    assert line.count("{+") == sum(word.endswith("X") for word in after.split(" "))


@given(LINES, LINES)
def test_what_costs_too_much_is_changed_between_the_edges(before: str, after: str) -> None:
    pieces = changes(before, after, Effort(0))
    assert joined(pieces, Fate.KEPT, Fate.DELETED) == before
    assert joined(pieces, Fate.KEPT, Fate.INSERTED) == after


def test_marked() -> None:
    assert marked('"1"', "1", Effort()) == ((Piece(Fate.KEPT, '"1"'),), (Piece(Fate.KEPT, "1"),))
    left, right = marked('"a cat"', '"a cat, any breed"', Effort())
    assert [piece.fate for piece in left] == [Fate.KEPT, Fate.KEPT]
    assert [piece.fate for piece in right] == [Fate.KEPT, Fate.INSERTED, Fate.KEPT]
    assert marked("a b", "a c", Effort(0)) == ((Piece(Fate.KEPT, "a b"),), (Piece(Fate.KEPT, "a c"),))


def test_a_long_text_that_goes() -> None:
    gone = of(Kind.REMOVE, "\n".join("abcdefghijklmnopqrst"), None, Effort())
    assert (len(gone.lines), len(gone.folded), gone.total) == (8, 12, "20 lines")
    assert {line.sign for line in (*gone.lines, *gone.folded)} == {Sign.REMOVE}
    ended = of(Kind.REMOVE, "a\nb\n", None, Effort()).lines[-1]
    assert ended.remark
    assert ended.sign is None
