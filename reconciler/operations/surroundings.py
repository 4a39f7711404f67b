"""What `init` finds where it lays out a repository: configuration, branch, forge, and workflows of other folders."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from reconciler.configuration import find_configuration
from reconciler.errors import FileRefusedError, ReconcilerError
from reconciler.files.reading import read_below
from reconciler.frozen import dataclass
from reconciler.git.clones import read_branches, remote_host, tracked_files
from reconciler.settings import Settings, git_top, read_settings

WORKFLOWS: Final = ("plan", "apply", "drift")

_PUBLIC: Final = re.compile(r"(?:.*\.)?(?:github\.com|ghe\.com)")
"""GitHub's own hosts, including GitHub Enterprise Cloud with data residency."""

_ELSEWHERE: Final = re.compile(r"(?:.*\.)?(?:gitlab|bitbucket|gitea|codeberg|dev\.azure|visualstudio)\..*")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`root` is the folder of the configuration, `top` is the folder of the workflows: the git top level, else `root`.

    `inner` is `root` below `top`, "" if they are the same. `config_file` is the existing configuration, None if
    there is none. `manifests` is the manifest folder below `root`. `branch` is the branch to apply, `guessed` if git
    names none. `suffix` distinguishes the workflows of a further configuration folder; it is empty or starts with
    a hyphen. `enterprise` is the host of a GitHub Enterprise Server, "" for GitHub itself.
    """

    root: Path
    top: Path
    inner: str
    config_file: Path | None
    manifests: str
    branch: str
    guessed: bool
    suffix: str
    enterprise: str

    def workflow(self, command: str) -> str:
        """The file of a workflow, below `top`."""
        return workflow_file(command, self.suffix)


def workflow_file(command: str, suffix: str = "") -> str:
    return f".github/workflows/reconciler-{command}{suffix}.yml"


def look_around(folder: Path, *, named: bool) -> Surroundings:
    """What exists around `folder`, which may not exist yet.

    A configuration that applies in `folder` is used. If the folder was `named`, it gets a configuration of its own,
    unless it is inside that configuration's manifest folder.

    Raises:
        DiagnosedError: with every mistake in the configuration file.
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    folder = folder.resolve()
    there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    settings = read_settings(there)
    top = git_top(there)
    root, config_file = folder, None
    if settings.config_file is not None and (not named or settings.repo_root == folder or _within(folder, settings)):
        root, config_file = settings.repo_root, settings.config_file
    manifests = settings.manifests.relative_to(root).as_posix() if config_file is not None else "projects"
    base = root if top is None else top
    branches = read_branches(there)
    branch = branches.default or branches.current
    host = remote_host(there) or ""
    inner = root.relative_to(base).as_posix() if root != base else ""
    return Surroundings(
        root=root,
        top=base,
        inner=inner,
        config_file=config_file,
        manifests=manifests,
        branch=branch or "main",
        guessed=branch is None,
        suffix=_suffix(base, inner),
        enterprise="" if not host or _PUBLIC.fullmatch(host) or _ELSEWHERE.fullmatch(host) else host,
    )


def _within(folder: Path, settings: Settings) -> bool:
    return folder == settings.manifests or settings.manifests in folder.parents


def _suffix(top: Path, inner: str) -> str:
    """The suffix of the workflows' names, which is empty for the only configuration folder or for the first one."""
    served = folder_served(top, "")
    if served == inner or not inner or (served is None and not _has_other_configuration(top, inner)):
        return ""
    suffix = "-" + re.sub(r"[^A-Za-z0-9_]+", "-", inner).strip("-")
    if folder_served(top, suffix) in (None, inner):
        return suffix
    return f"{suffix}-{hashlib.sha256(inner.encode()).hexdigest()[:6]}"


def folder_served(top: Path, suffix: str) -> str | None:
    """The configuration folder that the workflows with a suffix are for. None if there are no such workflows."""
    for command in WORKFLOWS:
        try:
            text = read_below(top, workflow_file(command, suffix))
        except FileRefusedError:
            continue
        if text is not None:
            found = re.search(rb"(?m)^ +working-directory: +(.*?)\r?$", text)
            return _unquoted(found[1].decode("utf-8", "replace")) if found else ""
    return None


def _unquoted(scalar: str) -> str:
    try:
        return str(json.loads(scalar)) if scalar.startswith('"') else scalar
    except ValueError:
        return scalar


def _has_other_configuration(top: Path, inner: str) -> bool:
    folders = {Path(name).parent.as_posix() for name in tracked_files(top) if _is_configuration(top, name)}
    return bool(folders - {inner or "."})


def _is_configuration(top: Path, name: str) -> bool:
    if Path(name).name not in ("reconciler.toml", "pyproject.toml"):
        return False
    try:
        return find_configuration((top / name).parent, None) is not None
    except ReconcilerError:
        return True
