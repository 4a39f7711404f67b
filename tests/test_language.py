"""The words that people read: no file holds a phrase that the project's style replaces."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
SUFFIXES: Final = (".py", ".md", ".yml", ".yaml", ".toml", ".html", ".css", ".sh", "Makefile")
DATA: Final = ("tests/test_language.py", "tests/manifest/yaml_suite", "tests/cases/", "projects/")

PHRASES: Final = {
    r"\b(?<!there )(?<!There )is no (?!longer|more|less|other|matter|such)[a-z`\"{]": "is not a …",
    r"\b(?<!there )(?<!There )are no (?!longer|more|less|other|such)[a-z`\"{]": "are not …",
    r"\b(stands|stand|stood) (in|twice|at|there|for itself|on|below|above|here)\b": "is, appears, is defined",
    r"\btold\b|\btells\b|\btell (?!apart)": "report, show, print, return",
    r"\b(mend|mends|mended|anew)\b|make whole": "fix, re-create, again",
    r"\bblanks?\b(?! (line|lines|project|choice|name))": "spaces, whitespace",
    r"\bfor ever\b": "permanently",
    r"\b(somebody|someone) else's\b|\bof others\b": "made on Scale, made outside git",
    r"\b(left|leave|leaves) alone\b": "kept, unchanged, not managed",
    r"\btaken in\b|\bcome in\b|\bcame in\b": "merged, imported",
    r"\bnobody can tell\b": "cannot determine",
    r"\bcannot be had\b": "is unavailable",
    r"\bScale's side\b": "on Scale",
    r"\(but `": "(except `",
    r"\bbehind git's back\b": "outside git",
    r"\bset-up\b": "setup",
    r"\bput into form\b": "formatted",
    r"\bone (use case|command|comment) a \w+": "one … per …",
    r"\bwhat became of\b": "the result of",
    r"\bthe rooms?\b": "the packages",
}
"""A pattern of what is not written, and what is written instead."""


@cache
def texts() -> dict[str, list[str]]:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {
        name: (ROOT / name).read_text("utf-8", errors="replace").splitlines()
        for name in tracked.splitlines()
        if name.endswith(SUFFIXES) and not name.startswith(DATA) and (ROOT / name).is_file()
    }


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_phrase_that_reads_as_if_translated(phrase: str) -> None:
    pattern = re.compile(phrase, re.IGNORECASE)
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, lines in texts().items()
        for number, line in enumerate(lines, 1)
        if pattern.search(line)
    ]
    assert not found, f"write {PHRASES[phrase]!r}:\n" + "\n".join(found)
