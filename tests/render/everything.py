"""Checks that what a plan changes is in the text, the JSON, the Markdown, and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import Any

from reconciler.documents.plan import PlanShape
from reconciler.fieldpath import Attribute
from reconciler.model.plan import Field, Kind, Plan
from reconciler.model.printed import printed
from reconciler.model.values import ABSENT
from reconciler.render.escape import exact, plain, quoted
from tests.render import plans
from tests.render.shown import render_page, render_plan, render_plan_markdown

_LONG = 120


class _Sides(HTMLParser):
    """The text of a page before the change, without insertions, and after it, without deletions.

    Instructions as labelers see them do not count: what changes must be in the source, too.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self._within: list[str] = []
        self._divisions: list[bool] = []
        self.before, self.after = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ins", "del"):
            self._within.append(tag)
        if tag == "div":
            self._divisions.append(("class", "sheet") in attrs)
        if any(self._divisions):
            return
        if tag in ("p", "td", "li", "tr", "div"):
            self.before += "\n"
            self.after += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ins", "del"):
            self._within.pop()
        if tag == "div":
            self._divisions.pop()

    def handle_data(self, data: str) -> None:
        if any(self._divisions):
            return
        self.before += "" if "ins" in self._within else data
        self.after += "" if "del" in self._within else data


def missing(plan: Plan) -> list[str]:
    """What a format does not show of a plan's fields, as `format: text`."""
    more: dict[str, Any] = {"base": plans.BASE, "now": plans.NOW}
    text, comment, sides = (
        render_plan(plan, **more),
        render_plan_markdown(plan, **more),
        _Sides(render_page(plan, **more)),
    )
    shown = {"text": (text, text), "page": (sides.before, sides.after), "markdown": (comment, comment)}
    found = [
        f"{name}: {atom}"
        for change in plan.changes
        for field in change.fields
        for side, atom in _atoms(field)
        for name, both in shown.items()
        if not any(spelled in both[side] for spelled in _spellings(atom))
    ]
    document = json.loads(json.dumps(PlanShape.document(printed(plan, base=plans.BASE))))
    for change, entry in zip(plan.changes, document["resource_changes"], strict=True):
        sides_of = [
            [None if side is ABSENT else side for side in (field.before, field.after)] for field in change.fields
        ]
        if [[field["before"], field["after"]] for field in entry["fields"]] != json.loads(json.dumps(sides_of)):
            found.append(f"json: {change.name}")
    return found


def _atoms(field: Field) -> Iterator[tuple[int, str]]:
    """What must be found before (0) and after (1) the change."""
    last = field.path[-1]
    if field.path[0] == "ontology" and not isinstance(last, Attribute) and field.kind in (Kind.ADD, Kind.REMOVE):
        side = int(field.kind is Kind.ADD)
        yield side, str(last)
        value = field.after if side else field.before
        yield from (
            (side, value[key]) for key in ("display", "description") if isinstance(value, dict) and key in value
        )
    elif field.kind is Kind.MOVE:
        yield 1, str(last)
    elif isinstance(field.before, str) and isinstance(field.after, str):
        yield from _texts(field.before, field.after)
    elif field.kind is Kind.REORDER:
        yield from ((1, leaf) for leaf in _leaves(_differing(field.before, field.after)))
    else:
        yield from ((0, leaf) for leaf in _leaves(field.before))
        yield from ((1, leaf) for leaf in _leaves(field.after))


def _differing(before: Any, after: Any) -> Any:
    return [item for old, item in zip(before, after, strict=True) if old != item]


def _texts(before: str, after: str) -> Iterator[tuple[int, str]]:
    """The lines that are on one side only; of long lines, the words that are."""
    old, new = before.split("\n"), after.split("\n")
    for side, lines, others in ((0, old, set(new)), (1, new, set(old))):
        yield from ((side, line) for line in lines if line not in others and len(line) <= _LONG)
    long = [[line for line in lines if len(line) > _LONG] for lines in (old, new)]
    for one, other in zip(*long, strict=False):
        words = one.split(" "), other.split(" ")
        for kind, i, to_i, j, to_j in SequenceMatcher(None, *words, autojunk=False).get_opcodes():
            if kind != "equal":
                yield from ((0, word) for word in words[0][i:to_i])
                yield from ((1, word) for word in words[1][j:to_j])


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield from (part for line in value.split("\n") for part in (line.split(" ") if len(line) > _LONG else [line]))
    elif value is not ABSENT:
        yield json.dumps(value)


def _spellings(atom: str) -> Iterator[str]:
    body = atom.rstrip(" ")
    trailing = len(atom) - len(body)
    for space in (" ", "·", "\\u0020"):
        text = body + space * trailing
        yield from (plain(text), plain(text.replace("\\", "\\\\")), quoted(text)[1:-1], exact(text)[1:-1])
