"""The token of a GitHub Actions job, for git."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from reconciler.forge.github.job import is_job
from reconciler.git.login import NO_LOGIN, Login, Reason

_TOKEN: Final = "GITHUB_TOKEN: ${{ github.token }}"
_NO_TOKEN: Final = f"The step has no token for git. Add this to its `env`:\n{_TOKEN}"
_REMEDIES: Final = {
    Reason.LOGIN: "The token in GITHUB_TOKEN was refused. It is valid on GITHUB_SERVER_URL alone, and expires when its "
    f"job ends. Pass the token of this job in the step's `env`:\n{_TOKEN}",
    Reason.READ: "The token of this job cannot read the repository. Give the job `permissions: contents: read`.",
    Reason.WRITE: "The token of this job can read the repository, but cannot push to it. Give the job `permissions: "
    "contents: write`.",
}
"""What to do in a job if a remote refuses its token."""


def git_login(environment: Mapping[str, str]) -> Login:
    """With it, git sends the job's token, but only to GitHub's server.

    A checkout then does not have to keep credentials. If it does keep them, the empty value replaces its header,
    because GitHub refuses two such headers (github.md, section 3 [T] and [P]).
    """
    token, server = environment.get("GITHUB_TOKEN"), environment.get("GITHUB_SERVER_URL")
    if not is_job(environment):
        return NO_LOGIN
    if not (token and server):
        return Login(remedies={**_REMEDIES, Reason.LOGIN: _NO_TOKEN})
    login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    key = f"http.{server.rstrip('/')}/.extraheader"
    return Login(((key, ""), (key, f"AUTHORIZATION: basic {login}")), _REMEDIES)
