"""The smallest parts of a card as HTML. A large page has a hundred thousand of them, too many for templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from markupsafe import Markup, escape

from reconciler.diagnostics import Location
from reconciler.model.project import Source
from reconciler.render.escape import plain
from reconciler.render.html.isolation import file_html, is_leftward, isolated, pieces_of, within
from reconciler.render.signs import MEANING, Sign
from reconciler.render.textdiff import DiffLine
from reconciler.render.worddiff import Fate

_SIGNS: Final[dict[Sign | None, Markup]] = {None: Markup()} | {
    sign: Markup(f'<b class="sign {sign.name.lower()}" role="img" aria-label="{meaning}">{escape(sign)}</b>')
    for sign, meaning in MEANING.items()
}
_FATES: Final = {Sign.REMOVE: Fate.DELETED, Sign.ADD: Fate.INSERTED}


def sign_of(sign: Sign | None) -> Markup:
    return _SIGNS[sign]


def lines_in(lines: Iterable[DiffLine]) -> Markup:
    """Lines of a text, each after its sign."""
    return Markup(f'<div class="prose">{"".join(map(_line, lines))}</div>')


def _line(line: DiffLine) -> str:
    kind = "remark" if line.remark else line.sign.name.lower() if line.sign else "same"
    fate = _FATES.get(line.sign, Fate.KEPT) if line.sign else Fate.KEPT
    words = pieces_of(line.pieces) if line.pieces else within(fate.value, line.text)
    isolating = "" if line.remark else ' dir="auto"'
    return f'<p class="{kind}">{_SIGNS[line.sign]}<span{isolating}>{words}</span></p>'


def dotted(name: str) -> Markup:
    """An escaped path. A long one may be broken after its dots."""
    return isolated(name) if is_leftward(name) else Markup(str(escape(name)).replace(".", ".<wbr>"))


def place_of(place: Source | Location, address: Callable[[Source | Location], str | None]) -> Markup:
    """A line of a file, and the link to it if it has one."""
    words, link = f"{file_html(plain(place.file))}:{place.line}", address(place)
    if link is None:
        return Markup(f'<span class="where">{words}</span>')
    return Markup(f'<a class="where" href="{escape(link)}" rel="noopener noreferrer">{words}</a>')
