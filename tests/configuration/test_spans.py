"""Where mistakes in a configuration are found, in every form in which TOML writes keys and values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.configuration.spans import Node, Spans
from reconciler.errors import DiagnosedError
from reconciler.settings import read_settings

WAIVER = "guard = 'vanished'\nproject = 'p'\n"

DATED = WAIVER + "until = 2027-01-01"
INLINE = "guard = 'vanished', project = 'p', until = 2027-01-01"

MISTAKES = {
    "below a basic multi-line string":
        '[[waivers]]\nreason = """\ntarget = 1\n[guards]\n"""\n' + WAIVER + "until = «1»",
    "below a literal multi-line string":
        "[[waivers]]\nreason = '''\nuntil = 2027-01-01\n'''\n" + WAIVER + "until = «1»",
    "quotes at the end of a multi-line string": '[[waivers]]\nreason = """a""\\""""""\n' + WAIVER + "until = «1»",
    "after a multi-line string": "sensitive = ['''\nparams.a''', «1»]",
    "in a multi-line string": "[targets]\nproduction.endpoint = «'''»\nftp://x'''",
    "below a multi-line string of an inline table":
        'targets = {x = {sandbox = """a""", "«writs»" = true}}'.replace('"«', '«"').replace('»"', '"»'),
    "in an inline table": "targets = { production = { writes = «1», parallelism = 2 } }",
    "a key of an inline table": "targets = {production = {«write» = true}}",
    "a value like another key's": "guards = {max_creates = 1, max_forgets = «-1»}",
    "in a dotted key": "targets.production.writes = «1»",
    "in a dotted key with spaces": "targets . production\t.  writes  =  «1»",
    "a part of a dotted key": "guards.«max_create» = 1",
    "the second of two dotted keys": "guards.max_creates = 1\nguards.max_forgets = «-1»",
    "in a dotted key of an inline table": "targets = {production.writes = «1»}",
    "in a dotted key below a header": "[targets]\nproduction.parallelism = 2\nproduction.writes = «1»",
    "in a quoted key": "[targets]\n\"production\".'writes' = «1»",
    "a quoted key": "guards.«'max_create'» = 1",
    "a quoted key with an escape": 'guards.«"max\\u005fcreate"» = 1',
    "a quoted key with a dot": "[targets.'a.b']\nsandbox = «1»",
    "a quoted key with a bracket": "[targets.\"a]b\"]\nsandbox = 'a'\nwrites = «1»",
    "a quoted key with an equals sign": "[targets]\n'a = b' = «1»",
    "the first of an array of tables": f"[[waivers]]\nreason = «1»\n{DATED}\n[[waivers]]\nreason = 'a'\n{DATED}",
    "the second of an array of tables": f"[[waivers]]\nreason = 'a'\n{DATED}\n[[waivers]]\nreason = «1»\n{DATED}",
    "a missing key of an array of tables": f"[[waivers]]\nreason = 'a'\n{DATED}\n«[[waivers]]»\n{WAIVER}reason = 'a'",
    "an array of inline tables": f"waivers = [\n  {{{INLINE}, reason = 'a'}},\n  {{{INLINE}, reason = «1»}},\n]",
    "an array over several lines":
        "sensitive = [  # 'params..x'\n  'params.a',\n  # 'params..x'\n\n  «'params..x'»,\n]",
    "a value that appears before": "sensitive = ['params.a', 'params.b', «1»]  # 1",
    "a value that is a list": "manifests = «[»\n1,\n]",
    "a date with spaces": f"[[waivers]]\n{WAIVER}reason = 'a'\nuntil = «2027-01-01 00:00:00.5»  # c",
    "a number with a point": "[guards]\nmax_creates = «1.5» # c",
    "a header": "[«gards»]\nmax_creates = 1",
    "a part of a header": "[ targets . «x» ]\nparallelism = 2",
    "a header with a quoted part": "[targets.«'x y'»]\nparallelism = 2",
    "a header of a table that is a number": "[targets]\nx = «1»",
    "a table that headers below it imply": "[«gards».x]\ny = 1",
    "a table above its parent": "[targets.production]\nwrites = true\n[targets]\nx = «1»",
    "after text that is not ASCII": "targets = {'Größe 🐈' = {sandbox = '🐈', writes = «1»}}",
    "a repeated key": "[guards]\nmax_creates = 1\n«max_creates» = 2  # c",
    "a repeated key with a value over several lines": "manifests = 'a'\n«manifests» = '''\nb'''",
    "a repeated key of an inline table": "guards = {max_creates = 1, «max_creates» = 2}",
    "a repeated dotted key": "guards.max_creates = 1\n«guards.max_creates» = 2",
    "a repeated header": "[guards]\n[ «guards» ]",
    "a long key": "«" + ".".join("a" * 31) + "» = 1",
    "a long number": "manifests = 'a'\n# " + "1" * 5_000 + "\nguards.max_creates = «" + "1" * 5_000 + "»",
}  # fmt: skip


