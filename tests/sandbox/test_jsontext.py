from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox.jsontext import DEEPEST, NumberText, parse, write

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_what_is_written_is_what_was_parsed(value: Any) -> None:
    text = json.dumps(value)
    assert json.loads(write(parse(text.encode()))) == value


@pytest.mark.parametrize("digits", ["1.10", "1e999", "-0.0", "9" * 601, "-" + "9" * 9000, "1E+2"])
def test_a_number_keeps_its_digits(digits: str) -> None:
    assert parse(digits) == NumberText(digits)
    nested = f'{{"\\u00e9":[{digits},true,null,"a",7]}}'
    assert write(parse(nested)) == nested


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [NumberText("1.0"), float("inf")], [10**5000]])
def test_a_number_that_cannot_be_spelled_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        write(value)


@pytest.mark.parametrize("value", [b"bytes", {"a": object()}, {("a",): 1}])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        write(value)


def test_depth_is_counted_in_brackets() -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST)
    for inside in ("", "1"):
        with pytest.raises(ValueError, match="nested deeper than 200 levels"):
            parse("[" * (DEEPEST + 1) + inside + "]" * (DEEPEST + 1))
