"""Manifests in, a plan out, applied, and then "No changes": through the command line, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Request, error_answer
from tests.cli.conftest import Cli, Served, live
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of, serve

Write = Callable[[str, str], Path]

KITTENS = """\
name: kittens
type: imageannotation
params:
  instruction: {$file: kittens.md}
  geometries:
    box: {objects_to_annotate: [Cat, Kitten], min_width: 10}
ontology:
  - Background
  - choice: Animal
    description: Anything alive
    subchoices: [Cat, Kitten]
"""


def test_the_main_job(cli: Cli, served: Served, write: Write) -> None:
    write("kittens.yaml", KITTENS)
    write("kittens.md", "# Kittens\nLabel every kitten.\n")

    planned = cli("plan")
    assert planned.code == 0
    assert planned.out.startswith(f"Target: production  {served.url}")
    assert "# project.kittens will be created" in planned.out
    assert planned.last == "Plan: 1 to add, 0 to change, 0 to destroy."
    assert served.methods == {"GET": 1}

    applied = cli("apply", "--auto-approve")
    assert applied.code == 0
    assert applied.last == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."
    assert [request for request in served.requests if request.startswith("POST")] == [
        "POST /v1/projects",
        "POST /v1/projects/kittens/setOntology",
    ]

    again = cli("plan", "--detailed-exitcode")
    assert (again.code, again.last) == (0, "No changes. Your projects match the manifests.")
    assert len(again.out.splitlines()) == 2

    write(
        "kittens.yaml", KITTENS.replace("min_width: 10", "min_width: 12").replace("[Cat, Kitten]\n", "[Kitten, Fox]\n")
    )
    changed = cli("plan", "--detailed-exitcode")
    assert (changed.code, changed.last) == (2, "Plan: 0 to add, 1 to change, 0 to destroy.")
    assert "min_width = 10 -> 12" in changed.out
    assert "# project.kittens will be updated in-place" in changed.out

    served.requests.clear()
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed."
    assert [request for request in served.requests if request.startswith("POST")] == [
        "POST /v1/projects/kittens/setParams",
        "POST /v1/projects/kittens/setOntology",
    ]
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_an_apply_without_changes_writes_nothing(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    cli("apply", "--auto-approve")
    served.requests.clear()
    applied = cli("apply")
    assert (applied.code, applied.last) == (0, "Apply complete! Projects: 0 added, 0 changed, 0 destroyed.")
    assert served.methods == {"GET": 1}


def test_the_plan_document(cli: Cli, served: Served, write: Write) -> None:
    write("kittens.yaml", KITTENS)
    write("kittens.md", "One\nTwo\nThree\n")
    write("removing.yaml", "name: removing\ntype: imageannotation\nparams:\n  a: 1\n")
    write("equal.yaml", "name: equal\ntype: imageannotation\nparams: {}\n")
    write("guarded.yaml", "name: guarded\ntype: imageannotation\nparams: {a: 1}\nreconcile: {protect: true}\n")
    write("other.yaml", "name: other\ntype: imageannotation\n")
    served.store.seed(
        [
            live("kittens", params={"instruction": "One\n2\nThree"}, ontology=["Background"]),
            live("removing", params={"a": 1, "b": 2}),
            live("equal"),
            live("guarded", params={"a": 2}),
            {**live("other"), "type": "categorization"},
            live("old_project"),
        ]
    )
    result = cli("plan", "--format", "json", "--detailed-exitcode")
    document = result.json()
    assert result.code == 1  # an error, the blocked project, wins over 2
    assert document["format_version"] == "1.0"
    assert document["applyable"] is True
    assert document["complete"] is True
    assert document["errored"] is True  # a project is blocked
    assert document["masked"] is False
    assert document["target"] == {"name": "production", "endpoint": served.url, "account": "2026-01-02T03:04:05.000Z"}
    assert document["source"] == {"commit": None, "dirty": False}
    assert document["summary"] == {
        "add": 0,
        "change": 1,
        "destroy": 0,
        "forget": 0,
        "unchanged": 1,
        "blocked": 1,
        "held": 1,
        "protected": 1,
        "unmanaged": 1,
    }
    assert document["unmanaged"] == ["old_project"]
    changes = {change["name"]: change for change in document["resource_changes"]}
    assert list(changes) == ["equal", "guarded", "kittens", "other", "removing"]
    kittens = changes["kittens"]
    assert kittens["address"] == "project.kittens"
    assert kittens["change"]["actions"] == ["update"]
    assert kittens["source"] == {"file": "projects/kittens.yaml", "line": 1, "commit": None}
    assert kittens["expected"] == {"params_version": 0, "ontology_version": 0, "created_at": "2026-01-02T03:04:05.000Z"}
    instruction = kittens["fields"][0]
    assert instruction == {
        "path": "params.instruction",
        "kind": "change",
        "before": "One\n2\nThree",
        "after": "One\nTwo\nThree",
        "class": "unknown",
        "source": {"file": "projects/kittens.md", "line": 2},
    }
    assert [(field["path"], field["source"]["line"]) for field in kittens["fields"][1:]] == [
        ("params.geometries", 5),
        ("ontology.Animal", 9),
        ("ontology.Animal.Cat", 11),
        ("ontology.Animal.Kitten", 11),
    ]
    assert [call["path"] for call in kittens["calls"]] == [
        "/projects/kittens/setParams",
        "/projects/kittens/setOntology",
    ]
    assert changes["removing"]["calls"] == [
        {
            "call": "setParams",
            "method": "POST",
            "path": "/projects/removing/setParams",
            "body": {"a": 1, "patch": False},
        }
    ]
    assert changes["removing"]["action_reason"] == "params-keys-removed"
    assert changes["other"]["change"]["actions"] == ["no-op"]
    assert changes["other"]["diagnostics"][0]["severity"] == "error"
    assert changes["equal"]["fields"] == []
    assert changes["guarded"]["change"]["actions"] == ["update"]
    assert len(document["plan_hash"]) == 64


def test_blocked_and_protected_projects_are_skipped(cli: Cli, served: Served, write: Write, tmp_path: Path) -> None:
    write("guarded.yaml", "name: guarded\ntype: imageannotation\nparams: {a: 1}\nreconcile: {protect: true}\n")
    write("other.yaml", "name: other\ntype: imageannotation\nparams: {a: 1}\n")
    write("fine.yaml", "name: fine\ntype: imageannotation\nparams: {a: 1}\n")
    served.store.seed([live("guarded", params={"a": 2}), {**live("other"), "type": "categorization"}, live("fine")])
    planned = cli("plan")
    assert planned.last == "Plan: 0 to add, 1 to change, 0 to destroy, 1 blocked, 1 protected."
    assert planned.code == 1

    applied = cli("apply", "--auto-approve", "--result", "result.json")
    assert applied.code == 1
    assert applied.last == (
        "Apply incomplete! Projects: 0 added, 1 changed, 0 destroyed, 0 failed, 1 skipped, 0 not started."
    )
    result = json.loads((tmp_path / "result.json").read_text())
    assert [(project["name"], project["status"]) for project in result["projects"]] == [
        ("fine", "done"),
        ("guarded", "protected"),
        ("other", "blocked"),
    ]
    assert result["projects"][0]["params_version"] == 0
    assert result["projects"][0]["calls"] == [{"call": "setParams", "result": "landed"}]
    assert result["summary"] == {
        "added": 0,
        "changed": 1,
        "destroyed": 0,
        "forgotten": 0,
        "failed": 0,
        "skipped": 1,
        "not_started": 0,
    }
    assert [request for request in served.requests if request.startswith("POST")] == [
        "POST /v1/projects/fine/setParams"
    ]


def test_a_refused_project_stops_no_other(cli: Cli, refusing: Served, write: Write) -> None:
    """The server refuses a negative frame_rate, in words that name it: the message points at its line."""
    write("a.yaml", "name: a\ntype: imageannotation\nparams:\n  good: 1\n  frame_rate: -1\n")
    write("b.yaml", "name: b\ntype: imageannotation\n")
    refusing.store.seed([live("a", {"frame_rate": 1})])

    applied = cli("apply", "--auto-approve")
    assert applied.code == 1
    assert applied.last == (
        "Apply incomplete! Projects: 1 added, 0 changed, 0 destroyed, 1 failed, 0 skipped, 0 not started."
    )
    assert "projects/a.yaml:5:3: error[rejected]" in applied.err
    assert "frame_rate must be positive" in applied.err
    assert "Scale has params version 0" in applied.err
    assert "key-that-nobody-must-see" not in applied.out + applied.err


def test_a_server_that_repeats_a_sensitive_value_is_masked(
    cli: Cli, refusing: Served, write: Write, repository: Path
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.words", "params.**.inner"]\n')
    write(
        "a.yaml", "name: a\ntype: imageannotation\nparams: {words: must be, x: [{inner: [positive]}], y: frame_rate}\n"
    )
    refusing.store.seed([live("a", {})])
    applied = cli("apply", "--auto-approve")
    assert applied.code == 1
    assert "frame_rate (sensitive value) (sensitive value)" in applied.err
    assert "must be" not in applied.out + applied.err


@pytest.fixture
def refusing(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A sandbox that also refuses a parameter."""
    file = tmp_path_factory.mktemp("refusing") / "sandbox.db"
    inner = create_app(file)

    async def app(request: Request) -> Answer:
        if path_of(request).endswith("/setParams"):
            return error_answer(400, "frame_rate must be positive")
        return await inner(request)

    with serve(app) as port:
        monkeypatch.setenv("RECONCILER_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("RECONCILER_TARGET", "production")
        monkeypatch.setenv("SCALE_API_KEY", "key-that-nobody-must-see")
        yield Served(f"http://127.0.0.1:{port}/v1", Dashboard(file))
