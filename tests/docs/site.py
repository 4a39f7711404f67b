"""The site of the docs. `python -m tests.docs.site [FOLDER]` builds it into ./site, or into FOLDER.

The pages are the Markdown files as they are on GitHub, in their own folders, so that their links work in both places.
The navigation is the index, docs/README.md. A linked folder, or a linked file that a browser cannot show, becomes a
page.
RECONCILER_SITE is the address that the site will have, if it is known.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
INDEX = "docs/README.md"
SHOWN_AS_THEY_ARE = (".md", ".json", ".png", ".svg")

_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
_ENTRY = re.compile(r"(?m)^\d+\. \[([^\]]+)\]\(([^)#]+)\)")
_FENCE = re.compile(r"(?ms)^ *(`{3,})[^\n`]*\n.*?^ *\1`*$")

Entry = tuple[str, str]
"""Title and path of a page."""


def navigation() -> list[tuple[str, list[Entry]]]:
    """The sections of the index with their pages. An entry that leads into a page is not repeated here."""
    parts = re.split(r"(?m)^## (.+)$", (ROOT / INDEX).read_text("utf-8"))
    folder = Path(INDEX).parent.as_posix()
    return [
        (section, [(title, _normal(folder, path)) for title, path in _ENTRY.findall(text)])
        for section, text in zip(parts[1::2], parts[2::2], strict=True)
    ]


def pages() -> list[str]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    return sorted(page.relative_to(ROOT).as_posix() for page in found)


def prose(page: str) -> str:
    """A page without its code blocks, where a `#` starts a comment."""
    return without_code((ROOT / page).read_text("utf-8"))


def without_code(text: str) -> str:
    return _FENCE.sub("", text)


def links(page: str) -> Iterator[tuple[str, str]]:
    """Path, from the root of the repository, and anchor of each link that stays in it."""
    folder = Path(page).parent.as_posix()
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    for path, anchor in _LINK.findall(text):
        yield _normal(folder, path), anchor[1:]
    for anchor in re.findall(r"(?<=\]\(#)[^)\s]+", text):
        yield page, anchor


def _normal(folder: str, path: str) -> str:
    return os.path.normpath(f"{folder}/{path}")


def build(site: Path) -> str:
    """Build the site into a folder, in place of what is there. Returns what the generator printed."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        lay_out(work / "pages")
        (work / "zensical.toml").write_text(settings(), "utf-8")
        zensical = Path(sys.executable).parent / "zensical"
        done = subprocess.run(
            [zensical, "build", "--strict"], cwd=work, check=False, capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            raise SystemExit(f"zensical failed:\n{done.stdout}{done.stderr}")
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(work / "site", site)
        return done.stdout + done.stderr


def lay_out(folder: Path) -> None:
    """The pages, and what they link to, as the generator reads them."""
    _write(folder / "keys.css", _STYLE)
    for page in pages():
        text = (ROOT / page).read_text("utf-8")
        for path, _ in links(page):
            suffix = _suffix(ROOT / path)
            if suffix:
                written = os.path.relpath(path, Path(page).parent)
                text = text.replace(f"]({written})", f"]({written}{suffix})")
                _write(folder / f"{path}{suffix}", _page_of(ROOT / path))
            elif not path.endswith(".md"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, folder / path)
        _write(folder / page, text)


def _suffix(path: Path) -> str:
    """What the page of a path adds to its name, if it needs one to be shown."""
    if path.suffix in SHOWN_AS_THEY_ARE:
        return ""
    return "/README.md" if path.is_dir() else ".md"


def _page_of(path: Path) -> str:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    text = f"# {path.relative_to(ROOT).as_posix()}\n"
    for file in files:
        kind = {".yaml": "yaml", ".md": "markdown"}.get(file.suffix, "text")
        heading = f"\n## {file.relative_to(path).as_posix()}\n" if path.is_dir() else ""
        text += f"{heading}\n``````{kind}\n{file.read_text('utf-8').rstrip()}\n``````\n"
    return text


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def settings() -> str:
    """The generator's settings. TOML takes JSON's strings and lists."""
    sections = ", ".join(f"{{{json.dumps(name)} = {_pages(entries)}}}" for name, entries in navigation())
    top = [
        'site_name = "reconciler"',
        'site_description = "Scale AI annotation projects in git: a plan, applied exactly once"',
        'docs_dir = "pages"',
        'extra_css = ["keys.css"]',
        f"nav = [{sections}]",
    ]
    if address := os.environ.get("RECONCILER_SITE"):
        top.append(f"site_url = {json.dumps(address)}")
    return "\n".join(["[project]", *top, _THEME])


def _pages(entries: Sequence[Entry]) -> str:
    return f"[{', '.join(f'{{{json.dumps(title)} = {json.dumps(path)}}}' for title, path in entries)}]"


_STYLE = """/* A key or an option is never broken within a word: on a narrow screen, the table scrolls. */
.md-typeset td:first-child code { white-space: nowrap; }
.md-typeset td code { word-break: normal; overflow-wrap: normal; }
"""

_THEME = """
[project.theme]
font = false
features = [
  "content.code.copy",
  "navigation.footer",
  "navigation.sections",
  "navigation.top",
  "search.highlight",
  "toc.follow",
]

[[project.theme.palette]]
media = "(prefers-color-scheme)"
toggle.icon = "lucide/sun-moon"
toggle.name = "Switch to light mode"

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Switch to dark mode"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Switch to system preference"

[project.markdown_extensions]
sane_lists = {}
tables = {}
toc.permalink = true
toc.slugify = { object = "pymdownx.slugs.slugify", kwds = { case = "lower" } }
pymdownx.highlight.pygments_lang_class = true
pymdownx.superfences = {}
"""


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "site")
    build(folder.resolve())
    print(f"The site is in {folder}. To look at it: python3 -m http.server --directory {folder}")  # noqa: T201
