"""Mappings with known keys, each defined once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.keys.faults import Fault, Faults, Path, kind_of
from reconciler.keys.kinds import Kind, Maybe, Schema, Slots


@dataclass(frozen=True)
class Key:
    """`inherited` is whether a `_defaults.yaml` or an overlay can give its value, or drop it with `$unset`.

    `if_null` and `if_missing` are the details of the messages about a key that has no value, and one that is missing.
    """

    name: str
    kind: Kind
    description: str
    _: KW_ONLY
    required: bool = False
    inherited: bool = False
    examples: Sequence[Any] = ()
    if_null: str = "Leave the key out, or give it a value."
    if_missing: str = ""

    def schema(self, slots: Slots) -> Schema:
        """The JSON Schema of the key. `slots` gives what else may be in the place of its value."""
        examples = {"examples": list(self.examples)} if self.examples else {}
        anything = [*self.kind.alternatives(slots), *slots(self)]
        return {"title": self.name, "description": self.description, **examples, "anyOf": anything}


@dataclass(frozen=True, kw_only=True)
class Table(Kind):
    """A mapping with known keys, listed in the order in which they are written; `make` is called with their values.

    `thing` is what messages call it. With `own_keys`, keys that start with `x-` are allowed, and never read. With
    `hyphens`, a key may have hyphens instead of underscores. A string is taken as the value of the key `short`.
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
                if not (self.own_keys and name.startswith("x-")):
                    unknown.append(name)
                    label = "" if faults.is_full else did_you_mean(name, self.names)
                    faults.append(self.unknown(name, path, label))
                continue
            below = (*path, name)
            if below in faults.reported:
                continue
            if inner is None and not isinstance(key.kind, Maybe):
                faults.add("null-part", f"{quoted(name)} has no value", below, key.if_null, at_key=True)
                continue
            if key.name in values:
                faults.add("duplicate-key", f"{self.thing} has {key.name} twice, in two spellings", below, at_key=True)
            values[key.name] = key.kind.read(inner, below, faults)
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
        detail = f"Known keys: {', '.join(self.names)}."
        summary = f"{self.thing} has no key {quoted(name)}"
        return Fault(self.unknown_code, summary, (*path, name), detail, label, at_key=True)

    def refuse(self, value: Any, path: Path, faults: Faults, *, code: str = "wrong-type") -> None:
        if path:
            super().refuse(value, path, faults, code=code)
        else:
            faults.add(code, f"{self.thing} must be {self.words}, not {kind_of(value)}", path)

    def remedy(self, value: Any) -> str:
        return "quote it" if self.short and isinstance(value, bool | int | float) else ""

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
