"""What an ontology must be: choices that are unique in the whole tree, strings or objects, at least one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.manifest.codes import Code
from reconciler.manifest.placing import LITERAL
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.model.values import Json

CHOICE_KEYS: Final = ("choice", "display", "description", "subchoices")
ONTOLOGY_KEYS: Final = ("name", "choices")


def written_choices(document: Mapping[str, Json]) -> tuple[Json, RawPath]:
    """What stands for the list of choices in a composed document, in either spelling of an ontology, and where."""
    ontology = document.get("ontology")
    if isinstance(ontology, dict):
        return ontology.get("choices"), ("ontology", "choices")
    return ontology, ("ontology",)


def walk_choices(
    choices: list[Json], raw: RawPath, names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], RawPath, Json]]:
    """Every choice that has a name: the names down to it, its raw path, and itself. `raw` is that of the list."""
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


Checked: TypeAlias = dict[tuple[int, RawPath], tuple[Json, list[Problem]]]
"""What was found in lists of choices, by their identity and place; the list is kept so that its identity stays its."""


class OntologyCheck:
    """Checks one ontology; `stand_ins` are places that hold null for what was reported already.

    With `checked`, a list of choices that many projects share is checked once.
    """

    def __init__(self, stand_ins: Collection[RawPath] = (), checked: Checked | None = None) -> None:
        self.problems: list[Problem] = []
        self._stand_ins = stand_ins
        self._checked = checked
        self._seen: dict[str, tuple[RawPath, int, bool]] = {}

    def check(self, ontology: Json, path: RawPath) -> tuple[list[Json] | None, str | None]:
        """The list of choices and the ontology's name, both only to be used where no problem is an error."""
        if path in self._stand_ins:
            return None, None
        name = None
        if isinstance(ontology, dict):
            self._check_keys(ontology, path, ONTOLOGY_KEYS, needed="choices", thing="an ontology")
            if "name" in ontology:
                name = self._check_name(ontology["name"], (*path, "name"))
            if "choices" not in ontology:
                return None, name
            path = (*path, "choices")
            ontology = ontology["choices"]
            if path in self._stand_ins:
                return None, name
        if not isinstance(ontology, list):
            wanted = "an ontology is a list of choices, or {name: …, choices: […]}"
            self._wrong_type(ontology, path, wanted, text_wanted=False)
            return None, name
        known = self._checked.get((id(ontology), path)) if self._checked is not None else None
        if known is not None:
            self.problems += known[1]
            return ontology, name
        before = len(self.problems)
        if not ontology:
            self.problems.append(
                Problem(
                    Code.EMPTY_ONTOLOGY,
                    "an ontology needs at least one choice",
                    At(path),
                    "The API cannot clear an ontology. Leave the key out where the ontology is not managed here.",
                )
            )
        self._check_choices(ontology, path)
        if self._checked is not None:
            self._checked[id(ontology), path] = (ontology, self.problems[before:])
        return ontology, name

    def _check_name(self, name: Json, path: RawPath) -> str | None:
        if path in self._stand_ins:
            return None
        if not isinstance(name, str):
            self._wrong_type(name, path, "an ontology's name is a string")
            return None
        if not name:
            self.problems.append(
                Problem(
                    Code.BAD_NAME, "an ontology's name is not empty", At(path), "Leave the key out to have no name."
                )
            )
        return name

    def _check_choices(self, choices: list[Json], path: RawPath) -> None:
        seen = self._seen
        for index, choice in enumerate(choices):
            if isinstance(choice, str):
                if choice in seen:
                    self._duplicate(choice, At((*path, index)))
                else:
                    seen[choice] = (path, index, False)
            elif isinstance(choice, dict):
                self._check_object(choice, path, index)
            elif (*path, index) not in self._stand_ins:
                self._wrong_type(choice, (*path, index), "a choice is a string or an object")

    def _check_object(self, choice: dict[str, Json], parent: RawPath, index: int) -> None:
        path = (*parent, index)
        name = choice.get("choice")
        if isinstance(name, str):
            if name in self._seen:
                self._duplicate(name, At((*path, "choice")))
            else:
                self._seen[name] = (parent, index, True)
        elif "choice" in choice:
            self._wrong_type(name, (*path, "choice"), "a choice is a string")
        if "choice" not in choice or not choice.keys() <= _CHOICE_KEY_SET:
            self._check_keys(choice, path, CHOICE_KEYS, needed="choice", thing="a choice")
        for key in ("display", "description"):
            text = choice.get(key)
            if text is not None and not isinstance(text, str):
                self._wrong_type(text, (*path, key), f"{key} is a string")
        subchoices = choice.get("subchoices")
        if isinstance(subchoices, list):
            self._check_choices(subchoices, (*path, "subchoices"))
        elif subchoices is not None:
            self._wrong_type(subchoices, (*path, "subchoices"), "subchoices is a list of choices", text_wanted=False)

    def _check_keys(
        self, mapping: dict[str, Json], path: RawPath, known: tuple[str, ...], *, needed: str, thing: str
    ) -> None:
        """Unknown keys, and the needed one where none of the unknown ones explains why it is missing."""
        explained = False
        for key in mapping:
            if key in known:
                continue
            label = did_you_mean(key, known)
            if isinstance(mapping[key], list) and ("choice" in mapping or not label):
                label = "a choice with others below it is {choice: …, subchoices: […]}"
            elif key in _OTHER_NAMES and thing == "a choice" and "choice" not in mapping:
                label = 'did you mean "choice"?'
            elif not label and len(mapping) == 1 and thing == "a choice" and not isinstance(mapping[key], dict):
                label = "quote it if all of this is one choice"
            explained = True
            self.problems.append(unknown_key(key, path, thing, known, label))
        if needed not in mapping and not explained:
            self.problems.append(Problem(Code.MISSING_KEY, f'{thing} needs the key "{needed}"', At(path)))

    def _duplicate(self, name: str, where: At) -> None:
        parent, index, is_object = self._seen[name]
        first = (*parent, index, "choice") if is_object else (*parent, index)
        self.problems.append(
            Problem(
                Code.DUPLICATE_CHOICE,
                f"{quoted(name)} appears twice in this ontology",
                where,
                "A choice is unique in the whole tree, also below different parents.",
                first=At(first),
            )
        )

    def _wrong_type(self, value: Json, path: RawPath, wanted: str, *, text_wanted: bool = True) -> None:
        if path not in self._stand_ins:
            self.problems.append(wrong_type(value, At(path), wanted, text_wanted=text_wanted))


_OTHER_NAMES: Final = ("name", "label", "title", "value", "id")
"""What the name of a choice is called in other tools."""

_CHOICE_KEY_SET: Final = frozenset(CHOICE_KEYS)


def wrong_type(value: Json, where: At, wanted: str, *, text_wanted: bool = True) -> Problem:
    """`wanted` says what belongs there; the label how to write a number or truth value as a text.

    Nothing at all has no place of its own: that is told at its key.
    """
    if value is None and isinstance(where, At) and where.path and isinstance(where.path[-1], str):
        return Problem(Code.NULL_PART, f"{wanted}; there is no value", At(where.path, key=True))
    label = "quote it" if text_wanted and isinstance(value, bool | int | float) else ""
    return Problem(Code.WRONG_TYPE, f"{wanted}; this is {kind_of(value)}", where, label=label)


def kind_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def unknown_key(key: str, path: RawPath, thing: str, known: tuple[str, ...], label: str = "") -> Problem:
    return Problem(
        Code.UNKNOWN_KEY,
        f"{thing} has no key {quoted(key)}",
        At((*path, key), key=True),
        f"It may have {', '.join(known[:-1])} and {known[-1]}.",
        label or did_you_mean(key, known),
    )
