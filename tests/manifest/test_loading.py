"""Loading with bytes in the place of files, and loading only what is picked."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest import loading
from reconciler.manifest.loading import load_manifests
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.reading import read
from reconciler.operations.selection import picked, select
from tests.manifest.rooms import HEAD, all_reported, write

FILES = {
    "projects/_defaults.yaml": "params: {a: 1}\n",
    "projects/p.yaml": HEAD + "params: {instruction: {$file: p.md}}\nontology: {$ref: _o.yaml}\n",
    "projects/p.md": "Old.\n",
    "projects/_o.yaml": "[Cat]\n",
    "over/p.yaml": "params: {b: 1}\n",
}


def test_every_kind_of_file_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    new = {
        "projects/_defaults.yaml": b"params: {a: 2}\n",
        "projects/p.md": b"New.\n",
        "projects/_o.yaml": b"[Dog]\n",
        "over/p.yaml": b"params: {b: 2}\n",
    }
    replaced = {str(tmp_path / path): data for path, data in new.items()}
    folder, overlay = tmp_path / "projects", tmp_path / "over"
    (entry,) = load_manifests(folder, root=tmp_path, overlay=overlay, replaced=replaced).entries
    assert entry.project is not None
    assert entry.project.params == {"instruction": "New.", "a": 2, "b": 2}
    assert entry.project.ontology is not None
    assert entry.project.ontology.spelled == ["Dog"]
    write(tmp_path, new)
    (written,) = load_manifests(folder, root=tmp_path, overlay=overlay).entries
    assert written == entry


@pytest.mark.parametrize("folder_exists", [True, False])
def test_new_files_count(tmp_path: Path, folder_exists: bool) -> None:
    if folder_exists:
        write(tmp_path, {"projects/p.yaml": HEAD})
    new = {
        "projects/sub/_defaults.yaml": b"params: {a: 1}\n",
        "projects/sub/q.yaml": b"name: q\ntype: chat\nparams: {instruction: {$file: q.md}}\n",
        "projects/sub/q.md": b"Text.\n",
        "projects/_draft/r.yaml": b"name: r\n",
        "over/sub/q.yaml": b"params: {b: 1}\n",
    }
    (tmp_path / "over").mkdir()
    manifests = load_manifests(
        tmp_path / "projects",
        root=tmp_path,
        overlay=tmp_path / "over",
        replaced={str(tmp_path / path): data for path, data in new.items()},
    )
    assert all_reported(manifests) == []
    assert [entry.name for entry in manifests.entries] == ["p", "q"][0 if folder_exists else 1 :]
    project = manifests.entries[-1].project
    assert project is not None
    assert project.params == {"a": 1, "b": 1, "instruction": "Text."}
    assert not (tmp_path / "projects/sub").exists()


def test_a_replaced_file_may_be_reached_through_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"shared/p.yaml": HEAD})
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/p.yaml").symlink_to("../shared/p.yaml")
    replaced = {str((tmp_path / "shared/p.yaml").resolve()): b"name: q\ntype: chat\n"}
    (entry,) = load_manifests(tmp_path / "projects", root=tmp_path, replaced=replaced).entries
    assert entry.name == "q"


def test_what_is_wrong_in_the_new_bytes_is_reported(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    replaced = {str(tmp_path / "projects/p.md"): b"\0", str(tmp_path / "projects/_o.yaml"): b"["}
    manifests = load_manifests(tmp_path / "projects", root=tmp_path, replaced=replaced)
    assert [line.split(":")[0] for line in all_reported(manifests)] == ["file-not-text", "syntax"]


SIX = {
    "projects/a.yaml": "name: a\ntype: chat\nparams: {instruction: ' '}\n",
    "projects/b.yaml": "name: b\ntype: chat\nontology: [Cat, Cat]\n",
    "projects/c.yaml": "name: same\ntype: chat\n",
    "projects/d.yaml": "name: same\ntype: chat\nparams: 1\n",
    "projects/e.yaml": "{name: A, type: chat}\n",
    "projects/f.yaml": "name: f\n",
    "projects/g.yaml": "type: [chat\n",
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed."""
    files: list[str] = []

    def counted(file: str, *arguments: Any, **options: Any) -> LocatedFile:
        files.append(os.path.basename(file))
        return read(file, *arguments, **options)

    monkeypatch.setattr(loading, "read", counted)
    return files


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        (["f"], "acdefg"),
        (["projects/b.yaml"], "abcdeg"),
        (["b", "f"], "abcdefg"),
        (["[bf]"], "abcdefg"),
        (["projects/"], "abcdefg"),
        (["nothing"], "abcdefg"),
        (["f", "nothing"], "abcdefg"),
    ],
)
def test_what_is_not_picked_is_parsed_only_if_its_name_needs_it(
    tmp_path: Path, parsed: list[str], names: list[str], needed: str
) -> None:
    """Two documents have the same name, two have similar names, and two have no name that can be seen."""
    write(tmp_path, SIX)
    whole = load_manifests(tmp_path / "projects", root=tmp_path)
    parsed.clear()
    some = load_manifests(tmp_path / "projects", root=tmp_path, pick=partial(picked, names=names, folder=tmp_path))
    assert "".join(file[0] for file in sorted(parsed)) == needed
    assert some.duplicates == whole.duplicates
    if "nothing" not in names:
        both = [select(manifests, names, folder=tmp_path) for manifests in (some, whole)]
        assert both[0].entries == both[1].entries
        assert [entry.name for entry in both[0].elsewhere] == [entry.name for entry in both[1].elsewhere]


def test_only_named_files_are_read(tmp_path: Path, parsed: list[str]) -> None:
    write(tmp_path, SIX)
    some = load_manifests(tmp_path / "projects", root=tmp_path, only={str(tmp_path / "projects/b.yaml")})
    assert parsed == ["b.yaml"]
    assert [entry.name for entry in some.entries] == ["b"]


def test_overlays_are_checked_only_for_what_is_picked(tmp_path: Path) -> None:
    over = {f"over/{name}.yaml": "params: 1\n" for name in "bf"}
    write(tmp_path, {**SIX, **over})
    pick = partial(picked, names=["f"], folder=tmp_path)
    some = load_manifests(tmp_path / "projects", root=tmp_path, checked=[tmp_path / "over"], pick=pick)
    assert [entry.name for entry in some.variants] == ["f"]
