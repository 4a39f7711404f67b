"""Where fields are in git."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from reconciler.fieldpath import Attribute, FieldPath, format_path
from reconciler.manifest.places import locate
from tests.manifest.rooms import HEAD, load, load_one, write

TEXT = """\
# the first document is another one
name: other
type: chat
---
name: p
type: imageannotation
x-all: &all {frame_rate: 1}
params:
  <<: *all
  instruction: {$file: t.md}
  geometries:
    box: {objects_to_annotate: [Cat, Kitten], min_width: 10}
  fields:
    - {field_id: a, title: A}
    - {$literal: {$file: b}}
  literal: {$literal: {a: [x, y]}}
ontology:
  name: Pets
  choices:
    - Background
    - description: Anything alive
      choice: Animal
      subchoices:
        - choice: Cat
          description: a cat
        - Fox
    - {$literal: {choice: Wood, display: Oak}}
"""

PLACES: list[tuple[FieldPath, int, int, int]] = [
    (("type",), 6, 1, 5),
    (("params",), 8, 1, 7),
    (("params", "frame_rate"), 7, 14, 24),
    (("params", "instruction"), 10, 3, 14),
    (("params", "instruction", "x"), 10, 3, 14),
    (("params", "geometries", "box", "min_width"), 12, 47, 56),
    (("params", "geometries", "box", "max_width"), 12, 5, 8),
    (("params", "geometries", "box", "objects_to_annotate", 1), 12, 38, 44),
    (("params", "geometries", "box", "objects_to_annotate", 7), 12, 11, 30),
    (("params", "gone"), 8, 1, 7),
    (("params", "fields", 0, "title"), 14, 21, 26),
    (("params", "fields", 1, "$file"), 15, 19, 24),
    (("params", "literal", "a", 1), 16, 31, 32),
    (("params", "literal", "b"), 16, 3, 10),
    (("studio",), 5, 1, 8),
    (("ontology",), 17, 1, 9),
    (("ontology", Attribute("name")), 18, 3, 7),
    (("ontology", "Background"), 20, 7, 17),
    (("ontology", "Background", Attribute("description")), 20, 7, 17),
    (("ontology", "Animal"), 22, 15, 21),
    (("ontology", "Animal", Attribute("description")), 21, 7, 18),
    (("ontology", "Animal", Attribute("display")), 22, 15, 21),
    (("ontology", "Animal", "Cat"), 24, 19, 22),
    (("ontology", "Animal", "Cat", Attribute("description")), 25, 11, 22),
    (("ontology", "Animal", "Fox"), 26, 11, 14),
    (("ontology", "Animal", "Dog"), 22, 15, 21),
    (("ontology", "Animal", "Dog", Attribute("description")), 22, 15, 21),
    (("ontology", "Wood"), 27, 27, 31),
    (("ontology", "Wood", Attribute("display")), 27, 33, 40),
    (("ontology", "Stone", "Flint"), 17, 1, 9),
]


@pytest.mark.parametrize(("path", "line", "column", "end"), PLACES, ids=[format_path(place[0]) for place in PLACES])
def test_fields_are_found(tmp_path: Path, path: FieldPath, line: int, column: int, end: int) -> None:
    write(tmp_path, {"projects/t.md": "text"})
    project = load(tmp_path, {"p.yaml": TEXT}).entries[1].project
    assert project is not None
    location = locate(project, [path])[path].location
    assert (location.line, location.column, location.end_column) == (line, column, end)
    assert location.file == project.source.file
    assert location.text == TEXT.split("\n")[line - 1]


def test_ontologies_in_every_spelling(tmp_path: Path) -> None:
    for text in ("[a, b]", "{$literal: [a, b]}", "{choices: {$literal: [a, b]}}"):
        project = load_one(tmp_path, f"{HEAD}ontology: {text}\n")
        path = ("ontology", "b")
        assert locate(project, [path])[path].location.column == 11 + text.index("b]")


def test_an_ontology_that_is_not_there(tmp_path: Path) -> None:
    project = load_one(tmp_path, HEAD)
    location = locate(project, [("ontology", "a")])[("ontology", "a")].location
    assert (location.line, location.column) == (1, 1)


def test_the_end_of_a_long_file(tmp_path: Path) -> None:
    for filler in (65_000, 66_000):
        text = f"{HEAD}# {'x' * filler}\nontology: [a, b]\n"
        location = locate(load_one(tmp_path, text), [("ontology", "b")])[("ontology", "b")].location
        assert (location.line, location.column, location.end_column) == (4, 15, 16)


def test_a_file_that_changed_after_it_was_read(tmp_path: Path) -> None:
    project = load_one(tmp_path, "\n" + HEAD)
    path: FieldPath = ("type",)
    Path(project.source.file).write_text("\n\n\n" + HEAD)
    location = locate(project, [path])[path].location
    assert (location.line, location.column, location.text) == (3, 1, "type: imageannotation")


def test_a_project_of_a_saved_plan(tmp_path: Path) -> None:
    """Its manifest is read as it is now."""
    loaded = load_one(tmp_path, "\n" + HEAD)
    project = dataclasses.replace(loaded, document={}, origin=None)
    path: FieldPath = ("type",)
    location = locate(project, [path])[path].location
    assert (location.line, location.column, location.text) == (3, 1, "type: imageannotation")
    moved = dataclasses.replace(project, source=dataclasses.replace(project.source, line=7))
    assert locate(moved, [path])[path].location.line == 7
    Path(project.source.file).unlink()
    location = locate(project, [path])[path].location
    assert (location.line, location.column, location.text) == (2, 1, None)


def test_many_projects_of_one_file(tmp_path: Path) -> None:
    text = "---\n".join(f"name: p{number}\ntype: chat\nparams: {{a: 1}}\n" for number in range(5))
    projects = [entry.project for entry in load(tmp_path, {"p.yaml": text}).entries]
    path = ("params", "a")
    found = [locate(project, [path]) for project in projects if project is not None]
    assert [places[path].location.line for places in found] == [3, 7, 11, 15, 19]
