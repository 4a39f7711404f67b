"""A plan or a drift as one self-contained HTML file, with a policy that lets nothing else in."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from heapq import heappop, heappush
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler.diagnostics import count
from reconciler.render.escape import plain, quoted
from reconciler.render.html.cards import Card, card
from reconciler.render.html.rendered import Viewer
from reconciler.render.signs import MEANING
from reconciler.render.spelling import choice_text, moved_words, renamed_text
from reconciler.render.text.diagnostics import lay_out_diagnostics
from reconciler.render.text.plan import lines_of, text_of
from reconciler.render.view.diagnostics import Block, in_blocks
from reconciler.render.view.parts import View, message_lines
from reconciler.render.worddiff import Effort

MOST_BYTES: Final = 4_000_000
"""How much space all cards may take together. If they take more, the largest ones are made brief."""

_MOST_MESSAGES: Final = 50


@dataclass(frozen=True, slots=True)
class _Inline:
    text: str
    digest: str


def lay_out_page(view: View) -> str:
    """The file. No line begins with `::` or contains `##[`: see `forge.github.commands.shield`.

    For a plan of any size, the page has a few megabytes at most.
    """
    entries: list[Card] = []
    blocks = in_blocks(view.messages)
    left_out = sum(block.count for block in blocks[_MOST_MESSAGES:])
    text = (
        _environment()
        .get_template("page.html")
        .render(
            view=view,
            cards=_drawn(view, _cards(view, entries), entries),
            entries=entries,
            messages=blocks[:_MOST_MESSAGES],
            more_messages=f"… {count(left_out, 'more message')}" if left_out else "",
            address=view.address,
            style=_inline("page.css"),
            script=_inline("page.js"),
        )
    )
    return text.replace("##[", "#&#35;[")


def _cards(view: View, entries: list[Card]) -> Iterator[Card]:
    """Each project's card. Its brief form is appended to `entries`."""
    effort, viewer = Effort(), Viewer()
    for number, project in enumerate(view.projects, start=1):
        made = card(project, number, effort, viewer, most=MOST_BYTES)
        entries.append(made.brief())
        yield made


def _drawn(view: View, cards: Iterable[Card], brief: list[Card]) -> list[str]:
    """Each card as HTML, in their order."""
    macro = _environment().get_template("card.html").make_module({"address": view.address}).card  # type: ignore[attr-defined]
    drawn: list[str] = []
    largest: list[tuple[int, int]] = []
    total = 0
    for position, made in enumerate(cards):
        drawn.append(macro(made))
        size = len(drawn[-1].encode())
        total += size
        heappush(largest, (-size, position))
        while total > MOST_BYTES and largest:
            size, at = heappop(largest)
            drawn[at] = macro(brief[at])
            total += size + len(drawn[at].encode())
    return drawn


def _diagnostic_lines(block: Block) -> list[str]:
    return lay_out_diagnostics([block.first], colour=False).rstrip("\n").split("\n")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["meaning"] = MEANING
    environment.filters |= {
        "diagnostic_lines": _diagnostic_lines,
        "message_lines": message_lines,
        "choice_text": choice_text,
        "moved_words": moved_words,
        "renamed_text": renamed_text,
        "plain": plain,
        "quoted": quoted,
        "lines_of": lines_of,
        "text_of": text_of,
    }
    return environment


@cache
def _inline(name: str) -> _Inline:
    """A file that is part of the page, and the digest by which the page's policy allows it."""
    environment = _environment()
    assert environment.loader is not None
    text, _, _ = environment.loader.get_source(environment, name)
    return _Inline(text, f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")
