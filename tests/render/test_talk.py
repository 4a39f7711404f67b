"""Words beside the documents: names are shown letter by letter, and nothing in them acts."""

from __future__ import annotations

import pytest

from reconciler.model.outcome import Shown
from reconciler.render.markdown.talk import (
    covered_words,
    drift_changed,
    drift_left,
    drift_over,
    drift_title,
    folded,
    other_branch,
    scope_words,
    shown_words,
    unfolded,
)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (None, ""),
        (Shown(), ""),
        (Shown(as_shown=("a", "b")), "The writes match this comment."),
        (
            Shown(as_shown=("a",), differing=("b`@all",)),
            "**Differs from this comment**: ``b`@all``. Git or Scale changed in the meantime.\n\n"
            "The writes to `a` match this comment.",
        ),
        (Shown(untold=("a",)), "It is unclear whether this comment showed `a`."),
        (Shown(unwritten=("a",)), "Shown here, but there was nothing left to write: `a`."),
        (Shown(unwritten=("a", "b")), "Shown here, but there was nothing left to write: `a` and `b`."),
        (Shown(missing=2), "This run did not include 2 projects shown here."),
        (Shown(not_shown=("a",)), "Also written in this run, but not shown here: `a`."),
    ],
)
def test_what_was_shown(shown: Shown | None, words: str) -> None:
    assert shown_words(shown) == words


def test_below_an_issue() -> None:
    assert drift_changed("`t`", (2, 1)).startswith("Drift on `t` has changed: 2 new, 1 gone.")
    assert drift_changed("`t`", None).startswith("Drift on `t` has changed.")
    assert drift_over("`@x`").startswith("`@x` no longer drifts: ")
    assert drift_title("a\nb") == "Drift: `a\\nb`"
    assert len(drift_title(*["\x00" * 999] * 3)) < 256
    assert scope_words("t", ".", "") == "`t`"
    assert scope_words("t", "a/b", "") == "`t` in `a/b`"
    assert scope_words("t", ".", "one") == "`t`, `one`"
    assert "targets `@all`, but only `main` is applied" in other_branch("@all", "main")


def test_what_a_narrowed_check_covers() -> None:
    assert covered_words(["a", "@all"]) == "This check covers only `a` and `@all`."
    many = covered_words(["a"] * 23)
    assert (many.count("`a`"), many.endswith(", and 3 more.")) == (20, True)
    assert drift_left(1).startswith("This check no longer covers 1 project that drifted before.")


def test_a_former_plan_is_folded_and_found_again() -> None:
    plan = (
        "### `p`: 1 to change\n\n> [!WARNING]\n> - `p` **goes**\n\n<details><summary>p</summary>\n\nx\n\n</details>\n"
    )
    block = folded(plan, "1a2b3c4", limit=1_000)
    assert block.startswith(
        "\n<details><summary>The plan for <code>1a2b3c4</code>, which is out of date</summary>\n\n###"
    )
    assert "> **Warning**\n>\n> - `p` **goes**" in block
    again = folded(unfolded(f"### `p`: no plan\n{block}"), "1a2b3c4", limit=1_000)
    assert again == block
    assert unfolded("### `p`: no plan\n") == ""


def test_a_former_plan_that_is_too_long_is_in_the_edit_history() -> None:
    block = folded("x" * 1_000, "1a2b3c4", limit=1_000)
    assert block == "\nThe plan for `1a2b3c4` is out of date. See the edit history of this comment.\n"
    assert unfolded(f"### `p`: no plan\n{block}") == ""
