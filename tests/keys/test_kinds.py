"""What each kind of value takes, what it reports about other values, and mappings with known keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from reconciler.keys.faults import Fault, Faults, RefusedError
from reconciler.keys.kinds import Day, Each, Key, Kind, ListOf, Number, OneOf, Table, Text, Truth


def upper(text: str) -> str:
    if text == "no":
        raise RefusedError("bad-value", "{name} cannot be no", "Why.", "write yes")
    return text.upper()


COUNT = Number(words="a whole number from 1 to 3", whole=True, minimum=1, maximum=3)
RATIO = Number(words="a number of at least 0", minimum=0)
WORDS = OneOf(values=("warn", "hold"))
LIST = ListOf(item=Text(), at_least=1, words="a list of texts")


def read(kind: Kind, value: Any) -> tuple[Any, list[str]]:
    faults = Faults()
    made = kind.read(value, ("a", "b"), faults)
    return made, [f"{fault.code}: {fault.summary}" for fault in faults]


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        (Text(), "x", "x"),
        (Text(rule=upper), "x", "X"),
        (Truth(), False, False),
        (COUNT, 3, 3),
        (RATIO, 0.5, 0.5),
        (WORDS, "hold", "hold"),
        (Day(), "2027-03-01", date(2027, 3, 1)),
        (Day(), date(2027, 3, 1), date(2027, 3, 1)),
        (LIST, ["x", "y"], ("x", "y")),
        (Each(kind=Truth(), words="a mapping"), {"x": True}, {"x": True}),
    ],
)
def test_values_that_are_taken(kind: Kind, value: Any, made: Any) -> None:
    assert read(kind, value) == (made, [])


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Text(), 1, "wrong-type: a.b must be a string, not a number"),
        (Text(), None, "null-part: a.b has no value"),
        (Text(rule=upper), "no", "bad-value: a.b cannot be no"),
        (Truth(), "yes", "wrong-type: a.b must be true or false, not a string"),
        (COUNT, True, "wrong-type: a.b must be a whole number from 1 to 3, not the boolean true"),
        (COUNT, 1.0, "wrong-type: a.b must be a whole number from 1 to 3, not a decimal number"),
        (COUNT, 0, "bad-value: a.b must be a whole number from 1 to 3"),
        (COUNT, 4, "bad-value: a.b must be a whole number from 1 to 3"),
        (RATIO, float("nan"), "bad-value: a.b must be a number of at least 0"),
        (WORDS, [], "wrong-type: a.b must be warn or hold, not a list"),
        (WORDS, "wran", "bad-value: a.b must be warn or hold"),
        (Day(), {}, "wrong-type: a.b must be a date in the form YYYY-MM-DD, not a mapping"),
        (
            Day(code="bad-date"),
            datetime(2027, 3, 1),
            "bad-date: a.b must be a date in the form YYYY-MM-DD, not a date with a time",
        ),
        (Day(), "never", 'bad-date: "never" is not a date'),
        (Day(), "2027-02-30", "bad-date: 2027-02-30 is not a valid date"),
        (LIST, "x", "wrong-type: a.b must be a list of texts, not a string"),
        (LIST, [], "bad-value: a.b must be a list of texts, not an empty list"),
        (LIST, [None], "wrong-type: a.b[0] must be a string, not null"),
        (Each(kind=Truth(), words="a mapping"), [], "wrong-type: a.b must be a mapping, not a list"),
    ],
)
def test_values_that_are_not_taken(kind: Kind, value: Any, message: str) -> None:
    assert read(kind, value)[1] == [message]


def test_a_message_says_what_to_write() -> None:
    faults = Faults()
    Truth().read("Yes", ("a",), faults)
    Truth().read("maybe", ("a",), faults)
    Text().read(1, ("a",), faults)
    WORDS.read("wran", ("a",), faults)
    Text(rule=upper).read("no", ("a",), faults)
    assert [fault.label for fault in faults] == ["write true", "", "quote it", 'did you mean "warn"?', "write yes"]
    assert [bool(fault.detail) for fault in faults] == [True, False, False, False, True]


def test_what_was_reported_before_is_not_read_again() -> None:
    faults = Faults([("a", 0)])
    assert LIST.read([None, "x"], ("a",), faults) == ("x",)
    assert faults == []


def test_schemas() -> None:
    def schemas(kind: Kind) -> list[dict[str, Any]]:
        return kind.alternatives(lambda _: [])

    assert schemas(Truth()) == [{"type": "boolean"}]
    assert schemas(COUNT) == [{"type": "integer", "minimum": 1, "maximum": 3}]
    assert schemas(LIST) == [{"type": "array", "minItems": 1, "items": {"type": "string"}}]
    assert schemas(Each(kind=RATIO, words="")) == [
        {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    ]
    assert schemas(Text(proposals=("x",))) == [{"type": "string", "enum": ["x"]}, {"type": "string"}]


TABLE = Table(
    thing="a rule",
    keys=(
        Key("path", Text(), "Where.", required=True, if_missing="It is nowhere."),
        Key("is_on", Truth(), "Whether."),
        Key("reason", Text(), "Why.", nullable=True),
    ),
    own_keys=True,
    hyphens=True,
    short="path",
)


def read_table(value: Any, *reported: tuple[str | int, ...]) -> tuple[Any, list[Fault]]:
    faults = Faults(reported)
    return TABLE.read(value, ("rules", 0), faults), faults


def summaries(value: Any) -> list[str]:
    return [fault.summary for fault in read_table(value)[1]]


def test_values_by_key() -> None:
    assert read_table({"path": "x", "is-on": True, "reason": None, "x-own": 1}) == (
        {"path": "x", "is_on": True, "reason": None},
        [],
    )
    assert read_table("x") == ({"path": "x"}, [])


def test_mistakes_in_a_table() -> None:
    assert summaries(3) == ["rules[0] must be a mapping, not a number"]
    assert summaries({}) == ['a rule needs the key "path"']
    assert summaries({"path": None}) == ['"path" has no value']
    assert summaries({"pth": "x"}) == ['unknown key "pth" in a rule']  # which is why path is missing
    assert summaries({"path": "x", "is_on": True, "is-on": True}) == ["a rule has is_on twice, in two spellings"]
    faults = Faults()
    TABLE.read([], (), faults)
    assert [fault.summary for fault in faults] == ["a rule must be a mapping, not a list"]


def test_what_is_wrong_makes_no_value() -> None:
    assert read_table({"path": "x", "is_on": "yes"})[0] is None
    assert read_table({"path": None}, ("rules", 0, "path")) == (None, [])  # it was reported before


def test_the_schema_of_a_table() -> None:
    path, table = TABLE.alternatives(lambda _: [])
    assert path == {"type": "string", "description": "Where."}
    assert table["required"] == ["path"]
    assert table["properties"]["reason"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert list(table["properties"]) == ["path", "is_on", "reason", "is-on"]
    assert table["additionalProperties"] is False
