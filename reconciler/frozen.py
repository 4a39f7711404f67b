"""`dataclass` as in the standard library, with a quarter of the time to create a class.

The standard library compiles each method of each class by itself, and a command creates more than a hundred classes
when it starts. Here only `__init__` is compiled, because its parameters differ. The other methods are closures over the
names of the fields. Fields, slots, and the match arguments are those of the standard library.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        slots: bool = False,
        eq: bool = True,
        repr: bool = True,
        kw_only: bool = False,
    ) -> type | Callable[[type], type]:
        """A decorator for a class whose fields and options mean what they mean in the standard library."""

        def create(cls: type) -> type:
            own = {name for name, value in vars(cls).items() if value is not None}  # __eq__ alone makes __hash__ None
            created = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            for name, method in _methods(created, frozen=frozen, slots=slots, eq=eq, repr=repr):
                if name not in own:
                    setattr(created, name, method)
            return created

        return create(cls) if cls is not None else create


def copied(value: Any, changes: Mapping[str, Any]) -> Any:
    """A copy of a value with some attributes changed, as `dataclasses.replace` makes it, without calling `__init__`."""
    kind: Any = type(value)
    copy = object.__new__(kind)
    for name in _names(kind):
        object.__setattr__(copy, name, changes[name] if name in changes else getattr(value, name))
    return copy


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def _methods(cls: type[Any], *, frozen: bool, slots: bool, eq: bool, repr: bool) -> Iterator[tuple[str, Any]]:
    fields = dataclasses.fields(cls)
    yield "__init__", _init(cls, fields, frozen=frozen)
    if repr:
        shown = [field.name for field in fields if field.repr]
        yield "__repr__", lambda self: _repr(self, shown)
    if eq:
        compared = _values([field.name for field in fields if field.compare])

        def equals(self: Any, other: Any) -> Any:
            return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

        yield "__eq__", equals
        yield "__hash__", (lambda self: hash(compared(self))) if frozen else None
    if frozen:
        yield "__setattr__", _refuse
        yield "__delattr__", _refuse
        if slots:  # copy and pickle would set the attributes
            yield "__getstate__", _state
            yield "__setstate__", _restore


def _init(cls: type[Any], fields: tuple[dataclasses.Field[Any], ...], *, frozen: bool) -> Callable[..., None]:
    given: dict[str, Any] = {"_set": object.__setattr__, "_made": object()}
    positional: list[str] = []
    keywords: list[str] = []
    lines = []
    for field in fields:
        name, value = field.name, field.name
        parameter = name
        if field.default_factory is not dataclasses.MISSING:
            given[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_made"
            value = f"_make_{name}() if {name} is _made else {name}" if field.init else f"_make_{name}()"
        elif field.default is not dataclasses.MISSING:
            given[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
            value = name if field.init else f"_default_{name}"
        elif not field.init:
            continue
        if field.init:
            (keywords if field.kw_only else positional).append(parameter)
        slot = getattr(cls, name, None)
        if frozen and isinstance(slot, MemberDescriptorType):
            given[f"_set_{name}"] = slot.__set__
            lines.append(f"_set_{name}(self, {value})")
        else:
            lines.append(f"_set(self, '{name}', {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*", *keywords] if keywords else [])])
    body = "\n  ".join(lines or ["pass"])
    found: dict[str, Any] = {}
    text = f"def create({', '.join(given)}):\n def __init__({parameters}):\n  {body}\n return __init__"
    exec(text, vars(sys.modules[cls.__module__]), found)
    made: Callable[..., None] = found["create"](**given)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {field.name: field.type for field in fields if field.init} | {"return": None}
    return made


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that returns the values of these attributes."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _repr(self: Any, names: list[str]) -> str:
    shown = ", ".join("{}={!r}".format(name, getattr(self, name)) for name in names)  # noqa: UP032
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: Any, name: str, value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change {name} of a frozen {self.__class__.__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
