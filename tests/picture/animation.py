"""Scenes of a terminal as one SVG, moved by CSS alone: GitHub shows it as an image, without scripts and without fonts.

It plays once, and its last scene stays. Where nothing may move, or nothing can, only the last scene is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

_CELL: Final = 8.4
_LINE: Final = 18
_MARGIN: Final = 14
_BAR: Final = 34
_SIZE: Final = 14
"""Pixels: a character's width, a row's height, the space around the rows, the bar above them, and the font."""

_INKS: Final = ("#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#e6edf3")
"""The eight colors of a terminal, which the style sheet knows as c0 to c7. On the background, each but black has a
contrast of 6 or more."""

_STYLE: Final = """\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:#e6edf3;\
white-space:pre}
.b{font-weight:700}.d{fill:#9198a1}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is seen for some seconds: the rows of a screen, with their colors."""

    rows: tuple[str, ...]
    seconds: float


Spans = tuple[tuple[int, int], ...]
"""The scenes in which a row is seen: the first of them, and the one after the last of them, several times."""


def animation(scenes: Sequence[Scene], *, title: str, columns: int, rows: int) -> str:
    """The SVG."""
    seen: dict[tuple[int, str], list[int]] = {}
    for number, scene in enumerate(scenes):
        for place, row in enumerate(scene.rows):
            if row:
                seen.setdefault((place, row), []).append(number)
    together: dict[Spans, list[str]] = {}
    for (place, row), numbers in seen.items():
        together.setdefault(_spans(numbers), []).append(_row(place, row))
    starts = [0.0, *accumulate(scene.seconds for scene in scenes)]
    groups, moves = [], []
    for number, (spans, texts) in enumerate(together.items()):
        stays = spans[-1][1] == len(scenes)
        if spans == ((0, len(scenes)),):
            groups.append(f"<g>{''.join(texts)}</g>")
            continue
        groups.append(f'<g class="{"" if stays else "h "}m" style="animation-name:s{number}">{"".join(texts)}</g>')
        moves.append(f"@keyframes s{number}{{{''.join(_moves(spans, starts))}}}")
    width, height = round(columns * _CELL) + 2 * _MARGIN, rows * _LINE + _BAR + _MARGIN
    inks = "".join(f".c{number}{{fill:{ink}}}" for number, ink in enumerate(_INKS))
    play = f".m{{animation:{starts[-1]:.2f}s step-end}}"
    motion = "\n".join(["@media (prefers-reduced-motion:no-preference){", play, *moves, "}"])
    lights = "".join(
        f'<circle cx="{_MARGIN + 6 + 20 * number}" cy="{_BAR // 2}" r="6" fill="{ink}"/>'
        for number, ink in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}{inks}.h{{visibility:hidden}}\n{motion}\n</style>",
            f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="#161b22" stroke="#3d444d"/>',
            lights,
            *groups,
            "</svg>\n",
        )
    )


def _spans(numbers: Sequence[int]) -> Spans:
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number:
            spans[-1] = (spans[-1][0], number + 1)
        else:
            spans.append((number, number + 1))
    return tuple(spans)


def _moves(spans: Spans, starts: Sequence[float]) -> Iterator[str]:
    """What a row's keyframes say: when it comes, and when it goes."""
    if spans[0][0] > 0:
        yield "0%{visibility:hidden}"
    for first, end in spans:
        yield f"{_percent(first, starts)}{{visibility:visible}}"
        if end < len(starts) - 1:
            yield f"{_percent(end, starts)}{{visibility:hidden}}"


def _percent(scene: int, starts: Sequence[float]) -> str:
    return f"{100 * starts[scene] / starts[-1]:.2f}".rstrip("0").rstrip(".") + "%"


def _row(place: int, row: str) -> str:
    """A row's parts, each at its columns, so that every font keeps to them."""
    y, column, parts = _BAR + _LINE * place + _SIZE, 0, []
    for segment in Text.from_ansi(row).render(Console(color_system="standard")):
        text = segment.text.rstrip("\n")
        if body := text.strip(" "):
            x = _MARGIN + _CELL * (column + len(text) - len(text.lstrip(" ")))
            parts.append(
                f'<text x="{x:.5g}" y="{y}" textLength="{_CELL * len(body):.5g}"{_classes(segment.style)}>'
                f"{escape(body, quote=False)}</text>"
            )
        column += len(text)
    return "".join(parts)


def _classes(style: Style | None) -> str:
    names = []
    if style is not None and style.bold:
        names.append("b")
    if style is not None and style.dim:
        names.append("d")
    if style is not None and style.color is not None and style.color.number is not None:
        names.append(f"c{style.color.number}")
    return f' class="{" ".join(names)}"' if names else ""
