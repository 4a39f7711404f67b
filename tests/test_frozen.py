"""A class of `reconciler.frozen` beside the same class of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

import reconciler.frozen

NAN = float("nan")


def _point(decorate: Callable[[type], Any]) -> Any:
    class Point:
        """A class with every kind of field."""

        x: float
        y: int = 2
        name: str = dataclasses.field(default="p", compare=False)
        tags: list[str] = dataclasses.field(default_factory=list, compare=False, repr=False)
        made: str = dataclasses.field(init=False, default="here")
        seen: list[str] = dataclasses.field(init=False, default_factory=lambda: ["once"], compare=False)
        later: str = dataclasses.field(init=False, repr=False, compare=False)
        _: dataclasses.KW_ONLY
        near: float = 0.0

        def __post_init__(self) -> None:
            object.__setattr__(self, "later", "set")

    return decorate(Point)


def _both(make: Callable[[Callable[[type], Any]], Any], **options: bool) -> tuple[Any, Any]:
    return make(dataclasses.dataclass(**options)), make(reconciler.frozen.dataclass(**options))


@reconciler.frozen.dataclass(frozen=True, slots=True)
class _Pair:
    left: int
    right: tuple[int, ...] = ()


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_class_behaves_like_one_of_the_standard_library(frozen: bool, slots: bool) -> None:
    theirs, ours = _both(_point, frozen=frozen, slots=slots)
    assert [field.name for field in dataclasses.fields(ours)] == [field.name for field in dataclasses.fields(theirs)]
    assert ours.__match_args__ == theirs.__match_args__
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert get_type_hints(ours.__init__) == get_type_hints(theirs.__init__)
    given: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((1,), {}), ((1, 3), {"name": "q"}), ((1,), {"near": 0.5})]
    for arguments, more in given:
        one, same, other = ours(*arguments, **more), ours(*arguments, **more), theirs(*arguments, **more)
        assert repr(one) == repr(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert one == same
        assert one != other
        assert one.tags is not same.tags
        assert dataclasses.replace(one, y=9).y == 9
        assert copy.deepcopy(one) == one
        assert hasattr(one, "__dict__") == hasattr(other, "__dict__")
    assert ours(1, name="a") == ours(1, name="b")
    assert ours(1) != ours(2)
    assert ours(NAN) == ours(NAN)  # the same object, as in a tuple


@pytest.mark.parametrize("arguments", [(), (1, 2, "n", [], 0.5)])
def test_wrong_arguments_are_reported_in_the_same_words(arguments: tuple[Any, ...]) -> None:
    said = []
    for each in _both(_point, frozen=True):
        with pytest.raises(TypeError) as raised:
            each(*arguments)
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_a_frozen_value_has_a_hash_and_cannot_change() -> None:
    pair = _Pair(1)
    assert hash(pair) == hash(_Pair(1))
    assert len({pair, _Pair(1), _Pair(2)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del pair.left
    assert pickle.loads(pickle.dumps(pair)) == pair


def test_a_value_that_can_change_has_no_hash_and_none_is_compared_without_eq() -> None:
    _, ours = _both(_point, slots=True)
    value = ours(1)
    value.y = 5
    assert value.y == 5
    with pytest.raises(TypeError):
        hash(value)
    _, ours = _both(_point, eq=False)
    assert ours(1) != ours(1)
    assert hash(ours(1))


def test_what_a_class_defines_is_kept() -> None:
    def make(decorate: Callable[[type], Any]) -> Any:
        class Name:
            text: str

            def __eq__(self, other: object) -> bool:
                return True

            def __repr__(self) -> str:
                return "name"

        return decorate(Name)

    theirs, ours = _both(make, frozen=True, slots=True)
    assert repr(ours("a")) == repr(theirs("a")) == "name"
    assert ours("a") == ours("b")
    assert hash(ours("a")) == hash(theirs("a"))


def test_a_class_may_have_no_field_or_one_and_inherit_others() -> None:
    @reconciler.frozen.dataclass
    class Empty:
        pass

    @reconciler.frozen.dataclass(frozen=True, kw_only=True)
    class Kind:
        words: str

    @reconciler.frozen.dataclass(frozen=True, kw_only=True, repr=False)
    class Text(Kind):
        words: str = "a string"
        length: int

    assert Empty() == Empty()
    assert Text(length=1) == Text(words="a string", length=1) != Text(length=2)
    assert repr(Text(length=1)).endswith("Text(words='a string')")


def test_a_copy_has_other_values_and_the_class_is_the_same() -> None:
    pair = _Pair(1, (2,))
    assert reconciler.frozen.copied(pair, {"left": 5}) == _Pair(5, (2,))
    assert type(reconciler.frozen.copied(pair, {})) is _Pair
