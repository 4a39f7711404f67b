"""Markers survive whatever a target is called, and end where they should."""

from __future__ import annotations

import cmarkgfm
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forge.github.marker import Body, Scope, read_body, write_body

TEXT = st.text(st.characters(), max_size=30) | st.sampled_from(["-->", "--!>", "->", "", "a--b", "<!--", "\n", "x y"])


@given(target=TEXT, folder=TEXT, job=TEXT, value=TEXT, text=TEXT)
def test_what_is_written_is_read(target: str, folder: str, job: str, value: str, text: str) -> None:
    scope = Scope(target, folder or ".", job)
    whole = write_body("plan", scope, Body({"commit": value}, text))
    first, _, rest = whole.partition("\n")
    assert first.startswith("<!-- reconciler plan target=")
    assert first.endswith("} -->")
    assert "--" not in first[4:-3]
    assert ">" not in first[4:-1]
    assert first.isascii()
    assert rest == text
    assert read_body("plan", whole) == (scope, Body({"commit": value}, text))
    assert read_body("drift", whole) is None


def test_a_marker_counts_at_the_start_alone() -> None:
    whole = write_body("plan", Scope("production"), Body({}, "x"))
    assert whole.startswith('<!-- reconciler plan target=production {"v":1,"body":"')
    assert read_body("plan", f"Look:\n{whole}") is None
    assert read_body("plan", f" {whole}") is None


def test_edited_and_broken_ones() -> None:
    whole = write_body("plan", Scope("t"), Body({"commit": "c"}, "x\ny"))
    edited = read_body("plan", f"{whole} and more")
    assert edited == (Scope("t"), Body({"commit": "c"}, "x\ny and more", intact=False))
    stored = read_body("plan", whole.replace("\n", "\r\n") + "\n")
    assert stored is not None
    assert stored[1].intact
    for data in ('{"v":2}', "{]}", '{"v":"1"}'):
        read = read_body("plan", f"<!-- reconciler plan target=t {data} -->")
        assert read == (Scope("t"), Body({}, "", intact=False))
    assert read_body("plan", "<!-- reconciler plan target=%FF {} -->") is None


@given(target=TEXT, value=TEXT)
def test_nobody_sees_it(target: str, value: str) -> None:
    page = cmarkgfm.github_flavored_markdown_to_html(
        write_body("plan", Scope(target, target), Body({"commit": value}, "### Title\n"))
    )
    assert page.replace("<!-- raw HTML omitted -->", "").strip() == "<h3>Title</h3>"
