"""The name of a project from the lines at the margin of its manifest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.names import declared_names, glimpsed_name
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words

GLIMPSED = {
    "name: p\ntype: chat\n": "p",
    "# about it\n\n  # more\n---\n# the first\nname: p\n": "p",
    "type: chat\nparams:\n  name: q\n  list:\n  - name: r\nname:  two-1  words # why\n\n": "two-1  words",
    'name: "a & b"\n': "a & b",
    "name: 'it: #1'\n": "it: #1",
    "x-notes: ü\nname: p\n": "p",
}
NOT_GLIMPSED = [
    "",
    "type: chat\n",
    "name: p",
    "\ufeffname: p\n",
    "name: p\r\n",
    "name: p\rtype: chat\n",
    "name: p\n# \x85name: q\n",
    "name: p\n# \u2028name: q\n",
    "  name: p\n  type: chat\n",
    "name: p\n  and more\n",
    "name: p\n\n  and more\n",
    'name: "p\n  q"\n',
    'name: "\\x70"\n',
    "name: 'it''s'\n",
    "name: &a p\n",
    "name: *a\n",
    "name: {$ref: other.yaml}\n",
    "name: p\nname: q\n",
    '"name": p\n',
    "? name\n: p\n",
    "name : p\n",
    "<<: *base\ntype: chat\nname: p\n",
    "$ref: other.yaml\nname: p\n",
    "{name: p}\n",
    "- name: p\n",
    "name: p\n---\nname: q\n",
    "name: p\n...\n",
    "%YAML 1.2\n---\nname: p\n",
    "--- {name: p}\n",
    "name:\n  p\n",
    "name: p: q\n",
    "name: p, q\n",
    "name: ü\n",
]


@pytest.mark.parametrize(("text", "name"), GLIMPSED.items())
def test_a_name_at_the_margin(text: str, name: str) -> None:
    assert glimpsed_name(text.encode()) == name
    assert _names(text) == {name}


@pytest.mark.parametrize("text", NOT_GLIMPSED)
def test_anything_else_takes_a_parser(text: str) -> None:
    assert glimpsed_name(text.encode()) is None


_LINES = [
    "name: p",
    "name: q",
    "  name: r",
    "type: chat",
    "params:",
    "  a: 1",
    "- Cat",
    "---",
    "...",
    "<<: *a",
    "a: &a",
]
_LINES += ['b: "', '"', "c: {", "}", "d: |", "# e", "", "  f", "name: 'p'", "? name", ": p", "'name': p", "name: p # g"]


@given(st.lists(st.sampled_from(_LINES), max_size=8))
def test_no_file_declares_another_name(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    name = glimpsed_name(text.encode())
    if name is not None:
        assert _names(text) <= {name}


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
def test_declared_names(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "a.yaml").write_bytes(text.encode())
    assert list(declared_names(str(tmp_path), str(tmp_path))) == names


def test_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("/etc/hostname")
    (tmp_path / "b.yaml").write_bytes(b"name: b\n\xff")
    (tmp_path / "_c.yaml").write_text("name: c\n")
    (tmp_path / "d.yaml").mkdir()
    assert list(declared_names(str(tmp_path), str(tmp_path))) == ["b"]


def _names(text: str) -> set[str]:
    found = read("/p.yaml", text.encode(), Words(), best_parser(), root=str(Path("/")))
    values = [document.value for document in found.documents]
    return {value["name"] for value in values if isinstance(value, dict) and isinstance(value.get("name"), str)}
