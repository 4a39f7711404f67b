"""Keys, and the kinds of values that they take. A kind reads a value, reports its mistakes, and has a JSON Schema."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, field
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import did_you_mean, joined, quoted
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault, Faults, Path, RefusedError, kind_of, name_of

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The JSON Schema that the schemas for editors are written in: the one that all of them, and SchemaStore, support."""

PUBLISHED: Final = "https://json.schemastore.org/scale-reconciler-{}.json"
"""The identity of a schema for editors."""

Slots: TypeAlias = "Callable[[Key], list[Schema]]"
"""Returns the schemas of what may replace a key's value, such as a directive."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTH_WORDS: Final = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """A kind of value. `words` completes the sentence "KEY must be …".

    `is_text` is whether a string is allowed, so that the advice for a number or a boolean is to quote it.
    """

    words: str
    is_text: bool = False

    @abstractmethod
    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        """The value as the tool uses it. Do not use it if a fault was added."""

    @abstractmethod
    def alternatives(self, slots: Slots) -> list[Schema]:
        """The JSON Schemas of the values that are allowed."""

    def refuse(self, value: Any, path: Path, faults: Faults, *, code: str = "wrong-type") -> None:
        """Report a value of the wrong type."""
        name = name_of(path)
        if value is None and path and isinstance(path[-1], str):
            faults.add("null-part", f"{name} has no value", path, f"The value must be {self.words}.", at_key=True)
            return
        faults.add(code, f"{name} must be {self.words}, not {kind_of(value)}", path, *self.hint(value))

    def hint(self, value: Any) -> tuple[str, str]:
        """The detail and the label of a message about a value of the wrong type."""
        return "", "quote it" if self.is_text and isinstance(value, bool | int | float) else ""


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    """A string. `rule` returns the value that the string stands for, or raises RefusedError."""

    words: str = "a string"
    is_text: bool = True
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

    def alternatives(self, slots: Slots) -> list[Schema]:
        proposed = [{"type": "string", "enum": list(self.proposals)}] if self.proposals else []
        return [*proposed, {"type": "string", **self.schema}]


@dataclass(frozen=True, kw_only=True)
class Truth(Kind):
    words: str = "true or false"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        return value if isinstance(value, bool) else self.refuse(value, path, faults)

    def hint(self, value: Any) -> tuple[str, str]:
        word = _TRUTH_WORDS.get(value.lower()) if isinstance(value, str) else None
        if word is None:
            return "", ""
        is_bare = value.lower() not in ("true", "false", "1", "0")
        detail = f"Only true and false are booleans; {value} is a string." if is_bare else "Text in quotes is a string."
        return detail, f"write {word}"

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"type": "boolean"}]


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A number within limits; a whole number with `whole`. `code` is the code for a number outside the limits."""

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
    """One of several strings. `code` is the code for any other string."""

    values: tuple[str, ...]
    words: str = ""
    code: str = "bad-value"

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", self.words or joined(self.values, "or"))

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if value in self.values:
            return value
        if not isinstance(value, str):
            return self.refuse(value, path, faults)
        summary = f"{name_of(path)} must be {self.words}"
        faults.add(self.code, summary, path, label=did_you_mean(value, self.values))
        return None

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"type": "string", "enum": list(self.values)}]


@dataclass(frozen=True, kw_only=True)
class Day(Kind):
    """A day, as a date or a string. `code` is the code for a value of any other type."""

    words: str = "a date in the form YYYY-MM-DD"
    code: str = "wrong-type"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if type(value) is date:
            return value
        if not isinstance(value, str):
            return self.refuse(value, path, faults, code=self.code)
        if not _DAY.fullmatch(value):
            faults.add(
                "bad-date", f"{quoted(value)} is not a date", path, "Write a date as YYYY-MM-DD, such as 2027-03-01."
            )
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            faults.add("bad-date", f"{value} is not a valid date", path, "The calendar has no such day.")

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"type": "string", "pattern": f"^{_DAY.pattern}$"}]


@dataclass(frozen=True, kw_only=True)
class ListOf(Kind):
    """A list of at least `at_least` items. `items` replaces the item's schema."""

    item: Kind
    at_least: int = 0
    items: Mapping[str, Any] | None = None

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, list):
            return self.refuse(value, path, faults)
        if len(value) < self.at_least:
            faults.add("bad-value", f"{name_of(path)} must be {self.words}, not an empty list", path)
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
    """A mapping from arbitrary names to values of one kind."""

    kind: Kind

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, dict):
            return self.refuse(value, path, faults)
        return {name: self.kind.read(inner, (*path, name), faults) for name, inner in value.items()}

    def alternatives(self, slots: Slots) -> list[Schema]:
        (values,) = self.kind.alternatives(slots)
        return [{"type": "object", "additionalProperties": values}]


