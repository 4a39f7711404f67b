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
        "3:15", "a comma or quotes are missing",
        'add a comma before this, or, if this is part of the text to the left, quote "1 b: 2"',
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
        "align this key with the key on line 1, or, if this line continues that text, quote the whole text",
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
        "5:2", "this indentation matches no outer level", "indent the line by 2 spaces, like the key on line 4",
    ),
    "one space too many at the left": (
        " name: p\n type: chat\nparams: {}\n",
        "3:1", "the document ended before this line",
        "indent this line like line 2, or, for a new document, add a line with --- above",
    ),
    "an item among keys": (
        HEAD + "params:\n  a: 1\n  - b\n",
        "5:3", "found a list item where a key is expected",
        "write a list below a key of its own, which has no other value",
    ),
    "a template": (HEAD + "params:\n  a: {% if x %}\n", "4:6", "unquoted text cannot start with {%",
        "render the template first, or, if this is text, quote it"),
    "a tab": (HEAD + "params:\n\ta: 1\n", "4:1", "tabs cannot be used for indentation", "indent with spaces"),
    "an escape": (
        HEAD + 'ontology: ["a\\;b"]\n',
        "3:15", "a quoted string has an unknown or incomplete escape", "quote the text with '…' instead",
    ),
    "a colon behind a quoted string": (
        HEAD + 'params:\n  a: "x": y\n', "4:6", "a colon follows a quoted string",
        "remove the colon and what follows it, or quote the whole text",
    ),
    "a colon behind a list": (
        HEAD + "params:\n  a: [1]: b\n", "4:6", "a colon follows a list", "remove the colon and what follows it",
    ),
    "a text that ends with a colon": (
        HEAD + "params:\n  a: http://x:\n", "4:6", "unquoted text ends with a colon",
        "quote the text, or, if it is a key, move it to a line of its own",
    ),
    "two keys on a line": (
        HEAD + "params: geometries:\n  box: {}\n", "3:9", "a second key on this line",
        "move this key to a line of its own, and indent it",
    ),
    "a colon and a tab": (
        HEAD + "params:\n  a: b:\tc\n", "4:6", "unquoted text contains a colon and a tab", "quote the text",
    ),
    "a text with a colon in braces": (
        HEAD + "ontology:\n  - {choice: cat, description: Note: all cats}\n",
        "4:32", "unquoted text contains a colon and a space", "quote the text",
    ),
    "a text with a colon in brackets": (
        HEAD + "params: {a: [x: y: z]}\n", "3:17", "unquoted text contains a colon and a space", "quote the text",
    ),
    "a quoted string with a colon in braces": (
        HEAD + "params: {a: 'x': y}\n", "3:13", "a colon follows a quoted string", "remove the colon",
    ),
    "a quoted word and more": (
        HEAD + 'params:\n  a: "x" y\n', "4:8", "this quote ends the string, but more text follows", "to include a \"",
    ),
    "a list and more": (
        HEAD + "params:\n  a: [draft] b\n", "4:14", "more text follows a complete value", "quote the whole text",
    ),
    "a key below a choice": (
        HEAD + "ontology:\n  - Cat\n    description: x\n",
        "5:5", "this key is indented below a line that is only text", "write line 4 as KEY: VALUE, or",
    ),
    "a first line without a key": ("name\ntype: chat\n", "1:1", "this line has no key", "write KEY: VALUE"),
    "a line without a key below a quoted string": (
        HEAD + "params:\n  a: 'x'\n  b\n  c: 1\n", "5:3", "this line has no key", "write KEY: VALUE",
    ),
    "a key among items": (
        HEAD + "params:\n  - a\n  b: 1\n", "5:3", "found a key where a list item is expected",
        "to add an item, start this line with a hyphen and a space; to end the list, indent this line less",
    ),
    "an item deeper than its list": (
        HEAD + "ontology:\n  - a: 1\n    - b\n", "5:5", "found a list item where a key is expected",
        "align this item with the items above, or",
    ),
    "a hyphen among keys": (
        HEAD + "params:\n  a: 1\n  -\n", "5:3", "found a list item where a key is expected", "write a list below a key",
    ),
    "a key like that of another block": (
        HEAD + "params:\n  a:\n      b: 1\n    c: 1\n",
        "6:5", "this indentation matches no outer level", "indent the line by 6 spaces, like the key on line 5",
    ),
    "a second document without a marker": (
        '"a"\nb: 1\n', "2:1", "the document ended before this line",
        "write line 1 as KEY: VALUE, or, for a new document, add a line with --- above this one",
    ),
    "a directive without a marker": (
        "%YAML 1.1\nname: p\n", "1:1", "a line with --- is missing below this line", "remove this line",
    ),
    "a key behind a marker": (
        "--- name: p\n", "1:5", "a key cannot follow --- on the same line", "move this to the next line",
    ),
    "a list in the middle": (
        HEAD + "params:\n  a: - b\n",
        "4:6", "a list cannot begin in the middle of a line", "start the list on the next",
    ),
    "a question": (
        HEAD + "params:\n  a: ? b\n",
        "4:6", "unquoted text cannot start with ? and a space", "quote the text",
    ),
    "an asterisk": (HEAD + "params:\n  a: * b\n", "4:6", "unquoted text cannot start with *", "quote the text"),
    "text behind a bar": (
        HEAD + "params:\n  a: | b\n", "4:8", "text cannot follow | on the same line", "move this to the line below",
    ),
    "a comma too many": (
        HEAD + "params: {a: [b,, c]}\n", "3:16", "there is no value before this comma", "remove the comma",
    ),
    "a hyphen in brackets": (
        HEAD + "params: {a: [- b]}\n", "3:14", "an item in brackets cannot start with a hyphen and a space",
        "remove the hyphen",
    ),
    "a brace alone": (HEAD + "params: }\n", "3:9", "unmatched }", "remove the }, or, if this is text, quote it"),
    "a brace in a comment": (HEAD + "params: {a: #x}\n", "3:9", "unclosed {", "add the missing }"),
    "a control character": (
        HEAD + 'params: {a: "x\x01y"}\n',
        "3:15", "YAML cannot contain U+0001", "remove the character, or write \\x01 in double quotes",
    ),
    "a character that is none": (
        HEAD + "params: {a: x\ufffe}\n", "3:14", "YAML cannot contain U+FFFE", "remove the character, or write \\uFFFE",
    ),
    "a text that ends with a colon in braces": (
        HEAD + "params: {a: b: }\n", "3:13", "unquoted text ends with a colon", "quote the text",
    ),
    "a colon behind braces in braces": (
        HEAD + "params: {a: {b: c}: d}\n", "3:18", "a colon follows a mapping", "remove the colon",
    ),
    "a colon behind brackets in braces": (
        HEAD + "params: {a: [b] : d}\n", "3:15", "a colon follows a list", "remove the colon",
    ),
    "a key without its colon": (
        HEAD + "params\n  a: 1\n", "3:1", "this line has no key", "add a colon after the key",
    ),
    "an item without its hyphen": (
        HEAD + "ontology:\n  - Cat\n  Dog\n", "5:3", "found text where a list item is expected",
        "to add an item, start this line with a hyphen and a space; to continue the item, indent this line",
    ),
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
    assert diagnostic.code == "bad-key"
    assert diagnostic.label == "quote the key, or, if all of this is text, the whole text"
    assert "begins a mapping" in diagnostic.detail
