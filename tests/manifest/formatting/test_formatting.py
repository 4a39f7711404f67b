"""What `fmt` makes of a file: pairs of before and after, and what holds for any file."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.manifest import formatting
from reconciler.manifest.formatting import FileKind, NotProvenError, formatted
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from tests.manifest.formatting.inputs import mutated
from tests.manifest.rooms import BOTH_PARSERS
from tests.manifest.yaml_suite.test_suite import suite_texts

ROOT = Path(__file__).parents[3]
M = "name: p\ntype: imageannotation\n"


def _form(text: str | bytes, kind: FileKind = FileKind.MANIFEST, parser: Parser | None = None) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    once = formatted(data, kind, parser=parser)
    assert formatted(once, kind, parser=parser) == once
    return once.decode()


PAIRS = {
    "keys in order, comments with their keys, the head at the head": (
        "# about the file\n\n# sent as they are\nparams: {}\n# create-only\ntype: chat   # of the old kind\nname: p\n"
        "x-b: 1\nreconcile: {protect: true, params: merge}\nontology: [A]\nx-a: 1\n",
        "# about the file\n\n# sent as they are\nname: p\n# create-only\ntype: chat   # of the old kind\nparams: {}\n"
        "ontology: [A]\nreconcile:\n  params: merge\n  protect: true\nx-b: 1\nx-a: 1\n",
    ),
    "params keep their order": (M + "params:\n  b: 1\n  a: 2\n", None),
    "choices, at every level": (
        M + "ontology:\n- description: d\n  subchoices: [{display: X, choice: B}]\n  choice: A\n",
        M + "ontology:\n  - choice: A\n    description: d\n    subchoices:\n      - {choice: B, display: X}\n",
    ),
    "a named ontology": (
        M + "ontology: {choices: [A, B], name: n}\n",
        M + "ontology:\n  name: n\n  choices: [A, B]\n",
    ),
    "an ignore": (
        M + "reconcile:\n  ignore:\n  - until: 2027-03-01\n    path: params.a\n    reason: r\n",
        M + "reconcile:\n  ignore:\n    - path: params.a\n      reason: r\n      until: 2027-03-01\n",
    ),
    "a referenced ontology stays as short as it is": (M + "ontology: {$ref: _shared.yaml}\n", None),
    "two spaces a level, lists indented": (
        M + "params:\n    a:\n        - 1\n        -   b: 2\n            c: 3\n        - - x\n          - y\n",
        M + "params:\n  a:\n    - 1\n    - b: 2\n      c: 3\n    - - x\n      - y\n",
    ),
    "brackets that fit stay, spaced": (
        M + "params:\n  box: { objects_to_annotate:  [ Cat,Kitten ],min_width : 10 }\n",
        M + "params:\n  box: {objects_to_annotate: [Cat, Kitten], min_width: 10}\n",
    ),
    "brackets over lines are joined where they fit": (
        M + "params:\n  a: [\n    one,\n    two,\n  ]\n",
        M + "params:\n  a: [one, two]\n",
    ),
    "brackets that do not fit are opened, one level after the other": (
        M + f"params:\n  a: [{{b: {'x' * 40}, c: {'y' * 30}}}, {{b: {'z' * 40}}}]\n",
        M + f"params:\n  a:\n    - {{b: {'x' * 40}, c: {'y' * 30}}}\n    - {{b: {'z' * 40}}}\n",
    ),
    "opening one value alone gains nothing": (M + f"params:\n  a: {{$file: {'x' * 120}}}\n", None),
    "what is a text in brackets alone": (
        M + f"params:\n  a: [-, b:, {'x' * 100}]\n",
        M + f'params:\n  a:\n    - "-"\n    - "b:"\n    - {"x" * 100}\n',
    ),
    "a comment at the end of a line opens brackets": (
        M + "params:\n  a: [ # all\n    1, # one\n    2\n  ]  # end\n",
        M + "params:\n  # all\n  a:  # end\n    - 1  # one\n    - 2\n",
    ),
    "a comment on its own line keeps brackets as they are": (
        M + "params:\n    a: [ 1,\n        # 2,\n#        3,\n        4\n    ]\n    b: [\n    # none\n    ]\n",
        M + "params:\n  a: [ 1,\n      # 2,\n#        3,\n      4\n  ]\n  b: [\n  # none\n  ]\n",
    ),
    "JSON": (
        '{"name": "p", "type": "chat", "params": {"a": {"b": [1, 2]}}}\n',
        '"name": "p"\n"type": "chat"\n"params":\n  "a": {"b": [1, 2]}\n',
    ),
    "text of several lines": (
        M + "params:\n  a: \"one\\n\\ntwo\\n\"\n  b: 'one\n\n    two'\n  c: one\n\n    two\n",
        M + "params:\n  a: |\n    one\n\n    two\n  b: |-\n    one\n    two\n  c: |-\n    one\n    two\n",
    ),
    "text that a block would not show stays quoted": (
        M + 'params: {a: "x \\ny", b: " x\\ny", c: "\\u00a0\\n", d: "x\\ty\\n", e: "x\\n\\n", f: "\\nx"}\n',
        M + 'params:\n  a: "x \\ny"\n  b: " x\\ny"\n  c: "\\u00a0\\n"\n  d: "x\\ty\\n"\n  e: "x\\n\\n"\n  f: "\\nx"\n',
    ),
    # kubernetes/examples
    "a long text of one line stays as it is quoted": (
        M + 'params:\n  a: "say \\"yes\\" ' + "word " * 20 + "now\"\n  b: 'it''s " + "s/a/b/ " * 20 + "done'\n",
        None,
    ),
    "lines of a plain or quoted text are kept": (
        M + "params:\n  a: one\n     two\n  b: \"one \\\n      two\"\n  c: 'one\n\n\n    two '\n",
        M + "params:\n  a: one\n    two\n  b: \"one \\\n    two\"\n  c: 'one\n\n\n    two '\n",
    ),
    "such a text in brackets": (
        M + "params:\n  a: [one\n  two, 'it''s\n  so', \"x\n  y\"]\n",
        M + "params:\n  a: [one two, 'it''s so', \"x y\"]\n",
    ),
    "blocks are indented again": (
        M + "params:\n    a: |  # why\n          one\n            two\n    b: >-\n     one\n     two\n\n     three\n",
        M + "params:\n  a: |    # why\n    one\n      two\n  b: >-\n    one\n    two\n\n    three\n",
    ),
    "blocks that begin with spaces, or end with lines": (
        M
        + "params:\n    a: |4\n          one\n    b: |+\n     one\n\n\n    c: >2+\n        one\n       two\n\n    d:\n",
        M + "params:\n  a: |2\n      one\n  b: |+\n    one\n\n\n  c: >2+\n      one\n     two\n\n  d:\n",
    ),
    "a block of nothing": (
        M + "params:\n  a: |\n\n  b: >+\n\n  c: 1\n",
        M + 'params:\n  a: ""\n\n  b: "\\n"\n\n  c: 1\n',
    ),
    "comments at the end of a block": (
        M + "params:\n    a: 1\n      # of a\n    # of it\n  # of it too\n# of ontology\nontology:\n- A\n\n# end\n",
        M + "params:\n  a: 1\n    # of a\n  # of it\n  # of it too\n# of ontology\nontology:\n  - A\n\n# end\n",
    ),
    "a comment of a list that is not indented": (
        M + "ontology:\n- A\n# of B\n- B\n\n# of x\nx-a: 1\n",
        M + "ontology:\n  - A\n  # of B\n  - B\n\n# of x\nx-a: 1\n",
    ),
    # google/yamlfmt#255
    "a comment that closes a group": (
        M + "ontology:\n# <group>\n- A\n# </group>\nx-a: 1\n",
        M + "ontology:\n  # <group>\n  - A\n  # </group>\nx-a: 1\n",
    ),
    "comments between a dash and its value": (
        M + "ontology:\n- # one\n  # two\n  choice: A\n-\n  # three\n  - B\n- &a  # four\n  choice: C\n",
        M + "ontology:\n  # one\n  # two\n  - choice: A\n  # three\n  - - B\n  - &a  # four\n    choice: C\n",
    ),
    "comments between a key and its value": (
        M + "params:\n  a:  # one\n    # two\n    b: 1\n  c: # three\n    4 # four\n  d:\n    # five\n    6\n",
        M + "params:\n  a:  # one\n    # two\n    b: 1\n  # three\n  c: 4  # four\n  d:\n    # five\n    6\n",
    ),
    "aligned comments stay aligned": (
        "name: p               # one\ntype: imageannotation # two\nparams: {a:  1} # three\n",
        "name: p                # one\ntype: imageannotation  # two\nparams:  # three\n  a: 1\n",
    ),
    # google/yamlfmt#112
    "the last item of a list is commented out": (
        M + "ontology:\n- choice: A\n  subchoices:\n  - Cat\n  # - Dog\n- Car\n# - Van\n",
        M + "ontology:\n  - choice: A\n    subchoices:\n      - Cat\n      # - Dog\n  - Car\n  # - Van\n",
    ),
    "an item is commented out in the first column": (
        M + "ontology:\n- choice: A\n  subchoices:\n  - Cat\n#  - Dog\n- Car\n#- Van\n",
        M + "ontology:\n  - choice: A\n    subchoices:\n      - Cat\n#      - Dog\n  - Car\n#  - Van\n",
    ),
    "an item of another width is commented out": (
        M + "ontology:\n    -   choice: A\n    # -   choice: B\n    #     display: b\n",
        M + "ontology:\n  - choice: A\n  # - choice: B\n  #   display: b\n",
    ),
    "what is commented out moves as one": (
        M + "reconcile:\n    protect: true\n    # ignore:\n    # - params.a\n\n# ontology:\n# - A\n"
        "params:\n    # b: 1\n    a: 2\n",
        M
        + "\n# ontology:\n# - A\nparams:\n  # b: 1\n  a: 2\nreconcile:\n  protect: true\n  # ignore:\n  # - params.a\n",
    ),
    "a parent that is commented out keeps its children": (
        M + "params:\n    a:\n        # b:\n            c: 1\n",
        M + "params:\n  a:\n      # b:\n          c: 1\n",
    ),
    "empty lines of a text that is commented out": (
        M + "params:\n    # a: |\n    #     one\n\n\n    #     two\n    b: 1\n",
        M + "params:\n  # a: |\n  #     one\n\n\n  #     two\n  b: 1\n",
    ),
    "a line that divides keys keeps them in place": (
        M + "ontology:\n- choice: A\n  subchoices: [B]\n# - choice: C\n  description: d\n",
        M + "ontology:\n  - choice: A\n    subchoices: [B]\n  # - choice: C\n    description: d\n",
    ),
    "lines of a text in quotes that begin with #": (
        M + 'params:\n    a: "one\n#    two\n      three"\n',
        M + 'params:\n  a: "one\n#    two\n    three"\n',
    ),
    "one empty line at most": (
        M + "\n\n\nparams:\n\n  a: 1\n\n\n  b: 2\n\n\n\nx-a: 1\n\n\n",
        M + "\nparams:\n  a: 1\n\n  b: 2\n\nx-a: 1\n",
    ),
    "nothing that was left out is written": (M + "params:\n  a:\n  b: [{c}, {d}]\n  e: &x\n", None),
    "anchors stay in front of aliases": (
        "x-b: &b {k: 1}\nx-c: &c e\nparams:\n  <<: *b\n  d: &d [1]\n  *c : *d\nname: p\ntype: chat\n",
        "name: p\ntype: chat\nx-b: &b {k: 1}\nx-c: &c e\nparams:\n  <<: *b\n  d: &d [1]\n  *c : *d\n",
    ),
    "an anchor that is defined twice keeps everything in place": (
        "x-a: &a 1\ntype: chat\nx-b: *a\nx-c: &a 2\nname: p\nx-d: *a\n",
        None,
    ),
    "a merge key follows the name, a quoted one is anybody": (
        'x-a: &a {type: chat}\n"<<": 1\n<<: *a\nname: p\n',
        'name: p\nx-a: &a {type: chat}\n<<: *a\n"<<": 1\n',
    ),
    "anchors on keys, items and everything": (
        "&k name: p\n&t type: &v chat\nparams:\n  a: &l\n  - &i\n    x: 1\n  - &n 2\n  - &e\n",
        "&k name: p\n&t type: &v chat\nparams:\n  a: &l\n    - &i\n      x: 1\n    - &n 2\n    - &e\n",
    ),
    "long keys": (
        M + f"params:\n    ? {'k' * 200}\n    : v\n    ? {'l' * 1010}\n    : [1,2]\n    ? |\n     a\n     b\n    : 1\n",
        M + f'params:\n  {"k" * 200}: v\n  ? {"l" * 1010}\n  : [1, 2]\n  "a\\nb\\n": 1\n',
    ),
    "several documents": (
        "# top\n---\n# first\nname: a\ntype: chat\n...\n# next\n---   # second\ntype: chat\nname: b\n\n---\n# none\n",
        "# top\n---\n# first\nname: a\ntype: chat\n# next\n---\n# second\nname: b\ntype: chat\n\n---\n# none\n",
    ),
    "directives": (
        "%YAML 1.2\n---\ntype: chat\nname: a\n...\n%YAML 1.2\n---\nname: b\ntype: chat\n",
        "%YAML 1.2\n---\nname: a\ntype: chat\n...\n%YAML 1.2\n---\nname: b\ntype: chat\n",
    ),
    "byte order mark, CRLF, escaped pairs, separators in comments": (
        '\ufeffname: p\r\ntype:   chat\r\nparams:\r\n    a: "\\ud83d\\ude00"  # x\u2028y\r\n    b: |\r\n      1\r\n',
        '\ufeffname: p\r\ntype: chat\r\nparams:\r\n  a: "\\ud83d\\ude00"  # x\u2028y\r\n  b: |\r\n    1\r\n',
    ),
    "nothing but comments": ("# a\n\n\n# b", None),
    "no line end at the end": ("name: p\ntype: chat", "name: p\ntype: chat\n"),
    "spaces unknown to YAML are kept": ("name: p\u00a0\ntype: chat\u3000 \n", "name: p\u00a0\ntype: chat\u3000\n"),
    # Line width: looztra/yamkix#437, apache/buildstream#2046, frenck/YAMLRocks#95
    "nothing is wrapped": (
        M + "params:\n  a: " + "word !x and - word " * 15 + f"end\n  b: https://x/{'a' * 200}\n",
        None,
    ),
}


@BOTH_PARSERS
@pytest.mark.parametrize("name", PAIRS)
def test_before_and_after(name: str, parser: Parser) -> None:
    before, after = PAIRS[name]
    assert _form(before, parser=parser) == (before if after is None else after)


def test_defaults_and_overlays_have_their_own_order() -> None:
    assert _form("params: {a: 1}\ntype: chat\nnames: [a*]\n", FileKind.DEFAULTS).startswith("names: [a*]\ntype: chat\n")
    assert _form("ontology: [A]\nstudio: true\n", FileKind.OVERLAY) == "studio: true\nontology: [A]\n"


def test_what_others_refer_to_keeps_its_order() -> None:
    assert _form("{type: [{b: 1}], choice:  2}", FileKind.OTHER) == "type: [{b: 1}]\nchoice: 2\n"
    assert _form("- description:   d\n  choice: c\n", FileKind.OTHER) == "- description: d\n  choice: c\n"
    assert _form("just   # c\n", FileKind.OTHER) == "just   # c\n"
    assert _form("--- 'a\n\n   b'\n", FileKind.OTHER) == "---\n|-\n  a\n  b\n"
    assert _form("&a [1, 2] # c", FileKind.OTHER) == "# c\n&a\n- 1\n- 2\n"


def test_every_manifest_of_the_repository_is_in_form() -> None:
    for file in [*ROOT.glob("projects/*.yaml"), *ROOT.glob("reconciler/initial/**/_example.yaml")]:
        assert _form(file.read_bytes()) == file.read_text("utf-8")


def _examples() -> list[bytes]:
    texts = [file.read_bytes() for file in sorted((ROOT / "tests").rglob("*.yaml"))]
    for file in sorted((ROOT / "docs").glob("*.md")):
        texts += [block.encode() for block in re.findall(r"^```yaml\n(.*?)^```", file.read_text("utf-8"), re.M | re.S)]
    return texts


@pytest.mark.untraced
@BOTH_PARSERS
def test_every_file_of_the_tests_and_of_the_yaml_suite_keeps_its_meaning(parser: Parser) -> None:
    proven = 0
    for data in [*_examples(), *(text.encode() for text in suite_texts())]:
        if not read("", data, Words(), parser).broken:
            _form(data, FileKind.MANIFEST, parser)
            proven += 1
    assert proven > 300


@pytest.mark.untraced
@BOTH_PARSERS
def test_files_with_comments_and_mistakes_anywhere_keep_their_meaning(parser: Parser) -> None:
    proven = 0
    for seed in range(1_000 if parser is Parser.C else 200):
        random = Random(seed)
        data = mutated(random).encode()
        if not read("", data, Words(), parser).broken:
            _form(data, random.choice(list(FileKind)), parser)
            proven += 1
    assert proven > 60


@pytest.mark.parametrize(
    ("line", "other", "why"),
    [
        ("name: p", "name: q", "its values would change"),
        ("name: p", "name: [", "it would no longer be valid"),
        ("# c", "", "a comment would be lost"),
        ("x-a: &a 1", "x-a: 1", "an anchor would be lost"),
    ],
)
def test_what_is_not_proven_is_not_given_out(monkeypatch: pytest.MonkeyPatch, line: str, other: str, why: str) -> None:
    lay_out = formatting.lay_out

    def wrong(*tree: Any) -> list[str]:
        return [other if each == line else each for each in lay_out(*tree)]

    monkeypatch.setattr(formatting, "lay_out", wrong)
    with pytest.raises(NotProvenError, match=why):
        formatted(b"name: p\ntype: chat\n# c\nx-a: &a 1\n", FileKind.MANIFEST)
