"""Every mistake with its code and its place, one message each, on both parsers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.manifest.codes import Code
from reconciler.manifest.parsing import Parser
from tests.manifest.rooms import BOTH_PARSERS, HEAD, all_reported, load, load_one

NBSP = "\u00a0"


class Case(NamedTuple):
    text: str | bytes
    reported: tuple[str, ...]


def case(text: str | bytes, *reported: str) -> Case:
    return Case(text, reported)


CASES = {
    # Keys of a project
    "unknown key": case(HEAD + "parms: {}\n", "unknown-key:3:1"),
    "unknown key hides the missing one": case("nmae: p\ntype: imageannotation\n", "unknown-key:1:1"),
    "missing name": case("type: imageannotation\n", "missing-key:1:1"),
    "missing both": case("\n# c\nstudio: true\n", "missing-key:3:1", "missing-key:3:1"),
    "empty mapping": case("{}\n", "missing-key:1:1", "missing-key:1:1"),
    "second document": case(
        HEAD + "---\nname: q\n",
        "missing-key:4:1",
    ),
    "all at once": case(
        "name: 12\ntype: imageannotation\nstudio: 1\nparms: 1\n",
        "wrong-type:1:7",
        "wrong-type:3:9",
        "unknown-key:4:1",
    ),
    "directive at the root": case("$file: x\n", "missing-key:1:1"),
    "a list of projects": case("projects:\n  - name: p\n    type: chat\n", "missing-key:1:1"),
    "nothing but one's own": case("x-a: 1\n", "missing-key:1:1"),
    "misspelt alone": case("nam: p\ntyp: chat\n", "unknown-key:1:1", "unknown-key:2:1"),
    # Null parts
    "null params": case(HEAD + "params:\n#  instruction: x\n", "null-part:3:1"),
    "null parts": case(
        HEAD + "params:\n#  instruction: x\nontology:\nreconcile:\nstudio:\n",
        "null-part:3:1",
        "null-part:5:1",
        "null-part:6:1",
        "null-part:7:1",
    ),
    "null words": case(
        HEAD + "params: null\nontology: ~\npipeline: Null\nrapid: NULL\n",
        *(f"null-part:{n}:1" for n in (3, 4, 5, 6)),
    ),
    "null name": case("name:\ntype:\n", "null-part:1:1", "null-part:2:1"),
    "null in reconcile": case(
        HEAD + "reconcile:\n  params:\n  ignore:\n  protect: ~\n", *(f"null-part:{n}:3" for n in (4, 5, 6))
    ),
    "null consensus_attempts": case(HEAD + "consensus_attempts:\n", "null-part:3:1"),
    # Types
    "name is a number": case("name: 12\ntype: imageannotation\n", "wrong-type:1:7"),
    "name is true": case("name: true\ntype: imageannotation\n", "wrong-type:1:7"),
    "name is a list": case("name: [a]\ntype: imageannotation\n", "wrong-type:1:7"),
    "type is a number": case("name: p\ntype: 3\n", "wrong-type:2:7"),
    "empty type": case("name: p\ntype: ''\n", "bad-value:2:7"),
    "studio yes": case(HEAD + "studio: yes\n", "wrong-type:3:9"),
    "rapid quoted": case(HEAD + "rapid: 'true'\n", "wrong-type:3:8"),
    "rapid is 1": case(HEAD + "rapid: 1\n", "wrong-type:3:8"),
    "params list": case(HEAD + "params: [a]\n", "wrong-type:3:9"),
    "params text": case(HEAD + "params: x\n", "wrong-type:3:9"),
    "params block list": case(HEAD + "params:\n  - a\n", "wrong-type:4:3"),
    "reconcile text": case(HEAD + "reconcile: exact\n", "wrong-type:3:12"),
    "protect text": case(HEAD + "reconcile: {protect: yes}\n", "wrong-type:3:22"),
    "ignore text": case(HEAD + "reconcile:\n  ignore: params.x\n", "wrong-type:4:11"),
    "ignore number": case(HEAD + "reconcile:\n  ignore:\n    - 3\n", "wrong-type:5:7"),
    "ignore null": case(HEAD + "reconcile:\n  ignore:\n    - \n", "wrong-type:5:6"),
    "root list": case("- a\n", "wrong-type:1:1"),
    "root text": case("hello\n", "wrong-type:1:1"),
    "root null": case("--- ~\n", "wrong-type:1:5"),
    "pipeline": case(HEAD + "pipeline: standard\n", "bad-value:3:11"),
    "pipeline number": case(HEAD + "pipeline: 1\n", "wrong-type:3:11"),
    "consensus 0": case(HEAD + "consensus_attempts: 0\n", "bad-value:3:21"),
    "consensus true": case(HEAD + "consensus_attempts: true\n", "wrong-type:3:21"),
    "consensus text": case(HEAD + "consensus_attempts: '3'\n", "wrong-type:3:21"),
    "consensus half": case(HEAD + "consensus_attempts: 1.5\n", "wrong-type:3:21"),
    "mode": case(HEAD + "reconcile: {params: exakt}\n", "bad-value:3:21"),
    "unknown in reconcile": case(HEAD + "reconcile:\n  ignores: []\n", "unknown-key:4:3"),
    "unknown in ignore": case(HEAD + "reconcile:\n  ignore:\n    - {path: params.x, till: y}\n", "unknown-key:5:24"),
    "ignore without path": case(HEAD + "reconcile:\n  ignore:\n    - {reason: y}\n", "missing-key:5:7"),
    # Names
    "empty name": case("name: ''\ntype: imageannotation\n", "bad-name:1:7"),
    "dot": case("name: .\ntype: imageannotation\n", "bad-name:1:7"),
    "dots": case("name: '..'\ntype: imageannotation\n", "bad-name:1:7"),
    "control": case('name: "a\\tb"\ntype: imageannotation\n', "bad-name:1:7"),
    "control C1": case('name: "a\\x9fb"\ntype: imageannotation\n', "bad-name:1:7"),
    "new line": case("name: |\n  a\ntype: imageannotation\n", "bad-name:1:7"),
    # Parameters
    "reserved": case(
        HEAD + "params: {patch: true, version: 1, created_at: x, ok: 1}\n",
        "reserved-param:3:10",
        "reserved-param:3:23",
        "reserved-param:3:35",
    ),
    "reserved below is fine": case(HEAD + "params: {a: {version: 1}}\n"),
    # Ignore
    "bad pattern": case(
        HEAD + "reconcile:\n  ignore: ['params..x', params.a b]\n", "bad-ignore:4:12", "bad-ignore:4:25"
    ),
    "ignore of everything": case(
        HEAD + "reconcile:\n  ignore:\n    - params\n    - '**'\n    - type\n    - ontology.Animal\n    - ''\n",
        *(f"bad-ignore:{n}:7" for n in (5, 6, 7, 8, 9)),
    ),
    "ignore attribute": case(HEAD + "reconcile: {ignore: ['params.@x']}\n", "bad-ignore:3:22"),
    "ignore object": case(
        HEAD + "reconcile:\n  ignore:\n    - {path: name, reason: 3}\n", "bad-ignore:5:14", "wrong-type:5:28"
    ),
    "until": case(
        HEAD
        + "reconcile:\n  ignore:\n"
        + "".join(
            f"    - {{path: params.x, until: {day}}}\n"
            for day in (
                "2027-03-01",
                '"2027-03-01"',
                "2027-3-1",
                "2027-02-30",
                "2027-03-01T00:00:00Z",
                "never",
                "20270301",
            )
        ),
        "bad-date:7:31",
        "bad-date:8:31",
        "bad-date:9:31",
        "bad-date:10:31",
        "wrong-type:11:31",
    ),
    # Ontology
    "empty ontology": case(HEAD + "params: {}\nontology: []\n", "empty-ontology:4:11"),
    "empty choices": case(HEAD + "ontology: {name: x, choices: []}\n", "empty-ontology:3:30"),
    "ontology text": case(HEAD + "ontology: Car\n", "wrong-type:3:11"),
    "ontology without choices": case(HEAD + "ontology: {name: x}\n", "missing-key:3:11"),
    "ontology typo": case(HEAD + "ontology: {chioces: [a]}\n", "unknown-key:3:12"),
    "ontology name": case(HEAD + "ontology: {name: 3, choices: [a]}\n", "wrong-type:3:18"),
    "ontology name null": case(HEAD + "ontology:\n  name:\n  choices: [a]\n", "null-part:4:3"),
    "ontology name empty": case(HEAD + "ontology: {name: '', choices: [a]}\n", "bad-name:3:18"),
    "choices null": case(HEAD + "ontology:\n  name: x\n  choices:\n", "null-part:5:3"),
    "duplicate choices": case(
        HEAD
        + "ontology:\n  - Dog\n  - choice: Animal\n    subchoices: [Cat, Dog]\n"
        + "  - description: x\n    choice: Cat\n  - Animal\n",
        "duplicate-choice:6:23",
        "duplicate-choice:8:13",
        "duplicate-choice:9:5",
    ),
    "choice number": case(HEAD + "ontology: [1, true, a]\n", "wrong-type:3:12", "wrong-type:3:15"),
    "choice null": case(HEAD + "ontology:\n  -\n  - a\n", "wrong-type:4:4"),
    "choice list": case(HEAD + "ontology:\n  - [a]\n", "wrong-type:4:5"),
    "choice object number": case(HEAD + "ontology:\n  - choice: 1\n", "wrong-type:4:13"),
    "choice object null": case(HEAD + "ontology:\n  - choice:\n    display: x\n", "null-part:4:5"),
    "choice missing": case(HEAD + "ontology:\n  - display: x\n", "missing-key:4:5"),
    "choice typo": case(HEAD + "ontology:\n  - chioce: x\n    dsplay: y\n", "unknown-key:4:5", "unknown-key:5:5"),
    "choice extra": case(HEAD + "ontology:\n  - choice: x\n    color: red\n", "unknown-key:5:5"),
    "choice map": case(HEAD + "ontology:\n  - Animal: [Cat, Dog]\n", "unknown-key:4:5"),
    "choice texts": case(
        HEAD + "ontology:\n  - {choice: x, display: 3, description: [a]}\n", "wrong-type:4:26", "wrong-type:4:42"
    ),
    "subchoices": case(HEAD + "ontology:\n  - {choice: x, subchoices: y}\n", "wrong-type:4:29"),
    # Keys
    "duplicate key": case(HEAD + "params:\n  a: 1\n  b: 2\n  a: 3\n", "duplicate-key:6:3"),
    "duplicate key in flow": case(HEAD + 'params: {a: 1, "a": 2}\n', "duplicate-key:3:16"),
    "duplicate at the root": case(HEAD + "name: q\n", "duplicate-key:3:1"),
    "duplicate in own": case(HEAD + "x-a: {b: 1, b: 2}\n", "duplicate-key:3:13"),
    "key is a number": case(HEAD + "params: {1: a}\n", "bad-key:3:10"),
    "key is true": case(HEAD + "params:\n  true: a\n", "bad-key:4:3"),
    "key is null": case(HEAD + "params: {~: a}\n", "bad-key:3:10"),
    "key is inf": case(HEAD + "params: {.inf: a}\n", "bad-key:3:10"),
    "key is a list": case(HEAD + "params: {[a]: b}\n", "bad-key:3:10"),
    "key is an alias to a list": case(HEAD + "x-a: &a [1]\nparams: {*a : b}\n", "bad-key:4:10"),
    "key is an unknown alias": case(HEAD + "params: {*a : b}\n", "unknown-alias:3:10"),
    "invisible key": case(HEAD + f"params:\n  geometries:\n  {NBSP}{NBSP}box: {{min_width: 1}}\n", "invisible-key:5:3"),
    "invisible end": case(HEAD + "params: {a\u200b: 1}\n", "invisible-key:3:10"),
    "invisible twice": case(
        HEAD + "params:\n  a\u200b: 1\n  a\u200b: 1\n", "invisible-key:4:3", "invisible-key:5:3", "duplicate-key:5:3"
    ),
    "merge twice": case(HEAD + "x-a: &a {}\nparams:\n  <<: *a\n  <<: *a\n", "duplicate-key:6:3"),
    "merge of a text": case(HEAD + "params: {<<: a}\n", "bad-merge:3:14"),
    "merge of unknown": case(HEAD + "params: {<<: *a}\n", "unknown-alias:3:14"),
    "merge of texts": case(HEAD + "params: {<<: [{}, a]}\n", "bad-merge:3:14"),
    # Values
    "tag": case(
        HEAD + "params: {a: !!str 1, b: !x [a], c: !y {}, d: ! z}\n", *(f"tag:3:{n}" for n in (13, 25, 36, 46))
    ),
    "tag on a key": case(HEAD + "params: {!!str a: 1}\n", "tag:3:10"),
    "tag instead of truth": case(HEAD + "studio: !!bool yes\n", "tag:3:9"),
    "not a number": case(
        HEAD + "params: {a: .nan, b: -.inf, c: 1e400, d: [.NaN]}\n", *(f"not-a-number:3:{n}" for n in (13, 22, 32, 43))
    ),
    "numbers out of range": case(HEAD + "params: {a: -1e999}\n", "not-a-number:3:13"),
    "alias": case(HEAD + "ontology:\n  - *any\n", "unknown-alias:4:5"),
    "self alias": case(HEAD + "params: {a: &x [1, *x]}\n", "self-alias:3:20"),
    "self merge": case(HEAD + "params: {a: &x {<<: *x}}\n", "self-alias:3:21"),
    "an anchor of the document before": case(
        HEAD + "x-a: &a 1\n---\nname: q\ntype: chat\nparams: {b: *a}\n", "unknown-alias:7:13"
    ),
    "one mistake in an anchor": case(HEAD + "params: {a: &x [.nan], b: *x}\n", "not-a-number:3:17"),
    "yaml 1.1": case("%YAML 1.1\n---\n" + HEAD, "yaml-version:1:1"),
    "half a pair": case(
        HEAD + 'params: {a: "\\ud83d", b: "x\\ude00\\ud83d\\ude00", c: "\\U0000d83d", d: "\\ud83d\\ud83d\\ude00"}\n',
        "surrogate:3:14",
        "surrogate:3:28",
        "surrogate:3:53",
        "surrogate:3:70",
    ),
    "half a pair where libyaml gives up before it": case(
        HEAD + 'params: {a: [::1], b: "\\ud83d\\ude00", c: "\\ud83d"}\n', "surrogate:3:43"
    ),
    "next line": case(HEAD + "params: {a: x\u0085y}\n", "line-separator:3:14"),
    "line separator in quotes": case(
        HEAD + "params:\n  a: 'x\u2028y'\n  b: |\n    z\u2029z\n", "line-separator:4:8", "line-separator:6:6"
    ),
    "line separator as a line": case("name: p\u2028type: chat\n", "line-separator:1:8"),
    "line separator and more": case(HEAD + "params: {a: [\u2028\n", "line-separator:3:14"),
    # Comments
    "comment as a value": case(
        HEAD + "params:\n  instruction: # Label cars\n  color: #ff0000\n", "comment-value:4:16?", "comment-value:5:10?"
    ),
    "comment as an item": case(HEAD + "params:\n  a:\n    - #x\n    - b\n", "comment-value:5:7?"),
    "comment in a nested value": case(HEAD + "params: {a: {b: #x\n  }}\n", "comment-value:3:17?"),
    "comment close to a value": case(HEAD + "ontology:\n  - Car #1\n", "comment-value:4:9?"),
    "comment close to a number": case(HEAD + "params: {a: {b: 1 #px\n  }}\nstudio: true #x\n"),
    "comment close to quotes": case(HEAD + "params:\n  a: 'b' #c\n  d: |\n    e #f\nx-a: b #c\n"),
    "comment close to a name": case("name: p #1\ntype: imageannotation\n", "comment-value:1:9?"),
    # Syntax
    "key in an item": case(HEAD + "ontology:\n  - Lane: solid\n", "unknown-key:4:5"),
    "percent": case(HEAD + "ontology:\n  - %x\n", "syntax:4:5"),
    "at sign": case(HEAD + "ontology:\n  - @a\n", "syntax:4:5"),
    "bad escape": case(HEAD + 'ontology:\n  - "a\\;b"\n', "syntax:4:8"),
    "colon": case(HEAD + "params:\n  a: b: c\n", "syntax:4:6"),
    "tab": case(HEAD + "params:\n\ta: b\n", "syntax:4:1"),
    "control character": case(b"name: p\x07\n", "syntax:1:8"),
    "after a good document": case(HEAD + "---\nname: [\n", "syntax:4:7"),
    "found before": case(HEAD + "params: {a: 1, a: 2}\nx: @\n", "duplicate-key:3:16", "syntax:4:4"),
    # Encoding
    "not utf-8": case(b"name: p\n# \xe9\xff\n", "not-utf8:2:3"),
    "not utf-8 behind letters": case("name: é".encode() + b"\xff", "not-utf8:1:8"),
    "utf-16": case("name: p".encode("utf-16"), "not-utf8:1:1"),
    # Limits
    "100 levels": case(HEAD + "params: {a: " + "[" * 98 + "]" * 98 + "}\n"),
    "101 levels": case(HEAD + "params: {a: " + "[" * 99 + "]" * 99 + "}\n", "too-deep:3:111"),
    "levels of aliases": case(HEAD + "x-a: &a " + "[" * 60 + "]" * 60 + "\nx-b: " + "[" * 39 + "*a" + "]" * 39 + "\n"),
    "too many levels of aliases": case(
        HEAD + "x-a: &a " + "[" * 60 + "]" * 60 + "\nx-b: " + "[" * 40 + "*a" + "]" * 40 + "\n", "too-deep:4:46"
    ),
    "brackets": case(HEAD + "params:\n" + "".join(f"{' ' * n}[\n" for n in range(1, 2000)), "too-deep:103:101"),
    "block levels": case("".join(f"{' ' * n}a:\n" for n in range(3000)), "too-deep:101:101"),
    "bomb": case(
        "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"x-{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "too-large:6:31",
    ),
    # Directives
    "not alone": case(HEAD + "params: {a: {$file: b, c: 1}}\n", "directive-not-alone:3:14"),
    "literal not alone": case(HEAD + "params: {a: {c: 1, $literal: b}}\n", "directive-not-alone:3:20"),
    "ref to nothing": case(HEAD + "ontology: {$ref: a.yaml}\n", "file-not-found:3:18"),
    "unset nothing": case(HEAD + "params: {a: {$unset: true}}\n", "unset-nothing:3:13?"),
    "unset deeper": case(HEAD + "params: {a: {b: {$unset: true}}}\n", "misplaced-unset:3:18"),
    "unset false": case(HEAD + "params: {a: {$unset: false}}\n", "bad-value:3:22"),
    "near": case(HEAD + "params: {a: {$fiel: b}}\n", "near-directive:3:14?"),
    "dollar data": case(HEAD + "params: {a: {$x: b, y: 1}, $schema: z}\n"),
    "file takes a text": case(
        HEAD + "params: {a: {$file: 1}, b: {$file: [x]}, c: {$file: }}\n",
        "wrong-type:3:21",
        "wrong-type:3:36",
        "wrong-type:3:46",
    ),
    "no such file": case(HEAD + "params: {a: {$file: gone.md}}\n", "file-not-found:3:21"),
    "file for a choice": case(HEAD + "ontology:\n  - {$file: gone.md}\n  - a\n", "file-not-found:4:13"),
    "file for the ontology": case(HEAD + "ontology: {$file: gone.md}\n", "file-not-found:3:19"),
    "file for the choices": case(
        HEAD + "ontology: {name: {$file: x}, choices: {$file: x}}\n", "file-not-found:3:26", "file-not-found:3:47"
    ),
    "file for the name": case("name: {$file: gone}\ntype: imageannotation\n", "file-not-found:1:15"),
    "file for a part": case(
        HEAD + "params: {$file: gone.md}\nstudio: {$file: gone.md}\n", "file-not-found:3:17", "file-not-found:4:17"
    ),
    "merged directive": case(HEAD + "x-a: &a {$file: gone}\nparams: {b: {<<: *a}}\n", "file-not-found:3:17"),
    "nothing in x- or literals": case(
        HEAD + "x-a: {$file: gone}\nparams: {b: {$literal: {$file: gone, c: {$ref: d}}}}\n"
    ),
    "absolute": case(HEAD + "params: {a: {$file: /etc/passwd}}\n", "file-outside:3:21"),
    "above": case(HEAD + "params: {a: {$file: ../../x}}\n", "file-outside:3:21"),
    "dot part": case(HEAD + "params: {a: {$file: ../.git/config}}\n", "file-outside:3:21"),
    "empty path": case(HEAD + "params: {a: {$file: ''}}\n", "file-not-found:3:21"),
    "NUL in a path": case(HEAD + 'params: {a: {$file: "a\\0"}}\n', "file-not-found:3:21"),
    "a folder": case(HEAD + "params: {a: {$file: ../projects}}\n", "file-unreadable:3:21"),
}


@BOTH_PARSERS
@pytest.mark.parametrize("name", CASES)
def test_mistakes_are_reported_where_they_are(tmp_path: Path, name: str, parser: Parser) -> None:
    manifests = load(tmp_path, {"p.yaml": CASES[name].text}, parser)
    assert all_reported(manifests) == list(CASES[name].reported)
    for entry in manifests.entries:
        assert (entry.project is None) == any(diagnostic.is_error for diagnostic in entry.diagnostics)
        for diagnostic in entry.diagnostics:
            assert diagnostic.location is not None
            assert diagnostic.location.end_column > diagnostic.location.column
            assert diagnostic.summary
            assert not diagnostic.summary.endswith(".")


def test_codes_are_words() -> None:
    assert all(code == code.lower() and "_" not in code for code in Code)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("instruction: hello\n", "move this key below params"),
        ("ontology:\n  - name: Animal\n", 'did you mean "choice"?'),
        (
            "ontology:\n  - choice: A\n    choices: [B]\n",
            "to put choices below a choice, write {choice: …, subchoices: […]}",
        ),
        ("ontology:\n  - Lane: solid\n", "if all of this is one choice, quote it"),
    ],
)
def test_an_unknown_key_says_what_was_meant(tmp_path: Path, text: str, label: str) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + text}).entries[0].diagnostics
    assert (diagnostic.code, diagnostic.label) == ("unknown-key", label)


@pytest.mark.parametrize(
    ("text", "summary", "label"),
    [
        (
            "ontology:\n  - {choice: L, subchoices: &f [a, b, {choice: c, subchoices: [d]}]}\n"
            "  - {choice: R, subchoices: *f}\n",
            '4 choices appear twice in this ontology: "a", "b", "c", and 1 more',
            "first at projects/p.yaml:4:29",
        ),
        (
            "ontology:\n  - &c {choice: L, subchoices: [a]}\n  - {<<: *c, choice: M}\n",
            '1 choice appears twice in this ontology: "a"',
            "first at projects/p.yaml:4:5",
        ),
        ("x-a: &n 12\nreconcile: {params: *n}\n", "reconcile.params must be exact or merge, not a number", ""),
        ("x-a: &n 12\nontology: [*n]\n", "ontology[0] must be a string or a mapping", "at the anchor &n: quote it"),
    ],
)
def test_what_an_alias_brings_is_reported_at_the_alias(tmp_path: Path, text: str, summary: str, label: str) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + text}).entries[0].diagnostics
    assert diagnostic.summary.startswith(summary)
    assert diagnostic.label == label
    assert diagnostic.location is not None
    assert (diagnostic.location.text or "")[diagnostic.location.column - 1] in "*{"


def test_the_list_for_a_class_list_can_be_pasted(tmp_path: Path) -> None:
    classes = "ontology:\n  person: 0\n  'yes: no': 1\n  'true': [a, 'b, c', d, e]\n  bus: 3\n"
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + classes}).entries[0].diagnostics
    first, *items, last = diagnostic.detail.split("\n")
    assert (first, last) == ("Write each choice as an item of a list:", "- …")
    assert items == ["- person", '- "yes: no"', '- {choice: "true", subchoices: [a, "b, c", d, …]}']
    load_one(tmp_path, HEAD + "ontology:\n" + "\n".join(items))
    assert diagnostic.summary == "the choices of an ontology must be a list, not a mapping"
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + "ontology: {Animal: [Cat]}\n"}).entries[0].diagnostics
    assert (diagnostic.code, diagnostic.detail.split("\n")[-1]) == (
        "unknown-key",
        "- {choice: Animal, subchoices: [Cat]}",
    )
    numbered = "ontology: {'0': person, '1': car}\n"
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + numbered}).entries[0].diagnostics
    assert diagnostic.detail.endswith("- person\n- car")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"p.yaml": HEAD + "params: {a: 1e999}\n"}, "the number 1e999 is too large"),
        ({"p.yaml": HEAD + "params: {a: .nan}\n"}, ".nan is not a number in JSON"),
        ({"p.yaml": HEAD + "params: {: 1}\n"}, "write a key before the colon"),
        ({"p.yaml": HEAD + "params: {~: 1}\n"}, "quote the key"),
        ({"p.yaml": HEAD + "studio: 'yes'\n"}, "Only true and false are booleans; yes is a string."),
        ({"p.yaml": HEAD + "studio: 'true'\n"}, "Text in quotes is a string."),
        ({"p.yaml": HEAD + "reconcile: {ignore: [name]}\n"}, "and any path below params."),
        ({"p.yaml": HEAD + "params:\n"}, "If the project needs no parameters of its own, write {}."),
        ({"p.yaml": HEAD, "_defaults.yaml": "params:\n"}, "Leave the key out, or give it a value."),
        ({"p.yaml": HEAD, "_defaults.yaml": "names: []\n"}, "for project names, not an empty list"),
        ({"p.yaml": HEAD + "ontology: {$ref: _a.yaml#/a/0}\n", "_a.yaml": "a: []\n"}, "in an empty list"),
        ({"p.yaml": HEAD + "params: {a: {$file: a.md}}\n", "a.md": "\0"}, "Use a file of text in UTF-8."),
        ({"p.yaml": HEAD + "params: {a: {$fil: a.md}}\n"}, "is not a directive, so this mapping is data"),
        ({"p.yaml": HEAD, "q.YAML": ""}, "Rename this file, or, to hide this note, start its name with _."),
    ],
)
def test_the_words_are_true_for_each_input(tmp_path: Path, files: dict[str, str], words: str) -> None:
    found = [each for entry in load(tmp_path, files).entries for each in entry.diagnostics]
    assert any(words in f"{each.summary} {each.label} {each.detail}" for each in found)
