"""The authors of commits, as far as this clone has the commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from reconciler.errors import GitRefusedError
from reconciler.git.discovery import is_inside
from reconciler.git.objects import answers_in
from reconciler.git.process import run
from reconciler.model.history import Author

_AUTHOR: Final = re.compile(rb"(?m)^author (.*?) ?<[^<>\n]*> ")
_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")
_NO_LAZY_FETCH: Final = {"GIT_NO_LAZY_FETCH": "1"}
"""A clone that lacks a commit does not ask its remote for it."""


def read_authors(root: Path, commits: Iterable[str]) -> dict[str, Author]:
    """The authors of those of the commits that the clone at `root` has."""
    wanted = [commit for commit in dict.fromkeys(commits) if _COMMIT.fullmatch(commit)]
    if not wanted or not is_inside(root):
        return {}
    data = "".join(f"{commit}\n" for commit in wanted).encode("ascii")
    try:
        done = run(root, "cat-file", "--batch", data=data, environment=_NO_LAZY_FETCH)
    except GitRefusedError:
        return {}
    return dict(_read(done.stdout))


def _read(output: bytes) -> Iterator[tuple[str, Author]]:
    for head, content in answers_in(output):
        headers, _, message = content.partition(b"\n\n")
        if head[1] == b"commit" and (found := _AUTHOR.search(headers)) is not None:
            name, subject = found[1], message.lstrip(b"\n").partition(b"\n")[0]
            yield head[0].decode("ascii"), Author(name.decode("utf-8", "replace"), subject.decode("utf-8", "replace"))
