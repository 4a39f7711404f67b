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
    ontology, wanted = root, new
    if isinstance(new, dict):
        found = next((member.value for member in root.members if member.name == "ontology"), None)
        if found is None:
            return {}
        ontology, wanted = found, new.get("ontology")
    before = {name: parent for name, parent, _ in _choices(ontology.value, "")}
    moved = {name for name, parent, _ in _choices(wanted, "") if before.get(name, parent) != parent}
    lists = (span for span in ontology.walk() if span.kind is Kind.SEQUENCE and not span.flow) if moved else ()
    return {
        name: (member, span)
        for span in lists
        for member in span.members
        if (name := name_of(member.value.value)) in moved
    }


def _choices(choices: Json, parent: str) -> Iterator[tuple[str, str, Json]]:
    """Each choice with the one that it is below."""
    if isinstance(choices, dict):
        choices = choices.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if (name := name_of(choice)) is not None:
            yield name, parent, choice
            if isinstance(choice, dict):
                yield from _choices(choice.get("subchoices"), name)
