"""Which git is run, and with which environment.

Git gets no key for Scale, and no variable that names another repository, index, or object store.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping

_KEPT = re.compile(
    r"GIT_(?:CONFIG_|SSH|ASKPASS|SSL_|PROXY_|HTTP_|CURL_|TRACE|ALLOW_PROTOCOL|PROTOCOL|EXEC_PATH|NO_LAZY_FETCH"
    r"|DISCOVERY_ACROSS_FILESYSTEM|TEST_ASSUME_DIFFERENT_OWNER)"
)
"""Git's variables that are passed on: configuration, connection, and traces. Others could name a repository."""

_SETTINGS = (
    "safe.bareRepository=explicit",  # needs git 2.38; `discovery` refuses for every git
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
