"""Invalid YAML, explained: a mistake is reported once, where it was made, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.parsing import Parser
from tests.manifest.rooms import BOTH_PARSERS, HEAD, load

CASES = {
    "a quote that nothing closes": (
        "type: chat\nname: \"p\nparams: {}\n", "2:7", "unclosed quote", 'add a " where the string ends',
    ),
    "a quote that the next one closes": (
        "type: chat\nname: 'p\nparams: {a: 'x'}\n",
        "2:7", "this quote is not closed until line 3", "add a ' where the string ends",
    ),
    "an apostrophe": (
        HEAD + "params:\n  a: 'it's'\n",
        "4:9", "this quote ends the string, but more text follows",
        "to include a ', write '', or quote the string with \"…\"",
    ),
    "a quotation": (
        HEAD + 'params:\n  a: "say "x" now"\n',
        "4:11", "this quote ends the string, but more text follows",
        'to include a ", write \\", or quote the string with \'…\'',
    ),
    "a bracket that nothing closes": (
        HEAD + "params: {a: [1, 2\nontology: [A]\n", "3:13", "unclosed [", "add the missing ]",
    ),
    "a brace that nothing closes": (
        HEAD + "params:\n  a: {b: 1\n  c: 2\n", "4:6", "unclosed {", "add the missing }",
    ),
    "a bracket open at the end": (HEAD + "params: [1, 2\n", "3:9", "unclosed [", "add the missing ]"),
    "a brace closed as a bracket": (
        HEAD + "params: {a: b]\n", "3:14", "the { on line 3 is not closed with }", "add } before this character",
    ),
    "a bracket too many": (HEAD + "ontology: [A]]\n", "3:14", "unmatched ]", "remove the ]"),
    "a comma missing": (
        HEAD + "params: {a: 1 b: 2}\n",
        "3:15", "a comma or the closing } is missing", "add a comma before this",
    ),
    "a comma missing, lines below": (
        HEAD + "params:\n  a: [\n    'b'\n    'c'\n  ]\n",
        "6:5", "a comma or the closing ] is missing", "add a comma before this",
    ),
    "a merge conflict": (
        "name: p\n<<<<<<< HEAD\ntype: chat\n=======\ntype: x\n>>>>>>> b\n",
        "2:1", "git left a merge conflict here", "keep one side, and remove the markers",
    ),
    "a text with a colon": (
        HEAD + "params:\n  a: Note: box\n", "4:6", "unquoted text contains a colon and a space", "quote the text",
    ),
    "a choice with a colon": (
        HEAD + "ontology:\n  - choice: A: b\n", "4:13", "unquoted text contains a colon and a space", "quote the text",
    ),
    "quotes of a word processor": (
        HEAD + "params:\n  a: “x: y”\n",
        "4:6", "unquoted text contains a colon and a space",
        "quote the text with \" or ': YAML does not treat “ as a quote",
    ),
    "a colon without a space": (
        "name:p\ntype: chat\n", "1:5", "a colon without a space after it is part of the text",
        "add a space after the colon",
    ),
    "a colon without a space, further down": (
        "name: p\ntype:chat\nparams: {}\n",
        "2:5", "a colon without a space after it is part of the text",
        "add a space after the colon",
    ),
    "a key below a value": (
        "name: p\n type: chat\n",
        "2:2", "this key is indented below a key that already has a value",
        "indent the key like line 1, or, if this belongs to that line's value, quote the value",
    ),
    "a text that is not indented": (
        HEAD + "params:\n  a: |\n  text\n",
        "5:3", "this line has no key", "if this continues the text of line 4, indent this line more than that line",
    ),
    "a text that goes on": (
        HEAD + "params:\n  a: text\n  goes on\n  b: 1\n",
        "5:3", "this line has no key", "write KEY: VALUE, or indent the line to continue the one above",
    ),
    "too few spaces": (
        HEAD + "params:\n  a: 1\n b: 2\n",
        "5:2", "this indentation matches no line above", "indent the line by 2 spaces, like a line above",
    ),
    "one space too many at the left": (
        " name: p\n type: chat\nparams: {}\n",
        "3:1", "the document ended before this line",
        "indent this line like line 2, or, for a new document, add a line with --- above",
    ),
    "an item among keys": (
        HEAD + "params:\n  a: 1\n  - b\n",
        "5:3", "found a list item where a key is expected",
        "indent the item like the items above it, or below its key",
    ),
    "a template": (HEAD + "params:\n  a: {% if x %}\n", "4:6", "unquoted text cannot start with {%", "quote the text"),
    "a tab": (HEAD + "params:\n\ta: 1\n", "4:1", "tabs cannot be used for indentation", "indent with spaces"),
    "an escape": (HEAD + 'ontology: ["a\\;b"]\n', "3:15", "found unknown escape", "quote the text with '…' instead"),
    "a sign": (HEAD + "ontology:\n  - @a\n", "4:5", "unquoted text cannot start with @", "quote the text"),
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
    assert diagnostic.detail == "The [ is on line 4, column 6."


def test_a_template_in_braces_explains_braces(tmp_path: Path) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + "params:\n  a: {{ x }}\n"}).entries[0].diagnostics
    assert (diagnostic.code, diagnostic.label) == ("bad-key", "quote the key")
    assert "begins a mapping" in diagnostic.detail
