"""`reconciler blame`, as a user meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all

Write = Callable[[str, str], Path]


def test_every_value_has_its_version(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1, b: 1}\nontology: [Cat]\n")
    commit = commit_all(repository, "First rules")
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"b": 2})
    served.requests.clear()
    shown = cli("blame", "p")
    assert (shown.code, shown.err) == (0, "")
    assert f", applied from commit {commit[:7]} by n: First rules\n" in shown.out
    assert "    params.b = 2 " in shown.out
    assert shown.last == "3 values: 2 by applies, 1 on Scale."
    assert served.requests == ["GET /v1/projects/p"]
    document = cli("blame", "p", "--format", "json").json()
    fields = {one["path"]: (one["version"], one["made_by"], one["commit"]) for one in document["fields"]}
    assert fields == {
        "params.a": (0, "apply", commit),
        "params.b": (1, "scale", None),
        "ontology.Cat": (0, "apply", commit),
    }


def test_a_live_ontology_that_cannot_be_read(cli: Cli, served: Served) -> None:
    served.store.seed([live("p", {"a": 1}, ["Cat"])])
    served.store.append_ontology_entry("p", {"ontology": "nonsense"})
    shown = cli("blame", "p")
    assert shown.code == 0
    assert "the live ontology cannot be read\n  ontologyHistory[1].ontology is a string" in shown.err
    assert shown.last == "1 value: 0 by applies, 0 on Scale, 1 of unknown origin."


def test_a_name_that_is_not_there(cli: Cli, served: Served) -> None:
    served.store.seed([live("kittens")])
    done = cli("blame", "kitten")
    assert done.code == 1
    assert 'did you mean "kittens"?' in done.err
