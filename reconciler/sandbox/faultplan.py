"""The faults that a plan holds, and the file that it is read from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from reconciler.sandbox.jsontext import Json, NumberText, parse_file

CALLS = ("list", "get", "create", "setParams", "setOntology")
ANY = "any"
STATUSES = (500, 502, 503, 504)
WHATS = (
    "no-answer-before",
    "no-answer-after",
    *(f"{status}-{when}" for when in ("before", "after") for status in STATUSES),
    "429",
    "429-retry-after",
    "garbage",
    "garbage-before",
    "slow",
    "other-before",
    "other-after",
)
_OTHERS: Mapping[str, frozenset[str]] = {
    "other-before": frozenset({"get", "setParams", "setOntology"}),
    "other-after": frozenset({"get", "create", "setParams", "setOntology"}),
}
"""The calls that another writer can come before or after: those of one project, which must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong: `what`, for `times` calls that match (None: for all), once `after` of them passed.

    `project` is a name in which `*` stands for any text; None matches every call, those without a project included.
    `retry_after` belongs to `429-retry-after`, `seconds` to `slow`.
    """

    call: str
    what: str
    project: str | None = None
    times: int | None = 1
    after: int = 0
    retry_after: str = "1"
    seconds: float = 2.0

    def matches(self, call: str, project: str | None) -> bool:
        if self.call not in (ANY, call) or call not in _OTHERS.get(self.what, CALLS):
            return False
        if self.project is None:
            return True
        pattern = ".*".join(map(re.escape, self.project.split("*")))
        return project is not None and re.fullmatch(pattern, project, re.DOTALL) is not None


def read_faults(text: str | bytes) -> list[Fault]:
    """The plan that a file holds; docs/sandbox.md has the format.

    ValueError says what the file is not, or has, as the rest of a sentence that starts with its name.
    """
    document = parse_file(text.encode() if isinstance(text, str) else text)
    if not isinstance(document, list):
        raise ValueError("is not a JSON array of faults")
    found = []
    for number, entry in enumerate(document, 1):
        try:
            found.append(_read_fault(entry))
        except ValueError as problem:
            raise ValueError(f"has a mistake in fault {number}: {problem}") from None
    return found


def _read_fault(entry: Json) -> Fault:
    if not isinstance(entry, dict):
        raise ValueError("it is not an object")
    for key, value in entry.items():
        if key not in _KEYS:
            raise ValueError(f'the key "{key}" is not known; the keys are {", ".join(_KEYS)}')
        allows, values = _KEYS[key]
        if not allows(value):
            raise ValueError(f'"{key}" must be {values}')
    for key in ("call", "what"):
        if key not in entry:
            raise ValueError(f'"{key}" is missing')
    call, what = str(entry["call"]), str(entry["what"])
    if call != ANY and call not in (calls := _OTHERS.get(what, CALLS)):
        raise ValueError(f'"{what}" goes with {", ".join(one for one in CALLS if one in calls)}, not with {call}')
    if call == "list" and "project" in entry:
        raise ValueError('"project" does not go with list, which is about all projects')
    for key, only in (("retry_after", "429-retry-after"), ("seconds", "slow")):
        if key in entry and what != only:
            raise ValueError(f'"{key}" goes with "{only}" only')
    given: dict[str, Any] = dict(entry)
    if given.get("times") == "always":
        given["times"] = None
    if "seconds" in given:
        given["seconds"] = _seconds(given["seconds"])
    return Fault(**given)


def _is_whole(value: Json, *, least: int) -> bool:
    return type(value) is int and value >= least


def _is_wait(value: Json) -> bool:
    """Whether a Retry-After can have this value."""
    if not isinstance(value, str) or re.fullmatch("[0-9]+", value):
        return isinstance(value, str)
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return value.isascii() and value.isprintable()


def _seconds(value: Json) -> float | None:
    """None for what is not a number of seconds."""
    number = float(value.text) if isinstance(value, NumberText) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 86_400:
        return None
    return float(number)


_KEYS: Mapping[str, tuple[Callable[[Json], bool], str]] = {
    "call": (lambda value: value in (*CALLS, ANY), f"one of {', '.join((*CALLS, ANY))}"),
    "what": (lambda value: value in WHATS, f"one of {', '.join(WHATS)}"),
    "project": (lambda value: isinstance(value, str) and value != "", "a name, or a pattern with *"),
    "times": (
        lambda value: value == "always" or _is_whole(value, least=1),
        'a whole number from 1 on, or "always"',
    ),
    "after": (lambda value: _is_whole(value, least=0), "a whole number from 0 on"),
    "retry_after": (_is_wait, 'a string: seconds such as "1", or an HTTP date'),
    "seconds": (lambda value: _seconds(value) is not None, "a number from 0 to 86400"),
}
"""What a fault may have: the values that are allowed for each key, and how they are described."""
