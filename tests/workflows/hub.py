"""The stage of a story: a repository on the GitHub double, its workflows' runner, an account on the served sandbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.operations.init import lay_out_repository
from tests.forge.github.double import REPOSITORY, TOKEN, Github
from tests.sandbox.dashboard import Dashboard
from tests.workflows.own import PIN, ROOT, own_files
from tests.workflows.runner import JobRun, Runner, git

KEY = "live_key-of-the-story"


class Hub:
    """`clone` is a person's; `remote` is what GitHub holds. Pull requests are branches with a test merge, as there.

    The workflows are those that `init` writes, or with `own` those of this repository. `config` is a configuration that
    is there before.
    """

    def __init__(
        self,
        folder: Path,
        github: Github,
        store: Dashboard,
        endpoint: str,
        *,
        own: bool = False,
        branch: str = "main",
        config: str = "",
    ) -> None:
        self.github, self.store, self.branch_name = github, store, branch
        self.remote, self.clone = folder / "hub.git", folder / "person"
        git("init", "-q", "--bare", "-b", branch, str(self.remote), folder=folder)
        git("clone", "-q", str(self.remote), str(self.clone), folder=folder)
        git("checkout", "-q", "-B", branch, folder=self.clone)
        if config:
            self.write("reconciler.toml", config)
        lay_out_repository(self.clone, PIN)
        if own:
            shutil.rmtree(self.clone / ".github")
            for file, text in own_files().items():
                self.write(str(file.relative_to(ROOT)), text)
        self.runner = Runner(
            self.remote,
            folder / "machines",
            {
                "GITHUB_API_URL": github.url,
                "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": REPOSITORY,
                "RECONCILER_ENDPOINT": endpoint,
            },
            {"production": {"SCALE_API_KEY": KEY}},
            token=TOKEN,
            branch=branch,
        )

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch_name}"

    def write(self, name: str, text: str) -> None:
        """A file of the person's clone."""
        (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
        (self.clone / name).write_text(text, "utf-8")

    def commit(self, message: str) -> str:
        """All that the person changed, as a commit."""
        git("add", "-A", folder=self.clone)
        git("commit", "-q", "--allow-empty", "-m", message, folder=self.clone)
        return git("rev-parse", "HEAD", folder=self.clone)

    def begin(self, message: str) -> dict[str, JobRun]:
        """The first commit on main, which was merged as pull request 100, and the apply that follows."""
        after = self.commit(message)
        git("push", "-q", "origin", self.branch_name, folder=self.clone)
        self.github.merge(after, 100)
        return self.apply("0" * 40, after)

    def branch(self, name: str) -> None:
        """A branch on the current main."""
        git("fetch", "-q", "origin", folder=self.clone)
        git("checkout", "-q", "-B", name, f"origin/{self.branch_name}", folder=self.clone)

    def pull_request(self, number: int, message: str, *, fork: bool = False) -> dict[str, JobRun]:
        """The person's branch pushed with all that they changed, and the plan that GitHub starts for its test merge."""
        head = self.commit(message)
        name = git("rev-parse", "--abbrev-ref", "HEAD", folder=self.clone)
        git("push", "-q", "--force", "origin", name, folder=self.clone)
        git("fetch", "-q", "origin", folder=self.clone)
        git("checkout", "-q", "--detach", f"origin/{self.branch_name}", folder=self.clone)
        git("merge", "-q", "--no-ff", "-m", "test merge", name, folder=self.clone)
        merge = git("rev-parse", "HEAD", folder=self.clone)
        git("push", "-q", "--force", "origin", f"{merge}:refs/pull/{number}/merge", folder=self.clone)
        git("checkout", "-q", name, folder=self.clone)
        home = {"fork": fork, "full_name": "someone/farm" if fork else REPOSITORY}
        payload = {
            "number": number,
            "pull_request": {"number": number, "head": {"sha": head, "repo": home}, "base": {"ref": self.branch_name}},
        }
        return self.runner.run(
            "reconciler-plan.yml", "pull_request", payload, ref=f"refs/pull/{number}/merge", sha=merge
        )

    def merge(self, number: int) -> tuple[str, str]:
        """The person's branch squashed into main; main before and after. No workflow is run yet."""
        name = git("rev-parse", "--abbrev-ref", "HEAD", folder=self.clone)
        git("checkout", "-q", "-B", self.branch_name, f"origin/{self.branch_name}", folder=self.clone)
        before = git("rev-parse", "HEAD", folder=self.clone)
        git("merge", "-q", "--squash", name, folder=self.clone)
        after = self.commit(f"Merge #{number}")
        git("push", "-q", "origin", self.branch_name, folder=self.clone)
        self.github.merge(after, number)
        return before, after

    def apply(self, before: str, after: str, **inputs: Any) -> dict[str, JobRun]:
        """The run of reconciler-apply.yml that a push starts; with inputs, the one that a person starts by hand."""
        if inputs:
            payload: Mapping[str, Any] = {"inputs": inputs}
            return self.runner.run(
                "reconciler-apply.yml", "workflow_dispatch", dict(payload), ref=self.ref, sha=after, inputs=inputs
            )
        push = {"before": before, "after": after, "commits": [{"id": after}]}
        return self.runner.run("reconciler-apply.yml", "push", push, ref=self.ref, sha=after)

    def drift(self) -> JobRun:
        """The scheduled run."""
        newest = git("rev-parse", self.ref, folder=self.remote)
        return self.runner.run("reconciler-drift.yml", "schedule", {}, ref=self.ref, sha=newest)["drift"]

    def params(self, name: str) -> list[dict[str, Any]]:
        """Every version of a project's params on Scale."""
        history = json.loads(self.store.get(name))["param_history"]
        return [
            {key: value for key, value in entry.items() if key not in ("version", "created_at")} for entry in history
        ]

    def comment(self, number: int) -> str:
        """The one comment on a pull request."""
        [comment] = self.github.thread(number)
        return str(comment["body"])

    def refs(self) -> list[str]:
        return git("for-each-ref", "--format=%(refname)", folder=self.remote).split("\n")
