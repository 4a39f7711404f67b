"""Checks a document by the keys that `schema.py` defines, and the choices of its ontology.

An ontology has at least one choice. Each choice is a string or an object, and is unique in the whole tree.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import count, did_you_mean, named, quoted
from reconciler.keys.faults import Fault, Faults
from reconciler.keys.kinds import Table
from reconciler.manifest.codes import Code
from reconciler.manifest.located import LITERAL, RawPath
from reconciler.manifest.schema import CHOICE, CHOICES, ONTOLOGY, PROJECT
from reconciler.model.characters import is_blank
from reconciler.model.values import Json
from reconciler.tasktypes.parameters import COMMON, OWN

_PLAIN: Final = re.compile(r"[A-Za-z](?:[\w ()/.-]*[\w)])?")
_CONSTANTS: Final = ("null", "true", "false")


def written_choices(document: Mapping[str, Json]) -> tuple[Json, RawPath]:
    """The list of choices in a composed document, in either spelling of an ontology, and its path."""
    ontology = document.get("ontology")
    if isinstance(ontology, dict):
        return ontology.get("choices"), ("ontology", "choices")
    return ontology, ("ontology",)


def walk_choices(
    choices: list[Json], raw: RawPath, names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], RawPath, Json]]:
    """For each choice that has a name, the names down to it, its raw path, and the choice. `raw` is the path of the
    list."""
    for index, written in enumerate(choices):
        path: RawPath = (*raw, index)
        choice = written
        if isinstance(written, dict) and written.keys() == {LITERAL}:
            path, choice = (*path, LITERAL), written[LITERAL]
        name = choice.get("choice") if isinstance(choice, dict) else choice
        if not isinstance(name, str):
            continue
        yield (*names, name), path, choice
        subchoices = choice.get("subchoices") if isinstance(choice, dict) else None
        if isinstance(subchoices, list):
            yield from walk_choices(subchoices, (*path, "subchoices"), (*names, name))


Checked: TypeAlias = dict[tuple[int, RawPath], tuple[Json, list[Fault]]]
"""The results for lists of choices, by identity and path. The list is kept, so that its identity is not reused."""


class OntologyCheck:
    """Checks one ontology. With `checked`, a list of choices that many projects share is checked once."""

    def __init__(self, faults: Faults, checked: Checked | None = None) -> None:
        self._faults = faults
        self._checked = checked
        self._seen: dict[str, tuple[RawPath, int, bool]] = {}
        self._lists: dict[int, RawPath] = {}
        self._unknown: dict[str, list[int]] = defaultdict(list)

    def check(self, ontology: Json, path: RawPath) -> tuple[list[Json] | None, str | None]:
        """The list of choices and the ontology's name, valid only if there is no fault."""
        reported = self._faults.reported
        if path in reported:
            return None, None
        name = None
        if isinstance(ontology, dict):
            if not ontology:
                self._empty(path)
                return None, None
            if _is_class_list(ontology):
                self._faults.append(_class_list(ontology, path))
                return None, None
            self._check_keys(ontology, path, ONTOLOGY)
            if "name" in ontology and (*path, "name") not in reported:
                name = ONTOLOGY.by_name["name"].kind.read(ontology["name"], (*path, "name"), self._faults)
            if "choices" not in ontology:
                return None, name
            path = (*path, "choices")
            ontology = ontology["choices"]
            if path in reported:
                return None, name
        if not isinstance(ontology, list):
            (CHOICES if path[-1] == "choices" else ONTOLOGY).refuse(ontology, path, self._faults)
            return None, name
        known = self._checked.get((id(ontology), path)) if self._checked is not None else None
        if known is not None:
            self._faults += known[1]
            return ontology, name
        before = len(self._faults)
        if not ontology:
            self._empty(path)
        self._check_choices(ontology, path)
        self._gather_unknown()
        if self._checked is not None:
            self._checked[id(ontology), path] = (ontology, self._faults[before:])
        return ontology, name

    def _check_choices(self, choices: list[Json], path: RawPath) -> None:
        seen = self._seen
        if choices and self._lists.setdefault(id(choices), path) is not path:
            self._branch_again(choices, path, self._lists[id(choices)])
            return
        if set(map(type, choices)) == {str}:
            names = {choice: (path, index, False) for index, choice in enumerate(choices)}
            are_visible = "!" <= min(choices) <= max(choices) < "\x7f" or not any(map(is_blank, names))
            if are_visible and len(names) == len(choices) and seen.keys().isdisjoint(names):
                seen |= names
                return
        for index, choice in enumerate(choices):
            if isinstance(choice, str):
                if choice in seen:
                    self._duplicate(choice, (*path, index))
                else:
                    seen[choice] = (path, index, False)
                    if is_blank(choice):
                        self._blank((*path, index))
            elif isinstance(choice, dict):
                self._check_object(choice, path, index)
            elif (*path, index) not in self._faults.reported:
                CHOICES.item.refuse(choice, (*path, index), self._faults)

    def _check_object(self, choice: dict[str, Json], parent: RawPath, index: int) -> None:
        path = (*parent, index)
        name, subchoices = choice.get("choice"), choice.get("subchoices")
        if isinstance(name, str):
            if name not in self._seen:
                self._seen[name] = (parent, index, True)
                if is_blank(name):
                    self._blank((*path, "choice"))
            elif (
                subchoices
                and isinstance(subchoices, list)
                and self._lists.get(id(subchoices)) == (*self._seen[name][0], self._seen[name][1], "subchoices")
            ):
                self._branch_again([choice], path, self._lists[id(subchoices)][:-1])
                return
            else:
                self._duplicate(name, (*path, "choice"))
        if "choice" not in choice or not choice.keys() <= CHOICE.by_name.keys():
            self._check_keys(choice, path, CHOICE)
        for key, value in choice.items():
            if value.__class__ is str and key in _TEXTS:
                continue
            below = (*path, key)
            if key == "subchoices" and isinstance(value, list):
                self._check_choices(value, below)
                continue
            known = CHOICE.by_name.get(key)
            if known and not (value is None and known.nullable) and below not in self._faults.reported:
                known.kind.read(value, below, self._faults)

    def _check_keys(self, mapping: dict[str, Json], path: RawPath, table: Table) -> None:
        """Report unknown keys, and the required key if no unknown key explains why it is missing."""
        explained = False
        for key in mapping:
            if key in table.by_name:
                continue
            label = did_you_mean(key, table.names)
            if isinstance(mapping[key], list) and ("choice" in mapping or not label):
                label = "to put choices below a choice, write {choice: …, subchoices: […]}"
            elif key in _OTHER_NAMES and table is CHOICE and "choice" not in mapping:
                label = 'did you mean "choice"?'
            elif not label and len(mapping) == 1 and table is CHOICE and not isinstance(mapping[key], dict):
                label = "if all of this is one choice, quote it"
            explained = True
            if table is CHOICE:
                self._unknown[key].append(len(self._faults))
            self._faults.append(table.unknown(key, path, label))
        (needed,) = (key.name for key in table.keys if key.required)
        if needed not in mapping and not explained:
            self._faults.add(Code.MISSING_KEY, f'{table.thing} needs the key "{needed}"', path)

    def _gather_unknown(self) -> None:
        """Report a key that many choices have, and no choice can have, only at the first of them."""
        dropped: set[int] = set()
        for key, at in self._unknown.items():
            if len(at) > _MOST_UNKNOWN:
                first = self._faults[at[0]]
                summary = f"{len(at):,} choices have the unknown key {quoted(key)}"
                self._faults[at[0]] = replace(first, summary=summary)
                dropped.update(at[1:])
        if dropped:
            self._faults[:] = [fault for number, fault in enumerate(self._faults) if number not in dropped]

    def _empty(self, path: RawPath) -> None:
        detail = "The API cannot clear an ontology. Add choices, or, to leave it unmanaged, remove the ontology key."
        self._faults.add(Code.EMPTY_ONTOLOGY, "an ontology needs at least one choice", path, detail)

    def _blank(self, path: RawPath) -> None:
        detail = "Labelers would see an empty row. Give the choice a name, or remove the choice."
        self._faults.add(Code.EMPTY_CHOICE, "a choice needs at least one visible character", path, detail)

    def _branch_again(self, choices: list[Json], path: RawPath, first: RawPath) -> None:
        """Report a branch that an alias or a reference repeats, once for the whole branch."""
        names = [names[-1] for names, _, _ in walk_choices(choices, ())]
        number = f"{count(len(names), 'choice')} appear{'s' if len(names) == 1 else ''}"
        summary = f"{number} twice in this ontology: {named(names)}"
        self._faults.append(Fault(path, summary, _UNIQUE, code=Code.DUPLICATE_CHOICE, first=first))

    def _duplicate(self, name: str, path: RawPath) -> None:
        parent, index, is_object = self._seen[name]
        first = (*parent, index, "choice") if is_object else (*parent, index)
        summary = f"{quoted(name)} appears twice in this ontology"
        self._faults.append(Fault(path, summary, _UNIQUE, code=Code.DUPLICATE_CHOICE, first=first))


