"""The kinds of values that keys take. Each reads a value, reports what is wrong with it, and has a JSON Schema."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.keys.faults import Faults, Path, RefusedError, kind_of, name_of

if TYPE_CHECKING:
    from reconciler.keys.table import Key

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
"""The JSON Schema that the schemas for editors are written in."""

Slots: TypeAlias = "Callable[[Key], list[Schema]]"
"""What else may be in the place of the value of a key."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTH_WORDS: Final = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """What a key takes. `words` completes the sentence "KEY must be …"."""

    words: str

    @abstractmethod
    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        """The value as the tool uses it. Only to be used if nothing was added to `faults`."""

    @abstractmethod
    def alternatives(self, slots: Slots) -> list[Schema]:
        """The JSON Schemas of what it takes."""

    def refuse(self, value: Any, path: Path, faults: Faults, *, code: str = "wrong-type") -> None:
        """Report a value of another type."""
        name = name_of(path)
        if value is None and path and isinstance(path[-1], str):
            faults.add("null-part", f"{name} has no value", path, f"It must be {self.words}.", at_key=True)
            return
        summary = f"{name} must be {self.words}, not {kind_of(value)}"
        faults.add(code, summary, path, self.advice(value), self.remedy(value))

    def advice(self, value: Any) -> str:
        """The detail of a message about a value of another type."""
        return ""

    def remedy(self, value: Any) -> str:
        """Its label."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    """A string. `rule` raises RefusedError, or gives the value that the string stands for."""

    words: str = "a string"
    rule: Callable[[str], Any] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    proposals: tuple[str, ...] = ()

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, str):
            return self.refuse(value, path, faults)
        if self.rule is None:
            return value
        try:
            return self.rule(value)
        except RefusedError as refused:
            summary = refused.summary.replace("{name}", name_of(path))
            faults.add(refused.code, summary, path, refused.detail, refused.label)

    def remedy(self, value: Any) -> str:
        return "quote it" if isinstance(value, bool | int | float) else ""

    def alternatives(self, slots: Slots) -> list[Schema]:
        proposed = [{"enum": list(self.proposals)}] if self.proposals else []
        return [*proposed, {"type": "string", **self.schema}]


@dataclass(frozen=True, kw_only=True)
class Truth(Kind):
    words: str = "true or false"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        return value if isinstance(value, bool) else self.refuse(value, path, faults)

    def advice(self, value: Any) -> str:
        if self.remedy(value):
            return "In YAML 1.2, yes, no, on, and off are strings, and so is everything in quotes."
        return ""

    def remedy(self, value: Any) -> str:
        word = _TRUTH_WORDS.get(value.lower()) if isinstance(value, str) else None
        return f"write {word}" if word else ""

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"type": "boolean"}]


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A number, or with `whole` a whole one, within limits; `code` is that of a value out of them."""

    words: str
    whole: bool = False
    minimum: float
    maximum: float | None = None
    code: str = "bad-value"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if type(value) is not int and (self.whole or type(value) is not float):
            return self.refuse(value, path, faults)
        if not self.minimum <= value or not (self.maximum is None or value <= self.maximum):
            faults.add(self.code, f"{name_of(path)} must be {self.words}", path)
        return value

    def alternatives(self, slots: Slots) -> list[Schema]:
        schema: Schema = {"type": "integer" if self.whole else "number", "minimum": self.minimum}
        return [schema if self.maximum is None else {**schema, "maximum": self.maximum}]


@dataclass(frozen=True, kw_only=True)
class OneOf(Kind):
    """One of some strings; `code` is that of another string."""

    values: tuple[str, ...]
    words: str = ""
    code: str = "bad-value"

    def __post_init__(self) -> None:
        words = ", ".join(self.values[:-1]) + f" or {self.values[-1]}"
        object.__setattr__(self, "words", self.words or words)

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if value in self.values:
            return value
        if not isinstance(value, str):
            return self.refuse(value, path, faults)
        summary = f"{name_of(path)} must be {self.words}"
        faults.add(self.code, summary, path, label=did_you_mean(value, self.values))
        return None

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"enum": list(self.values)}]


@dataclass(frozen=True, kw_only=True)
class Day(Kind):
    """A day as a date, or as a string; `code` is that of a value of another type."""

    words: str = "a day, written YYYY-MM-DD"
    code: str = "wrong-type"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if type(value) is date:
            return value
        if not isinstance(value, str):
            return self.refuse(value, path, faults, code=self.code)
        if not _DAY.fullmatch(value):
            faults.add(
                "bad-date", f"{quoted(value)} is not a day", path, "Write a day as YYYY-MM-DD, such as 2027-03-01."
            )
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            faults.add("bad-date", f"there is no day {value}", path)

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"type": "string", "pattern": f"^{_DAY.pattern}$"}]


@dataclass(frozen=True, kw_only=True)
class Maybe(Kind):
    """A value of another kind, or null."""

    kind: Kind
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", self.kind.words)

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        return None if value is None else self.kind.read(value, path, faults)

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [*self.kind.alternatives(slots), {"type": "null"}]


@dataclass(frozen=True, kw_only=True)
class ListOf(Kind):
    """A list; `at_least` items of it are needed. `items` is the schema of an item if it is not that of its kind."""

    item: Kind
    at_least: int = 0
    items: Mapping[str, Any] | None = None

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, list):
            return self.refuse(value, path, faults)
        if len(value) < self.at_least:
            faults.add("bad-value", f"{name_of(path)} must be {self.words}; this one is empty", path)
        read = []
        for index, item in enumerate(value):
            below = (*path, index)
            if below not in faults.reported:
                read.append(self.item.read(item, below, faults))
        return tuple(read)

    def alternatives(self, slots: Slots) -> list[Schema]:
        (items,) = [self.items] if self.items is not None else self.item.alternatives(slots)
        least = {"minItems": self.at_least} if self.at_least else {}
        return [{"type": "array", **least, "items": items}]


@dataclass(frozen=True, kw_only=True)
class Each(Kind):
    """A mapping from free names to values of one kind."""

    kind: Kind

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, dict):
            return self.refuse(value, path, faults)
        return {name: self.kind.read(inner, (*path, name), faults) for name, inner in value.items()}

    def alternatives(self, slots: Slots) -> list[Schema]:
        (values,) = self.kind.alternatives(slots)
        return [{"type": "object", "additionalProperties": values}]
