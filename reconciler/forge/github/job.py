"""The parts of a GitHub Actions job: its summary, its outputs, its commit, and its token for git.

Its variables name the files (github.md, section 6).
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from reconciler.git.login import NO_LOGIN, Login, Reason

_SUMMARY_BYTES: Final = 1_000_000
"""GitHub drops the summary of a step if it has more than 1,048,576 bytes [S]."""

_SUMMARY: Final = 200_000
_LEAST_SUMMARY: Final = 20_000
"""Characters of a summary; a character has at most 4 bytes."""


class JobFileError(Exception):
    """A summary or an output was not written, and why."""


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


def is_job(environment: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions."""
    return bool(environment.get("GITHUB_ACTIONS"))


def job_commit(environment: Mapping[str, str]) -> str | None:
    """The commit that the job is for; None if it is not known."""
    return environment.get("GITHUB_SHA") or None


def workflow_title(environment: Mapping[str, str]) -> str | None:
    """What the names of the repository's workflows end in, by the name of this job's; None if `init` did not name it.

    Outside a job, this is empty, as it is for the only configuration folder of a repository.
    """
    if not is_job(environment):
        return ""
    named = re.fullmatch(
        r"reconciler (?:plan|apply|drift)((?: [A-Za-z0-9_-]+)?)", environment.get("GITHUB_WORKFLOW", "")
    )
    return named[1] if named else None


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


def append_summary(environment: Mapping[str, str], render: Callable[[int], str]) -> bool:
    """Append the text that `render` returns for a limit in characters to the job's summary. False if there is no
    summary.

    Raises:
        JobFileError: the summary is full or cannot be written.
    """
    file = environment.get("GITHUB_STEP_SUMMARY")
    if not is_job(environment) or not file:
        return False
    try:
        room = (_SUMMARY_BYTES - (os.path.getsize(file) if os.path.exists(file) else 0)) // 4
        if room < _LEAST_SUMMARY:
            raise JobFileError("the job summary is full, so reconciler's output was not added to it")
        _append(file, f"{render(min(_SUMMARY, room - 2))}\n")
    except OSError as problem:
        raise JobFileError(f"the job's summary cannot be written: {problem.strerror}") from None
    return True


def append_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Append to the step's outputs, if this is a step.

    Raises:
        JobFileError: they cannot be written.
    """
    file = environment.get("GITHUB_OUTPUT")
    if not is_job(environment) or not file:
        return
    try:
        _append(file, "".join(_output(name, value) for name, value in outputs.items()))
    except OSError as problem:
        raise JobFileError(f"the step's outputs cannot be written: {problem.strerror}") from None


def _output(name: str, value: str) -> str:
    """`name=value`, or the form with a delimiter that no value contains [S]."""
    if re.fullmatch(r"[A-Za-z0-9_./+-]*", value):
        return f"{name}={value}\n"
    delimiter = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(file: str, text: str) -> None:
    with open(file, "ab") as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
