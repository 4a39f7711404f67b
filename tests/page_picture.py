"""docs/page.png, the second picture in README: the plan of the first one as a page, in Debian's chromium.

`python -m tests.page_picture` writes it. Fonts differ from machine to machine, so no test compares it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.picture import NOW, example
from tests.render.browser import browser
from tests.render.shown import render_page

FILE: Final = Path(__file__).parents[1] / "docs" / "page.png"


def take(file: Path) -> None:
    """Write the picture."""
    plan, base = example()
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        written = Path(folder) / "plan.html"
        written.write_text(render_page(plan, base=base, now=NOW), "utf-8")
        page = chromium.new_page(viewport={"width": 1200, "height": 1010})
        page.goto(written.as_uri())
        page.screenshot(path=file)


if __name__ == "__main__":
    take(FILE)
