"""What the keys of a manifest mean for an edit: their order, which lists are choices, and which choices move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from reconciler.manifest.editing.alignment import name_of
from reconciler.manifest.editing.spans import Member, Span
from reconciler.manifest.located import RawPath
from reconciler.manifest.schema import CHOICE, IGNORE, ONTOLOGY, PROJECT, RECONCILE
from reconciler.manifest.sourcetree.tree import Kind
from reconciler.model.values import Json

_LISTS_OF_CHOICES: Final = ("ontology", "choices", "subchoices")


def are_choices(value: Json, path: RawPath) -> bool:
    names = [key for key in path if isinstance(key, str)]
    if names and names[-1] in _LISTS_OF_CHOICES:
        return True
    return isinstance(value, dict) and "choice" in value


def places_of(
    span: Span, kept: Collection[int], missing: Sequence[str], ranks: Mapping[str, int]
) -> defaultdict[int, list[str]]:
    """The new keys of a mapping, by the position of the entry that they follow, or -1."""
    last: dict[int, int] = {}
    for index in sorted(kept):
        last[ranks.get(span.members[index].name or "", len(ranks))] = index
    behind: defaultdict[int, list[str]] = defaultdict(list)
    for key in sorted(missing, key=lambda key: ranks.get(key, len(ranks))):
        rank = ranks.get(key, len(ranks))
        behind[max((index for other, index in last.items() if other <= rank), default=-1)].append(key)
    return behind


def ranks_of(new: dict[str, Json], path: RawPath) -> dict[str, int]:
    """The order of the keys of a mapping, as `fmt` would put them."""
    if not path:
        names: Sequence[str] = PROJECT.names
    elif "choice" in new:
        names = CHOICE.names
    else:
        names = {
            ("ontology",): ONTOLOGY.names,
            ("reconcile",): RECONCILE.names,
            ("reconcile", "ignore"): IGNORE.names,
        }.get(tuple(key for key in path if isinstance(key, str)), ())
    return {name: rank for rank, name in enumerate(names)}


def moved_below(root: Span, new: Json) -> dict[str, tuple[Member, Span]]:
    """The choices that are below another choice than before, with their places."""
    found: dict[str, tuple[Member, Span]] = {}
    twice: set[str] = set()
    for ontology, wanted in _lists(root, new):
        before = dict(_choices(ontology.value, ""))
        moved = {name for name, parent in _choices(wanted, "") if before.get(name, parent) != parent}
        lists = (span for span in ontology.walk() if span.kind is Kind.SEQUENCE and not span.flow) if moved else ()
        for span in lists:
            for member in span.members:
                if (name := name_of(member.value.value)) in moved:
                    twice |= {name} & found.keys()
                    found[name] = member, span
    return {name: place for name, place in found.items() if name not in twice}


def _lists(span: Span, new: Json) -> Iterator[tuple[Span, list[Json]]]:
    """The outermost lists outside of parameters, each with its new value."""
    if span.kind is Kind.SEQUENCE and isinstance(new, list):
        yield span, new
    elif isinstance(new, dict):
        for member in span.members:
            if member.name in new and member.name != "params":
                yield from _lists(member.value, new[member.name])


def _choices(choices: Json, parent: str) -> Iterator[tuple[str, str]]:
    """Each choice with the one that it is below."""
    for choice in choices if isinstance(choices, list) else ():
        if (name := name_of(choice)) is not None:
            yield name, parent
            if isinstance(choice, dict):
                yield from _choices(choice.get("subchoices"), name)
