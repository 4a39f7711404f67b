"""An instruction as labelers see it: rendered, cleaned, and with the blocks that changed marked.

Scale renders an instruction as Markdown, in which HTML is allowed. [A] A text that begins and ends with a tag is HTML.
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from reconciler.frozen import dataclass
from reconciler.render.alignment import common
from reconciler.render.escape import plain

INSTRUCTION: Final = "instruction"
"""The parameter that labelers read as a document."""

LONGEST: Final = 50_000
"""Characters. A longer instruction is not rendered, because parsing some texts takes quadratic time."""

MOST: Final = 400_000
"""Characters of all instructions of a page."""

_DEEPEST: Final = 60
"""Nested elements. With more than a few hundred, browsers and the sanitizer get slow."""

_HEADINGS: Final = {f"h{level}" for level in range(1, 7)}
_BLOCKS: Final = _HEADINGS | {
    "p",
    "li",
    "tr",
    "pre",
    "blockquote",
    "dt",
    "dd",
    "figcaption",
    "caption",
    "summary",
    "div",
}
_LEAVES: Final = frozenset({"paragraph_open", "heading_open", "tr_open", "fence", "code_block", "html_block", "hr"})
"""Blocks of Markdown that have no blocks in them."""

_LOADS: Final = {
    "img": "image",
    "iframe": "embedded page",
    "video": "video",
    "audio": "audio",
    "embed": "embedded object",
    "object": "embedded object",
}
"""Elements that load something, and what is shown in their place."""

_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSHOWN: Final = frozenset({"script", "style", "title", "template", "noscript", "textarea", "svg", "math"})
"""Elements whose content is not shown, in addition to those that load something."""

_TAGS: Final = nh3.ALLOWED_TAGS - {"img", "map", "area"}
_ATTRIBUTES: Final = {
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
}
_NOTHING: Final = Markup()
_CHANGED: Final = "changed"
_LOAD: Final = "load"


@dataclass(frozen=True, slots=True)
class Views:
    """An instruction before and after its change, or why it is not rendered. A side without text is empty."""

    before: Markup = _NOTHING
    after: Markup = _NOTHING
    reason: str = ""


FULL: Final = Views(
    reason="This instruction is not rendered, because the page has too many instructions. Select fewer projects."
)
_LONG: Final = Views(reason=f"This instruction is not rendered, because it has more than {LONGEST:,} characters.")


class Viewer:
    """The instructions of one page. They are rendered last, as many as the page has room for."""

    def __init__(self, most: int = MOST) -> None:
        self._left = most
        self._texts: list[tuple[str, str]] = []
        self._done: dict[tuple[str, str], Views] = {}

    def add(self, before: str, after: str) -> int:
        """The number by which `show` renders both texts."""
        self._texts.append((before, after))
        return len(self._texts)

    def show(self, number: int, room: int = MOST) -> Views:
        """Both texts, if they have at most `room` characters. Projects that share an instruction share its views."""
        before, after = both = self._texts[number - 1]
        needed = len(before) + len(after)
        if max(len(before), len(after)) > LONGEST:
            return _LONG
        if needed > (room if both in self._done else min(self._left, room)):
            return FULL
        if both not in self._done:
            self._left -= needed
            self._done[both] = Views(*rendered(before, after))
        return self._done[both]


def rendered(before: str, after: str) -> tuple[Markup, Markup]:
    """Both texts as HTML that neither loads nor runs anything. The blocks that changed have a class."""
    old, new = before.split("\n"), after.split("\n")
    pairs = common(old, new)
    gone = set(range(len(old))).difference(first for first, _ in pairs)
    come = set(range(len(new))).difference(second for _, second in pairs)
    return _side(before, gone), _side(after, come)


def _side(text: str, changed: Set[int]) -> Markup:
    text = re.sub(r"[^\n\t]+", lambda match: plain(match[0], decomposed=True), text)
    if _is_html(text):
        reader = _Reader(changed=changed)
        reader.feed(text)
    else:
        # Nobody can write a text that contains its own digest, so no text can mark a block itself.
        mark = sha256(text.encode()).hexdigest()
        reader = _Reader(mark=mark)
        reader.feed(_from_markdown(text, changed, mark))
    clean = _cleaner().clean(reader.finished())
    return Markup(re.sub(r"(?m)^(\s*):", r"\1&#58;", clean))


def _is_html(text: str) -> bool:
    return text.rstrip().endswith(">") and re.match(r"\s*<(?:!|[a-zA-Z][a-zA-Z0-9-]*[\s/>])", text) is not None


def _web_links(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or re.match(r"(?i)https?:|mailto:", value) else None


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={tag: {_CHANGED, _LOAD} for tag in _TAGS},
        attribute_filter=_web_links,
        link_rel="noopener noreferrer nofollow",
    )


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _from_markdown(text: str, changed: Set[int], mark: str) -> str:
    """The text as HTML. The smallest blocks with a changed line have the class `mark`."""
    tokens = _markdown().parse(text)
    above: list[Token] = []
    for token in tokens:
        if token.nesting < 0:
            above.pop()
        holds_lines = token.type in _LEAVES and token.map is not None
        if holds_lines and not changed.isdisjoint(range(*token.map)):  # type: ignore[misc]
            if token.type == "html_block":
                token.content = f'<div class="{mark}">{token.content}</div>'
            next(block for block in (token, *reversed(above)) if not block.hidden).attrJoin("class", mark)
        if token.nesting > 0:
            above.append(token)
    return str(_markdown().renderer.render(tokens, _markdown().options, {}))


class _Reader(HTMLParser):
    """Copies HTML without what loads, runs, or nests too deep, and marks the smallest blocks with a changed line.

    The changed lines are `changed`, or those of the elements that have the class `mark`.
    """

    def __init__(self, *, changed: Set[int] = frozenset(), mark: str = "") -> None:
        super().__init__()
        self._mark = mark
        self._changed = set(changed)
        self._out: list[str] = []
        self._open: list[_Open] = []
        self._unshown = ""

    def finished(self) -> str:
        """The copy. If a changed line is in no block, all of it is marked."""
        self.close()
        while self._open:
            self._end(self._open.pop())
        copy = "".join(self._out)
        return f'<div class="{_CHANGED}">{copy}</div>' if self._changed else copy

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unshown:
            return
        if tag in _LOADS:
            self._load(_LOADS[tag], dict(attrs))
        if tag in _UNSHOWN or (tag in _LOADS and tag not in _VOID):
            self._unshown = tag
        elif tag not in _VOID:
            self._open.append(_Open(tag, len(self._out), self.getpos()[0] - 1))
            self._out.append(self._start(tag, attrs) if len(self._open) <= _DEEPEST else "")
        elif tag not in _LOADS:
            self._out.append(self._start(tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if self._unshown:
            self._unshown = "" if tag == self._unshown else self._unshown
        elif any(one.tag == tag for one in self._open):
            while (one := self._open.pop()).tag != tag:
                self._end(one)
            self._end(one)

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self._out.append(escape(data, quote=False))

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        others = [(name, value or "") for name, value in attrs if name != "class"]
        kept = "".join(f' {name}="{escape(value)}"' for name, value in others)
        marked = self._mark and self._mark in (dict(attrs).get("class") or "").split()
        return f'<{tag} class="{_CHANGED}"{kept}>' if marked else f"<{tag}{kept}>"

    def _load(self, what: str, attrs: dict[str, str | None]) -> None:
        address, words = attrs.get("src") or attrs.get("data") or "", attrs.get("alt") or ""
        text = f"{what}: {address}" + (f" ({words})" if words else "")
        self._out.append(f'<span class="{_LOAD}">{escape(text)}</span>')

    def _end(self, one: _Open) -> None:
        if not self._out[one.position]:
            return
        self._out.append(f"</{one.tag}>")
        inside = self._changed.intersection(range(one.line, self.getpos()[0]))
        if one.tag in _BLOCKS and inside:
            self._changed -= inside
            self._out[one.position] = f'<{one.tag} class="{_CHANGED}"{self._out[one.position][len(one.tag) + 1 :]}'


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that is not closed yet, its position in the copy, and the line on which it begins."""

    tag: str
    position: int
    line: int
