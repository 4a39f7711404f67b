"""adopt on random accounts: afterward, a plan has no changes, and only the lines of what drifted differ."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.cli.accounts import Owners, Repository
from tests.cli.accounts import repository as random_repository
from tests.cli.conftest import Cli
from tests.manifest.editing.mutating import choices, mutated, value
from tests.repositories import commit_all, git
from tests.sandbox.dashboard import Dashboard

CONFIGURATION = '[targets.sandbox]\nsandbox = "s.db"\noverlay = "projects/_over"\n'
FIRST = int(os.environ.get("FIRST", "0"))
EXAMPLES = range(FIRST, FIRST + int(os.environ.get("N", "3")))
"""`N=500 FIRST=3 pytest …` tries others."""

COMMENT = re.compile(r"# (c\d+) of")


@pytest.mark.parametrize("seed", EXAMPLES)
def test_only_what_drifted_changes(cli: Cli, repository: Path, seed: int) -> None:
    random = Random(seed)
    account = random_repository(random, 10)
    account.write(repository)
    (repository / "projects/_over").mkdir(exist_ok=True)
    (repository / "reconciler.toml").write_text(CONFIGURATION)
    (repository / ".gitignore").write_text(".reconciler/\ns.db*\n")
    commit_all(repository)
    applied = cli("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    store = Dashboard(repository / "s.db")
    drifted: set[str] = set()
    for _ in range(random.randrange(1, 8)):
        drifted |= _drift(store, account, random)
    before = {path: (repository / path).read_bytes() for path in account.lines}
    found = cli("adopt")
    assert found.code == 0, found.err
    after = {path: (repository / path).read_bytes() for path in account.lines}
    names = {name: _choice_names(store, name) for name in account.names}
    for path, lines in account.lines.items():
        users = {Path(path).stem, *(path.endswith("_set.yaml") * account.names)}
        is_edited = not users.isdisjoint(each.partition(":")[0] for each in drifted)
        if not is_edited and not any(_is_about(line.owners, drifted) for line in lines):
            assert before[path] == after[path], path
            continue
        ending = account.endings[path]
        texts = after[path].decode().split(ending)
        kept = [line.text for line in lines if line.text.strip() and not _is_about(line.owners, drifted)]
        rest = iter(texts)
        lost = [text for text in kept if text not in rest]
        assert not lost, (path, lost)
        left = COMMENT.findall(after[path].decode())
        for comment in COMMENT.findall(before[path].decode()):
            owners, choice = account.comments[comment]
            if choice and choice in set().union(*(names[each.partition(":")[0]] for each in owners)):
                assert comment in left, git(repository, "diff", "-U1", path) + comment
    assert cli("plan").last == "No changes. Your projects match the manifests.", cli("plan").out


def _is_about(owners: Owners, drifted: set[str]) -> bool:
    return any(owner in drifted or f"{owner}." in each for owner in owners for each in [*drifted])


def _live(store: Dashboard, name: str) -> dict[str, Any]:
    project: dict[str, Any] = json.loads(store.get(name))
    return project


def _params(store: Dashboard, name: str) -> dict[str, Any]:
    history = _live(store, name).get("param_history") or [{}]
    return {key: each for key, each in history[-1].items() if key not in ("version", "created_at")}


def _ontology(store: Dashboard, name: str) -> list[Any]:
    history = _live(store, name).get("ontologyHistory") or [{}]
    found: list[Any] = history[-1].get("ontology", [])
    return found


def _choice_names(store: Dashboard, name: str) -> set[str]:
    return set(re.findall(r'"([^"]+)"', json.dumps(_ontology(store, name))))


def _drift(store: Dashboard, account: Repository, random: Random) -> set[str]:
    """Someone edits a project, or several in the same way. The units that changed."""
    name = random.choice(account.names)
    params, ontology = _params(store, name), _ontology(store, name)
    if ontology and random.random() < 0.5:
        new = choices(ontology, random, [f"New {random.randrange(10**6)} {each}" for each in range(9)])
        others = [each for each in account.names if _ontology(store, each) == ontology]
        edited = others if random.random() < 0.5 else [name]
        for each in edited:
            store.edit_ontology(each, new)
        return {f"{each}:ontology" for each in edited}
    key = random.choice([*params, "extra"])
    others = [each for each in account.names if key in _params(store, each)]
    edited = others if random.random() < 0.4 else [name]
    new_value = value(random) if key not in params else mutated(params[key], random)
    is_gone = random.random() < 0.15
    for each in edited:
        live = _params(store, each)
        live.pop(key, None)
        store.edit_params(each, live if is_gone else {**live, key: new_value}, patch=False)
    return {f"{each}:params.{key}" for each in edited}
