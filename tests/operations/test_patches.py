"""Diffs that git applies: to any name, any line end, and any bytes."""

from __future__ import annotations

from pathlib import Path

from reconciler.operations.patches import patch
from tests.repositories import git

FILES = {
    "a b.yaml": (b"a\nb\n", b"a\nc\n"),
    "d/no end.yaml": (b"x\n", b"x"),
    "end.yaml": (b"x", b"x\n"),
    "crlf.yaml": (b"x\r\ny\r\nz", b"x\r\nw\r\nz"),
    "cr.md": (b"a\rb\nc\n", b"a\rb\nd\n"),
    "separators.md": ("a\u2028b\x0c\x85\nq\n".encode(), "a\u2028b\x0c\x85\nr\n".encode()),
    "filled.md": (b"", b"x\n"),
    "emptied.md": (b"x\n", b""),
    "not utf-8.md": (b"\xff\n1\n", b"\xff\n2\n"),
    "é \U0001f600.yaml": (b"1\n", b"2\n"),
    'quotes".yaml': (b"1\n", b"2\n"),
    "back\\slash.yaml": (b"1\n", b"2\n"),
    "tab\t and line\n.yaml": (b"1\n", b"2\n"),
}


def test_git_applies_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    pieces = []
    for name, (old, new) in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(old)
        pieces.append(patch(name, old, new))
    (tmp_path / "x.patch").write_bytes("".join(pieces).encode("utf-8", "surrogateescape"))
    git(tmp_path, "apply", "x.patch")
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == {name: new for name, (_, new) in FILES.items()}
