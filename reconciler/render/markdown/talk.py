"""What is said about a pull request or an issue, in addition to a plan, an outcome, or a drift."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.diagnostics import count, listed
from reconciler.model.outcome import Shown
from reconciler.render.escape import plain
from reconciler.render.markdown.code import code, markup, name_code


def shown_words(shown: Shown | None) -> str:
    """How what was written compares with what was shown; empty if there is nothing to compare."""
    return "\n\n".join(_shown(shown)) if shown is not None else ""


def _shown(shown: Shown) -> Iterator[str]:
    if shown.differing:
        yield f"**Differs from this comment**: {_names(shown.differing)}. Git or Scale changed in the meantime."
    if shown.as_shown:
        everything = not (shown.differing or shown.untold)
        which = "The writes match" if everything else f"The writes to {_names(shown.as_shown)} match"
        yield f"{which} this comment."
    if shown.untold:
        yield f"It is unclear whether this comment showed {_names(shown.untold)}."
    if shown.unwritten:
        yield f"Shown here, but there was nothing left to write: {_names(shown.unwritten)}."
    if shown.missing:
        yield f"This run did not include {count(shown.missing, 'project')} shown here."
    if shown.not_shown:
        yield f"Also written in this run, but not shown here: {_names(shown.not_shown)}."


def _names(names: tuple[str, ...]) -> str:
    return listed([name_code(name) for name in names], 5)


def scope_words(target: str, folder: str, job: str, *, most: int = 1_000) -> str:
    """The target, the configuration folder (`.` for the git top level), and the ID of the job, if it has one.

    `most` limits the characters of each.
    """
    words = code(plain(target)[:most])
    if folder != ".":
        words += f" in {code(plain(folder)[:most])}"
    return f"{words}, {code(plain(job)[:most])}" if job else words


def drift_changed(scope: str, change: tuple[int, int] | None) -> str:
    """A comment on an issue whose drift has changed. `change` counts the new differences and those that are gone."""
    numbers = "" if change is None else f": {change[0]:,} new, {change[1]:,} gone"
    return f"Drift on {scope} has changed{numbers}. The description above is up to date."


def drift_left(number: int) -> str:
    """About projects that an issue has shown, and that its check no longer covers."""
    return (
        f"This check no longer covers {count(number, 'project')} that drifted before. The edit history of this issue"
        f" has the differences. The issue stays open until {'it is' if number == 1 else 'they are'} checked again."
    )


def covered_words(names: Sequence[str]) -> str:
    """What a check of some projects is about."""
    return f"This check covers only {listed([name_code(name[:300]) for name in names], 20)}."


def drift_over(scope: str) -> str:
    """A comment on an issue whose drift is gone."""
    return f"{scope} no longer drifts: Scale matches the last apply or git."


def drift_title(target: str, folder: str = ".", job: str = "") -> str:
    """An issue's title. It has at most 256 characters (an assumption), and the only Markdown in it is code spans."""
    return f"Drift: {scope_words(target, folder, job, most=70)}"


def adoption_title(target: str, folder: str = ".", job: str = "") -> str:
    """A pull request's title, with the same limits."""
    return f"Adopt drift: {scope_words(target, folder, job, most=70)}"


def adoption_explained(*, theirs: bool) -> str:
    """What merging and closing a pull request do. `theirs` is whether a person has committed to its branch."""
    words = (
        "Merging this pull request writes the changes made on Scale to the manifests. Nothing changes on Scale. If you"
        " close this pull request, reconciler opens a new one only when something else drifts."
    )
    if not theirs:
        return words
    return (
        f"{words}\n\n> [!NOTE]\n> Reconciler no longer updates the branch, because it has a commit that reconciler did"
        " not create. The branch might not match this description."
    )


def adoption_over(scope: str, *, left: int) -> str:
    """A comment on a pull request that is closed. `left` counts the units that drifted and cannot be adopted by it."""
    if left:
        differ, them = ("differs", "it") if left == 1 else ("differ", "them")
        return f"Closed: {count(left, 'unit')} of {scope} still {differ}, and a person must decide about {them}."
    return f"Closed: {scope} no longer drifts."


def folded(plan: str, commit: str, *, limit: int) -> str:
    """The plan for an earlier commit, below what says that the newest one has none.

    If it has more than `limit` characters, a sentence says where it is.
    """
    name = markup(commit)
    block = f"\n{_FOLD}{name}</code>, which is out of date</summary>\n\n{_without_alerts(plan)}\n{_END}\n"
    if len(block) <= limit:
        return block
    return f"\nThe plan for {code(commit)} is out of date. See the edit history of this comment.\n"


def unfolded(text: str) -> str:
    """The plan that was folded away in a text; empty if there is none."""
    _, _, block = text.partition(f"\n{_FOLD}")
    return block.partition("</summary>\n\n")[2].removesuffix(f"\n{_END}\n")


def _without_alerts(text: str) -> str:
    """GitHub shows no alert within a `<details>`."""
    return re.sub(r"(?m)^> \[!(NOTE|WARNING)\]$", lambda found: f"> **{found[1].capitalize()}**\n>", text)


_FOLD: Final = "<details><summary>The plan for <code>"
_END: Final = "</details>"


def other_branch(branch: str, applied: str) -> str:
    """About a pull request that no merge applies."""
    return (
        f"> [!NOTE]\n> This pull request targets {code(branch)}, but only {code(applied)} is applied. Merging this pull"
        " request changes nothing on Scale."
    )
