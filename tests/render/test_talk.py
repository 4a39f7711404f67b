"""Words beside the documents: names are shown letter by letter, and nothing in them acts."""

from __future__ import annotations

import pytest

from reconciler.model.outcome import Shown
from reconciler.render.markdown.talk import drift_changed, drift_over, drift_title, shown_words


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (None, ""),
        (Shown(), ""),
        (Shown(as_shown=("a", "b")), "What was written is as shown here."),
        (
            Shown(as_shown=("a",), differing=("b`@all",)),
            "**Differs from what was shown here**: ``b`@all``. Git or Scale changed in between.\n\n"
            "`a`: written as shown here.",
        ),
        (Shown(untold=("a",)), "It is not known whether this comment showed `a`."),
        (Shown(unwritten=("a",)), "Shown here, but needs no write anymore: `a`."),
        (Shown(unwritten=("a", "b")), "Shown here, but need no write anymore: `a`, `b`."),
        (Shown(missing=2), "2 projects shown here had no part in this run."),
        (Shown(not_shown=("a",)), "Written in the same run, not shown here: `a`."),
    ],
)
def test_what_was_shown(shown: Shown | None, words: str) -> None:
    assert shown_words(shown) == words


def test_below_an_issue() -> None:
    assert drift_changed("t", (2, 1)).startswith("The drift of `t` has changed: 2 new, 1 gone.")
    assert drift_changed("t", None).startswith("The drift of `t` has changed.")
    assert drift_over("@x").startswith("The drift of `@x` is over")
    assert drift_title("a\nb") == "Drift: `a\\nb`"
    assert len(drift_title("\x00" * 999)) < 256
