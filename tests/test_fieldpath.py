"""Many patterns as one automaton, against the plain definition of a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.fieldpath import Attribute, FieldPath, Patterns, covered, parse_pattern

_TOKENS = ("a", "ab", "*", "**", "a*", "*b", "a**b", "[0]", "[*]", '"*"', "@a")
_PARTS: tuple[str | int | Attribute, ...] = ("a", "ab", "b", "*", "", 0, 1, Attribute("a"))


def _text(tokens: list[str]) -> str:
    return "".join(token if token[0] == "[" or not at else f".{token}" for at, token in enumerate(tokens))


def _names(tokens: list[str], path: FieldPath) -> bool:
    """Whether a pattern names exactly this path, by trying everything."""
    if not tokens:
        return not path
    if tokens[0] == "**":
        return any(_names(tokens[1:], path[length:]) for length in range(len(path) + 1))
    return bool(path) and _is_part(tokens[0], path[0]) and _names(tokens[1:], path[1:])


def _is_part(token: str, part: str | int | Attribute) -> bool:
    match token:
        case "*":
            return True
        case "[*]":
            return isinstance(part, int)
        case "[0]":
            return part == 0
        case '"*"':
            return part == "*"
        case "@a":
            return isinstance(part, Attribute)
    return isinstance(part, str) and fnmatchcase(part, token)


@given(
    st.lists(st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=6), max_size=4),
    st.lists(st.lists(st.sampled_from(_PARTS), max_size=5).map(tuple), min_size=1, max_size=4),
)
def test_the_automaton_is_what_the_patterns_say(written: list[list[str]], paths: list[FieldPath]) -> None:
    patterns = Patterns(parse_pattern(_text(tokens)) for tokens in written)
    for path in paths:
        named = any(_names(tokens, path[:length]) for tokens in written for length in range(1, len(path) + 1))
        assert patterns.covers(path) is named
        assert covered(path, tuple(patterns)) is named
        if named:
            assert patterns.reaches_below(path)
        for below in paths:
            if below[: len(path)] == path and patterns.covers(below):
                assert patterns.reaches_below(path)


def test_what_no_pattern_can_name_is_not_looked_into() -> None:
    patterns = Patterns(map(parse_pattern, ("params.a.b", "params.c*.d")))
    assert patterns.reaches_below(("params",))
    assert patterns.reaches_below(("params", "cc"))
    assert not patterns.reaches_below(("params", "b"))
    assert not patterns.reaches_below(("params", "a", "c"))
    assert not Patterns().reaches_below(("params",))


@pytest.mark.untraced
@pytest.mark.parametrize("patterns", [300, 600])
def test_one_part_is_one_step_for_all_patterns(patterns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    step = Patterns._step

    def counted(self: Patterns, state: int, part: str | int | Attribute) -> int:
        nonlocal steps
        steps += 1
        return step(self, state, part)

    monkeypatch.setattr(Patterns, "_step", counted)
    many = Patterns(parse_pattern("params." + "**.a." * 60 + f"z{number}") for number in range(patterns))
    assert many.covers(("params", *(["a"] * 70), "z7"))
    assert steps == 72
    assert not any(many.covers(("params", *(["a"] * 70), f"y{number}")) for number in range(1_000))
    assert steps == 1_072


@pytest.mark.untraced
def test_few_states_are_remembered() -> None:
    patterns = Patterns(map(parse_pattern, ("params.*.a*",)))
    assert all(patterns.covers(("params", number, f"a{number}")) for number in range(10_100))
    assert len(patterns._states) <= 10_000
    assert len(patterns._globs._found) <= 10_000


def test_one_glob_of_many_matches() -> None:
    patterns = Patterns(parse_pattern(f"params.{number}x*") for number in range(100, 200))
    assert patterns.covers(("params", "199xyz"))
    assert not patterns.covers(("params", "200xyz"))
