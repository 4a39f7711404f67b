"""The faults that a plan holds, and the file that it is read from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal, cast

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

_KEYS = frozenset({"call", "project", "what", "times", "after", "retry_after", "seconds"})


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
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise ValueError(f'the key "{unknown[0]}" is not known; there are {", ".join(sorted(_KEYS))}')
    call = _one_of(entry, "call", (*CALLS, ANY))
    what = _one_of(entry, "what", WHATS)
    if call != ANY and call not in _OTHERS.get(what, CALLS):
        raise ValueError(f'"{what}" goes with {", ".join(c for c in CALLS if c in _OTHERS[what])}, not with {call}')
    for key, only in (("retry_after", "429-retry-after"), ("seconds", "slow")):
        if key in entry and what != only:
            raise ValueError(f'"{key}" goes with "{only}" only')
    return Fault(
        call=call,
        what=what,
        project=_project(entry, call),
        times=_times(entry),
        after=_whole(entry, "after", least=0, default=0),
        retry_after=_retry_after(entry),
        seconds=_seconds(entry),
    )


def _one_of(entry: Mapping[str, Json], key: str, values: Sequence[str]) -> str:
    if key not in entry:
        raise ValueError(f'"{key}" is missing')
    value = entry[key]
    if not isinstance(value, str) or value not in values:
        raise ValueError(f'"{key}" must be one of {", ".join(values)}')
    return value


def _project(entry: Mapping[str, Json], call: str) -> str | None:
    project = entry.get("project")
    if "project" in entry and (not isinstance(project, str) or not project):
        raise ValueError('"project" must be a name, or a pattern with *')
    if project is not None and call == "list":
        raise ValueError('"project" does not go with list, which is about all of them')
    return cast("str | None", project)


def _times(entry: Mapping[str, Json]) -> int | None:
    if entry.get("times") == "always":
        return None
    try:
        return _whole(entry, "times", least=1, default=1)
    except ValueError:
        raise ValueError('"times" must be a whole number from 1 on, or "always"') from None


def _whole(entry: Mapping[str, Json], key: str, *, least: Literal[0, 1], default: int) -> int:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f'"{key}" must be a whole number from {least} on')
    return value


def _retry_after(entry: Mapping[str, Json]) -> str:
    value = entry.get("retry_after", "1")
    if isinstance(value, str) and (re.fullmatch("[0-9]+", value) or _is_http_date(value)):
        return value
    raise ValueError('"retry_after" must be a string: seconds such as "1", or an HTTP date')


def _is_http_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return text.isascii() and text.isprintable()


def _seconds(entry: Mapping[str, Json]) -> float:
    value = entry.get("seconds", 2)
    number = float(value.text) if isinstance(value, NumberText) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 86_400:
        raise ValueError('"seconds" must be a number from 0 to 86400')
    return float(number)