def located(folder: Path, text: bytes, *, file: str = "reconciler.toml") -> list[tuple[int, int, str]]:
    """The line, the column, and the marked text of each mistake."""
    (folder / file).write_bytes(text)
    with pytest.raises(DiagnosedError) as caught:
        read_settings(folder)
    places = [each.location for each in caught.value.diagnostics]
    return [
        (place.line, place.column, (place.text or "")[place.column - 1 : place.end_column - 1])
        for place in places
        if place is not None
    ]


def expected(text: str) -> tuple[int, int, str]:
    before, marked, _ = text.replace("»", "«").split("«")
    return before.count("\n") + 1, len(before) - before.rfind("\n"), marked


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_located(tmp_path: Path, text: str) -> None:
    place = expected(text)
    source = text.replace("«", "").replace("»", "")
    for form in (source, source + "\n"):
        assert located(tmp_path, form.encode()) == [place]
        assert located(tmp_path, b"\xef\xbb\xbf" + form.replace("\n", "\r\n").encode()) == [place]


@pytest.mark.parametrize(
    "text",
    [
        "[tool.reconciler.guards]\nmax_creates = «-1»",
        "[tool.reconciler]\nguards = {max_creates = «-1»}",
        "[tool]\nreconciler.guards.max_creates = «-1»",
        "tool = {reconciler = {guards = {max_creates = «-1»}}}",
        "[tool]\nreconciler = «1»",
        "tool.reconciler.«x».y = 1",
    ],
)
def test_a_mistake_in_a_pyproject_is_located(tmp_path: Path, text: str) -> None:
    text = "[project]\nguards = {max_creates = -1}\n" + text if text.startswith("[") else text
    source = text.replace("«", "").replace("»", "")
    assert located(tmp_path, source.encode(), file="pyproject.toml") == [expected(text)]


def test_a_long_key_in_a_text_is_not_one(tmp_path: Path) -> None:
    words = ".".join("a" * 40)
    (tmp_path / "reconciler.toml").write_text(f'[[waivers]]\n{WAIVER}until = 2027-01-01\nreason = """\n{words}\n"""\n')
    assert len(read_settings(tmp_path).waivers) == 1


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a = ", "}"), ("[{a = ", "}]")])
def test_a_value_that_tomllib_can_read_is_not_nested_too_deeply(tmp_path: Path, opening: str, closing: str) -> None:
    codes = set()
    for depth in range(100, 520, 20):
        (tmp_path / "reconciler.toml").write_text(f"target = {opening * depth}1{closing * depth}")
        with pytest.raises(DiagnosedError) as caught:
            read_settings(tmp_path)
        codes |= {each.code for each in caught.value.diagnostics}
    assert codes == {"wrong-type", "too-deep"}


