"""Names that are alike, and which of several names is probably the new one of another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Final

from reconciler.diagnostics import is_one_edit
from reconciler.model.characters import is_unseen, normalized

_SEPARATORS: Final = "-_"
_DROPPED: Final = dict.fromkeys(map(ord, (*_SEPARATORS, *filter(is_unseen, map(chr, range(128))))), None)
_ALIKE: Final = 0.75
"""Two names are similar if their difflib ratio is at least this: one letter in four may differ."""

_MOST_PAIRS: Final = 40_000
"""If there are more pairs than this, a name is compared only with those that share a rare run of three letters."""

_MOST_SHARING: Final = 40
_MOST_TRIED: Final = 8
_LONGEST: Final = 400
"""Longer texts are compared by their words."""


def normal_form(name: str) -> str:
    """The form in which names are compared: NFKC and casefold, without invisible characters, `-`, `_` and spaces."""
    if name.isascii():
        return name.translate(_DROPPED).lower()
    text = normalized("NFKC", normalized("NFKC", _seen(name)).casefold())
    return _seen(text)


def nearly(name: str, known: Iterable[str]) -> str | None:
    """The first known name, by alphabet, that differs from `name` in its form or by one edit; None if there is none."""
    form = normal_form(name)
    forms = ((each, normal_form(each)) for each in sorted(known))
    return next((each for each, other in forms if form == other or is_one_edit(form, other)), None)


def _seen(text: str) -> str:
    return "".join(character for character in text if character not in _SEPARATORS and not is_unseen(character))


def renamed(old: Sequence[str], new: Sequence[str]) -> Mapping[int, int]:
    """The positions of old names, each with the position of its new one.

    First come names that differ only in case, separators, and invisible characters, then similar ones.
    """
    return _renamed(tuple(old), tuple(new))


@lru_cache(maxsize=256)  # a guard, a warning, and a view ask about the same names
def _renamed(old: tuple[str, ...], new: tuple[str, ...]) -> Mapping[int, int]:
    forms: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(new):
        forms[normal_form(name)].append(position)
    found: dict[int, int] = {}
    for position, name in enumerate(old):
        if same := forms.get(normal_form(name)):
            found[position] = same.pop(0)
    taken = set(found.values())
    left = {position: name for position, name in enumerate(new) if position not in taken}
    for position, candidates in _candidates({n: name for n, name in enumerate(old) if n not in found}, left):
        best = max(
            ((_likeness(old[position], left[other]), -other) for other in candidates if other in left), default=None
        )
        if best is not None and best[0] >= _ALIKE:
            found[position] = -best[1]
            del left[-best[1]]
    return MappingProxyType(dict(sorted(found.items())))


def _candidates(old: dict[int, str], new: dict[int, str]) -> Iterator[tuple[int, Sequence[int]]]:
    if len(old) * len(new) <= _MOST_PAIRS:
        yield from ((position, list(new)) for position in old)
        return
    index: dict[str, list[int]] = defaultdict(list)
    for position, name in new.items():
        for run in _runs(name):
            index[run].append(position)
    for position, name in old.items():
        runs = [found for run in _runs(name) if len(found := index.get(run, ())) <= _MOST_SHARING]
        sharing = Counter(chain.from_iterable(runs))
        yield position, [other for other, _ in sharing.most_common(_MOST_TRIED)] if sharing else ()


def _runs(name: str) -> set[str]:
    text = f"^{name.casefold()[:_LONGEST]}$"
    return {text[at : at + 3] for at in range(len(text) - 2)}


def _likeness(name: str, other: str) -> float:
    left, right = name.casefold(), other.casefold()
    long = max(len(left), len(right)) > _LONGEST
    matcher: SequenceMatcher[str]
    if long:
        matcher = SequenceMatcher(None, left.split(), right.split(), autojunk=False)
    else:
        matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE else 0.0
