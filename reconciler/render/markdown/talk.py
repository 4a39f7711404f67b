"""What is said in a pull request after its merge, and below an issue of drift, beside the documents themselves."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.outcome import Shown
from reconciler.render.escape import plain
from reconciler.render.markdown.code import code
from reconciler.render.phrases import count, listed


def shown_words(shown: Shown | None) -> str:
    """Whether what was written is what was shown; empty where there is nothing to compare."""
    return "\n\n".join(_shown(shown)) if shown is not None else ""


def _shown(shown: Shown) -> Iterator[str]:
    if shown.differing:
        yield f"**Differs from what was shown here**: {_names(shown.differing)}. Git or Scale's side moved in between."
    if shown.as_shown:
        everything = not (shown.differing or shown.untold)
        which = "What was written is" if everything else f"{_names(shown.as_shown)}: written"
        yield f"{which} as shown here."
    if shown.untold:
        yield f"This comment does not remember whether it showed {_names(shown.untold)}."
    if shown.unwritten:
        needs = "needs" if len(shown.unwritten) == 1 else "need"
        yield f"Shown here, and {needs} no write any more: {_names(shown.unwritten)}."
    if shown.missing:
        yield f"{count(shown.missing, 'project')} shown here had no part in this run."
    if shown.not_shown:
        yield f"Written in the same run, not shown here: {_names(shown.not_shown)}."


def _names(names: tuple[str, ...]) -> str:
    return listed([code(name) for name in names])


def drift_changed(target: str, change: tuple[int, int] | None) -> str:
    """Below an issue: the set of drifts is another one. `change` is how many are new and how many are gone."""
    what = "is another one" if change is None else f"changed: {change[0]:,} new, {change[1]:,} gone"
    return f"The drift of {code(target)} {what}. The description above says what is there now."


def drift_over(target: str) -> str:
    """Below an issue: nothing drifts any more."""
    return f"The drift of {code(target)} is over: Scale's side is as the last apply left it, or as git says."


def drift_title(target: str) -> str:
    """An issue's title is no Markdown but for code spans, and has at most 256 characters (an assumption)."""
    return f"Drift: {code(plain(target)[:200])}"