_UNIQUE: Final = (
    "A choice must be unique in the whole tree, even below different parents. Rename or remove one of them."
)
_MOST_UNKNOWN: Final = 3
"""The most choices with the same unknown key that are reported one by one."""


_TEXTS: Final = ("choice", "display", "description")
_OTHER_NAMES: Final = ("name", "label", "title", "value", "id")
"""Keys that other tools use for the name of a choice."""


_ANY_PARAMETER: Final = frozenset(COMMON).union(*OWN.values())


def check(
    value: Json, stand_ins: Collection[RawPath] = (), *, table: Table = PROJECT, checked: Checked | None = None
) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The values of a document by key (None if it does not fit `table`), and all its faults.

    `ontology` is the list of choices in either spelling of an ontology, and `ontology_name` is the ontology's name.
    `stand_ins` are paths that hold null because of a mistake that was already reported. `checked` is for an ontology
    that many documents share.
    """
    if table is PROJECT and isinstance(value, dict) and value and _is_strange(value):
        return None, [_no_project(next(iter(value)))]
    faults = Faults(stand_ins)
    made = table.read(value, (), faults)
    if isinstance(value, dict) and value.get("ontology") is not None and "ontology" in table.by_name:
        choices, name = OntologyCheck(faults, checked).check(value["ontology"], ("ontology",))
        if made is not None:
            made |= {"ontology": choices, "ontology_name": name}
    return made, [_with_hint(fault) for fault in faults]


def _with_hint(fault: Fault) -> Fault:
    is_parameter = len(fault.path) == 1 and fault.code == Code.UNKNOWN_KEY and fault.path[0] in _ANY_PARAMETER
    return replace(fault, label="move this key below params") if is_parameter and not fault.label else fault


def _is_strange(document: dict[str, Json]) -> bool:
    """Whether no key is a project key or similar to one."""
    return document.keys().isdisjoint(PROJECT.names) and not any(did_you_mean(key, PROJECT.names) for key in document)


def _no_project(first: str) -> Fault:
    return Fault(
        (first,),
        'this document has no "name", "type", or other key of a project',
        "Each document in the manifest folder declares a project. If this file does not, start its name with _.",
        code=Code.MISSING_KEY,
        at_key=True,
    )


def _is_class_list(ontology: Mapping[str, Json]) -> bool:
    """Whether a mapping has a key for each choice, as the class lists of other tools do."""
    if not ontology.keys().isdisjoint(ONTOLOGY.by_name) or any(key.startswith("$") for key in ontology):
        return False
    if len(ontology) == 1:
        return not did_you_mean(next(iter(ontology)), ONTOLOGY.names)
    return not any(isinstance(value, list) and did_you_mean(key, ("choices",)) for key, value in ontology.items())


def _class_list(ontology: Mapping[str, Json], path: RawPath) -> Fault:
    """The fault of a class list, with the first choices as they are written here."""
    counted = all(key.isdecimal() for key in ontology)
    lines = []
    for key, value in islice(ontology.items(), 3):
        name = value if counted and isinstance(value, str) else key
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            below = ", ".join(_spelled(each) for each in value[:3] if isinstance(each, str))
            lines.append(f"- {{choice: {_spelled(name)}, subchoices: [{below}{', …' if value[3:] else ''}]}}")
        else:
            lines.append(f"- {_spelled(name)}")
    lines += ["- …"] if len(ontology) > len(lines) else []
    detail = "\n".join(("Write each choice as an item of a list:", *lines))
    summary = "the choices of an ontology must be a list, not a mapping"
    return Fault((*path, next(iter(ontology))), summary, detail, code=Code.UNKNOWN_KEY, at_key=True)


def _spelled(name: str) -> str:
    """A name as YAML."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _CONSTANTS else json.dumps(name, ensure_ascii=False)
