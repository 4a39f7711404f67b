"""Edits of files in the style of public repositories: what changes, and what holds for any edit.

They are in `corpus/`: a dump of PyYAML, lists without indentation and comments everywhere as in Ansible's playbooks,
line ends of Windows, anchors and merges, JSON, lines that an editor commented out in the first column, several
documents, and a byte order mark with an unusual layout and no final newline.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.manifest.editing import edited
from reconciler.manifest.formatting import FileKind, formatted
from reconciler.manifest.located import Document
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.spelling import document_text
from reconciler.model.values import ABSENT, equal
from tests.cli.accounts import NOBODY, Repository, Style, Writer, some_choices
from tests.manifest.editing.mutating import choices, mutated, value

CORPUS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.yaml"))}


@dataclass
class Edit:
    """A new value, or ABSENT, at a path of a document."""

    path: tuple[str | int, ...]
    value: Any
    document: int = 0


def documents(data: bytes, parser: Parser = Parser.C) -> list[Document]:
    found = read("", data, Words(), parser)
    assert not found.broken
    return found.documents


def changed(data: bytes, edits: list[Edit], parser: Parser) -> str:
    """The lines that edits remove and add."""
    values = [document.value for document in documents(data)]
    for edit in edits:
        values[edit.document] = _with(values[edit.document], edit.path, edit.value)
    old, new = data.decode(), edited(data, values, parser=parser).decode()
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), n=0)
    return "".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _with(old: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    copied: Any = old.copy()
    if new is ABSENT and not rest:
        del copied[key]
    else:
        below = copied[key] if isinstance(key, int) else copied.get(key, {})
        copied[key] = _with(below, tuple(rest), new)
    return copied


def _choice(name: str, **more: Any) -> dict[str, Any]:
    return {"choice": name, **more}


HOUSES = _choice("Building", subchoices=["House", "Garage"])
PUG = _choice("Dog", description="barks", subchoices=["Pug"])

CASES: dict[str, tuple[str, list[Edit], str]] = {
    "an added choice is an added line": (
        "playbook.yaml",
        [Edit(("ontology",), ["Road", "Gravel", "Sand", HOUSES, "Tunnel"])],
        "+- Sand\n",
    ),
    "a removed choice takes its comment along": (
        "playbook.yaml",
        [Edit(("ontology",), ["Gravel", HOUSES, "Tunnel"])],
        "-# surfaces\n-- Road                 # asphalt\n",
    ),
    "a move is a move": (
        "playbook.yaml",
        [Edit(("ontology",), ["Tunnel", "Road", "Gravel", HOUSES])],
        "+- Tunnel               # rare\n-- Tunnel               # rare\n",
    ),
    "a move below another choice takes the comment along": (
        "playbook.yaml",
        [Edit(("ontology",), ["Gravel", _choice("Building", subchoices=["House", "Garage", "Road"]), "Tunnel"])],
        "-# surfaces\n-- Road                 # asphalt\n+  # surfaces\n+  - Road                 # asphalt\n",
    ),
    "a move below a choice that had none below it takes the comment along": (
        "playbook.yaml",
        [Edit(("ontology",), [_choice("Gravel", subchoices=["Road"]), HOUSES, "Tunnel"])],
        "-# surfaces\n-- Road                 # asphalt\n-- Gravel\n+- choice: Gravel\n+  subchoices:\n"
        "+  # surfaces\n+  - Road                 # asphalt\n",
    ),
    "choices below a new choice keep their comments": (
        "playbook.yaml",
        [Edit(("ontology",), [_choice("Way", display="w", subchoices=["Road", "Path", "Tunnel"]), "Gravel", HOUSES])],
        "-# surfaces\n-- Road                 # asphalt\n+- choice: Way\n+  display: w\n+  subchoices:\n+  # surfaces\n"
        "+  - Road                 # asphalt\n+  - Path\n+  - Tunnel               # rare\n"
        "-- Tunnel               # rare\n",
    ),
    "a choice and the one that it was below change places": (
        "playbook.yaml",
        [Edit(("ontology",), ["Road", "Gravel", _choice("House", subchoices=[_choice("Building")]), "Tunnel"])],
        "+- choice: House              # lived in\n+  subchoices:\n+  # buildings\n+  - choice: Building\n"
        "-# buildings\n-- choice: Building\n-  # what is inside\n-  subchoices:\n-  - House              # lived in\n"
        "-  - Garage\n",
    ),
    "a new choice in a long line of brackets": (
        "brackets.yaml",
        [Edit(("ontology", 1, "subchoices"), ["Pug", "Beagle", *map("Dog {}".format, range(20))])],
        "-ontology: [Cat, {choice: Dog, subchoices: [Pug, Beagle]}, Bird]\n+ontology: [Cat, {choice: Dog, "
        f"subchoices: [Pug, Beagle, {', '.join(map('Dog {}'.format, range(20)))}]}}, Bird]\n",
    ),
    "subchoices of a plain choice": (
        "playbook.yaml",
        [Edit(("ontology",), [_choice("Road", subchoices=["Lane"]), "Gravel", HOUSES, "Tunnel"])],
        "-- Road                 # asphalt\n+- choice: Road                 # asphalt\n+  subchoices:\n+  - Lane\n",
    ),
    "a described choice, where dashes are far from what follows": (
        "several.yaml",
        [Edit(("ontology",), [_choice("Cat", subchoices=[_choice("Tabby", description="d")])], 2)],
        "-  -   Tabby\n+  -   choice: Tabby\n+      description: d\n",
    ),
    "a new description is one line": (
        "dumped.yaml",
        [
            Edit(
                ("ontology", 2),
                _choice("Person", display="Pedestrian \u2014 on foot", description="yes"),
            )
        ],
        '+  description: "yes"\n',
    ),
    "one parameter": (
        "playbook.yaml",
        [Edit(("params", "padding"), 12)],
        "-  padding: 10          # pixels\n+  padding: 12          # pixels\n",
    ),
    "a removed parameter leaves no double blank line": (
        "playbook.yaml",
        [Edit(("params", "instruction"), ABSENT)],
        "-  # keep it short\n-  instruction: >\n-    Label the road,\n-    and nothing else.\n-\n",
    ),
    "lines that are commented out in the first column": (
        "jetbrains.yaml",
        [Edit(("params", "geometries", "box", "objects_to_annotate"), ["Cat", "Fish", "Bird"])],
        "+        - Fish\n",
    ),
    "a text in the line endings of the file": (
        "crlf.yaml",
        [Edit(("params", "instruction"), "One.\n\nThree.\n")],
        "-        Two.\r\n+        Three.\r\n",
    ),
    "a list in deep indentation": (
        "crlf.yaml",
        [Edit(("params", "new"), {"a": [{"b": {"c": ["d"]}}]})],
        "+    new:\r\n+        a:\r\n+            - b:\r\n+                  c: [d]\r\n",
    ),
    "an entry of many lines in brackets": (
        "flow.yaml",
        [Edit(("params", "tags"), ["a", "new", "c"]), Edit(("params", "more"), {"a": 1})],
        '-      "b",\n+      "new",\n-    ]\n+    ],\n+    "more": {"a": 1}\n',
    ),
    "a choice in brackets": (
        "flow.yaml",
        [Edit(("ontology",), ["Cat", PUG, "Fish"])],
        '-    {"choice": "Dog", "description": "barks", "subchoices": ["Pug"]}\n'
        '+    {"choice": "Dog", "description": "barks", "subchoices": ["Pug"]},\n+    "Fish"\n',
    ),
    "the last entry without a final newline": (
        "no_final_newline.yaml",
        [Edit(("ontology",), ["Cat", "Dog"])],
        "-  - Cat+  - Cat\n+  - Dog",
    ),
    "an anchor whose value others use": (
        "anchors.yaml",
        [Edit(("params", "instruction"), "Other.")],
        "-  instruction: &text Label it.\n-  note: *text\n+  instruction: Other.\n+  note: &text Label it.\n",
    ),
    "an anchor and its alias": (
        "anchors.yaml",
        [Edit(("params", "instruction"), "Other."), Edit(("params", "note"), "New.")],
        "-  instruction: &text Label it.\n-  note: *text\n+  instruction: &text Other.\n+  note: New.\n",
    ),
    "an anchor whose alias goes": (
        "anchors.yaml",
        [Edit(("params", "instruction"), "Other."), Edit(("params", "note"), ABSENT)],
        "-  instruction: &text Label it.\n-  note: *text\n+  instruction: &text Other.\n",
    ),
    "an alias": ("anchors.yaml", [Edit(("params", "note"), "Other.")], "-  note: *text\n+  note: Other.\n"),
    "a value that is merged": ("anchors.yaml", [Edit(("params", "padding"), 12)], "+  padding: 12\n"),
    "a value that is no longer merged": (
        "anchors.yaml",
        [Edit(("params", "padding"), ABSENT)],
        "-  <<: *common\n+  with_labels: true\n",
    ),
    "one of several documents": (
        "several.yaml",
        [Edit(("ontology",), ["Cat", "Dog"], 1), Edit(("params", "padding"), 3, 0)],
        "-params: {padding: 1}\n+params: {padding: 3}\n+  - Dog\n",
    ),
    "what was not there": (
        "jetbrains.yaml",
        [Edit(("reconcile", "ignore"), ["params.padding"])],
        "+reconcile:\n+  ignore: [params.padding]\n",
    ),
    "nothing left": (
        "brackets.yaml",
        [Edit(("params",), {})],
        "-params: {padding: 10, 'quoted': 'it''s', list: [1, 2.5, [true, null]], nested: {a: {b: c}}}\n+params: {}\n",
    ),
    "an item of a list in brackets moves": (
        "brackets.yaml",
        [Edit(("params", "list"), [[True, None], 1, 2.5])],
        "-params: {padding: 10, 'quoted': 'it''s', list: [1, 2.5, [true, null]], nested: {a: {b: c}}}\n"
        "+params: {padding: 10, 'quoted': 'it''s', list: [[true, null], 1, 2.5], nested: {a: {b: c}}}\n",
    ),
}


@pytest.mark.parametrize(("file", "edits", "diff"), CASES.values(), ids=CASES)
def test_what_changes(file: str, edits: list[Edit], diff: str) -> None:
    assert changed(CORPUS[file], edits, Parser.C) == diff


@pytest.mark.parametrize(
    "case", [case for case in CASES if CASES[case][0] in ("anchors.yaml", "no_final_newline.yaml")]
)
def test_what_changes_with_the_other_parser(case: str) -> None:
    file, edits, diff = CASES[case]
    assert changed(CORPUS[file], edits, Parser.PURE) == diff


@pytest.mark.parametrize("file", CORPUS)
def test_an_edit_that_changes_nothing(file: str) -> None:
    data = CORPUS[file]
    assert edited(data, [document.value for document in documents(data)]) == data


def _units(document: Document) -> dict[tuple[str, ...], tuple[Any, bytes]]:
    """The value and the lines of each parameter, and of each other key of a project."""
    found: dict[tuple[str, ...], tuple[Any, bytes]] = {}
    for key, inner, part in document.parts(document.value, document.whole.block):
        nested = [*document.parts(inner, part.block)] if key == "params" else []
        for path, each, place in (
            [((str(key),), inner, part)]
            if not nested
            else [((str(key), str(name)), below, at) for name, below, at in nested]
        ):
            text = document.source.parsed
            end = text.rfind("\n", 0, place.value.end + 1)
            if text[place.value.start : place.value.end].strip() and place.key.start < end:
                found[path] = (each, text[place.key.start : end].encode())
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("file", CORPUS)
def test_any_edit(file: str, seed: int) -> None:
    """It gives exactly the wanted values, and the lines of all others stay as they are."""
    data = CORPUS[file]
    for number, document in enumerate(documents(data)):
        random = Random(f"{file}{seed}{number}")
        new = dict(document.value)
        if seed % 2 and isinstance(new.get("ontology"), list):
            new["ontology"] = choices(new["ontology"], random, [f"New {index}" for index in range(9)])
        else:
            params = dict(new.get("params") or {})
            for key in random.sample([*params, "fresh"], 1):
                params[key] = mutated(params.get(key), random)
            new["params"] = params
        wanted = [each.value for each in documents(data)]
        wanted[number] = new
        after = edited(data, wanted)
        assert equal([each.value for each in documents(after)], wanted)
        is_shared = b"&" in data or b"params: {" in data
        for path, (before, lines) in _units(document).items():
            now: Any = new
            for key in path:
                now = now.get(key, ABSENT) if isinstance(now, dict) else ABSENT
            if not is_shared and now is not ABSENT and equal(now, before):
                assert lines in after, path


@pytest.mark.parametrize("seed", range(25))
def test_any_manifest(seed: int) -> None:
    """What was spelled as `fmt` would is still as `fmt` would spell it, after a value changed."""
    random = Random(seed)
    params = {f"p{index}": value(random, 3) for index in range(5)}
    old: dict[str, Any] = {
        "name": "p",
        "type": "chat",
        "params": params,
        "ontology": ["A", {"choice": "B", "subchoices": ["C", "D"]}, "E"],
    }
    data = document_text(old, FileKind.OTHER)
    new = {
        **old,
        "params": {**params, "p2": mutated(params["p2"], random)},
        "ontology": choices(old["ontology"], random, ["N1", "N2", "N3"]),
    }
    after = edited(data, [new])
    assert equal(documents(after)[0].value, new)
    assert formatted(after, FileKind.MANIFEST) == after


def test_no_choice_loses_its_comment() -> None:
    """Choices move anywhere, in files of any style. Each of them that is left has its comments."""
    for seed in range(60):
        random = Random(seed)
        account, style = Repository(), Style.any(random)
        style.comments = random.choice([0.3, 0.9])
        old = some_choices(random, [f"Old {number}" for number in range(30)])
        in_list = random.random() < 0.6
        whole = {"name": "p", "ontology": old if in_list else {"name": "k", "choices": old}}
        lines = Writer(account, style).entries(whole, 0, NOBODY)
        data = "".join(line.text + style.ending for line in lines).encode()
        new = choices(old, random, [f"New {number}" for number in range(9)])
        wanted = {"name": "p", "ontology": new if in_list else {"name": "k", "choices": new}}
        text = edited(data, [wanted]).decode()
        names = set(re.findall(r'"([^"]+)"', json.dumps(new)))
        lost = [
            name
            for name, (_, choice) in account.comments.items()
            if choice in names and not re.search(rf"# {name} of", text)
        ]
        assert not lost, (seed, text)
