"""The adopts that keep what was changed on Scale. What git has changed too needs a path, and its change is dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.invocation import Invocation
from reconciler.model.plan import Cause
from reconciler.render.view.parts import Command, Sentence, names

_MOST: Final = 3
"""The most commands with paths that are shown. They are examples for the rest."""

_MOST_NAMED: Final = 10
"""The most projects that a command names. For more, the names are those of the run."""

Units = Iterable[tuple[str, str, Cause]]
"""Each with the name of its project."""


def adoptions(units: Units, invocation: Invocation) -> Iterator[tuple[list[str], Command]]:
    """The commands, each with the projects in which it drops what git changed.

    Projects share a command with paths only if they have the same units: a path also adopts what is only pending.
    """
    plain: dict[str, None] = {}
    paths_of: dict[str, dict[str, None]] = defaultdict(dict)
    for name, unit, cause in units:
        if cause in (Cause.DRIFT, Cause.UNKNOWN):
            plain[name] = None
        else:
            paths_of[name][unit] = None
    by_paths: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, paths in paths_of.items():
        by_paths[tuple(paths)].append(name)
    if plain:
        yield [], Command(invocation, "adopt", "--", *(plain if len(plain) <= _MOST_NAMED else invocation.names))
    for shared, sharing in [*by_paths.items()][:_MOST]:
        options = [word for path in shared for word in ("--path", path)]
        yield sharing[:_MOST_NAMED], Command(invocation, "adopt", *options, "--", *sharing[:_MOST_NAMED])


def keeping(units: Units, them: str, invocation: Invocation) -> Iterator[Sentence]:
    """The same as sentences. `them` is the words for what is kept."""
    for dropping, command in adoptions(units, invocation):
        if dropping:
            yield (f"To keep {them}, and drop what git changed in ", *names(dropping), ": ", command)
        else:
            yield (f"To keep {them}: ", command)
