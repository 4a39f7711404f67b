"""Plain block style: a result is exactly what the composer makes of the C parser's events."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.compose import Composer
from reconciler.manifest.lines import compose_lines
from reconciler.manifest.located import Document, SourceText
from reconciler.manifest.parsing import Parser, open_events
from reconciler.manifest.scalars import Words

WITHOUT_A_PARSER = {
    "keys": """\
name: p
params:
  a: 1
  b c: x y  # why

  # a comment
  $d: ~
  e.f/g (h)-i_:   -1.5
z: https://x:8/#y
""",
    "lists": """\
a:
  - 1
  - b: 2
    c:
      - 3
  -   d: 'it: is'
      e: ""
f:
- 4
- g:
  - 5
h: true
""",
    "texts": """\
a: |-
  one

    two: # no comment
  - é“😀


b:
  - c: |
       three
    d: |-
     four
# end
""",
    "brackets": "a: []\nb:\n  - c: [x, y-z (1), 2, true, 1e2]  # d\n    e: [0x1F, null]\nf: [x]\n",
    "a start": "---\na: 1\n",
    "deep": "".join(f"{'  ' * depth}a:\n" for depth in range(40)) + f"{'  ' * 40}b: 1\n",
}
WITH_A_PARSER = {
    "no last line end": "a: 1",
    "no document": "# a\n",
    "a list": "- a\n",
    "a text": "a\n",
    "two documents": "a: 1\n---\na: 2\n",
    "an empty value": "a:\nb: 1\n",
    "an empty value at the end": "b: 1\na:\n",
    "an empty item": "a:\n  -\n",
    "a duplicate key": "a: 1\na: 2\n",
    "a key that is not a string": "true: 1\n",
    "a number that JSON cannot hold": "a: .inf\n",
    "a text in two lines": "a: b\n  c\n",
    "an item in two lines": "a:\n  - b\n    c\n",
    "a key without a value in two lines": "a\n",
    "a line that is indented less": "a:\n    b: 1\n  c: 2\n",
    "an item among keys": "a:\n  b: 1\n  - c\n",
    "a key among items": "a:\n  - b\n  c: 1\n",
    "a list in a list": "a:\n  - - b\n",
    "a text as an item": "a:\n  - |-\n    b\n",
    "an empty text": "a: |-\nb: 1\n",
    "a text that starts with an empty line": "a: |-\n\n  b\n",
    "spaces in a text": "a: |-\n  b\n   \n  c\n",
    "spaces below a text": "a: |-\n   b\n \n",
    "a tab in a text": "a: |-\n  b\tc\n",
    "other texts": "a: >\n  b\n",
    "an anchor": "a: &x 1\nb: *x\n",
    "a tag": "a: !x 1\n",
    "a merge": "a:\n  <<: 1\n",
    "an escape": 'a: "\\n"\n',
    "a quote in a text": "a: 'it''s'\n",
    "a quoted key": "'a': 1\n",
    "brackets with anything else": "a: ['x', y]\n",
    "brackets with a colon": "a: [x: y]\n",
    "a number in brackets that JSON cannot hold": "a: [1.0, .inf]\n",
    "brackets without spaces": "a: [x,y]\n",
    "brackets with an empty item": "a: [x, ]\n",
    "brackets in two lines": "a: [x,\n  y]\n",
    "more after brackets": "a: [x] y\n",
    "more below brackets": "a: [x]\n  b: 1\n",
    "brackets as an item": "a:\n  - [x]\n",
    "braces": "a: {b: 1}\n",
    "other spaces": "a: b\u00a0c\nd: \t1\n",
    "other line ends": "a: 1\r\nb: 2\n",
    "a margin": "  a: 1\n",
    "a long key": f"{'a' * 1_001}: 1\n",
    "many levels": "".join(f"{' ' * depth}a:\n" for depth in range(99)) + f"{' ' * 99}a: 1\n",
}


def _parsed(text: str) -> list[Document]:
    source = SourceText("/p.yaml", text)
    return list(Composer(source, open_events(Parser.C, text), Words()).documents())


def _whole(document: Document) -> tuple[Any, ...]:
    """Everything about a document. `repr` shows 1 and 1.0 differently, and the order of keys."""
    found = document.entries.numbers
    return repr(document.value), document.line, document.directives, document.problems, document.whole, found


def _is_the_same(text: str, words: Words) -> bool:
    """Whether there is a result, which must then be exactly the parser's."""
    document = compose_lines(SourceText("/p.yaml", text), words)
    if document is not None:
        (parsed,) = _parsed(text)
        assert _whole(document) == _whole(parsed), text
    return document is not None


