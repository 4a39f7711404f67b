"""The words that people read: no file holds a phrase that the project's style replaces."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.untraced

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
    r"\bfix (the|this) problem\b": "what to fix",
    r"\bso nothing changes\b": "no action is needed",
    r"\bask Scale\.": "contact Scale support",
    r"\bthis one is empty\b|\bthis is not (a day|TOML)\b": "name what is wrong",
    r"\boutside of git\b": "outside git",
    r"\bof one's own\b|\blooks like ours\b": "reconciler's",
    r"\b(leads?|led) to the same\b": "use the same",
    r"\bset (a )?later dates? in\b": "set … to a later date",
    r"\b(laid|lays?) over\b": "overrides",
    r"\bin line [0-9{]": "on line …",
    r"\bhas the last word\b": "decides",
    r"\bas far as it is known\b": "what is known about …",
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


SUMMARY_AT: Final = {"error": 1, "warning": 1, "Diagnostic": 2, "Fault": 1, "RefusedError": 1, "_report": 1, "_stop": 1}
"""The position of the summary among the arguments, by the name of what is called. It is first in an error."""
FIRST: Final = re.compile(r"(.*\.)?[A-Z]\w*Error|self\._?error|click\.ClickException|_unpinned")
NOT_MESSAGES: Final = {"RefusedError", "ConnectionCutError"}
LONGEST_SUMMARY: Final = 72
A_VALUE: Final = 10
"""How many characters a value in a summary counts."""


@cache
def summaries() -> list[tuple[str, int, str, int]]:
    """Each summary of a message: its file, its line, its words, and its length."""
    found: list[tuple[str, int, str, int]] = []
    for name in texts():
        if not name.startswith("reconciler/") or not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            if (summary := summary_of(node)) is not None and (number := length(summary)):
                found.append((name, summary.lineno, ast.unparse(summary), number))
    return found


def summary_of(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Assign) and [dotted(target) for target in node.targets] == ["summary"]:
        return node.value
    if not isinstance(node, ast.Call):
        return None
    named = [keyword.value for keyword in node.keywords if keyword.arg == "summary"]
    called = dotted(node.func)
    first = FIRST.fullmatch(called) and called not in NOT_MESSAGES
    at = 0 if first else SUMMARY_AT.get(called.rpartition(".")[2], len(node.args))
    return named[0] if named else node.args[at] if at < len(node.args) else None


def dotted(called: ast.expr) -> str:
    match called:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=of), attr=name):
            return f"{of}.{name}"
    return ""


def length(words: ast.expr) -> int:
    match words:
        case ast.Constant(value=str(text)):
            return len(text)
        case ast.JoinedStr(values=pieces):
            return sum(length(piece) if isinstance(piece, ast.Constant) else A_VALUE for piece in pieces)
        case ast.IfExp(body=one, orelse=other):
            return max(length(one), length(other))
        case ast.BinOp(left=one, right=other):
            return length(one) + length(other)
    return 0


def test_names_are_quoted_in_one_way() -> None:
    """Python's own quoting would show a name in other quotes than everywhere else."""
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name in texts()
        if name.startswith("reconciler/") and name.endswith(".py") and name != "reconciler/__init__.py"
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8")))
        if (isinstance(node, ast.FormattedValue) and node.conversion == ord("r"))
        or (isinstance(node, ast.Call) and dotted(node.func) == "map" and dotted(node.args[0]) == "repr")
    ]
    assert not found, "\n".join(found)


def test_a_summary_fits_on_a_line() -> None:
    assert len(summaries()) > 300
    long = [
        f"{name}:{line}: {number}: {words}" for name, line, words, number in summaries() if number > LONGEST_SUMMARY
    ]
    assert not long, "\n".join(long)


def test_a_summary_starts_in_lower_case_and_has_no_period() -> None:
    odd = re.compile(r"f?['\"]([A-Z][a-z]+ (?!refuses|accepted|confirmed)|.*[a-z]{4}\.['\"]$)")
    found = [f"{name}:{line}: {words}" for name, line, words, _ in summaries() if odd.match(words)]
    assert not found, "\n".join(found)
