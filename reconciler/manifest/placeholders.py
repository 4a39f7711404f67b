"""Placeholders for files that git, or one of its filters, did not put into a checkout.

A plan would otherwise take them for the files themselves.
"""

from __future__ import annotations

import os.path
from typing import Final

from reconciler.git.index import is_link
from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code

_LFS: Final = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_CRYPT: Final = b"\0GITCRYPT\0"
_LONGEST_LINK: Final = 4_096


def refuse_placeholder(file: str, data: bytes, shown: str) -> None:
    """Check that `data`, the bytes of a file, are its own. Git is asked only if they are the path of another file.

    Raises:
        RefusedError: they are not.
    """
    if data.startswith(_LFS):
        raise RefusedError(
            Code.NOT_CHECKED_OUT,
            f"{shown} is only a Git LFS pointer",
            "Fetch the file itself: git lfs pull. In a workflow, give actions/checkout the input `lfs: true`.",
        )
    if data.startswith(_CRYPT):
        raise RefusedError(
            Code.NOT_CHECKED_OUT, f"{shown} is encrypted by git-crypt", "Unlock this clone: git-crypt unlock."
        )
    if b"\n" in data or not 0 < len(data) <= _LONGEST_LINK or b"\0" in data:
        return
    if os.path.lexists(os.path.join(os.path.dirname(file), os.fsdecode(data))) and is_link(file):
        raise RefusedError(
            Code.NOT_CHECKED_OUT,
            f"{shown} is a link in git, and git checked it out as text",
            "Run git config core.symlinks true in this clone, delete the file, and check it out again. If the system "
            "cannot make links, replace the link in git by a copy of the file.",
        )
