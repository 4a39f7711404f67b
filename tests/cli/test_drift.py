"""`reconciler drift`, as a user meets it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all, git
from tests.sandbox.dashboard import Dashboard

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


def test_the_story_of_a_drift(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1, b: 1, t: 1}\nontology: [Cat]\n")
    write("q.yaml", "name: quiet_one\ntype: imageannotation\n")
    cli("apply", "--auto-approve")
    clean = cli("drift")
    assert (clean.code, clean.last) == (0, "No drift. Your projects match the manifests.")
    assert len(clean.out.splitlines()) == 3

    served.store.edit_params("p", {"a": 2, "t": 5})
    served.store.edit_params("p", {"t": 1})
    served.store.edit_ontology("p", ["Cat", "Fox"])
    write("p.yaml", M + "params: {a: 1, b: 7, t: 1}\nontology: [Cat]\n")
    served.requests.clear()
    found = cli("drift")
    assert found.code == 2
    assert found.last == "Drift: 2 in 1 of 2 projects; 1 pending, 0 conflicts, 0 unknown, 1 transient."
    assert "# project.p has changed outside git" in found.out
    assert "! params.a = 1 -> 2" in found.out
    assert "! ontology.Fox added" in found.out
    assert "~ params.b = 1 -> 7" in found.out
    assert "pending: changed in git, not yet applied" in found.out
    assert "changed and changed back: params.t (version 1)" in found.out
    assert "To undo the changes:\n  reconciler apply p --target production --endpoint " in found.out
    assert served.methods == {"GET": 1}

    document = cli("drift", "--format", "json").json()
    assert document["summary"] == {
        "drift": 2,
        "pending": 1,
        "same": 0,
        "conflict": 0,
        "unknown": 0,
        "transient": 1,
        "blocked": 0,
        "clean": 1,
    }
    [project] = document["projects"]
    assert project["source"] == {"file": "projects/p.yaml", "line": 1}
    units = {unit["path"]: unit for unit in project["units"]}
    assert list(units) == ["params.a", "params.b", "ontology"]
    assert {key: units["params.a"][key] for key in ("class", "base", "desired", "live", "version")} == {
        "class": "drift",
        "base": 1,
        "desired": 1,
        "live": 2,
        "version": 1,
    }
    assert units["params.a"]["age_seconds"] >= 0
    assert units["params.a"]["created_at"]
    assert project["transient"] == [{"path": "params.t", "versions": [1]}]

    assert cli("apply", "--auto-approve").code == 0
    assert cli("drift").code == 0


def test_pending_changes_alone_are_no_drift(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    fresh = cli("drift")
    assert fresh.code == 0
    assert fresh.last == "No drift. 1 unit is pending: changed in git, not yet applied."
    assert "There is no record of an apply" in fresh.out
    assert cli("drift", "--format", "json").json()["record"] is None


def test_a_rename_in_the_dashboard(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", "name: kitten_labels\ntype: imageannotation\nparams: {a: 1}\n")
    cli("apply", "--auto-approve")
    [before] = json.loads(served.store.list_projects())
    served.store.reset()
    served.store.seed([{**before, "name": "puppies"}, live("unrelated")])
    found = cli("drift")
    assert found.code == 2
    assert "kitten_labels has vanished:" in found.out
    assert "2 live projects have no manifest (puppies and unrelated)." in found.out
    assert 'project.kitten_labels has probably been renamed to "puppies" on Scale' in found.err
    document = cli("drift", "--format", "json").json()
    assert document["vanished"] == ["kitten_labels"]
    assert document["unmanaged"] == ["puppies", "unrelated"]
    report = cli("drift", "--format", "junit")
    assert report.code == 2
    [suite] = fromstring(report.out)
    [case] = suite.findall("testcase")
    assert (case.attrib["classname"], case.attrib["name"]) == ("projects/p.yaml", "kitten_labels")
    assert [(part.tag, part.attrib["type"]) for part in case] == [("failure", "vanished")]


def test_names_narrow_it(cli: Cli, served: Served, write: Write) -> None:
    for name in ("one_project", "another"):
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: 1}}\n")
    cli("apply", "--auto-approve")
    for name in ("one_project", "another"):
        served.store.edit_params(name, {"a": 2})
    served.requests.clear()
    found = cli("drift", "another")
    assert found.code == 2
    assert "one_project" not in found.out
    assert served.requests == ["GET /v1/projects/another"]
    assert cli("drift", "nope").code == 1


def test_an_error_wins_over_drift(cli: Cli, served: Served, write: Write) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"a": 2})
    write("other.yaml", "name: other\ntype: imageannotation\n")
    served.store.seed([{**live("other"), "type": "categorization"}])
    found = cli("drift")
    assert found.code == 1
    assert "x project.other has a different type on Scale" in found.out
    assert found.last.endswith(", 1 blocked.")
    assert "! params.a = 1 -> 2" in found.out


def test_a_git_that_refuses_is_an_error(
    cli: Cli, served: Served, write: Write, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M)
    folder = tmp_path_factory.mktemp("bin")
    git = folder / "git"
    git.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    refused = cli("drift")
    assert refused.code == 1
    assert "safe.directory" in refused.err
    document = cli("drift", "--format", "json")
    assert document.code == 1
    assert "safe.directory" in document.json()["diagnostics"][0]["detail"]


def test_sensitive_values_are_masked(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.key", "ontology.**"]\n')
    write("p.yaml", M + 'params: {key: "s3cr3t"}\nontology: [Cat]\n')
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"key": "0th3r"})
    served.store.edit_ontology("p", ["Cat", "Hidden"])
    for arguments in (["drift"], ["drift", "--format", "json"]):
        said = cli(*arguments)
        assert said.code == 2
        for secret in ("s3cr3t", "0th3r", "Hidden"):
            assert secret not in said.out + said.err


def test_a_shallow_clone_has_no_record(
    cli: Cli,
    repository: Path,
    served: Served,
    write: Write,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    commit_all(repository)
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"a": 2})
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    found = cli("drift")
    assert found.code == 2
    assert "unknown: not in the record" in found.out
    assert "this clone has no record" in found.err
    (clone / "reconciler.toml").write_text('[targets.production]\nrecord = "origin"\n')
    fetched = cli("drift")
    assert "! params.a = 1 -> 2" in fetched.out
    assert "unknown:" not in fetched.out


def test_a_thousand_projects_are_one_request(cli: Cli, served: Served, write: Write) -> None:
    names = [f"p{number:04}" for number in range(1_000)]
    write("many.yaml", "---\n".join(f"name: {name}\ntype: imageannotation\nparams: {{}}\n" for name in names))
    served.store.seed([live(name) for name in names])
    assert cli("drift").last.startswith("No drift.")
    assert served.methods == {"GET": 1}


def test_versions_are_in_the_store(repository: Path, cli: Cli, write: Write) -> None:
    """Drift writes nothing, to Scale or to the record."""
    write("p.yaml", M + "params: {a: 1}\n")
    cli("apply", "--auto-approve")
    store = Dashboard(repository / ".reconciler" / "sandbox.db")
    store.edit_params("p", {"a": 2})
    before = store.get("p")
    heads = git(repository, "for-each-ref")
    assert cli("drift").code == 2
    assert store.get("p") == before
    assert git(repository, "for-each-ref") == heads
    assert len(json.loads(before)["param_history"]) == 2


def test_a_manifest_with_a_new_name_or_none_is_said(cli: Cli, repository: Path) -> None:
    manifests = repository / "projects"
    for name in ("kittens", "dogs", "birds"):
        (manifests / f"{name}.yaml").write_text(f"name: {name}\ntype: imageannotation\n")
    cli("apply", "--auto-approve")
    (manifests / "kittens.yaml").write_text("name: cats\ntype: imageannotation\n")
    (manifests / "dogs.yaml").unlink()
    found = cli("drift")
    assert "The manifest of kittens now declares cats. The old project stays on Scale: the API cannot" in found.out
    assert "1 live project no longer has a manifest (dogs). The next apply stops managing it" in found.out
    assert "write a manifest" not in found.out
    document = cli("drift", "--format", "json").json()
    assert document["unmanaged"] == ["dogs", "kittens"]
    assert document["undeclared"] == [
        {"name": "dogs", "renamed_to": None},
        {"name": "kittens", "renamed_to": "cats"},
    ]
    (manifests / "birds.yaml").unlink()
    assert (
        "2 live projects no longer have a manifest (birds and dogs). The next apply stops managing them, and they"
        in cli("drift").out
    )
