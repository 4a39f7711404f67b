"""Edits of manifests that share files: every wanted value is reached, and no other project changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from reconciler.errors import DiagnosedError, FileRefusedError
from reconciler.manifest.loading import load_manifests
from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.model.values import ABSENT
from reconciler.operations.editing import Revision, Wanted, revise, write
from reconciler.planning.intent import compare
from reconciler.settings import Settings, Target
from tests.calls import GROWTH, calls_of
from tests.manifest.rooms import write as write_files
from tests.repositories import commit_all, git

HEAD = "type: imageannotation\n"
FILES = {
    "_defaults.yaml": "# all\nparams:\n  speed: 1   # fast\n  text: {$file: all.md}\n",
    "all.md": "For all.\n",
    "_shared.yaml": "box: &box {w: 1, h: 1}\nround: *box\nontology: [Cat, Dog]\n",
    "t/_defaults.yaml": "params:\n  speed: 2\n  team: t   # ours\n",
    "a.yaml": f"name: a\n{HEAD}params: {{x: 1}}\nontology: {{$ref: _shared.yaml#/ontology}}\n",
    "b.yaml": f"name: b\n{HEAD}params:\n  box: {{$ref: _shared.yaml#/box}}\n"
    "ontology: {$ref: _shared.yaml#/ontology}\n",
    "c.yaml": f"name: c\n{HEAD}params:\n  box: {{$ref: _shared.yaml#/round}}\n  speed: 9   # own\n"
    "ontology:\n  # c\n  - Cat\n",
    "t/d.yaml": f"name: d\n{HEAD}params: {{a: &a {{k: 1}}, b: *a}}\n",
    "t/e.yaml": f"name: e\n{HEAD}params: {{}}\nontology: {{$ref: ../c.yaml#/ontology}}\n"
    f"---\nname: f\n{HEAD}params: {{z: 1}}\n",
}


class Account:
    """A repository, and projects that are live as its manifests say until they are changed."""

    def __init__(self, root: Path, overlay: Mapping[str, str] = MappingProxyType({})) -> None:
        write_files(root, {f"projects/{name}": text for name, text in FILES.items()})
        write_files(root, {f"overlay/{name}": text for name, text in overlay.items()})
        self.root = root
        self.settings = Settings(root, root, root, root / "projects")
        self.target = Target("sandbox", "http://sandbox.invalid/v1", overlay=root / "overlay" if overlay else None)
        self.manifests = load_manifests(self.settings.manifests, root=root, overlay=self.target.overlay)
        self.projects = {each.project.name: each.project for each in self.manifests.entries if each.project}
        self.live = {name: _live(project) for name, project in self.projects.items()}
        assert len(self.projects) == 6

    def revise(self, *wanted: tuple[str, str, Any]) -> Revision:
        """Change these units of live projects, and adopt them."""
        asked = []
        for name, unit, value in wanted:
            live = self.live[name]
            if unit == "ontology":
                value = value if isinstance(value, Ontology) else _choices(value)
                self.live[name] = replace(live, ontology=value)
            else:
                params = {**live.params, unit: value}
                self.live[name] = replace(
                    live, params={key: each for key, each in params.items() if each is not ABSENT}
                )
            asked.append(Wanted(self.projects[name], unit if unit == "ontology" else f"params.{unit}", value))
        return revise(self.settings, self.target, asked, self.live, self.manifests)

    def names(self, revision: Revision) -> set[str]:
        return {file.removeprefix(f"{self.root}/projects/") for file in revision.files}


def _choices(names: list[Any]) -> Ontology:
    found = read_ontology(names)
    assert isinstance(found, Ontology)
    return found


def _live(project: DesiredProject) -> LiveProject:
    return LiveProject(
        project.name, project.type, params=project.params or {}, params_version=1,
        ontology=project.ontology, ontology_version=1,
    )  # fmt: skip


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


CASES: dict[str, tuple[list[tuple[str, str, Any]], set[str]]] = {
    "one of many gets an override": ([("a", "speed", 5)], {"a.yaml"}),
    "all who inherit it": ([("a", "speed", 5), ("b", "speed", 5)], {"_defaults.yaml"}),
    "the nearest defaults": ([(each, "speed", 5) for each in "def"], {"t/_defaults.yaml"}),
    "one of a text": ([("a", "text", "New.")], {"a.yaml"}),
    "all of a text": ([(each, "text", "New.") for each in "abcdef"], {"all.md"}),
    "one of a shared ontology": ([("a", "ontology", ["Cat"])], {"a.yaml"}),
    "all of a shared ontology": ([(each, "ontology", ["Cat", "Fox", "Dog"]) for each in "ab"], {"_shared.yaml"}),
    "an anchor that another project uses": ([("b", "box", {"w": 2, "h": 1})], {"_shared.yaml"}),
    "another manifest": ([("e", "ontology", ["Cat", "Fox"])], {"t/e.yaml"}),
    "a manifest that another one uses": ([("c", "ontology", ["Cat", "Fox"])], set()),
    "gone for one": ([("a", "speed", ABSENT)], {"a.yaml"}),
    "gone for all": ([("a", "speed", ABSENT), ("b", "speed", ABSENT)], {"_defaults.yaml"}),
    "gone for one of those who share it": ([("a", "speed", 5), ("b", "speed", ABSENT)], {"_defaults.yaml", "b.yaml"}),
    "gone from the nearest defaults only": ([(each, "speed", ABSENT) for each in "def"], {"t/d.yaml", "t/e.yaml"}),
    "different values": ([("a", "speed", 5), ("b", "speed", 6)], {"_defaults.yaml", "b.yaml"}),
    "one document of two": ([("f", "z", 2)], {"t/e.yaml"}),
    "an anchor within a manifest": ([("d", "a", {"k": 2})], {"t/d.yaml"}),
}


@pytest.mark.parametrize("case", CASES)
def test_where_values_go(account: Account, case: str) -> None:
    wanted, files = CASES[case]
    if not files:
        with pytest.raises(DiagnosedError):
            account.revise(*wanted)
        return
    found = account.revise(*wanted)
    _check(account, found, {name for name, _, _ in wanted})
    assert account.names(found) == files


def _check(account: Account, revision: Revision, wanted: set[str]) -> None:
    assert revision.manifests is not None
    for entry in revision.manifests.entries:
        assert entry.project is not None
        name = entry.project.name
        if name in wanted:
            assert not compare(entry.project, account.live[name]).fields, name
        else:
            assert entry.project == replace(account.projects[name], source=entry.project.source), name


@pytest.mark.parametrize("seed", range(10))
def test_any_drift_is_adopted_and_nothing_else_changes(tmp_path: Path, seed: int) -> None:
    random, account = Random(seed), Account(tmp_path)
    wanted: dict[tuple[str, str], Any] = {}
    value = random.choice([5, "New.", {"w": 2}, ABSENT, ["x"]])
    for name in random.sample("abdef", random.randrange(1, 5)):
        unit = random.choice(["speed", "text", "box", "new"])
        wanted[name, unit] = random.choice([value, 7])
        if random.random() < 0.3 and account.projects[name].ontology is not None:
            wanted[name, "ontology"] = random.choice([["Dog", "Cat"], ["Cat", "Fox"]])
    asked = [(name, unit, each) for (name, unit), each in wanted.items() if unit != "box" or name == "b"]
    revision = account.revise(*asked)
    _check(account, revision, {name for name, _, _ in asked})


OVERLAY = "params:\n  speed: 3\n  text: {$file: ../projects/all.md}\n"


@pytest.mark.parametrize(
    "others", [[("e", "speed", 6)], [("a", "text", "New.")], [("a", "text", ABSENT), ("f", "team", ABSENT)]]
)
def test_an_overlay_is_edited_although_another_edit_reaches_its_project(tmp_path: Path, others: list[Any]) -> None:
    account = Account(tmp_path, overlay={"a.yaml": OVERLAY, "t/d.yaml": OVERLAY.replace("../", "../../")})
    wanted = [("d", "speed", 5), ("d", "b", {"k": 2}), *others]
    found = account.revise(*wanted)
    _check(account, found, {name for name, _, _ in wanted})
    assert f"{tmp_path}/overlay/t/d.yaml" in account.names(found)


def _revised(root: Path, size: int) -> Callable[[], Revision]:
    """All of `size` projects have drifted, in own values, in a text, and in an ontology that ten of them share."""
    files = {"_defaults.yaml": "params: {speed: 1}\n"}
    for number in range(size):
        folder = f"t{number // 10}"
        files[f"{folder}/_o.yaml"], files[f"{folder}/t.md"] = "[Cat, Dog]\n", "Text.\n"
        files[f"{folder}/p{number}.yaml"] = (
            f"name: p{number}\n{HEAD}params: {{own: 1, text: {{$file: t.md}}}}\nontology: {{$ref: _o.yaml}}\n"
        )
    write_files(root, {f"projects/{name}": text for name, text in files.items()})
    settings = Settings(root, root, root, root / "projects")
    manifests = load_manifests(settings.manifests, root=root)
    projects = {each.project.name: each.project for each in manifests.entries if each.project}
    live, wanted = {}, []
    for name, project in projects.items():
        params = {"own": 2, "text": "New.", "speed": int(name[1:]) // 5}
        live[name] = replace(_live(project), params=params, ontology=_choices(["Cat", "Fox"]))
        wanted += [Wanted(project, f"params.{key}", value) for key, value in params.items()]
        wanted.append(Wanted(project, "ontology", _choices(["Cat", "Fox"])))
    return lambda: revise(settings, Target("sandbox", "http://sandbox.invalid/v1"), wanted, live, manifests)


def test_twice_the_projects_are_at_most_twice_the_work(tmp_path: Path) -> None:
    _revised(tmp_path / "first", 10)()
    few, many = (calls_of(_revised(tmp_path / str(size), size)) for size in (20, 40))
    assert many <= GROWTH * few


def test_files_are_written_completely_and_keep_their_mode(account: Account) -> None:
    root = account.root
    git(root, "init", "-q")
    (root / "projects/a.yaml").chmod(0o640)
    commit_all(root)
    revision = account.revise(("a", "x", 5))
    patch = revision.diff(root)
    write(account.settings, revision, allow_dirty=False)
    assert (root / "projects/a.yaml").stat().st_mode & 0o777 == 0o640
    written = (root / "projects/a.yaml").read_bytes()
    git(root, "checkout", "projects")
    (root / "x.patch").write_text(patch)
    git(root, "apply", "x.patch")
    assert (root / "projects/a.yaml").read_bytes() == written


def test_nothing_is_written_if_one_file_cannot_be(account: Account) -> None:
    root = account.root
    revision = account.revise(("a", "x", 5), ("d", "b", {"k": 3}))
    (root / "projects/t/d.yaml").rename(root / "projects/t/_d.yaml")
    (root / "projects/t/d.yaml").symlink_to("_d.yaml")
    with pytest.raises(Exception, match="link"):
        write(account.settings, revision, allow_dirty=True)
    assert (root / "projects/a.yaml").read_text() == FILES["a.yaml"]


def test_a_file_that_changed_in_the_meantime(account: Account) -> None:
    revision = account.revise(("a", "x", 5), ("d", "b", {"k": 3}))
    (account.root / "projects/t/d.yaml").write_text("name: d\n")
    with pytest.raises(FileRefusedError, match="changed"):
        write(account.settings, revision, allow_dirty=True)
    assert (account.root / "projects/a.yaml").read_text() == FILES["a.yaml"]
