"""The renames that a manifest declares, and those that it inherits."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.renames import rename_location
from reconciler.model.project import DesiredProject, Source
from tests.manifest.rooms import all_reported, load, load_one

LABELS = "geometries: {box: {objects_to_annotate: [Kitty]}}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ontology: [Cat, Kitty]\nreconcile: {renames: {Kitty: Kitten}}\n", ["old-name-declared:4:23"]),
        (f"params: {{{LABELS}}}\nreconcile: {{renames: {{Kitty: Kitten}}}}\n", ["old-name-declared:4:23"]),
        ("ontology: [Cat]\nreconcile: {renames: {Kitty: Kitten}}\n", ["new-name-missing:4:30?"]),
        ("ontology: [Cat]\nreconcile: {renames: {Kitty: Kitten, Kitten: Cat}}\n", []),
        ("reconcile: {renames: {Kitty: Kitten}}\n", []),
        ("ontology: [Cat]\nreconcile: {renames: {Kitty: ''}}\n", ["bad-value:4:30"]),
        ("ontology: [Cat]\nreconcile: {renames: {Kitty: 1}}\n", ["wrong-type:4:30"]),
        ("ontology: [Cat]\nreconcile: {renames: [Kitty]}\n", ["wrong-type:4:22"]),
    ],
)
def test_what_is_wrong_with_renames(tmp_path: Path, text: str, found: list[str]) -> None:
    assert all_reported(load(tmp_path, {"p.yaml": f"name: p\ntype: imageannotation\n{text}"})) == found


def test_the_new_name_of_an_inherited_rename_may_be_missing(tmp_path: Path) -> None:
    inherited = "reconcile: {renames: {Kitty: Kitten}}\n"
    files = {"_defaults.yaml": inherited, "p.yaml": "name: p\ntype: chat\nontology: [Cat]\n"}
    assert all_reported(load(tmp_path, files)) == []
    files["p.yaml"] = "name: p\ntype: chat\nontology: [Kitty]\n"
    assert all_reported(load(tmp_path, files)) == ["old-name-declared:1:23"]


def test_the_location_of_a_rename(tmp_path: Path) -> None:
    text = "name: p\ntype: chat\nontology: [Cat]\nreconcile:\n  renames:\n    Kitty: Cat\n"
    location = rename_location(load_one(tmp_path, text), "Kitty")
    assert location is not None
    assert (location.line, location.column) == (6, 5)
    assert rename_location(DesiredProject("p", "chat", Source("/p.yaml", 1)), "Kitty") is None
