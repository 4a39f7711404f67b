"""The schema for editors, read by a JSON Schema validator: what is good passes, what a schema can catch is caught."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.editorschema import TABLES, editor_schema
from reconciler.manifest.located import Document
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.tasktypes.parameters import COMMON, OWN, PREFERRED
from reconciler.tasktypes.shapes import SHAPES
from tests.manifest.test_mistakes import CASES
from tests.manifest.test_projects import WHOLE
from tests.npm import module
from tests.schemas.checking import DOCS, mistakes, published

ROOT = Path(__file__).parents[2]
BAD = ROOT / "tests" / "manifest" / "bad"
GOOD = [*sorted((ROOT / "projects").glob("*.yaml")), *sorted((ROOT / "tests/manifest/checks/good").glob("*.yaml"))]
SCHEMA = editor_schema("manifest")

CAUGHT = {
    "bad-key--classes", "bad-key--flow", "bad-name", "bad-value", "empty-ontology", "missing-key", "null-part",
    "reserved-param", "unknown-key", "unknown-key--choice", "unknown-key--classes", "unknown-key--tool", "wrong-type",
    "wrong-type--alias", "wrong-type--name",
}  # fmt: skip
"""Bad manifests whose mistake a schema can tell. The others are mistakes of YAML, across files, in what an open set of
parameters holds, or need more than a schema knows (a day that is in the calendar, choices unique in a tree)."""


def documents(data: bytes) -> list[Document]:
    return read("/p.yaml", data, Words(), best_parser()).documents


@pytest.mark.parametrize("kind", TABLES)
def test_the_published_schemas_are_those_printed(kind: str) -> None:
    assert published(kind) == editor_schema(kind)


def test_schemas_for_editors_pass_strict_ajv() -> None:
    """As SchemaStore checks what it publishes: draft-07, an $id, and no keyword that has no effect."""
    kinds = [*TABLES, "configuration"]
    for kind in kinds:
        assert published(kind)["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert published(kind)["$id"].endswith(f"-{kind}.json")
        assert "$defs" not in published(kind)
    script = f"""
        const Ajv = require({json.dumps(str(module("ajv")))}).default;
        for (const file of process.argv.slice(1)) new Ajv({{strict: true}}).compile(require(file));
    """
    done = subprocess.run(
        ["node", "-e", script, *(str(DOCS / f"{kind}.json") for kind in kinds)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", GOOD, ids=[file.stem for file in GOOD])
def test_good_manifests_pass(file: Path) -> None:
    for document in documents(file.read_bytes()):
        assert mistakes(SCHEMA, document.value) == []


def test_what_the_contract_shows_passes() -> None:
    for document in documents(WHOLE.encode()):
        assert mistakes(SCHEMA, document.value) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.reported])
def test_manifests_without_mistakes_pass(name: str) -> None:
    text = CASES[name].text
    for document in documents(text if isinstance(text, bytes) else text.encode()):
        assert mistakes(SCHEMA, document.value) == []


def test_what_a_schema_can_catch_is_caught() -> None:
    caught = {
        file.stem
        for file in sorted(BAD.glob("*.yaml"))
        if any(mistakes(SCHEMA, document.value) for document in documents(file.read_bytes()))
    }
    assert caught == CAUGHT


PROJECT: dict[str, Any] = {"name": "p", "type": "imageannotation"}
PASSING = [
    {"name": "p"},
    {**PROJECT, "type": "a_type_of_tomorrow", "params": {"anything": {"goes": [1, None]}}},
    {**PROJECT, "params": {"$ref": "x.yaml#/a"}, "ontology": {"$ref": "o.yaml"}, "reconcile": {"$ref": "r.yaml"}},
    {**PROJECT, "name": {"$file": "n"}, "studio": {"$unset": True}, "params": {"a": {"$unset": True}}},
    {**PROJECT, "ontology": ["a", {"choice": "b", "subchoices": {"$ref": "c"}}, {"$literal": "d"}]},
    {**PROJECT, "params": {"geometries": "x", "padding": "wide", "objects_to_annotate": "car", "priority": 11}},
    {**PROJECT, "x-notes": {"$file": 3}},
    {**PROJECT, "$schema": "../manifest.json"},
    {**PROJECT, "reconcile": {"ignore": ["params.a", {"path": "params.b", "until": "2027-03-01"}], "protect": True}},
]
FAILING = [
    {},
    {**PROJECT, "type": ""},
    {**PROJECT, "type": None},
    {**PROJECT, "params": None},
    {**PROJECT, "params": []},
    {**PROJECT, "ontology": "Car"},
    {**PROJECT, "ontology": {"name": "x"}},
    {**PROJECT, "ontology": [{"display": "x"}]},
    {**PROJECT, "ontology": [3]},
    {**PROJECT, "ontology": {"$file": "a", "$ref": "b"}},
    {**PROJECT, "studio": {"$unset": False}},
    {**PROJECT, "ontology": {"$unset": True}},
    {**PROJECT, "consensus_attempts": 0},
    {**PROJECT, "reconcile": {"params": "exakt"}},
    {**PROJECT, "reconcile": {"ignore": [{"reason": "x"}]}},
    {**PROJECT, "reconcile": {"ignore": [{"path": "params.x", "until": "never"}]}},
    {**PROJECT, "names": ["p"]},
    {"name": "a\tb"},
]


@pytest.mark.parametrize("document", PASSING)
def test_what_passes(document: dict[str, Any]) -> None:
    assert mistakes(SCHEMA, document) == []


@pytest.mark.parametrize("document", FAILING)
def test_what_does_not_pass(document: dict[str, Any]) -> None:
    assert mistakes(SCHEMA, document)


def test_defaults_and_overlays() -> None:
    defaults, overlay = editor_schema("defaults"), editor_schema("overlay")
    shared = {
        "type": "chat",
        "studio": {"$unset": True},
        "params": {"a": {"$unset": True}},
        "reconcile": {"ignore": []},
    }
    assert mistakes(defaults, {**shared, "names": ["a_*"]}) == []
    assert mistakes(overlay, {**shared, "ontology": ["a"]}) == []
    assert mistakes(defaults, {"ontology": ["a"]})
    assert mistakes(defaults, {"name": "a"})
    assert mistakes(overlay, {"name": "a"})
    assert mistakes(overlay, {"names": ["a"]})


@pytest.mark.parametrize("kind", [*TABLES, "configuration"])
def test_every_key_has_words(kind: str) -> None:
    schema = published(kind)

    def walk(inner: Any, path: str) -> list[str]:
        if isinstance(inner, list):
            return [bare for index, each in enumerate(inner) for bare in walk(each, f"{path}/{index}")]
        if not isinstance(inner, dict) or path.endswith(("/if", "/not")):
            return []
        bare = []
        for key, each in inner["properties"].items() if isinstance(inner.get("properties"), dict) else ():
            found = schema["definitions"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            bare += [] if "description" in found or "type" in found.get("properties", {}) else [f"{path}/{key}"]
        return bare + [bare for key, each in inner.items() for bare in walk(each, f"{path}/{key}")]

    assert walk(schema, "") == []
    assert all("title" in each for each in SCHEMA["properties"].values())


def test_facts_are_well_formed() -> None:
    text = json.dumps([COMMON, {kind: dict(own) for kind, own in OWN.items()}, SHAPES])
    assert {name.partition('"')[0] for name in text.split('"#/definitions/')[1:]} <= SHAPES.keys()
    assert set(PREFERRED) | set(PREFERRED.values()) <= OWN.keys()
