"""The policies of docs/policies.md, on plans that they must let pass and plans that they must refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cel
import pytest
from regopy import Interpreter

from tests.cli.conftest import Cli, live
from tests.docs.pages import sections
from tests.repositories import commit_all

POLICIES = {
    title: (blocks[0].text, blocks[1].text)
    for title, blocks in sections("policies.md").items()
    if [block.kind for block in blocks] == ["rego", "cel"]
}
REMOVED, INSTRUCTION, COMMITTED = POLICIES

Write = Callable[[str, str], Path]


def messages(policy: str, plan: Any) -> list[str]:
    """What the policy says in Rego. In CEL it must refuse the same plans."""
    in_rego, in_cel = POLICIES[policy]
    rego = Interpreter()
    rego.add_module("policy", in_rego)
    rego.set_input(plan)
    found: list[str] = sorted(json.loads(str(rego.query("data.main.deny")))["expressions"][0])
    assert cel.evaluate(in_cel, {"plan": plan}) is (found == [])
    return found


@pytest.fixture
def plan(cli: Cli, repository: Path) -> Callable[..., Any]:
    """The plan document as the page makes it."""

    def call(*arguments: str) -> Any:
        cli("plan", "--out", "plan.out", *arguments)
        return cli("show", "plan.out", "--format", "json").json()

    return call


def test_no_choice_or_parameter_is_removed(cli: Cli, write: Write, plan: Callable[..., Any]) -> None:
    write("p.yaml", "name: p\ntype: chat\nparams: {a: 1, b: 2}\nontology: [Cat, Dog, Kitty]\n")
    assert messages(REMOVED, plan()) == []
    assert cli("apply", "--auto-approve").code == 0
    assert messages(REMOVED, plan()) == []
    renamed = "reconcile: {renames: {Kitty: Kitten}}\n"
    write("p.yaml", f"name: p\ntype: chat\nparams: {{a: 3, b: 2, c: 1}}\nontology: [Cat, Dog, Kitten]\n{renamed}")
    assert messages(REMOVED, plan()) == []
    write("p.yaml", "name: p\ntype: chat\nparams: {a: 3}\nontology: [Cat, Kitty]\n")
    assert messages(REMOVED, plan()) == ["p: ontology.Dog must not be removed", "p: params.b must not be removed"]


def test_a_new_project_has_an_instruction(write: Write, plan: Callable[..., Any]) -> None:
    write("good.yaml", "name: good\ntype: chat\nparams: {instruction: Draw a box around every cat.}\n")
    assert messages(INSTRUCTION, plan()) == []
    write("short.yaml", "name: short\ntype: chat\nparams: {instruction: Draw.}\n")
    write("none.yaml", "name: none\ntype: chat\nparams: {}\n")
    assert messages(INSTRUCTION, plan()) == [
        f"{name}: a new project needs an instruction" for name in ("none", "short")
    ]


def test_only_committed_changes_and_no_waived_guard(
    write: Write, plan: Callable[..., Any], repository: Path, seed: Callable[..., None]
) -> None:
    seed(live("kitten_labels", type="chat"))
    write("p.yaml", "name: kitten-labels\ntype: chat\nparams: {}\n")
    assert messages(COMMITTED, plan()) == ["the plan was not made from a commit"]
    (repository / ".gitignore").write_text(".reconciler/\nplan.out\n")
    commit_all(repository)
    assert messages(COMMITTED, plan()) == []
    write("q.yaml", "name: others\ntype: chat\nparams: {}\n")
    assert messages(COMMITTED, plan()) == ["the plan was made from uncommitted changes"]
    commit_all(repository)
    assert messages(COMMITTED, plan("--allow", "near-name")) == ["kitten-labels: waive near-name in reconciler.toml"]
