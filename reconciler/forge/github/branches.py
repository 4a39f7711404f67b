"""A branch that is kept through GitHub's git data API, and never forced.

A new commit has the branch's tip as a parent, and GitHub moves the branch only forward. So a commit that a person
pushed is never lost: if it came before the run, the tip is not ours, and if it came during the run, GitHub refuses the
move.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from reconciler.errors import GithubError, GithubUnprocessableError
from reconciler.forge.github.client import GithubClient
from reconciler.frozen import dataclass
from reconciler.model.values import Json, canonical_json, text_digest

WRITES: Final = "contents: write"
_TRAILERS: Final = re.compile(r"\n\nReconciler-Files: (?P<files>[0-9a-f]+)\nReconciler-Tree: (?P<tree>[0-9a-f]+)\s*\Z")


class MovedBranchError(GithubError):
    """Someone pushed to the branch during the run."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file of a commit, by its name from the top of the repository."""

    name: str
    mode: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest commit of a branch. `files` is the digest of what we wrote; empty if the commit is not ours."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    files: str

    @property
    def ours(self) -> bool:
        return bool(self.files)


def head_of(client: GithubClient, branch: str) -> str | None:
    """The commit of a branch; None if there is no such branch."""
    ref = client.find(f"/git/ref/heads/{quote(branch)}", needs=WRITES)
    return _text(ref.get("object"), "sha") if ref is not None else None


def tip_of(client: GithubClient, branch: str) -> Tip | None:
    """The newest commit of a branch; None if there is no such branch.

    A commit is ours if its message has the hash of its tree. An amended commit has another tree.
    """
    commit = head_of(client, branch)
    if commit is None:
        return None
    found = client.get(f"/git/commits/{commit}", needs=WRITES)
    tree, message, parents = _text(found.get("tree"), "sha"), found.get("message"), found.get("parents")
    trailers = _TRAILERS.search(message) if isinstance(message, str) else None
    return Tip(
        commit,
        tree,
        tuple(_text(parent, "sha") for parent in parents) if isinstance(parents, list) else (),
        trailers["files"] if trailers and trailers["tree"] == tree else "",
    )


def put(
    client: GithubClient, branch: str, tip: Tip | None, *, base: str, files: Sequence[Content], message: str
) -> bool:
    """Make the branch the commit `base` with these files. False if it is that already.

    `tip` is the branch's newest commit, None for a new branch.

    Raises:
        MovedBranchError: someone pushed to the branch in the meantime. It is unchanged.
        GithubError: GitHub refuses it.
    """
    described: list[Json] = [[file.name, file.mode, base64.b64encode(file.data).decode()] for file in files]
    digest = text_digest(canonical_json(described))
    if tip is not None and tip.files == digest and base in tip.parents:
        return False
    start = client.get(f"/git/commits/{base}", needs=WRITES)
    blobs = [{"path": file.name, "mode": file.mode, "type": "blob", "sha": _blob(client, file.data)} for file in files]
    tree = _made(client, "trees", {"base_tree": _text(start.get("tree"), "sha"), "tree": blobs})
    if tip is not None and tip.tree == tree:
        return False
    whole = f"{message.rstrip()}\n\nReconciler-Files: {digest}\nReconciler-Tree: {tree}\n"
    parents = [*dict.fromkeys([tip.commit, base] if tip is not None else [base])]
    commit = _made(client, "commits", {"message": whole, "tree": tree, "parents": parents})
    try:
        if tip is None:
            client.create("/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit}, needs=WRITES, repeatable=True)
        else:
            client.update(f"/git/refs/heads/{quote(branch)}", {"sha": commit, "force": False}, needs=WRITES)
    except GithubUnprocessableError as refused:
        now = head_of(client, branch)
        if now == commit:  # The answer to an earlier try was lost.
            return True
        if now == (tip.commit if tip is not None else None):
            raise
        raise MovedBranchError(refused.summary) from None
    return True


def delete(client: GithubClient, branch: str) -> None:
    """Delete the branch. One that is gone is not an error."""
    client.delete(f"/git/refs/heads/{quote(branch)}", needs=WRITES)


def _blob(client: GithubClient, data: bytes) -> str:
    return _made(client, "blobs", {"content": base64.b64encode(data).decode(), "encoding": "base64"})


def _made(client: GithubClient, kind: str, body: dict[str, Any]) -> str:
    """The hash of a new object. An object that is made twice does no harm."""
    return _text(client.create(f"/git/{kind}", body, needs=WRITES, repeatable=True), "sha")


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise GithubError(f"GitHub's response about the branch does not contain {key}", "Run the job again later.")
    return value
