"""The token of a GitHub Actions job, for git."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from reconciler.forge.github.job import is_job
from reconciler.git.login import NO_LOGIN, Login, Reason

_TOKEN: Final = "GITHUB_TOKEN: ${{ github.token }}"
_NO_TOKEN: Final = f"Git has no token in this step. Add the token to the step's env:\n{_TOKEN}"
_REMEDIES: Final = {
    Reason.LOGIN: "The server refused GITHUB_TOKEN. A token works only on the server in GITHUB_SERVER_URL, and only "
    f"until its job ends. Pass this job's token in the step's env:\n{_TOKEN}",
    Reason.READ: "This job's token cannot read the repository. Give the job the permission contents: read.",
    Reason.WRITE: "This job's token can read the repository, but cannot push to it. Give the job the permission "
    "contents: write.",
}
"""What to do in a job if a remote refuses its token."""


def git_login(environment: Mapping[str, str]) -> Login:
    """With it, git sends the job's token, but only to GitHub's server.

    A checkout then does not have to keep credentials. If it does keep them, the empty value replaces its header,
    because GitHub refuses two such headers [P].
    """
    token, server = environment.get("GITHUB_TOKEN"), environment.get("GITHUB_SERVER_URL")
    if not is_job(environment):
        return NO_LOGIN
    if not (token and server):
        return Login(remedies={**_REMEDIES, Reason.LOGIN: _NO_TOKEN})
    login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    key = f"http.{server.rstrip('/')}/.extraheader"
    return Login(((key, ""), (key, f"AUTHORIZATION: basic {login}")), _REMEDIES)
