"""GitHub's git data API, on a real bare repository: objects, and refs that move only forward."""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.sandbox.exchange import Answer
from tests.forge.github import answers
from tests.serving import as_json

Body = Mapping[str, Any]


class Objects:
    """A bare repository. A git that fails is an OSError."""

    def __init__(self, folder: Path, repository: str) -> None:
        self.folder = folder
        self._repository = repository
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)

    def run(self, *arguments: str, data: bytes = b"", index: Path | None = None) -> str:
        """What git prints."""
        variables = {**os.environ, **({"GIT_INDEX_FILE": str(index)} if index else {})}
        command = ["git", "-c", "user.name=bot", "-c", "user.email=bot@localhost", *arguments]
        done = subprocess.run(command, cwd=self.folder, input=data, capture_output=True, env=variables)
        if done.returncode != 0:
            raise OSError(done.stderr.decode())
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def tip(self, branch: str) -> str | None:
        try:
            return self.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        except OSError:
            return None

    def contains(self, commit: str | None, other: str | None) -> bool:
        """Whether `other` is the commit or an ancestor of it."""
        try:
            self.run("merge-base", "--is-ancestor", str(other), str(commit))
        except OSError:
            return False
        return True

    def answer(self, method: str, kind: str, name: str, body: Body) -> Answer:
        if kind == "ref":
            return self._ref(name)
        if kind == "refs":
            return {"POST": self._create_ref, "PATCH": self._update_ref, "DELETE": self._delete_ref}[method](name, body)
        if method == "GET":
            return self._commit(name)
        return {"blobs": self._create_blob, "trees": self._create_tree, "commits": self._create_commit}[kind](body)

    def _ref(self, name: str) -> Answer:
        tip = self.tip(name.removeprefix("heads/"))
        return self._shown_ref(f"refs/{name}", tip) if tip is not None else as_json({"message": "Not Found"}, 404)

    def _create_ref(self, _: str, body: Body) -> Answer:
        name, sha = body["ref"], body["sha"]
        if self.tip(name.removeprefix("refs/heads/")) is not None:
            return _refuse("Reference already exists")
        try:
            self.run("update-ref", name, f"{sha}^{{commit}}", "0" * len(sha))
        except OSError:
            return _refuse("Reference update failed")
        return self._shown_ref(name, sha, 201)

    def _update_ref(self, name: str, body: Body) -> Answer:
        tip = self.tip(name.removeprefix("heads/"))
        if tip is None:
            return _refuse("Reference does not exist")
        if not body.get("force") and not self.contains(body["sha"], tip):
            return _refuse("Update is not a fast forward")
        self.run("update-ref", f"refs/{name}", body["sha"], tip)
        return self._shown_ref(f"refs/{name}", body["sha"])

    def _delete_ref(self, name: str, _: Body) -> Answer:
        if self.tip(name.removeprefix("heads/")) is None:
            return _refuse("Reference does not exist")
        self.run("update-ref", "-d", f"refs/{name}")
        return Answer(204, b"", {})

    def _shown_ref(self, name: str, sha: str, status: int = 200) -> Answer:
        return as_json(answers.ref(name, sha, self._repository), status)

    def _commit(self, sha: str, status: int = 200) -> Answer:
        try:
            head, _, message = self.run("cat-file", "commit", sha).partition("\n\n")
        except OSError:
            return as_json({"message": "Not Found"}, 404)
        lines = [line.split(" ", 1) for line in head.splitlines()]
        [tree] = [value for name, value in lines if name == "tree"]
        parents = [value for name, value in lines if name == "parent"]
        return as_json(answers.commit(sha, tree, parents, message, self._repository), status)

    def _create_blob(self, body: Body) -> Answer:
        try:
            data = base64.b64decode(body["content"], validate=True)
        except binascii.Error:
            return _refuse("content is not valid Base64")
        sha = self.run("hash-object", "-w", "--stdin", data=data)
        return as_json(answers.blob(sha, self._repository), 201)

    def _create_tree(self, body: Body) -> Answer:
        index = self.folder / "index.tmp"
        try:
            self.run("read-tree", body["base_tree"], index=index)
            for each in body["tree"]:
                self.run("cat-file", "-e", each["sha"])
                cached = f"{each['mode']},{each['sha']},{each['path']}"
                self.run("update-index", "--add", "--cacheinfo", cached, index=index)
            sha = self.run("write-tree", index=index)
        except OSError:
            return _refuse("tree.sha does not exist")
        finally:
            index.unlink(missing_ok=True)
        entries = []
        for line in self.run("ls-tree", sha).splitlines():
            facts, path = line.split("\t", 1)
            mode, kind, blob = facts.split()
            entries.append({"path": path, "mode": mode, "type": kind, "sha": blob})
        return as_json(answers.tree(sha, entries, self._repository), 201)

    def _create_commit(self, body: Body) -> Answer:
        parents = [word for parent in body["parents"] for word in ("-p", parent)]
        try:
            sha = self.run("commit-tree", body["tree"], *parents, "-F", "-", data=body["message"].encode())
        except OSError:
            return _refuse("Tree SHA does not exist")
        return self._commit(sha, 201)


def _refuse(message: str) -> Answer:
    return as_json({"message": message, "documentation_url": "https://docs.github.com/rest/git"}, 422)
