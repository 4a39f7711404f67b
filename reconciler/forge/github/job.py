"""The parts of a GitHub Actions job: its summary, its outputs, and its commit.

Its variables name the files [D].
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Final

_SUMMARY_BYTES: Final = 1_000_000
"""GitHub drops the summary of a step if it has more than 1,048,576 bytes [S]."""

_SUMMARY: Final = 200_000
_LEAST_SUMMARY: Final = 20_000
"""Characters of a summary; a character has at most 4 bytes."""


class JobFileError(Exception):
    """A summary or an output was not written, and why."""


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
        raise JobFileError(f"the job summary cannot be written: {problem.strerror}") from None
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
    import secrets

    delimiter = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(file: str, text: str) -> None:
    with open(file, "ab") as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
