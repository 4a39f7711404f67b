"""Real output of every command that prints JSON, against the schemas in docs/schemas."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Result, cli, live, repository, seed, write
from tests.schemas.checking import DOCS, mistakes, published
from tests.schemas.generating import SHAPES, document_schema

__all__ = ["cli", "repository", "seed", "write"]

Write = Callable[[str, str], Path]
GOLDEN = Path(__file__).parents[1] / "render" / "golden"
SCALE = "https://api.scale.com/v1"


def _is(name: str, document: Any) -> None:
    assert mistakes(published(name), document) == []


@pytest.mark.parametrize("name", SHAPES)
def test_the_published_schemas_are_those_of_the_shapes(name: str) -> None:
    schema = document_schema(name)
    if os.environ.get("UPDATE_SCHEMAS"):
        (DOCS / f"{name}.json").write_text(json.dumps(schema, indent=2) + "\n")
    assert published(name) == schema


def _needs_every_key(name: str, document: dict[str, Any]) -> None:
    """Those without a default: the others came later, or are left out if there is nothing to say."""
    needed = {shape.alias or key for key, shape in SHAPES[name][1].model_fields.items() if shape.is_required()}
    assert needed <= document.keys()
    for key in document:
        if key in needed:
            assert mistakes(published(name), {other: document[other] for other in document if other != key}), key


@pytest.fixture
def projects(write: Write, seed: Callable[..., None], repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    (repository / "shared.yaml").write_text("[Cat, {choice: Animal, subchoices: [Dog]}]\n")
    write("_defaults.yaml", "type: imageannotation\nparams: {priority: 15}\n")
    write("new.yaml", "name: new\nparams: {a: [1, {}], callback_url: 'https://x'}\nontology: {$ref: ../shared.yaml}\n")
    write("change.yaml", "name: change\nparams: {a: 1}\nontology: {name: N, choices: [Cat]}\n")
    write("blocked.yaml", "name: blocked\ntype: chat\n")
    write("safe.yaml", "name: safe\nparams: {a: 1}\nreconcile: {protect: true}\n")
    seed(
        live("change", {"a": 2, "b": None}, ["Cat", "Dog"]),
        live("blocked"),
        live("safe", {"a": 2}),
        live("beside"),
    )


def test_validate(cli: Cli, projects: None, write: Write) -> None:
    document = cli("validate", "--format", "json").json()
    _is("validate", document)
    _needs_every_key("validate", document)
    assert any("used_by" in diagnostic for diagnostic in document["diagnostics"])
    resolved = cli("validate", "--format", "json", "--resolved").json()
    _is("validate", resolved)
    assert resolved["masked"] is True
    assert "https://x" not in json.dumps(resolved)
    assert {project["name"]: project["sources"]["params.priority"] for project in resolved["projects"]
            if "params" in project["project"]} == dict.fromkeys(
        ("change", "new", "safe"), "projects/_defaults.yaml:2")  # fmt: skip
    write("bad.yaml", "name: [\n")
    _is("validate", cli("validate", "--format", "json", "--resolved").json())


def test_resolved_goes_with_json(cli: Cli, projects: None) -> None:
    wrong = cli("validate", "--resolved")
    assert wrong.code == 1
    assert "--format json" in wrong.err


def test_plan_apply_and_drift(cli: Cli, projects: None, repository: Path) -> None:
    def ran(*arguments: str) -> Result:
        return cli(*arguments)

    document = ran("plan", "--format", "json").json()
    _is("plan", document)
    _needs_every_key("plan", document)
    ran("plan", "--out", "plan.json")
    _is("plan", json.loads((repository / "plan.json").read_text()))
    _is("plan", ran("show", "plan.json", "--format", "json").json())
    _is("drift", ran("drift", "--format", "json").json())
    options = ("--auto-approve", "--allow", "takeover", "--result", "result.json")
    applied = ran("apply", "--format", "json", *options).json()
    _is("result", applied)
    _needs_every_key("result", applied)
    _is("result", json.loads((repository / "result.json").read_text()))
    drifted = ran("drift", "--format", "json").json()
    _is("drift", drifted)
    _needs_every_key("drift", drifted)
    ran("snapshot", "--out", "live.json")
    _is("plan", ran("plan", "--live", "live.json", "--format", "json").json())
    _is("drift", ran("drift", "--live", "live.json", "--format", "json").json())


def test_history(cli: Cli, projects: None, write: Write) -> None:
    write("blocked.yaml", "")
    assert cli("apply", "--auto-approve", "--allow", "takeover", "change").code == 0
    for more in ((), ("--diff", "0..1"), ("--at", "2099-01-01")):
        document = cli("history", "change", *more, "--format", "json").json()
        _is("history", document)
        _needs_every_key("history", document)
    others = (
        ("blame", ["blame", "change"]),
        ("pins", ["pins"]),
        ("relabel", ["history", "change", "--relabel", "0.."]),
    )
    for name, arguments in others:
        document = cli(*arguments, "--format", "json").json()
        _is(name, document)
        _needs_every_key(name, document)


@pytest.mark.parametrize(
    ("file", "name"),
    [("picture", "plan"), ("hostile", "plan"), ("outcome", "result"), ("drift", "drift")],
)
def test_golden_documents(file: str, name: str) -> None:
    text = (GOLDEN / f"{file}.json.txt").read_text()
    # These plans were made by hand, without hashes.
    _is(name, json.loads(text.replace('hash": ""', f'hash": "{"0" * 64}"')))
