"""Which git is run, with which environment, and which repository it would find from a folder. No git is run here.

Git gets no key for Scale, and no variable that names another repository, index, or object store.

A checkout cannot contain a `.git`, but it can contain a bare repository: a folder with HEAD, objects, and refs. In such
a folder, git reads the configuration next to them, and runs the commands in it.
"""

from __future__ import annotations

import os
import os.path
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import GitRefusedError


def is_inside(root: Path) -> bool:
    """Whether the folder `root` is in a git repository.

    Raises:
        GitRefusedError: it is in a folder that looks like a bare repository.
    """
    refuse_bare(root)
    return any(os.path.exists(parent / ".git") for parent in (root, *root.parents))


def refuse_bare(root: Path) -> None:
    """Check that git, started in `root`, would find no bare repository on its way up.

    Raises:
        GitRefusedError: a folder between `root` and the first `.git` looks like a bare repository.
    """
    folder = os.path.realpath(root)
    while True:
        inner = os.path.join(folder, ".git")
        if os.path.isfile(inner) or _looks_like_git(inner):
            return
        if _looks_like_git(folder):
            raise GitRefusedError(
                f"the folder {folder} looks like a bare git repository",
                "Git would run commands from the config file in this folder, so reconciler did not run git there.\n"
                "If this is only a copy of a repository, rename its HEAD file. Otherwise, work in a clone.",
            )
        folder, child = os.path.dirname(folder), folder
        if folder == child:
            return


def _looks_like_git(folder: str) -> bool:
    """git's own test, without the checks of the HEAD file's content and of access rights."""

    def has(name: str) -> bool:
        return os.path.lexists(os.path.join(folder, name))

    return has("HEAD") and (has("commondir") or (has("objects") and has("refs")))


_KEPT = re.compile(
    r"GIT_(?:CONFIG_|SSH|ASKPASS|SSL_|PROXY_|HTTP_|CURL_|TRACE|ALLOW_PROTOCOL|PROTOCOL|EXEC_PATH|NO_LAZY_FETCH"
    r"|DISCOVERY_ACROSS_FILESYSTEM|TEST_ASSUME_DIFFERENT_OWNER)"
)
"""Git's variables that are passed on: configuration, connection, and traces. Others could name a repository."""

_SETTINGS = (
    "safe.bareRepository=explicit",  # needs git 2.38; `refuse_bare` refuses for every git
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "i18n.commitEncoding=UTF-8",
)
SETTINGS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
"""Options before the subcommand of every git."""


def git_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a git. Those in `more` replace others."""
    kept = {name: value for name, value in os.environ.items() if _is_passed_on(name)}
    fixed = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
    return {**kept, "PATH": _absolute_path(), **fixed, **more}


def find_git() -> str | None:
    """The git that the PATH leads to; None if there is none."""
    return shutil.which("git", path=_absolute_path())


def _is_passed_on(name: str) -> bool:
    if name.startswith("SCALE_"):  # the name of every `api_key_env` starts with it
        return False
    return not name.startswith("GIT_") or _KEPT.match(name) is not None


def _absolute_path() -> str:
    """The PATH without the parts that depend on the working folder, which may be a checkout."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(part for part in parts if os.path.isabs(part))
