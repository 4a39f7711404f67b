"""The frame around the cards: one file that needs no other, with a policy that lets nothing else in."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from heapq import heappop, heappush
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.project import Source
from reconciler.render.counting import count
from reconciler.render.diagnostics import render_diagnostics
from reconciler.render.html.cards import Card
from reconciler.render.html.places import Links, Where, where
from reconciler.render.signs import MEANING, Sign

MOST_BYTES: Final = 4_000_000
"""How much all cards may take together; then the largest of them are told in brief."""

_MOST_DIAGNOSTICS: Final = 50


@dataclass(frozen=True, slots=True)
class Number:
    """One of the counts in the header."""

    number: str
    words: str
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    sign: Sign
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """A diagnostic, escaped, in the lines of the text format."""

    severity: Severity
    lines: tuple[str, ...]
    where: Where | None


@dataclass(frozen=True, slots=True)
class Page:
    """All but the cards. `verdict` is the last line of the text format; `entries` are for the list at the left."""

    title: str
    target: str
    endpoint: str
    seen: str
    verdict: str
    origin: str = ""
    numbers: tuple[Number, ...] = ()
    legend: tuple[Meaning, ...] = ()
    diagnostics: tuple[Told, ...] = ()
    more_diagnostics: str = ""
    closing: tuple[str, ...] = ()
    entries: tuple[Card, ...] = ()

    @property
    def quiet(self) -> bool:
        return self.verdict.startswith("No ")


@dataclass(frozen=True, slots=True)
class _Inline:
    text: str
    digest: str


def draw(page: Page, cards: Sequence[str]) -> str:
    """The file; `cards` are HTML. No line of it begins with `::`, and none holds `##[`: see `escape.shield`."""
    environment = _environment()
    template = environment.get_template("page.html")
    text = template.render(page=page, cards=cards, style=_inline("page.css"), script=_inline("page.js"))
    return text.replace("##[", "#&#35;[")


def draw_cards(cards: Iterable[Card], brief: Callable[[int], Card]) -> list[str]:
    """Each card as HTML; `brief` gives the short form of the one at a position. The order is that of the cards."""
    macro = _environment().get_template("card.html").module.card  # type: ignore[attr-defined]
    drawn: list[str] = []
    largest: list[tuple[int, int]] = []
    total = 0
    for position, card in enumerate(cards):
        drawn.append(macro(card))
        size = len(drawn[-1].encode())
        total += size
        heappush(largest, (-size, position))
        while total > MOST_BYTES and largest:
            size, at = heappop(largest)
            drawn[at] = macro(brief(at))
            total += size + len(drawn[at].encode())
    return drawn


def tell(diagnostics: Sequence[Diagnostic], *, base: str, links: Links | None) -> tuple[tuple[Told, ...], str]:
    """The first of the diagnostics, and what is to be said of the others; empty without others."""
    shown = diagnostics[:_MOST_DIAGNOSTICS]
    more = f"… {count(len(diagnostics) - len(shown), 'more message')}" if len(shown) < len(diagnostics) else ""
    return tuple(_told(shown, base, links)), more


def _told(diagnostics: Iterable[Diagnostic], base: str, links: Links | None) -> Iterator[Told]:
    for diagnostic in diagnostics:
        lines = tuple(render_diagnostics([diagnostic], base=base).rstrip("\n").split("\n"))
        location = diagnostic.location
        place = where(Source(location.file, location.line), base, links) if location and links else None
        yield Told(diagnostic.severity, lines, place if place and place.address else None)


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
    return environment


@cache
def _inline(name: str) -> _Inline:
    """A file that stands in the page as it is, and the digest that the page's policy lets it in by."""
    environment = _environment()
    assert environment.loader is not None
    text, _, _ = environment.loader.get_source(environment, name)
    return _Inline(text, f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}")