NAMES = ["a", "b", "c-1", "x y", "d.e", "Größe", '"', "]", "=#", ""]
SCALARS = [
    "1",
    "-1.5e+3",
    "true",
    "2027-01-31",
    "2027-01-31 10:00:00.5",
    "''",
    '"#]}"',
    '"""\na = 1\n[b]\n\\""""""',
    "'''\n'', \"'''",
    '"\\"x\\\\"',
    '"🐈"',
]
SPACES = ["", " ", "\t "]
BETWEEN_ITEMS = ["", " ", "\n", " # ] , }\n\n  "]
ENDS = ["\n", " # [x]\n", "\n\n"]

Parts = tuple[str | int, ...]


class Writer:
    """Writes a random document. `keys` and `values` are the ranges of its keys and values, by path."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.text = ""
        self.keys: dict[Parts, tuple[int, int]] = {}
        self.values: dict[Parts, tuple[int, int]] = {}
        for name in (names := self.names())[:3]:
            self.pair((), name)
        for name in names[3:]:
            if random.random() < 0.5:
                self.table((name,))
            else:
                for index in range(random.randint(1, 3)):
                    self.table((name,), index)

    def names(self) -> list[str]:
        return self.random.sample(NAMES, self.random.randint(0, 6))

    def write(self, *parts: str | list[str]) -> tuple[int, int]:
        start = len(self.text)
        self.text += "".join(part if isinstance(part, str) else self.random.choice(part) for part in parts)
        return start, len(self.text)

    def table(self, path: Parts, *index: int) -> None:
        start, _ = self.write("[[" if index else "[", SPACES)
        self.key(path)
        _, end = self.write(SPACES, "]]" if index else "]")
        self.values[*path, *index] = start, end
        self.write(ENDS)
        for name in self.names()[:3]:
            self.pair((*path, *index), name)

    def pair(self, path: Parts, name: str, end: str | list[str] = ENDS) -> None:
        """One key, or two dotted keys in the same implied table."""
        dotted: list[Parts] = self.random.choice([[()], [("p",)], [("p",), ("q.r", "p")]])
        for below in dotted:
            self.write(SPACES)
            whole = (*path, name, *below)
            for length in range(len(path) + 1, len(whole) + 1):
                self.key(whole[:length])
                self.write(SPACES, "." if length < len(whole) else "=", SPACES)
            self.value(whole)
            self.write(end if end or below == dotted[-1] else ", ")

    def key(self, path: Parts) -> None:
        name = str(path[-1])
        escaped = name.replace('"', '\\"')
        forms = [f'"{escaped}"', f"'{name}'"] + ([name] if name in ("a", "b", "c-1", "p", "q") else [])
        self.keys.setdefault(path, self.write(forms))

    def value(self, path: Parts) -> None:
        kind = self.random.choice(["scalar", "scalar", "array", "table"])
        if kind == "scalar" or len(path) > 6:
            self.values[path] = self.write(SCALARS)
            return
        start, _ = self.write("[", BETWEEN_ITEMS) if kind == "array" else self.write("{ ")
        for index, name in enumerate(self.names()[:3]):
            if kind == "array":
                self.write("," if index else "", BETWEEN_ITEMS)
                self.value((*path, index))
                self.write(BETWEEN_ITEMS)
            else:
                self.write(", " if index else "")
                self.pair(path, name, end="")
        self.values[path] = start, self.write("]" if kind == "array" else " }")[1]


def ranges(node: Node, path: Parts = ()) -> Iterator[tuple[Parts, Node]]:
    yield path, node
    for part, below in node.below.items():
        yield from ranges(below, (*path, part))


def paths(value: Any, path: Parts = ()) -> Iterator[Parts]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, below in items:
        yield from paths(below, (*path, part))


@pytest.mark.untraced
def test_every_key_and_value_is_found() -> None:
    for seed in range(200):
        written = Writer(Random(seed))
        found = dict(ranges(Spans(written.text).root))
        assert found.keys() == set(paths(tomllib.loads(written.text))), written.text
        assert {path: node.key for path, node in found.items() if node.key} == written.keys, written.text
        assert {path: node.value for path, node in found.items() if node.value} == written.values, written.text
