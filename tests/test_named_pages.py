"""What the code points to exists: every page of the docs, every heading, and every file of the distribution."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "reconciler"
POINTER = re.compile(r'(README(?:\.md)?|(?:docs/)?[\w/-]+\.md)(?:#([\w-]+)|(?:, | under |: )"([^"]+)")?')
OURS = ("README", "CONTRIBUTING", "CHANGELOG", "docs/")


def texts() -> Iterator[tuple[str, str]]:
    """Each text of the distribution that people may read, with where it is."""
    for file in sorted(SOURCE.rglob("*")):
        where = file.relative_to(ROOT).as_posix()
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{where}:{node.lineno}", node.value
        elif file.is_file() and file.suffix in (".md", ".yml", ".yaml", ".toml", ".html", ".json"):
            yield where, file.read_text("utf-8")


def pointers(text: str) -> Iterator[tuple[str, str, str]]:
    """Each page that a text points to, with the anchor and the heading, if it names one."""
    for found in POINTER.finditer(text):
        if found[1].startswith(OURS):
            yield found[1] if found[1].endswith(".md") else f"{found[1]}.md", found[2] or "", found[3] or ""


def headings(page: str) -> list[str]:
    return re.findall(r"(?m)^#+ +(.+?) *#*$", (ROOT / page).read_text("utf-8"))


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def problem(page: str, fragment: str, heading: str) -> str:
    if not (ROOT / page).is_file():
        return f"there is no {page}"
    if heading and heading not in headings(page):
        return f'{page} has no heading "{heading}"'
    if fragment and fragment not in map(anchor, headings(page)):
        return f"{page} has no anchor {fragment}"
    return ""


def test_every_pointer_leads_somewhere() -> None:
    found = [(where, *pointer) for where, text in texts() for pointer in pointers(text)]
    assert len(found) > 5
    assert [f"{where}: {wrong}" for where, *pointer in found if (wrong := problem(*pointer))] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("See docs/ci.md.", ""),
        ('README, "Dependencies", has the reasons.', ""),
        ("See docs/gone.md.", "there is no docs/gone.md"),
        ('README, "Gone", says so.', 'README.md has no heading "Gone"'),
        ("See docs/ci.md#gone.", "docs/ci.md has no anchor gone"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_found(text: str, wrong: str) -> None:
    [pointer] = pointers(text)
    assert problem(*pointer) == wrong
