"""Files that are edited: only the lines of what differs change."""

from __future__ import annotations

import copy
import difflib
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from reconciler.manifest.editing import NotEditableError, edited
from reconciler.manifest.formatting import FileKind
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.spelling import document_text
from reconciler.model.values import Json, equal

MANIFEST = """\
# head
name: p   # the name
params:
  # about the text
  instruction: >-  # folded
    Draw a box
    around it.

  geometries: {box: {objects_to_annotate: [Cat, 'Dog'], min_width: 10}}  # flow
  quoted: 'it''s'
  list:
  - a   # first
  # about b
  - b

  - c
  # after the list
ontology:
  # Animals come first
  - choice: Animal  # heading
    subchoices:
      - Cat
      # Dogs of all sizes
      - choice: Dog
        description: a dog
      - Bird
  # Things
  - Thing
"""
Change = Callable[[Any], Any]


def values(data: bytes) -> list[Json]:
    return [document.value for document in read("", data, Words(), best_parser()).documents]


def difference(text: str, change: Change) -> list[str]:
    """The lines that an edit removes and adds."""
    new = copy.deepcopy(values(text.encode()))
    change(new[-1])
    result = edited(text.encode(), new)
    assert equal(values(result), new)
    lines = difflib.unified_diff(text.splitlines(), result.decode().splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def params(value: Any) -> Any:
    return value["params"]


def animals(value: Any) -> Any:
    return value["ontology"][0]["subchoices"]


CASES: dict[str, tuple[Change, list[str]]] = {
    "a text keeps its comment": (
        lambda v: params(v).update(instruction="Draw a box\naround it.\nNow."),
        ["-  instruction: >-  # folded", "+  instruction: |-  # folded", "+    Now."],
    ),
    "a text with spaces at the end of a line": (
        lambda v: params(v).update(instruction="Draw \n  it.\n"),
        ["-  instruction: >-  # folded", "-    Draw a box", "-    around it.",
         "+  instruction: |  # folded", "+    Draw ", "+      it."],
    ),
    "an item in brackets": (
        lambda v: params(v)["geometries"]["box"]["objects_to_annotate"].append("Fox"),
        ["-  geometries: {box: {objects_to_annotate: [Cat, 'Dog'], min_width: 10}}  # flow",
         "+  geometries: {box: {objects_to_annotate: [Cat, 'Dog', Fox], min_width: 10}}  # flow"],
    ),
    "a key in brackets": (
        lambda v: params(v)["geometries"]["box"].pop("min_width"),
        ["-  geometries: {box: {objects_to_annotate: [Cat, 'Dog'], min_width: 10}}  # flow",
         "+  geometries: {box: {objects_to_annotate: [Cat, 'Dog']}}  # flow"],
    ),
    "quotes": (lambda v: params(v).update(quoted="it's new"), ["-  quoted: 'it''s'", "+  quoted: 'it''s new'"]),
    "an added item": (lambda v: params(v)["list"].insert(1, "x"), ["+  - x"]),
    "a removed item takes its comment along": (
        lambda v: params(v)["list"].remove("b"), ["-  # about b", "-  - b"],
    ),
    "a removed parameter": (
        lambda v: params(v).pop("list"),
        ["-  list:", "-  - a   # first", "-  # about b", "-  - b", "-", "-  - c"],
    ),
    "an added parameter": (
        lambda v: params(v).update(new={"a": [1, 2], "b": "x\ny\n"}),
        ["+  new:", "+    a: [1, 2]", "+    b: |", "+      x", "+      y"],
    ),
    "an added choice is one line": (lambda v: animals(v).insert(1, "Fox"), ["+      - Fox"]),
    "a reworded description is one line": (
        lambda v: animals(v)[1].update(description="any dog"),
        ["-        description: a dog", "+        description: any dog"],
    ),
    "a choice gets choices below it": (
        lambda v: animals(v).__setitem__(0, {"choice": "Cat", "subchoices": ["Kitten"]}),
        ["-      - Cat", "+      - choice: Cat", "+        subchoices:", "+          - Kitten"],
    ),
    "a moved choice takes its comment along": (
        lambda v: v["ontology"].append(animals(v).pop(1)),
        ["-      # Dogs of all sizes", "-      - choice: Dog", "-        description: a dog", "+  # Dogs of all sizes",
         "+  - choice: Dog", "+    description: a dog"],
    ),
    "a moved first choice takes its comment along": (
        lambda v: v["ontology"].reverse(),
        ["+  # Things", "+  - Thing", "-  # Things", "-  - Thing"],
    ),
    "a renamed choice is one line": (
        lambda v: animals(v).__setitem__(2, "Birds"), ["-      - Bird", "+      - Birds"],
    ),
    "a new key at the end": (
        lambda v: v.update(reconcile={"ignore": [{"path": "params.x", "reason": "why"}]}),
        ["+reconcile:", "+  ignore:", "+    - {path: params.x, reason: why}"],
    ),
    "a new key between others": (lambda v: _insert(v, 1, "type", "chat"), ["+type: chat"]),
    "nothing": (lambda v: None, []),
}  # fmt: skip


def _insert(value: dict[str, Json], place: int, key: str, new: Json) -> None:
    items = [*value.items()]
    items.insert(place, (key, new))
    value.clear()
    value.update(items)


@pytest.mark.parametrize("case", CASES)
def test_an_edit_changes_these_lines(case: str) -> None:
    change, lines = CASES[case]
    assert difference(MANIFEST, change) == lines


STYLES: dict[str, tuple[str, Change, list[str]]] = {
    "PyYAML's dumper": (
        "name: p\nontology:\n- choice: A\n  subchoices:\n  - B\n- C\n",
        lambda v: v["ontology"][0]["subchoices"].append({"choice": "D", "description": "d"}),
        ["+  - choice: D", "+    description: d"],
    ),
    "four columns": (
        "name: p\nparams:\n    a:\n        b: 1\n",
        lambda v: v["params"]["a"].update(c={"d": {"e": "f\ng"}}),
        [f"+{' ' * columns}{line}" for columns, line in ((8, "c:"), (12, "d:"), (16, "e: |-"), (20, "f"), (20, "g"))],
    ),
    "no final line end": ("name: p\nontology:\n- X", lambda v: v["ontology"].append("Z"), ["+- Z"]),
    "JSON": (
        '{"name": "p", "params": {"a": 1,\n  "b": [1, 2]}}\n',
        lambda v: v["params"].update(c={"x": "y"}),
        ['-  "b": [1, 2]}}', '+  "b": [1, 2],', '+  "c": {"x": "y"}}}'],
    ),
    "comments in brackets": (
        "a: [\n  1,  # one\n  2,  # two\n]\n", lambda v: v["a"].pop(0), ["-  1,  # one"],
    ),
    "the second document": ("name: a\n---\nontology: [X]\n", lambda v: v["ontology"].append("Z"),
                            ["-ontology: [X]", "+ontology: [X, Z]"]),
    "an alias is replaced": (
        "b: &b {x: 1}\nc: *b\nd: *b\n", lambda v: v.update(c={"x": 2}), ["-c: *b", "+c:", "+  x: 2"],
    ),
    "a merged key is overridden": (
        "b: &b {x: 1, y: 2}\nc: {<<: *b, z: 3}\n", lambda v: v["c"].update(x=5),
        ["-c: {<<: *b, z: 3}", "+c: {<<: *b, z: 3, x: 5}"],
    ),
    "a key after a dash": (
        "a:\n- x: 1\n  # about y\n  y: 2\n", lambda v: v["a"][0].pop("x"), ["-- x: 1", "-  # about y", "+- # about y"],
    ),
    "a whole document": ("# c\n[a]\n", lambda v: v.append("b"), ["-[a]", "+[a, b]"]),
    "the last item": ("a:\n  - x\n", lambda v: v["a"].pop(), ["-a:", "-  - x", "+a: []"]),
    "an anchor that others use": (
        "b: &b {x: 1}\nc: *b\nd: *b\n", lambda v: v.update(b={"x": 2}),
        ["-b: &b {x: 1}", "-c: *b", "+b: {x: 2}", "+c: &b {x: 1}"],
    ),
    "a key that is merged, and goes": (
        "b: &b {x: 1, z: 2}\nc: {<<: *b}\n", lambda v: v["c"].pop("x"), ["-c: {<<: *b}", "+c:", "+  z: 2"],
    ),
    "escaped pairs of surrogates": (
        'a: "\\ud83d\\ude00"\nb: "\\ud83d\\ude00"  # c\n', lambda v: v.update(a=1),
        ['-a: "\\ud83d\\ude00"', "+a: 1"],
    ),
    "an unusual line separator in a comment": ("a: 1  # \u2028\nb: 2\n", lambda v: v.update(b=3), ["-b: 2", "+b: 3"]),
    "a long key": ("? a\n: 1\n? b\n: - x\n", lambda v: v["b"].append("z"), ["+  - z"]),
    "a text in four columns that begins with spaces": (
        "a:\n    b:\n        c: 1\n", lambda v: v["a"]["b"].update(d="  x\n y\n"), ['+        d: "  x\\n y\\n"'],
    ),
    "empty lines at the end of a text": (
        "a: 1\n\nb: 2\n", lambda v: v.update(a="x\n\n"), ["-a: 1", '+a: "x\\n\\n"'],
    ),
    "empty lines around an item": ("a:\n- x\n\n- y\n\n- z\n", lambda v: v["a"].remove("y"), ["-- y", "-"]),
    "a word in a parameter that is a choice, too": (
        "params: {}\nontology:\n- A\n- choice: B\n  subchoices:\n  # c\n  - C\n",
        lambda v: v.update(params={"list": ["C"]}, ontology=["A", "B", "C"]),
        ["-params: {}", "+params:", "+  list: [C]", "-- choice: B", "-  subchoices:", "-  # c", "-  - C",
         "+- B", "+# c", "+- C"],
    ),
    "an anchor that nothing uses": ("a: &a 1\nb: 2\n", lambda v: v.update(a=3), ["-a: &a 1", "+a: &a 3"]),
    "a list with an anchor": ("a: &a\n  # c\n  - x\n", lambda v: v["a"].append("z"), ["+  - z"]),
}  # fmt: skip


@pytest.mark.parametrize("case", STYLES)
def test_new_lines_have_the_style_of_the_file(case: str) -> None:
    text, change, lines = STYLES[case]
    assert difference(text, change) == lines


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    data = b"\xef\xbb\xbfname: a\r\nontology:\r\n- X\r\n- Y\r\n"
    new = [{"name": "a", "ontology": ["X", {"choice": "Z", "subchoices": ["Q"]}, "Y"]}]
    result = b"\xef\xbb\xbfname: a\r\nontology:\r\n- X\r\n- choice: Z\r\n  subchoices:\r\n  - Q\r\n- Y\r\n"
    assert edited(data, new) == result


@pytest.mark.parametrize(
    ("text", "new", "why"),
    [
        ("a: [\n", [{}], "errors"),
        ("a: 1\n", [{}, {}], "errors"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, new: list[Json], why: str) -> None:
    with pytest.raises(NotEditableError, match=why):
        edited(text.encode(), new)


TEXTS = ["a", "b c", "Cat", "yes", "x: y", "several\nlines\n", "two\n\n  lines", "t ", "#h", "1", "", "é", "long " * 30]


class Maker:
    """Random documents, their texts with comments, and changes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, depth: int = 0) -> Json:
        kind = self.random.random()
        if depth > 3 or kind < 0.5:
            return self.random.choice([1, 2.5, None, True, *TEXTS])
        if kind < 0.75:
            return [self.value(depth + 1) for _ in range(self.random.randint(0, 4))]
        return self.mapping(depth)

    def mapping(self, depth: int) -> dict[str, Json]:
        key = self.random.choice
        return {key("abcdefgh") * self.random.randint(1, 3): self.value(depth + 1) for _ in range(4)}

    def choices(self, names: list[str], depth: int = 0) -> list[Json]:
        found: list[Json] = []
        while names and len(found) < self.random.randint(1, 4):
            choice: dict[str, Json] = {"choice": names.pop()}
            if self.random.random() < 0.3:
                choice["description"] = self.random.choice(TEXTS)
            if depth < 3 and self.random.random() < 0.5 and (below := self.choices(names, depth + 1)):
                choice["subchoices"] = below
            found.append(choice if len(choice) > 1 or self.random.random() < 0.3 else choice["choice"])
        return found

    def document(self) -> dict[str, Json]:
        names = [f"N{number}" for number in range(14)]
        self.random.shuffle(names)
        return {"name": "p", "params": self.mapping(1), "ontology": self.choices(names)}

    def text(self, document: Json) -> str:
        form = self.random.randint(0, 3)
        options: list[dict[str, Any]] = [{}, {"default_flow_style": None, "width": 60}, {"indent": 4, "width": 1000}]
        if form == len(options):
            return document_text(document, FileKind.MANIFEST).decode()
        return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, **options[form]))

    def with_comments(self, text: str) -> str:
        """The text with comments and blank lines where they change no value."""
        before = values(text.encode())
        for number in range(6):
            lines = text.split("\n")
            at, kind = self.random.randrange(len(lines)), self.random.random()
            if kind < 0.4 and lines[at].strip():
                lines[at] += f"  # c{number}"
            else:
                margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
                lines.insert(at, f"{margin}# c{number}" if kind < 0.8 else "")
            if equal(values("\n".join(lines).encode()), before):
                text = "\n".join(lines)
        return text.replace("\n", "\r\n") if self.random.random() < 0.2 else text

    def changed(self, value: Json) -> Json:
        value = copy.deepcopy(value)
        kind = self.random.random()
        if isinstance(value, dict) and value:
            key = self.random.choice([*value])
            if kind < 0.15 and len(value) > 1:
                del value[key]
            elif kind < 0.35:
                value[f"n{self.random.randint(0, 9)}"] = self.value(2)
            else:
                value[key] = self.changed(value[key])
            return value
        if isinstance(value, list) and value:
            at = self.random.randrange(len(value))
            if kind < 0.25:
                del value[at]
            elif kind < 0.45:
                value.insert(at, self.value(3))
            elif kind < 0.65:
                self.random.shuffle(value)
            else:
                value[at] = self.changed(value[at])
            return value
        return self.value(2)


@pytest.mark.untraced
@pytest.mark.parametrize("first", range(0, 120, 30))
def test_any_value_can_be_reached_and_the_rest_stays(first: int) -> None:
    for seed in range(first, first + 30):
        maker = Maker(seed)
        text = maker.with_comments(maker.text(maker.document()))
        (old,) = values(text.encode())
        new = maker.changed(old) if seed % 3 else maker.document()
        result = edited(text.encode(), [new]).decode()
        assert equal(values(result.encode()), [new]), seed
        for key in old.keys() & new.keys():
            if equal(old[key], new[key]):
                assert _part(text, key) in result, (seed, key)
        if seed % 3 and "params" in new and equal({**old, "params": 0}, {**new, "params": 0}):
            after = new["params"] if isinstance(new["params"], dict) else {}
            kept = [key for key in old["params"] if equal(old["params"][key], after.get(key, ...))]
            for key in kept:
                line = re.search(rf"^ +{key}:.*$", text, re.MULTILINE)
                assert line is None or line[0] in result, (seed, key)
        assert edited(result.encode(), [new]).decode() == result


def _part(text: str, key: str) -> str:
    """The lines of a key at the top, without what follows its last value."""
    match = re.search(rf"^{key}:.*(?:\r?\n(?![a-z]).*)*", text, re.MULTILINE)
    assert match is not None
    lines = match[0].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "".join(lines).rstrip("\r\n")
