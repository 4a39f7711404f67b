"""What git says of the manifests: the commit, and whether the working tree differs. The only home of subprocess.

Reads alone: it takes no lock and runs no hook. "Outside git" is None; a git that refuses or fails is an error.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.model.plan import Commit

_SECONDS = 60


def read_commit(root: Path, paths: Sequence[Path]) -> Commit:
    """The commit that is checked out at `root`, and whether anything at or below `paths` differs from it.

    Raises:
        GitRefusedError: git is there and does not answer, as with "dubious ownership".
    """
    if not any((parent / ".git").exists() for parent in (root, *root.parents)):
        return Commit()
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if head is None or not head.strip():
        return Commit()
    existing = [str(path) for path in paths if path.exists()]
    status = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", *existing) if existing else ""
    return Commit(head.strip(), dirty=bool(status and status.strip()))


def _git(root: Path, *arguments: str) -> str | None:
    """git's output; None where there is no git."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        return None
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise GitRefusedError(f"git cannot be run: {problem}") from None
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode == 0 or (arguments[0] == "rev-parse" and done.returncode == 1 and not said):
        return done.stdout.decode("utf-8", "replace")
    if "dubious ownership" in said:
        raise GitRefusedError(
            "git refuses to read this repository, since another user owns it (dubious ownership)",
            f"Allow it: git config --global --add safe.directory {root}",
        )
    raise GitRefusedError(f"git {arguments[0]} failed: {said.splitlines()[0] if said else done.returncode}", said)
