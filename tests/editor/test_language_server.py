"""The schema through a real language server: it completes, explains, and finds fault with what is wrong alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.manifest.formatting import FileKind, formatted
from reconciler.operations.init import lay_out_repository
from reconciler.operations.pin import Unpinned
from tests.editor.server import Server, language_server
from tests.npm import module

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[2]
MODELINE = "# yaml-language-server: $schema=../docs/schemas/manifest.json"

MANIFEST = f"""\
{MODELINE}
name: p
type: imageannotation
params:
  geometries:
    box:
      objects_to_annotate: [Cat]
      min
  attach
ontology:
  - choice: Cat
    d
reconcile:
  params:{{space}}
pipeline:{{space}}
st
""".replace("{space}", " ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editor")
    shutil.copytree(ROOT / "docs" / "schemas", folder / "docs" / "schemas")
    shutil.copytree(ROOT / "projects", folder / "projects")
    (folder / "projects" / "open.yaml").write_text(MANIFEST)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with language_server(folder) as server:
        server.open(folder / "projects" / "open.yaml")
        yield server


@pytest.mark.parametrize(
    ("line", "column", "proposed", "words"),
    [
        (7, 9, "min_width", "Minimum width, in pixels."),
        (8, 8, "attachment_type", "The kind of media in the tasks"),
        (11, 5, "description", "Guidance for labelers."),
        (13, 10, "merge", ""),
        (14, 10, "consensus_task", ""),
        (15, 2, "studio", "a Studio project"),
    ],
)
def test_completion(server: Server, folder: Path, line: int, column: int, proposed: str, words: str) -> None:
    found = server.completion(folder / "projects" / "open.yaml", line, column)
    assert proposed in found
    assert words in found[proposed]


HEAD = f"{MODELINE}\nname: p\ntype: imageannotation\n"


@pytest.mark.parametrize(
    "above",
    [
        "",
        "params:\n  ",
        "params:\n  geometries:\n    box:\n      ",
        "params:\n  annotation_attributes:\n    a:\n      ",
        "ontology:\n  - choice: A\n    ",
        "reconcile:\n  ",
        "reconcile:\n  ignore:\n    - path: params.a\n      ",
    ],
)
def test_every_key_is_proposed_once_with_its_colon_and_an_explanation(server: Server, folder: Path, above: str) -> None:
    """redhat-developer/vscode-yaml#78"""
    (folder / "tried").mkdir(exist_ok=True)
    file = folder / "tried" / f"proposals-{len(above)}.yaml"
    file.write_text(f"{HEAD}{above}\n")
    server.open(file)
    *_, last = above.split("\n")
    found = server.proposals(file, 3 + above.count("\n"), len(last))
    labels = [label for label, _, _ in found]
    assert labels
    assert len(set(labels)) == len(labels)
    assert [label for label, inserted, _ in found if ":" not in inserted] == []
    assert [label for label, _, words in found if not words] == []


def test_a_modeline_is_for_its_document_and_a_setting_for_all(server: Server, folder: Path) -> None:
    """What docs/editor.md says of several documents in a file."""
    (folder / "tried").mkdir(exist_ok=True)
    wrong = "name: q\nparms: {}\n"
    texts = {"once": f"{HEAD}---\n{wrong}", "each": f"{HEAD}---\n{MODELINE}\n{wrong}", "none": f"name: p\n---\n{wrong}"}
    found = {}
    for name, text in texts.items():
        file = folder / "tried" / f"{name}.yaml"
        file.write_text(text)
        server.open(file)
        found[name] = len(server.diagnostics(file))
    assert found == {"once": 0, "each": 1, "none": 0}
    with language_server(folder, schemas={str(folder / "docs/schemas/manifest.json"): "/tried/none.yaml"}) as other:
        other.open(folder / "tried" / "none.yaml")
        assert len(other.diagnostics(folder / "tried" / "none.yaml")) == 1


def test_prettier_keeps_away_from_manifests(tmp_path: Path) -> None:
    """prettier/prettier#6780: two formatters that undo each other."""
    lay_out_repository(tmp_path, Unpinned("", ""))
    (tmp_path / "other.yaml").write_text("a: {b:  1}\n")
    (tmp_path / "projects" / "p.yaml").write_text("name: p  # two\nparams: {a: 1}\n")
    command = [str(module(".bin", "prettier")), "--list-different", "**/*.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["other.yaml"]


def test_yamllint_agrees_with_the_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """adrienverge/yamllint#443: a linter that wants what fmt does not write. Its defaults do, without the settings."""
    linter, settings = pytest.importorskip("yamllint.linter"), pytest.importorskip("yamllint.config")
    lay_out_repository(tmp_path, Unpinned("", ""))
    monkeypatch.chdir(tmp_path)
    chosen = settings.YamlLintConfig(file=".yamllint")
    bare = settings.YamlLintConfig("extends: default")
    files = [*sorted((ROOT / "projects").glob("*.yaml")), *sorted((ROOT / "tests/manifest/checks/good").glob("*.yaml"))]
    for file in files:
        form = formatted(file.read_bytes(), FileKind.MANIFEST).decode()
        assert [*linter.run(form, chosen, f"projects/{file.name}")] == []
        assert [*linter.run(form, bare, f"projects/{file.name}")] != []


def test_completion_of_a_type(server: Server, folder: Path) -> None:
    assert {"imageannotation", "segmentannotation"} <= server.completion(folder / "projects" / "open.yaml", 2, 6).keys()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (1, "The project's name, in git and on Scale"),
        (4, "The shapes that labelers draw"),
        (6, "The labels to draw this shape for"),
        (9, "A list of choices"),
    ],
)
def test_hover(server: Server, folder: Path, line: int, words: str) -> None:
    column = len(MANIFEST.split("\n")[line]) - len(MANIFEST.split("\n")[line].lstrip()) + 1
    found = server.hover(folder / "projects" / "open.yaml", line, column)
    assert words in found
    assert "$literal" not in found


def test_good_manifests_have_no_fault(server: Server, folder: Path) -> None:
    for file in sorted((folder / "projects").glob("*.yaml")):
        if file.name != "open.yaml":
            server.open(file)
            assert (file.name, server.diagnostics(file)) == (file.name, [])


def test_a_wrong_key_is_found(server: Server, folder: Path) -> None:
    file = folder / "projects" / "wrong.yaml"
    file.write_text(f"{MODELINE}\nname: p\nparms: {{}}\n")
    server.open(file)
    (message,) = server.diagnostics(file)
    assert "parms" in message


def test_the_settings_that_init_writes(tmp_path: Path) -> None:
    """VS Code finds the schema of a manifest without a modeline, and takes no other file for a manifest."""
    (tmp_path / "reconciler.toml").write_text('manifests = "my labels"\n')
    lay_out_repository(tmp_path, Unpinned("", ""))
    settings = json.loads((tmp_path / ".vscode/settings.json").read_text())
    found = {}
    with language_server(tmp_path, schemas=settings["yaml.schemas"]) as server:
        for name in ("a.yaml", "deep/b.yml", "_defaults.yaml", "_overlays/live/a.yaml"):
            file = tmp_path / "my labels" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("name: p\nparms: {}\n")
            server.open(file)
            found[name] = len(server.diagnostics(file))
        other = tmp_path / "other.yaml"
        other.write_text("name: p\nparms: {}\n")
        server.open(other)
        assert server.diagnostics(other) == []
    assert found == {"a.yaml": 1, "deep/b.yml": 1, "_defaults.yaml": 0, "_overlays/live/a.yaml": 0}
