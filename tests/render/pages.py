"""A page read back: which elements and attributes it has, and what stands where."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

import nh3

VOID: Final = frozenset({"meta", "input", "wbr", "br", "hr", "col"})
ELEMENTS: Final = frozenset(
    re.findall(
        r"[a-z0-9]+",
        """html head meta title style body a bdi header div h1 span p ul li b form label input output kbd nav ol dl dt
        dd main section h2 h3 h4 small pre article table thead tbody tr th td ins del details summary code i wbr
        script""",
    )
)
ATTRIBUTES: Final = frozenset(
    re.findall(
        r"[a-z-]+",
        """lang charset http-equiv content name class href id hidden role for type autocomplete spellcheck placeholder
        aria-label aria-labelledby aria-describedby aria-keyshortcuts aria-live tabindex scope colspan rel open
        checked dir""",
    )
)
IN_SHEETS: Final = frozenset({"class", "href", "rel", "start", "colspan", "rowspan", "align"})
_OURS: Final = re.compile(r"[\w #,.;:'=/+?&-]*", re.ASCII)


class Page(HTMLParser):
    """Elements in order with their attributes; texts in order, each with the elements that contain it.

    Those of rendered instructions are in `sheets`. `isolated` has each text again, with whether an element keeps it
    from reordering what is around it.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.sheets: list[tuple[str, dict[str, str]]] = []
        self._sheet: int | None = None
        self.texts: list[tuple[str, tuple[str, ...]]] = []
        self.isolated: list[tuple[str, bool]] = []
        self._apart: list[bool] = []
        self.strange: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) != len(attrs):
            self.strange.append(f"{tag} has an attribute twice")
        attributes = {name: value or "" for name, value in attrs}
        (self.elements if self._sheet is None else self.sheets).append((tag, attributes))
        if tag not in VOID:
            if self._sheet is None and attributes.get("class") == "sheet":
                self._sheet = len(self.open)
            self.open.append(tag)
            self._apart.append(tag == "bdi" or attributes.get("dir") == "auto")

    def handle_endtag(self, tag: str) -> None:
        del self._apart[-1:]
        if not self.open or self.open.pop() != tag:
            self.strange.append(f"</{tag}> ends nothing")
        if self._sheet is not None and len(self.open) <= self._sheet:
            self._sheet = None

    def handle_data(self, data: str) -> None:
        self.texts.append((data, tuple(self.open)))
        self.isolated.append((data, any(self._apart)))

    def handle_comment(self, data: str) -> None:
        self.strange.append(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        self.strange.append(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        self.strange.append(f"an instruction: {data}")

    @property
    def text(self) -> str:
        """All that a person may read."""
        return "".join(text for text, within in self.texts if not {"style", "script", "head"} & set(within))

    def of(self, element: str, *classes: str) -> list[dict[str, str]]:
        """The attributes of each element of this name that has all these classes."""
        return [
            attributes
            for name, attributes in self.elements
            if name == element and set(classes) <= set(attributes.get("class", "").split())
        ]

    def problems(self) -> list[str]:
        """Whatever is not of our making: elements, attributes, values, comments; elements that do not match."""
        found = [*self.strange, *(f"<{tag}> is left open" for tag in self.open)]
        for tag, attributes in self.sheets:
            found += [f"<{tag}> in a sheet"] * (tag not in nh3.ALLOWED_TAGS - {"img", "map", "area"})
            found += [f"{name} in a sheet" for name in attributes.keys() - IN_SHEETS]
            found += ["a link"] * (not re.match("https?:|mailto:|$", attributes.get("href", ""), re.IGNORECASE))
        for tag, attributes in self.elements:
            if tag not in ELEMENTS:
                found.append(f"<{tag}>")
            for name, value in attributes.items():
                if name not in ATTRIBUTES or not _OURS.fullmatch(value):
                    found.append(f'<{tag} {name}="{value}">')
        return found
