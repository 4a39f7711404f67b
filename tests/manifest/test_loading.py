"""What the manifests would be if files were written: loading with bytes in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.loading import load_manifests
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
