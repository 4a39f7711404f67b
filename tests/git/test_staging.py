"""What git would store for edited files."""

from __future__ import annotations

from pathlib import Path

from reconciler.git.staging import Staged, staged
from tests.repositories import commit_all
from tests.repositories import git as run


def test_names_modes_and_line_ends(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "in").mkdir(parents=True)
    run(top, "init", "-q")
    assert staged(top, {str(top / "in/a"): (b"", b"")}) == (None, [], [str(top / "in/a")])
    (top / ".gitattributes").write_text("b text eol=crlf\nd ident\n")
    for name, data in {"in/a": b"a\r\n", "b": b"b\r\n", "c": b"c\n", "d": b"$Id$\n"}.items():
        (top / name).write_bytes(data)
    (top / "in/a").chmod(0o755)
    (top / "link").symlink_to("c")
    commit = commit_all(top)
    (top / "c").write_bytes(b"mine\n")
    (top / "e").write_bytes(b"e\n")
    edits = {
        str(top / "in/a"): (b"a\r\n", b"A\r\n"),
        str(top / "b"): (b"b\r\n", b"B\r\n"),
        str(top / "c"): (b"mine\n", b"C\n"),
        str(top / "d"): (b"$Id: x$\n", b"D\n"),
        str(top / "e"): (b"e\n", b"E\n"),
    }
    found = [Staged("b", "100644", b"B\n"), Staged("in/a", "100755", b"A\r\n")]
    assert staged(top, edits) == (commit, found, [str(top / name) for name in ("c", "d", "e")])
