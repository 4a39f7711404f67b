"""An ontology as it is read: its choices in a spelling that all equal ontologies share.

`"Car"` and `{choice: Car}` are the same choice. An absent, null, or empty `display`, `description`, or `subchoices` is
the same as none, and so is a `display` that equals its `choice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.values import Json

_KNOWN: Final = frozenset({"choice", "display", "description", "subchoices"})
_EMPTY: Final[tuple[Json, ...]] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Choice:
    """`display` is None if it would equal `choice`; `description` is None if there is none.

    `dropped` names keys that the API showed and that no write can carry (`attachments`, `links`; [S] in scale-api.md).
    """

    choice: str
    display: str | None = None
    description: str | None = None
    subchoices: tuple[Choice, ...] = ()
    dropped: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Ontology:
    choices: tuple[Choice, ...]
    name: str | None = None

    @property
    def spelled(self) -> list[Json]:
        """The choices in the shortest spelling that the API takes."""
        return _spelled(self.choices)

    @property
    def written(self) -> Json:
        """As a manifest spells it: the choices, or an object with the choices and the name."""
        return self.spelled if self.name is None else {"name": self.name, "choices": self.spelled}

    @property
    def dropped(self) -> tuple[str, ...]:
        """The keys of its choices that no write can carry, sorted."""
        return tuple(sorted({key for _, _, choice in walk(self.choices) for key in choice.dropped}))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An ontology that cannot be read: `path` is where, and `problem` continues a sentence that starts with it."""

    path: str
    problem: str

    @property
    def why(self) -> str:
        return f"{self.path} {self.problem}"


def read_ontology(choices: Json, name: Json = None) -> Ontology | Unreadable:
    """The ontology of a list of strings and OntologyChoice objects, mixed at every level ([D] in scale-api.md)."""
    if name is not None and not isinstance(name, str):
        return Unreadable("name", "is not a string")
    try:
        return Ontology(_choices(choices, "ontology"), name)
    except _UnreadableError as error:
        return Unreadable(error.path, error.problem)


def read_written(value: Json) -> Ontology | Unreadable:
    """The reverse of `written`."""
    if isinstance(value, dict):
        return read_ontology(value.get("choices"), value.get("name"))
    return read_ontology(value)


class _UnreadableError(ValueError):
    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem


def _choices(raw: Json, path: str) -> tuple[Choice, ...]:
    if not isinstance(raw, list):
        raise _UnreadableError(path, "is not a list")
    if set(map(type, raw)) == {str}:
        return tuple(map(_leaf, raw))
    return tuple(
        [
            _leaf(item) if type(item) is str else _choice(item, f"{path}[{position}]")
            for position, item in enumerate(raw)
        ]
    )


_leaf = lru_cache(maxsize=4096)(Choice)
"""The same choices appear in most projects of an account."""


def _choice(raw: Json, path: str) -> Choice:
    if not isinstance(raw, dict):
        raise _UnreadableError(path, "is neither a string nor an object")
    name = raw.get("choice")
    if not isinstance(name, str):
        raise _UnreadableError(path, 'has no "choice" that is a string')
    display = _text(raw, "display", path)
    return Choice(
        name,
        display=None if display == name else display,
        description=_text(raw, "description", path),
        subchoices=_choices(raw.get("subchoices") or [], f"{path}.subchoices"),
        dropped=tuple(key for key, value in raw.items() if key not in _KNOWN and value not in _EMPTY),
    )


def _text(raw: dict[str, Json], key: str, path: str) -> str | None:
    value = raw.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _UnreadableError(path, f'has a "{key}" that is not a string')
    return value


def walk(choices: tuple[Choice, ...], parents: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, Choice]]:
    """Every choice in reading order: the names above it, its position among its siblings, and itself."""
    for position, choice in enumerate(choices):
        yield parents, position, choice
        if choice.subchoices:
            yield from walk(choice.subchoices, (*parents, choice.choice))


def texts_in(value: Json) -> Iterator[str]:
    """Every text in a value, except keys. Of an ontology, these are the names of its choices."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Ontology):
        yield from (choice.choice for _, _, choice in walk(value.choices))
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)


def spell(choice: Choice) -> Json:
    """The shortest spelling that the API takes: a string, or an OntologyChoice object with its subchoices."""
    spelled = spell_alone(choice)
    if not choice.subchoices:
        return spelled
    whole = {"choice": spelled} if isinstance(spelled, str) else spelled
    return {**whole, "subchoices": _spelled(choice.subchoices)}


def _spelled(choices: tuple[Choice, ...]) -> list[Json]:
    """Each choice as `spell` spells it. Most are only a name, which takes no call."""
    return [
        spell(choice)
        if choice.subchoices or choice.display is not None or choice.description is not None
        else choice.choice
        for choice in choices
    ]


def spell_alone(choice: Choice) -> Json:
    """The same, without its subchoices."""
    if choice.display is None and choice.description is None:
        return choice.choice
    spelled: dict[str, Json] = {"choice": choice.choice}
    if choice.display is not None:
        spelled["display"] = choice.display
    if choice.description is not None:
        spelled["description"] = choice.description
    return spelled
