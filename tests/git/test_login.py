"""Why a remote refuses, by the words that git and servers print."""

from __future__ import annotations

import pytest

from reconciler.forge.github.login import git_login
from reconciler.git.login import NO_LOGIN, Reason, reason_of

HTTP = "fatal: unable to access 'https://github.com/o/r.git/': The requested URL returned error: 403"
SAID = [
    ("push", f"remote: Permission to o/r.git denied to github-actions[bot].\n{HTTP}", Reason.WRITE),
    ("push", f"remote: Write access to repository not granted.\n{HTTP}", Reason.WRITE),
    ("push", f"remote: You are not allowed to push code to this project.\n{HTTP}", Reason.WRITE),
    ("ls-remote", HTTP, Reason.READ),
    ("push", f"remote: This repository was archived so it is read-only.\n{HTTP}", Reason.ARCHIVED),
    ("push", "ERROR: This repository was archived so it is read-only.", Reason.ARCHIVED),
    (
        "ls-remote",
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        Reason.LOGIN,
    ),
    (
        "fetch",
        "remote: Invalid username or token. Password authentication is not supported for Git operations.\n"
        "fatal: Authentication failed for 'https://github.com/o/r.git/'",
        Reason.LOGIN,
    ),
    ("fetch", "remote: HTTP Basic: Access denied.", Reason.LOGIN),
    ("fetch", "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote", Reason.SSH),
    ("fetch", "Host key verification failed.", Reason.SSH),
    ("fetch", "remote: Repository not found.\nfatal: repository 'https://x/r.git/' not found", Reason.NOT_FOUND),
    ("push", "!\tx:y\t[remote rejected] (deny updating a hidden ref)", Reason.REF),
    ("push", "!\tx:y\t[remote rejected] (prohibited by Gerrit: not permitted: create)", Reason.REF),
    ("push", "!\tx:y\t[remote rejected] (pre-receive hook declined)", None),
    ("fetch", "fatal: unable to access 'https://x/': Could not resolve host: x", None),
]


@pytest.mark.parametrize(("subcommand", "words", "reason"), SAID)
def test_the_reason(subcommand: str, words: str, reason: Reason | None) -> None:
    assert reason_of(subcommand, words) == reason


def test_every_reason_has_a_remedy() -> None:
    job = git_login({"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://github.com"})
    for reason in Reason:
        assert NO_LOGIN.remedy(reason)
        assert job.remedy(reason)
    assert NO_LOGIN.remedy(None) == ""
