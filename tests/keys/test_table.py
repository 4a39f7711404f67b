"""Mappings with known keys."""

from __future__ import annotations

from typing import Any

from reconciler.keys import Fault, Faults, Key, Maybe, Table, Text, Truth

TABLE = Table(
    thing="a rule",
    keys=(
        Key("path", Text(), "Where.", required=True, if_missing="It is nowhere."),
        Key("is_on", Truth(), "Whether."),
        Key("reason", Maybe(kind=Text()), "Why."),
    ),
    own_keys=True,
    hyphens=True,
    short="path",
)


def read(value: Any, *reported: tuple[str | int, ...]) -> tuple[Any, list[Fault]]:
    faults = Faults(reported)
    return TABLE.read(value, ("rules", 0), faults), faults


def summaries(value: Any) -> list[str]:
    return [fault.summary for fault in read(value)[1]]


def test_values_by_key() -> None:
    assert read({"path": "x", "is-on": True, "reason": None, "x-own": 1}) == (
        {"path": "x", "is_on": True, "reason": None},
        [],
    )
    assert read("x") == ({"path": "x"}, [])


def test_mistakes() -> None:
    assert summaries(3) == ["rules[0] must be a mapping, not a number"]
    assert summaries({}) == ['a rule needs the key "path"']
    assert summaries({"path": None}) == ['"path" has no value']
    assert summaries({"pth": "x"}) == ['a rule has no key "pth"']  # which is why path is missing
    assert summaries({"path": "x", "is_on": True, "is-on": True}) == ["a rule has is_on twice, in two spellings"]
    faults = Faults()
    TABLE.read([], (), faults)
    assert [fault.summary for fault in faults] == ["a rule must be a mapping, not a list"]


def test_what_is_wrong_makes_no_value() -> None:
    assert read({"path": "x", "is_on": "yes"})[0] is None
    assert read({"path": None}, ("rules", 0, "path")) == (None, [])  # it was reported before


def test_messages_that_are_not_shown_cost_little() -> None:
    faults = Faults(most=1)
    TABLE.read({"path": "x", "resaon": 1, "reasno": 1}, (), faults)
    assert [fault.label for fault in faults] == ['did you mean "reason"?', ""]


def test_the_schema() -> None:
    path, table = TABLE.alternatives(lambda _: [])
    assert path == {"type": "string", "description": "Where."}
    assert table["required"] == ["path"]
    assert list(table["properties"]) == ["path", "is_on", "reason", "is-on"]
    assert table["additionalProperties"] is False
