"""The one place that knows equal spellings: after it, equal ontologies are equal values.

`"Car"` and `{choice: Car}` are the same; an absent, null or empty `display`, `description` or `subchoices` is the same
as none; a `display` equal to its `choice` is the same as none.
"""

from __future__ import annotations

from reconciler.model.ontology import Choice
from reconciler.model.values import Json

_KNOWN = frozenset({"choice", "display", "description", "subchoices"})
_EMPTY: tuple[Json, ...] = (None, "", [], {})


class UnreadableOntologyError(ValueError):
    """Choices that are not what the API is known to give; the message says where and why, `where` is the path."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where} {problem}")
        self.where = where


def read_choices(raw: Json, where: str = "ontology") -> tuple[Choice, ...]:
    """The choices of a list of strings and OntologyChoice objects, mixed at every level ([D] in scale-api.md).

    Raises:
        UnreadableOntologyError: for anything else.
    """
    if not isinstance(raw, list):
        raise UnreadableOntologyError(where, "is not a list")
    return tuple(_read_choice(item, f"{where}[{position}]") for position, item in enumerate(raw))


def _read_choice(raw: Json, where: str) -> Choice:
    if isinstance(raw, str):
        return Choice(raw)
    if not isinstance(raw, dict):
        raise UnreadableOntologyError(where, "is neither a string nor an object")
    name = raw.get("choice")
    if not isinstance(name, str):
        raise UnreadableOntologyError(where, 'has no "choice" that is a string')
    display = _text(raw, "display", where)
    return Choice(
        name,
        display=None if display == name else display,
        description=_text(raw, "description", where),
        subchoices=read_choices(raw.get("subchoices") or [], f"{where}.subchoices"),
        dropped=tuple(key for key, value in raw.items() if key not in _KNOWN and value not in _EMPTY),
    )


def _text(raw: dict[str, Json], key: str, where: str) -> str | None:
    value = raw.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UnreadableOntologyError(where, f'has a "{key}" that is not a string')
    return value
