"""Markers survive whatever a target is called, and end where they should."""

from __future__ import annotations

import cmarkgfm
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forge.github.marker import Body, read_body, write_body

TEXT = st.text(st.characters(), max_size=30) | st.sampled_from(["-->", "--!>", "->", "", "a--b", "<!--", "\n", "x y"])


@given(target=TEXT, value=TEXT, text=TEXT)
def test_what_is_written_is_read(target: str, value: str, text: str) -> None:
    whole = write_body("plan", target, Body({"commit": value}, text))
    first, _, rest = whole.partition("\n")
    assert first.startswith("<!-- reconciler plan target=")
    assert first.endswith("} -->")
    assert "--" not in first[4:-3]
    assert ">" not in first[4:-1]
    assert first.isascii()
    assert rest == text
    read = read_body("plan", target, whole)
    assert read == Body({"commit": value}, text)
    assert read_body("drift", target, whole) is None
    assert read_body("plan", f"{target}x", whole) is None


def test_a_marker_counts_at_the_start_alone() -> None:
    whole = write_body("plan", "production", Body({}, "x"))
    assert whole.startswith('<!-- reconciler plan target=production {"v":1,"body":"')
    assert read_body("plan", "production", f"Look:\n{whole}") is None
    assert read_body("plan", "production", f" {whole}") is None


def test_edited_and_broken_ones() -> None:
    whole = write_body("plan", "t", Body({"commit": "c"}, "x\ny"))
    edited = read_body("plan", "t", f"{whole} and more")
    assert edited == Body({"commit": "c"}, "x\ny and more", intact=False)
    stored = read_body("plan", "t", whole.replace("\n", "\r\n") + "\n")
    assert stored is not None
    assert stored.intact
    for data in ('{"v":2}', "{]}", '{"v":"1"}'):
        assert read_body("plan", "t", f"<!-- reconciler plan target=t {data} -->") == Body({}, "", intact=False)


@given(target=TEXT, value=TEXT)
def test_nobody_sees_it(target: str, value: str) -> None:
    page = cmarkgfm.github_flavored_markdown_to_html(write_body("plan", target, Body({"commit": value}, "### Title\n")))
    assert page.replace("<!-- raw HTML omitted -->", "").strip() == "<h3>Title</h3>"