@dataclass(frozen=True)
class Key:
    """`nullable` is whether null is a value.

    `inherited` is whether a `_defaults.yaml` or an overlay can give its value, or drop it with `$unset`. `if_null` and
    `if_missing` are the details of the messages about a key that has no value, and one that is missing.
    """

    name: str
    kind: Kind
    description: str
    _: KW_ONLY
    required: bool = False
    inherited: bool = False
    nullable: bool = False
    examples: Sequence[Any] = ()
    if_null: str = "Leave the key out, or give it a value."
    if_missing: str = ""

    def schema(self, slots: Slots) -> Schema:
        """The JSON Schema of the key. `slots` returns what else may be written instead of its value."""
        examples = {"examples": list(self.examples)} if self.examples else {}
        null: list[Schema] = [{"type": "null"}] if self.nullable else []
        anything = [*self.kind.alternatives(slots), *null, *slots(self)]
        return {"title": self.name, "description": self.description, **examples, "anyOf": anything}


def is_own(key: str) -> bool:
    """Whether a key is the user's own, and never read: it starts with `x-`, or names a schema for editors."""
    return key.startswith("x-") or key == "$schema"


@dataclass(frozen=True, kw_only=True)
class Table(Kind):
    """A mapping with known keys, in the order in which `fmt` writes them. `make` is called with their values.

    `thing` is what messages call it. With `own_keys`, the keys of `is_own` are allowed and ignored. With `hyphens`, a
    key may have hyphens instead of underscores. A string is the value of the key `short`.
    """

    thing: str
    keys: tuple[Key, ...]
    words: str = "a mapping"
    make: Callable[..., Any] = dict
    own_keys: bool = False
    hyphens: bool = False
    short: str = ""
    unknown_code: str = "unknown-key"

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys)

    @cached_property
    def by_name(self) -> Mapping[str, Key]:
        return {key.name: key for key in self.keys}

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(key.name for key in self.keys if key.required)

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, dict):
            if not (self.short and isinstance(value, str)):
                return self.refuse(value, path, faults)
            value = {self.short: value}
        before = len(faults)
        values: dict[str, Any] = {}
        unknown: list[str] = []
        for name, inner in value.items():
            key = self.by_name.get(name.replace("-", "_") if self.hyphens else name)
            if key is None:
                if not (self.own_keys and is_own(name)):
                    unknown.append(name)
                    faults.append(self.unknown(name, path, did_you_mean(name, self.names)))
                continue
            below = (*path, name)
            if below in faults.reported:
                continue
            if inner is None and not key.nullable:
                faults.add("null-part", f"{quoted(name)} has no value", below, key.if_null, at_key=True)
                continue
            if key.name in values:
                summary = f"{self.thing} has {key.name} twice, in two spellings"
                faults.add("duplicate-key", summary, below, "Remove one of them.", at_key=True)
            values[key.name] = None if inner is None else key.kind.read(inner, below, faults)
        if not self._required <= value.keys():
            near = {did_you_mean(name, self.names) for name in unknown}
            for name in self.names:
                if name in self._required and name not in value and f'did you mean "{name}"?' not in near:
                    detail = self.by_name[name].if_missing
                    faults.add("missing-key", f"{self.thing} needs the key {quoted(name)}", path, detail)
        is_whole = len(faults) == before and self._required <= values.keys()
        return self.make(**values) if is_whole else None

    def unknown(self, name: str, path: Path, label: str) -> Fault:
        """The fault of a key that is not one of the table's."""
        detail = f"Known keys: {joined(self.names)}."
        summary = f"unknown key {quoted(name)} in {self.thing}"
        return Fault((*path, name), summary, detail, label, code=self.unknown_code, at_key=True)

    def refuse(self, value: Any, path: Path, faults: Faults, *, code: str = "wrong-type") -> None:
        if path:
            super().refuse(value, path, faults, code=code)
        else:
            faults.add(code, f"{self.thing} must be {self.words}, not {kind_of(value)}", path)

    def alternatives(self, slots: Slots) -> list[Schema]:
        required = [key.name for key in self.keys if key.required and not key.inherited]
        properties = {key.name: key.schema(slots) for key in self.keys}
        if self.hyphens:
            properties |= {name.replace("_", "-"): schema for name, schema in properties.items()}
        table: Schema = {
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }
        if not self.short:
            return [table]
        key = self.by_name[self.short]
        (short,) = key.kind.alternatives(slots)
        examples = {"examples": list(key.examples)} if key.examples else {}
        return [{**short, "description": key.description, **examples}, table]
