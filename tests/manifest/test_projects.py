"""What a manifest without mistakes becomes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.fieldpath import Attribute, FieldPath
from reconciler.manifest.parsing import Parser
from reconciler.manifest.places import files_of, locate
from reconciler.model.project import Ignore, ParamsMode, Source
from tests.manifest.rooms import BOTH_PARSERS, HEAD, all_reported, load, load_one, write
from tests.ontologies import ontology

WHOLE = """\
name: kitten_labeling
type: imageannotation
studio: true
pipeline: standard_task
consensus_attempts: 3
params:
  instruction: {$file: kitten_labeling.md}
  geometries:
    box: {objects_to_annotate: [Cat, Kitten], min_width: 10}
ontology:
  - Background
  - choice: Animal
    description: Anything alive
    display:
    subchoices: [Cat, Kitten]
reconcile:
  params: merge
  ignore:
    - params.can_*
    - {path: params.frame_rate, reason: set by the vendor, until: 2027-03-01}
    - ontology.**.@display
  protect: true
x-notes: keys that start with x- are yours
$schema: ../manifest.json
x-more: {$file: never opened}
"""


@BOTH_PARSERS
def test_a_whole_manifest(tmp_path: Path, parser: Parser) -> None:
    write(tmp_path, {"projects/kitten_labeling.md": "\ufeffLabel\r\nall\n\n"})
    project = load_one(tmp_path, WHOLE, parser)
    assert project.source == Source(f"{tmp_path}/projects/p.yaml", 1)
    assert (project.name, project.type) == ("kitten_labeling", "imageannotation")
    assert project.create_only == {"studio": True, "pipeline": "standard_task", "consensus_attempts": 3}
    assert project.params == {
        "instruction": "Label\nall\n",
        "geometries": {"box": {"objects_to_annotate": ["Cat", "Kitten"], "min_width": 10}},
    }
    assert project.ontology == ontology(
        [
            "Background",
            {"choice": "Animal", "description": "Anything alive", "display": None, "subchoices": ["Cat", "Kitten"]},
        ]
    )
    assert project.mask.params is ParamsMode.MERGE
    assert [ignore.pattern.text for ignore in project.mask.ignore] == [
        "params.can_*",
        "params.frame_rate",
        "ontology.**.@display",
    ]
    assert project.mask.ignore[1] == Ignore(project.mask.ignore[1].pattern, "set by the vendor", date(2027, 3, 1))
    assert project.protect is True
    path = ("params", "instruction")
    assert files_of(project) == {project.source.file, f"{tmp_path}/projects/kitten_labeling.md"}
    assert locate(project, [path])[path].text == f"{tmp_path}/projects/kitten_labeling.md"


def test_what_is_left_out_is_not_managed(tmp_path: Path) -> None:
    project = load_one(tmp_path, HEAD)
    assert (project.params, project.ontology, project.create_only, project.protect) == (None, None, {}, False)
    assert (project.mask.params, project.mask.ignore) == (ParamsMode.EXACT, ())


def test_empty_parts_that_are_meant(tmp_path: Path) -> None:
    project = load_one(tmp_path, HEAD + "params: {}\nreconcile: {}\nstudio: false\n")
    assert project.params == {}
    assert project.create_only == {"studio": False}
    assert load_one(tmp_path, HEAD + "reconcile: {ignore: []}\n").mask.ignore == ()


def test_a_named_ontology(tmp_path: Path) -> None:
    project = load_one(tmp_path, HEAD + "ontology: {name: Pets, choices: [{choice: Cat, subchoices: []}]}\n")
    assert project.ontology == ontology([{"choice": "Cat", "subchoices": []}], "Pets")


@pytest.mark.parametrize("name", ["a/b", "x ", "..a", "é", "e\u0301", "C#", "n" * 300, "a\u200bb", "__init__"])
def test_names_that_are_fine(tmp_path: Path, name: str) -> None:
    assert load_one(tmp_path, f'name: "{name}"\ntype: chat\n').name == name


def test_what_people_really_send(tmp_path: Path) -> None:
    text = (
        HEAD + "params: {objects_to_annotate: car, with_labels: 'true', min_width: null, examples: [],"
        " annotation_attributes: {}, callback_url: me@example.com, labels: \"['a', 'b']\", __v: 2, a.b: 1, \"*\": 2}\n"
    )
    manifests = load(tmp_path, {"p.yaml": text})
    assert all_reported(manifests) == []
    project = manifests.entries[0].project
    assert project is not None
    assert project.params == {
        "objects_to_annotate": "car",
        "with_labels": "true",
        "min_width": None,
        "examples": [],
        "annotation_attributes": {},
        "callback_url": "me@example.com",
        "labels": "['a', 'b']",
        "__v": 2,
        "a.b": 1,
        "*": 2,
    }


def test_literals_are_themselves(tmp_path: Path) -> None:
    text = (
        HEAD + 'params: {s: {$literal: {$ref: "#/a"}}, x: [{$literal: {$file: /etc/passwd}}],'
        " y: {$literal: {$literal: 1}}, u: {$literal: {$unset: true, a: 1}}}\n"
        "ontology: {$literal: [a, {choice: b}]}\n"
    )
    project = load_one(tmp_path, text)
    assert project.params == {
        "s": {"$ref": "#/a"},
        "x": [{"$file": "/etc/passwd"}],
        "y": {"$literal": 1},
        "u": {"$unset": True, "a": 1},
    }
    assert project.ontology == ontology(["a", {"choice": "b"}])


def test_texts_anywhere(tmp_path: Path) -> None:
    write(tmp_path, {"shared/t.md": "text"})
    there = "{$file: ../shared/t.md}"
    text = (
        f"name: {there}\ntype: chat\nparams: {{l: [{there}, a], o: {{k: {there}}}}}\n"
        f"ontology:\n  name: {there}\n  choices:\n"
        f"    - choice: Animal\n      subchoices:\n        - {{choice: Cat, description: {there}}}\n    - {there}\n"
        f"    - {{choice: a, display: {there}}}\nreconcile: {{ignore: [{{path: params.x, reason: {there}}}]}}\n"
    )
    project = load_one(tmp_path, text)
    assert project.name == "text"
    assert project.params == {"l": ["text", "a"], "o": {"k": "text"}}
    assert project.ontology is not None
    assert project.ontology.name == "text"
    assert project.mask.ignore[0].reason == "text"
    from_texts: set[FieldPath] = {
        ("name",),
        ("params", "l", 0),
        ("params", "o", "k"),
        ("ontology", Attribute("name")),
        ("ontology", "Animal", "Cat", Attribute("description")),
        ("ontology", "text"),
        ("ontology", "a", Attribute("display")),
    }
    others: set[FieldPath] = {("type",), ("params", "l", 1), ("ontology", "Animal"), ("ontology", "a")}
    places = locate(project, from_texts | others)
    assert {path for path in places if places[path].text == f"{tmp_path}/shared/t.md"} == from_texts
    assert project.mask.ignore[0].reason == "text"


def test_a_choice_named_by_a_text(tmp_path: Path) -> None:
    write(tmp_path, {"projects/t.md": "Cat"})
    project = load_one(tmp_path, HEAD + "ontology:\n  - {choice: {$file: t.md}, description: x}\n")
    assert project.ontology == ontology([{"choice": "Cat", "description": "x"}])
    path: FieldPath = ("ontology", "Cat")
    assert locate(project, [path])[path].text == f"{tmp_path}/projects/t.md"
