"""Invalid YAML, explained: a mistake is reported once, where it was made, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.parsing import Parser
from tests.manifest.rooms import BOTH_PARSERS, HEAD, load

CASES = {
    "a quote that nothing closes": (
        "type: chat\nname: \"p\nparams: {}\n", "2:7", "unclosed quote", 'write a " where the string ends',
    ),
    "a quote that the next one closes": (
        "type: chat\nname: 'p\nparams: {a: 'x'}\n",
        "2:7", "this quote is not closed until line 3", "write a ' where the string ends",
    ),
    "an apostrophe": (
        HEAD + "params:\n  a: 'it's'\n",
        "4:9", "this quote ends the string, but more text follows", "write '' for a ' in the string, or use \"…\"",
    ),
    "a quotation": (
        HEAD + 'params:\n  a: "say "x" now"\n',
        "4:11", "this quote ends the string, but more text follows", 'write \\" for a " in the string, or use \'…\'',
    ),
    "a bracket that nothing closes": (
        HEAD + "params: {a: [1, 2\nontology: [A]\n", "3:13", "unclosed [", "write a ] where it ends",
    ),
    "a brace that nothing closes": (
        HEAD + "params:\n  a: {b: 1\n  c: 2\n", "4:6", "unclosed {", "write a } where it ends",
    ),
    "a bracket open at the end": (HEAD + "params: [1, 2\n", "3:9", "unclosed [", "write a ] where it ends"),
    "a brace closed as a bracket": (
        HEAD + "params: {a: b]\n", "3:14", "the } of the { at line 3 is missing", "write } before it",
    ),
    "a bracket too many": (HEAD + "ontology: [A]]\n", "3:14", "unmatched ]", "remove it"),
    "a comma missing": (
        HEAD + "params: {a: 1 b: 2}\n",
        "3:15", "a comma or the closing } is missing", "write a comma before it",
    ),
    "a comma missing, lines below": (
        HEAD + "params:\n  a: [\n    'b'\n    'c'\n  ]\n",
        "6:5", "a comma or the closing ] is missing", "write a comma before it",
    ),
    "a merge conflict": (
        "name: p\n<<<<<<< HEAD\ntype: chat\n=======\ntype: x\n>>>>>>> b\n",
        "2:1", "git left a merge conflict here", "choose one side, and remove the markers",
    ),
    "a text with a colon": (
        HEAD + "params:\n  a: Note: box\n", "4:6", "unquoted text with a colon and a space", "quote it",
    ),
    "a choice with a colon": (
        HEAD + "ontology:\n  - choice: A: b\n", "4:13", "unquoted text with a colon and a space", "quote it",
    ),
    "quotes of a word processor": (
        HEAD + "params:\n  a: “x: y”\n",
        "4:6", "unquoted text with a colon and a space", "quote it with \" or ': a “ is not a quote in YAML",
    ),
    "a colon without a space": (
        "name:p\ntype: chat\n", "1:5", "a colon without a space after it is part of the text", "put a space after it",
    ),
    "a colon without a space, further down": (
        "name: p\ntype:chat\nparams: {}\n",
        "2:5", "a colon without a space after it is part of the text", "put a space after it",
    ),
    "a key below a value": (
        "name: p\n type: chat\n",
        "2:2", "this key is indented below a key that already has a value",
        "indent it like line 1, or quote that line's value if this belongs to it",
    ),
    "a text that is not indented": (
        HEAD + "params:\n  a: |\n  text\n",
        "5:3", "this line has no key", "if it belongs to the text of line 4, indent it below that line",
    ),
    "a text that goes on": (
        HEAD + "params:\n  a: text\n  goes on\n  b: 1\n",
        "5:3", "this line has no key", "write KEY: VALUE, or indent it to continue the line above",
    ),
    "too few spaces": (
        HEAD + "params:\n  a: 1\n b: 2\n",
        "5:2", "no line above has this indentation", "indent it by 2 spaces, like a line above",
    ),
    "one space too many at the left": (
        " name: p\n type: chat\nparams: {}\n",
        "3:1", "the document ends above this line",
        "indent it like line 2, or start a new document with a line --- above it",
    ),
    "an item among keys": (
        HEAD + "params:\n  a: 1\n  - b\n",
        "5:3", "a list item where a key is expected",
        "indent it like the items above it, or below the key that it belongs to",
    ),
    "a template": (HEAD + "params:\n  a: {% if x %}\n", "4:6", "unquoted text cannot start with {%", "quote it"),
    "a tab": (HEAD + "params:\n\ta: 1\n", "4:1", "a tab cannot be used to indent", "indent with spaces, not tabs"),
    "an escape": (HEAD + 'ontology: ["a\\;b"]\n', "3:15", "found unknown escape", "quote it with '…' instead"),
    "a sign": (HEAD + "ontology:\n  - @a\n", "4:5", "unquoted text cannot start with @", "quote it"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_yaml_is_explained(tmp_path: Path, name: str) -> None:
    text, place, summary, label = CASES[name]
    (diagnostic,) = [each for entry in load(tmp_path, {"p.yaml": text}).entries for each in entry.diagnostics]
    location = diagnostic.location
    assert location is not None
    assert f"{location.line}:{location.column}" == place
    assert diagnostic.summary.startswith(f"invalid YAML: {summary}")
    assert diagnostic.label.startswith(label)


@BOTH_PARSERS
def test_a_missing_comma_shows_where_its_bracket_is(tmp_path: Path, parser: Parser) -> None:
    text = HEAD + "params:\n  a: [\n    'b'\n    'c'\n  ]\n"
    (diagnostic,) = load(tmp_path, {"p.yaml": text}, parser).entries[0].diagnostics
    assert diagnostic.detail == "The [ is at line 4, column 6."


def test_a_template_in_braces_explains_braces(tmp_path: Path) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + "params:\n  a: {{ x }}\n"}).entries[0].diagnostics
    assert (diagnostic.code, diagnostic.label) == ("bad-key", "quote it")
    assert "begins a mapping" in diagnostic.detail
