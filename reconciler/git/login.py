"""How a run logs in to a remote, and what to do if the remote refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final

from reconciler.frozen import dataclass


class Reason(StrEnum):
    """Why a remote refuses."""

    LOGIN = "login"
    SSH = "ssh"
    READ = "read"
    WRITE = "write"
    ARCHIVED = "archived"
    NOT_FOUND = "not-found"
    REF = "ref"


_WORDS: Final = (
    (Reason.ARCHIVED, r"archived"),
    (Reason.REF, r"hidden ref|prohibited|funny refname|invalid ref"),
    (Reason.SSH, r"Permission denied \(|Host key verification failed"),
    (Reason.LOGIN, r"could not read (?:Username|Password)|Authentication failed|Access denied|returned error: 401"),
    (Reason.WRITE, r"returned error: 403|Permission to .* denied|access to repository not granted|not allowed to push"),
    (Reason.NOT_FOUND, r"[Rr]epository .*not found|returned error: 404|does not appear to be a git repository"),
)
"""What git, GitHub, and other servers print; the first that matches counts."""

_REMEDIES: Final = {
    Reason.LOGIN: "Git has no valid credentials for this remote. Set up a credential helper or, in CI, a token.",
    Reason.SSH: "SSH cannot log in without a prompt. Add the key to an SSH agent and the host to known_hosts.",
    Reason.READ: "Git's credentials cannot read this repository. Use credentials that can.",
    Reason.WRITE: "Git's credentials can read this repository, but cannot push to it. Use credentials that can do "
    "both: on GitHub, a token with contents: write; on GitLab, a token with the write_repository scope.",
    Reason.ARCHIVED: "Unarchive the repository in its settings, or name a different remote in the target's record.",
    Reason.NOT_FOUND: "Check the URL of the remote with git remote -v. If the URL is correct, the credentials might "
    "lack access to the repository.",
    Reason.REF: "The server does not accept refs under refs/reconciler/. Allow these refs on the server. Or store them "
    'as branches: set record_branches = "reconciler" for the target in reconciler.toml.',
}


@dataclass(frozen=True, slots=True)
class Login:
    """`settings` are for a git that talks to a remote. `remedies` are what to do here if the remote refuses."""

    settings: Sequence[tuple[str, str]] = ()
    remedies: Mapping[Reason, str] = field(default_factory=dict)

    def remedy(self, reason: str | None) -> str:
        """What to do; empty if the remote did not say why it refused."""
        return "" if reason is None else self.remedies.get(Reason(reason), _REMEDIES[Reason(reason)])


NO_LOGIN: Final = Login()


def reason_of(subcommand: str, words: str) -> Reason | None:
    """Why a remote refused a git command, from its output; None if the output does not show it."""
    found = next((reason for reason, pattern in _WORDS if re.search(pattern, words)), None)
    return Reason.READ if found is Reason.WRITE and subcommand != "push" else found