@pytest.mark.parametrize("text", WITHOUT_A_PARSER.values(), ids=WITHOUT_A_PARSER)
def test_plain_block_style_takes_no_parser(text: str) -> None:
    assert _is_the_same(text, Words())


@pytest.mark.parametrize("text", WITH_A_PARSER.values(), ids=WITH_A_PARSER)
def test_anything_else_takes_a_parser(text: str) -> None:
    assert not _is_the_same(text, Words())


def test_remembered_lines_mean_the_same_elsewhere() -> None:
    words = Words()
    assert all(_is_the_same(text, words) for text in [*WITHOUT_A_PARSER.values()] * 2)
    assert _is_the_same("params:\n   a: 1\n", words)
    assert not _is_the_same("  a: 1\n", words)
    assert "  $d: ~" not in words.lines


def test_large_files_are_packed() -> None:
    assert _is_the_same("a:\n" + "".join(f"  - choice {number}\n" for number in range(10_000)), Words())


@pytest.mark.untraced
def test_what_is_like_a_manifest() -> None:
    words = Words()
    chance = random.Random(7)
    accepted = sum(_is_the_same(_text(chance), words) for _ in range(4_000))
    assert accepted > 400


def test_the_examples() -> None:
    folder = Path(__file__).parents[2] / "projects"
    words = Words()
    for file in sorted(folder.rglob("*.yaml")):
        _is_the_same(file.read_text(), words)


_KEYS = ["a", "b", "c d", "$ref", "a/b", "x.y", "K (1)", "k-", "yes", "_u", "0x", "null", "1", "é", "<<"]
_SCALARS = [
    *(
        "1",
        "-1",
        "1.5",
        "~",
        "null",
        "a",
        "a b",
        "a  b",
        "https://x:80/y",
        "x#y",
        "[a, b  c]",
        "[]",
        "[1, x-y, 0o7]",
        "'q r'",
        '""',
        "é“",
        "(a)",
        "^a",
    ),
    *("a]", "a,b", "0x1F", "12:30", "1e3", "$a", "\\", "a 'b'", "x y # c", "true", ".inf", "a:", "a: b", "x #y", "- x"),
    *('"a" # c', "'a' b", "*x", "&x y", "!t", "[a]", "{a: b}", "?", "---", "...", "a\tb", "x\u2028", "|2", "'it''s'"),
]
_TEXT_LINES: list[Callable[[int], str]] = [
    lambda margin: " " * margin + "t x",
    lambda margin: "",
    lambda margin: " " * margin + "  - more: # y",
    lambda margin: " " * margin,
    lambda margin: " " * max(0, margin - 1) + "u",
]


def _text(chance: random.Random) -> str:
    """A text that is mostly valid, with a few changed characters in two of five."""
    lines = [*(["---"] if chance.random() < 0.1 else []), *_block(chance, 0, 0)]
    text = "\n".join(lines) + chance.choice(["\n", "\n", "\n", "\n", "", "\n\n", "\n# e\n", "\n  \n"])
    if chance.random() < 0.4:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(["", " ", "\n", ":", "-", "#", "'", '"', "|", "&", "[", "$"]) + text[at + 1 :]
    return text


def _block(chance: random.Random, column: int, depth: int) -> list[str]:
    """The lines of a mapping or a list, and sometimes of something that only looks like one."""
    lines: list[str] = []
    margin = " " * column
    if depth and chance.random() < 0.4:
        for _ in range(chance.randint(1, 3)):
            dash = "-" + " " * chance.choice([1, 1, 1, 3])
            if chance.random() < 0.6:
                lines.append(f"{margin}{dash}{chance.choice(_SCALARS)}")
                continue
            first, *others = _block(chance, column + len(dash), depth + 1)
            lines += [f"{margin}{dash}{first.strip()}", *others]
        return lines
    for key in chance.sample(_KEYS, chance.randint(1, 3)):
        kind = chance.random()
        if kind < 0.5 or depth > 4:
            end = chance.choice(["", "", "", " # c", "  "])
            lines.append(f"{margin}{key}:{' ' * chance.choice([1, 1, 3])}{chance.choice(_SCALARS[:27])}{end}")
        elif kind < 0.6:
            inner = column + chance.choice([1, 2, 4])
            lines.append(f"{margin}{key}: {chance.choice(['|', '|-', '|-', '>', '|+'])}")
            lines += [chance.choice(_TEXT_LINES)(inner) for _ in range(chance.randint(1, 4))]
        else:
            lines.append(f"{margin}{key}:{chance.choice(['', ' ', '  # c'])}")
            lines += _block(chance, column + chance.choice([0, 1, 2, 2, 4]), depth + 1)
        if chance.random() < 0.1:
            lines.append(chance.choice(["", f"{margin}# c", "# c", "   "]))
    return lines
