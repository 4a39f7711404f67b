"""What git would store for edited files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.frozen import dataclass
from reconciler.git.index import Entry, entries, inner_name, top_of
from reconciler.git.sources import blob_id, read_sources


@dataclass(frozen=True, slots=True)
class Staged:
    """A file by its name from the top of the repository, with its mode and what a commit would hold of it."""

    name: str
    mode: str
    content: bytes


def staged(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> tuple[str | None, list[Staged], list[str]]:
    """The commit that is checked out, the files as a next commit would hold them, and those that cannot be staged.

    `files` has the old and the new bytes by absolute path. A file whose old bytes are not in the commit cannot be
    staged: a commit with the new ones would have changes that nobody made. Git may store other line ends than the
    working tree has.

    Raises:
        GitRefusedError: git does not answer.
    """
    sources = read_sources(root, (), files)
    commit = sources.commit.commit
    if commit is None:
        return None, [], sorted(files)
    top = top_of(root)
    names = {file: inner_name(top, os.path.realpath(file)) or "" for file in files}
    index = entries(top, set(names.values()))
    found, refused = [], []
    for file, (old, new) in sorted(files.items()):
        entry = index.get(names[file])
        content = None if file in sources.unheld else _stored(entry, commit, old, new)
        if content is None:
            refused.append(file)
        else:
            found.append(Staged(names[file], index[names[file]].mode, content))
    return commit, found, refused


def _stored(entry: Entry | None, commit: str, old: bytes, new: bytes) -> bytes | None:
    """The new bytes as git stores them; None if a filter changes more than line ends."""
    if entry is None:
        return None
    if entry.blob == blob_id(old, commit):
        return new
    return _lf(new) if entry.blob == blob_id(_lf(old), commit) else None


def _lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
