"""Names, found without composing the manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.manifest.outline import declared_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name: a\n", ["a"]),
        ("type: chat\nname:   a b  # why\r\n", ["a b"]),
        ('name: "a: \\u00e9"\n', ["a: é"]),
        ("'name': 'it''s'\n", ["it's"]),
        ("name: a\n---\nname: b\n", ["a", "b"]),
        ("params:\n  name: x\n  text: |\n    name: y\nname: z\n", ["z"]),
        ("name: &anchor a\n", ["a"]),
        ("name: 12\n", []),
        ("name: yes\nname: true\n", ["yes"]),
        ("name: [\n", []),
        ("name:\n", []),
        ("{name: flow}\n", []),
        ("", []),
    ],
)
def test_names(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "a.yaml").write_bytes(text.encode())
    assert list(declared_names(str(tmp_path), str(tmp_path))) == names


def test_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("/etc/hostname")
    (tmp_path / "b.yaml").write_bytes(b"name: b\n\xff")
    (tmp_path / "_c.yaml").write_text("name: c\n")
    (tmp_path / "d.yaml").mkdir()
    assert list(declared_names(str(tmp_path), str(tmp_path))) == ["b"]
