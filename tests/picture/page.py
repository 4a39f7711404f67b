"""A plan as a page, as a browser shows it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.picture.account import NOW, example
from tests.render.browser import browser
from tests.render.shown import render_page

FILE: Final = Path(__file__).parents[2] / "docs" / "page.png"


def take(file: Path) -> None:
    """Write the picture."""
    plan, base = example()
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        written = Path(folder) / "plan.html"
        written.write_text(render_page(plan, base=base, now=NOW), "utf-8")
        page = chromium.new_page(viewport={"width": 1200, "height": 1010})
        page.goto(written.as_uri())
        page.screenshot(path=file)
