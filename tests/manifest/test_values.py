"""What YAML's text means: YAML 1.2's core schema, exactly, on both parsers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.parsing import Parser
from reconciler.model.values import equal
from tests.manifest.rooms import BOTH_PARSERS, HEAD, all_reported, load, load_one

SCALARS: dict[str, Any] = {
    "yes": "yes",
    "No": "No",
    "on": "on",
    "off": "off",
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "tRUE": "tRUE",
    "null": None,
    "~": None,
    "nULL": "nULL",
    "": None,
    "1_000": "1_000",
    "12:30:00": "12:30:00",
    "2024-01-01": "2024-01-01",
    "2024-01-01T00:00:00Z": "2024-01-01T00:00:00Z",
    "012": 12,
    "0o14": 12,
    "0o18": "0o18",
    "0x1F": 31,
    "0x": "0x",
    "0b1": "0b1",
    "0b_": "0b_",
    "+12": 12,
    "-0": 0,
    "-12": -12,
    "9007199254740993": 9007199254740993,
    "-" + "9" * 4300: -(10**4300 - 1),
    "+" + "0" * 9 + "9" * 4300: 10**4300 - 1,
    "1.": 1.0,
    ".5": 0.5,
    "-.5": -0.5,
    "1e3": 1000.0,
    "1E-2": 0.01,
    "1.5e+3": 1500.0,
    "1e": "1e",
    "1e-400": 0.0,
    ".": ".",
    "-": None,
    "--": "--",
    "+": "+",
    "1.2.3": "1.2.3",
    "0.10": 0.1,
    "=": "=",
    "C#": "C#",
    "50%": "50%",
    "a#b": "a#b",
    "https://x": "https://x",
    '"true"': "true",
    "'12'": "12",
    '"\\/\\u00e9\\x41\\N\\L"': "/é\x41\u0085\u2028",
    '"\\ud83d\\ude00"': "😀",
    '"\\\\ud83d"': "\\ud83d",
    "'\\ud83d\\ude00'": "\\ud83d\\ude00",
    "\\ud83d\\ude00": "\\ud83d\\ude00",
    '"a\\ud83d\\ude00b\\uD83D\\uDE01"': "a😀b😁",
    "\u0663": "\u0663",
    "😀": "😀",
    "|\n    a\n    b": "a\nb\n",
    ">-\n    a\n    b": "a b",
    "a\n   b": "a b",
    "[a, [], {}]": ["a", [], {}],
    '{"a": 1, b: {c: [x]}, "": 2, "$x": 3, "1": 4}': {"a": 1, "b": {"c": ["x"]}, "": 2, "$x": 3, "1": 4},
    "{callback_url: https://x}": {"callback_url": "https://x"},
    "[team:vision]": ["team:vision"],
    "[::1]": ["::1"],
    "{? a : b}": {"a": "b"},
}


@BOTH_PARSERS
@pytest.mark.parametrize("text", [text for text in SCALARS if text != "-"], ids=lambda text: ascii(text[:20]))
def test_scalars(tmp_path: Path, text: str, parser: Parser) -> None:
    project = load_one(tmp_path, f"{HEAD}params:\n  v: {text}\n", parser)
    assert project.params is not None
    value = project.params["v"]
    assert equal(value, SCALARS[text])
    assert type(value) is type(SCALARS[text])


@BOTH_PARSERS
def test_negative_zero_stays(tmp_path: Path, parser: Parser) -> None:
    params = load_one(tmp_path, f"{HEAD}params: {{v: -0.0}}\n", parser).params
    assert params is not None
    assert math.copysign(1, params["v"]) == -1


@BOTH_PARSERS
def test_merge_keys(tmp_path: Path, parser: Parser) -> None:
    text = "x-b: &b {k: 1, l: 1}\nx-c: &c {l: 2, m: 3}\n" + HEAD + 'params:\n  k: 9\n  <<: [*b, *c]\n  n: {"<<": 1}\n'
    assert load_one(tmp_path, text, parser).params == {"k": 9, "l": 1, "m": 3, "n": {"<<": 1}}


@BOTH_PARSERS
def test_a_merge_into_the_project(tmp_path: Path, parser: Parser) -> None:
    text = "x-all: &all {type: chat, params: {a: 1}}\n<<: *all\nname: p\n"
    project = load_one(tmp_path, text, parser)
    assert (project.type, project.params) == ("chat", {"a": 1})


@BOTH_PARSERS
def test_an_anchor_may_be_defined_again(tmp_path: Path, parser: Parser) -> None:
    text = HEAD + "params: {a: &x 1, b: *x, c: &x [2], d: *x, e: &x [&x 3, *x], f: *x, &k g: *k, ? *k : 1}\n"
    assert load_one(tmp_path, text.replace(", ? *k : 1", ""), parser).params == {
        "a": 1, "b": 1, "c": [2], "d": [2], "e": [3, 3], "f": 3, "g": "g",
    }  # fmt: skip


@BOTH_PARSERS
def test_an_alias_to_a_string_may_be_a_key(tmp_path: Path, parser: Parser) -> None:
    assert load_one(tmp_path, f"{HEAD}x-k: &k color\nparams: {{*k : red}}\n", parser).params == {"color": "red"}


@BOTH_PARSERS
def test_what_editors_leave_in_files(tmp_path: Path, parser: Parser) -> None:
    text = b"\xef\xbb\xbfname: p\r\ntype: imageannotation\r\nparams:\r\n  a: |\r\n    x\r\n    y\r\n"
    project = load_one(tmp_path, text, parser)
    assert project.params == {"a": "x\ny\n"}
    assert project.source.line == 1
    reported = all_reported(load(tmp_path, {"p.yaml": b"\xef\xbb\xbfnme: p\r\n\tx: 1\r\n"}, parser))
    assert reported == ["syntax:2:1"]
    assert all_reported(load(tmp_path, {"p.yaml": b"\xef\xbb\xbfnme: p\r\ntype: chat\r\n"}, parser)) == [
        "unknown-key:1:1"
    ]
    assert all_reported(load(tmp_path, {"p.yaml": "name: é😀\ttype: a\n".encode()}, parser)) == ["syntax:1:9"]


@BOTH_PARSERS
def test_separators_in_comments_are_fine(tmp_path: Path, parser: Parser) -> None:
    text = f"# a\u2028b: [\u0085\n{HEAD}params: # \u2029\n  a: | # \u2028 x\n    é\n  b: 1 # \u2028\n"
    project = load_one(tmp_path, text, parser)
    assert project.params == {"a": "é\n", "b": 1}
    assert project.source.line == 2


@BOTH_PARSERS
@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "---\n---\n...\n", "\ufeff"], ids=ascii)
def test_empty_documents_are_skipped(tmp_path: Path, text: str, parser: Parser) -> None:
    manifests = load(tmp_path, {"p.yaml": text}, parser)
    assert manifests.entries == ()


@BOTH_PARSERS
def test_several_documents(tmp_path: Path, parser: Parser) -> None:
    text = f"{HEAD}---\n---\n# c\nname: q\ntype: chat\n...\n---\n{{name: r, type: chat}}\n"
    manifests = load(tmp_path, {"p.yaml": text}, parser)
    assert [(entry.name, entry.line) for entry in manifests.entries] == [("p", 1), ("q", 6), ("r", 10)]
    assert all(entry.project is not None for entry in manifests.entries)


@BOTH_PARSERS
def test_yaml_1_2_may_be_said(tmp_path: Path, parser: Parser) -> None:
    assert load_one(tmp_path, "%YAML 1.2\n---\n" + HEAD, parser).source.line == 3


@BOTH_PARSERS
def test_quotes_and_joined_pairs_keep_columns(tmp_path: Path, parser: Parser) -> None:
    text = HEAD + 'params: {a: "\\ud83d\\ude00", b: .nan}\n'
    assert all_reported(load(tmp_path, {"p.yaml": text}, parser)) == ["not-a-number:3:32"]


def test_an_escape_out_of_range(tmp_path: Path) -> None:
    text = HEAD + 'params: {a: "\\UFFFFFFFF"}\n'
    assert all_reported(load(tmp_path, {"p.yaml": text}, Parser.C)) == ["syntax:3:16"]
    assert all_reported(load(tmp_path, {"p.yaml": text}, Parser.PURE)) == ["syntax:3:11"]


@pytest.mark.untraced
def test_a_large_broken_file_is_not_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ruamel.yaml

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ruamel.yaml, "YAML", never)
    text = HEAD + "".join(f"x-{number}: abcdefghijklmnopqrstuvwxyz\n" for number in range(10_000)) + "x: @\n"
    assert all_reported(load(tmp_path, {"p.yaml": text}, Parser.C)) == ["syntax:10003:4"]
    control = text.replace("@", "\x07").replace("abc", "äbc")
    assert all_reported(load(tmp_path, {"p.yaml": control}, Parser.C)) == ["syntax:10003:4"]


@pytest.mark.untraced
@BOTH_PARSERS
def test_a_flood_of_brackets_is_not_read_twice(tmp_path: Path, parser: Parser) -> None:
    manifests = load(tmp_path, {"p.yaml": HEAD + "params: {a: " + "[" * 20_000 + "\n"}, parser)
    assert [reported.rpartition(":")[0] for reported in all_reported(manifests)] == ["too-deep:3"]


def test_words_that_do_not_fit_stay_whole(tmp_path: Path) -> None:
    key = "k" * 200
    params = load_one(tmp_path, f"{HEAD}params:\n  ? {key}\n  : {'v' * 5000}\n").params
    assert params == {key: "v" * 5000}


def test_a_pair_is_joined_where_libyaml_gives_up_before_it(tmp_path: Path) -> None:
    project = load_one(tmp_path, HEAD + 'params: {a: [::1], b: "\\ud83d\\ude00"}\n')
    assert project.params == {"a": ["::1"], "b": "😀"}
