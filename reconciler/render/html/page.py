"""A plan or a drift as one self-contained HTML file, with a policy that lets nothing else in."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from heapq import heappop, heappush
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.render.escape import plain, quoted
from reconciler.render.html.cards import Card, card
from reconciler.render.html.isolation import isolated, name_html, sentence_html, title_text, value_html
from reconciler.render.html.markup import dotted, lines_in, place_of, sign_of
from reconciler.render.html.rendered import FULL, Viewer, Views
from reconciler.render.spelling import both_names, choice_text, moved_words
from reconciler.render.text.diagnostics import lay_out_diagnostics
from reconciler.render.text.plan import lines_of
from reconciler.render.view.diagnostics import Block, in_blocks
from reconciler.render.view.parts import View, message_lines
from reconciler.render.worddiff import Effort

MOST_BYTES: Final = 4_000_000
"""How large a page may be. If it would be larger, instructions are not rendered, and the largest cards are brief."""

_MOST_MESSAGES: Final = 50


@dataclass(frozen=True, slots=True)
class _Inline:
    text: str
    digest: str


def lay_out_page(view: View) -> str:
    """The file. No line begins with `::` or contains `##[`: see `forge.github.commands.shield`.

    For a plan of any size, the page has a few megabytes at most.
    """
    effort, viewer, cards = Effort(), Viewer(), _Cards(view)
    for number, project in enumerate(view.projects, start=1):
        cards.add(card(project, number, effort, viewer, most=MOST_BYTES))
        cards.shrink(MOST_BYTES)
    head, tail = _frame(view, cards.brief)
    room = MOST_BYTES - len(head.encode()) - len(tail.encode())
    cards.shrink(room)
    text = "".join((head, *cards.whole(viewer, room), tail))
    return text.replace("##[", "#&#35;[")


def _frame(view: View, entries: Sequence[Card]) -> tuple[str, str]:
    """What is before the cards, and what is after them."""
    blocks = in_blocks(view.messages)
    left_out = sum(block.count for block in blocks[_MOST_MESSAGES:])
    text = (
        environment()
        .get_template("page.html")
        .render(
            view=view,
            entries=entries,
            messages=blocks[:_MOST_MESSAGES],
            more_messages=f"… {count(left_out, 'more message')}" if left_out else "",
            address=view.address,
            style=inline("page.css"),
            script=inline("page.js"),
        )
    )
    head, _, tail = text.partition("<cards>\n")
    return head, tail


class _Cards:
    """The cards of a page as HTML, in their order. `brief` are their brief forms.

    A card has a slot for each instruction. What is foreign is escaped, so it contains no slot.
    """

    def __init__(self, view: View) -> None:
        module: Any = environment().get_template("card.html").make_module({"address": view.address})
        self._draw: Callable[[Card], str] = module.card
        self._draw_views: Callable[[Views], str] = module.rendered
        self._full: str = module.rendered(FULL)
        self.brief: list[Card] = []
        self._drawn: list[str] = []
        self._largest: list[tuple[int, int]] = []
        self._total = 0

    def add(self, made: Card) -> None:
        drawn = self._draw(made)
        size = len(drawn.encode()) + drawn.count("<slot ") * len(self._full)
        heappush(self._largest, (-size, len(self._drawn)))
        self._total += size
        self._drawn.append(drawn)
        self.brief.append(made.brief())

    def shrink(self, room: int) -> None:
        """Shorten the largest cards until all of them fit."""
        while self._total > room and self._largest:
            size, at = heappop(self._largest)
            self._drawn[at] = self._draw(self.brief[at])
            self._total += size + len(self._drawn[at].encode())

    def whole(self, viewer: Viewer, room: int) -> Iterator[str]:
        """The cards with their instructions rendered in the slots, as long as there is room."""
        left = room - self._total

        def fill(slot: re.Match[str]) -> str:
            nonlocal left
            views = self._draw_views(viewer.show(int(slot[1]), left))
            left -= len(views.encode()) - len(self._full)
            if left >= 0:
                return views
            left = 0
            return self._full

        for drawn in self._drawn:
            yield re.sub(r"<slot (\d+)>", fill, drawn)


def _diagnostic_lines(block: Block) -> list[str]:
    return lay_out_diagnostics([block.first], colour=False).rstrip("\n").split("\n")


@cache
def environment() -> Environment:
    """The templates of every page, with what they call."""
    made = Environment(
        loader=PackageLoader("reconciler.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "sign": sign_of,
        "lines_in": lines_in,
        "dotted": dotted,
        "place": place_of,
        "diagnostic_lines": _diagnostic_lines,
        "message_lines": message_lines,
        "choice_text": choice_text,
        "moved_words": moved_words,
        "plain": plain,
        "quoted": quoted,
        "lines_of": lines_of,
        "name": name_html,
        "isolated": isolated,
        "apart": title_text,
        "words": sentence_html,
        "value": value_html,
        "both_names": both_names,
    }
    return made


@cache
def inline(name: str) -> _Inline:
    """A file that is part of the page, and the digest by which the page's policy allows it."""
    known = environment()
    assert known.loader is not None
    text, _, _ = known.loader.get_source(known, name)
    return _Inline(text, f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")
