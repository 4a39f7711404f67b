"""What is added to a pull request after its merge, and to an issue about drift."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.outcome import Shown
from reconciler.render.escape import plain
from reconciler.render.markdown.code import code
from reconciler.render.phrases import count, listed


def shown_words(shown: Shown | None) -> str:
    """Whether what was written is what was shown; empty if there is nothing to compare."""
    return "\n\n".join(_shown(shown)) if shown is not None else ""


def _shown(shown: Shown) -> Iterator[str]:
    if shown.differing:
        yield f"**Differs from what was shown here**: {_names(shown.differing)}. Git or Scale changed in between."
    if shown.as_shown:
        everything = not (shown.differing or shown.untold)
        which = "What was written is" if everything else f"{_names(shown.as_shown)}: written"
        yield f"{which} as shown here."
    if shown.untold:
        yield f"It is not known whether this comment showed {_names(shown.untold)}."
    if shown.unwritten:
        needs = "needs" if len(shown.unwritten) == 1 else "need"
        yield f"Shown here, but {needs} no write anymore: {_names(shown.unwritten)}."
    if shown.missing:
        yield f"{count(shown.missing, 'project')} shown here had no part in this run."
    if shown.not_shown:
        yield f"Written in the same run, not shown here: {_names(shown.not_shown)}."


def _names(names: tuple[str, ...]) -> str:
    return listed([code(name) for name in names])


def drift_changed(target: str, change: tuple[int, int] | None) -> str:
    """A comment on an issue: the drift has changed. `change` is how many differences are new, and how many are gone."""
    numbers = "" if change is None else f": {change[0]:,} new, {change[1]:,} gone"
    return f"The drift of {code(target)} has changed{numbers}. The description above is current."


def drift_over(target: str) -> str:
    """A comment on an issue: nothing drifts anymore."""
    return f"The drift of {code(target)} is over: Scale matches the last apply, or git."


def drift_title(target: str) -> str:
    """An issue's title, which is not Markdown except for code spans, and has at most 256 characters (an assumption)."""
    return f"Drift: {code(plain(target)[:200])}"
