"""What a request is refused with: a status and a sentence, as the API words its errors [D]."""

from __future__ import annotations

from collections.abc import Sequence


class Refusal(Exception):
    """`status` is the HTTP status; `allowed` names the methods that a path takes, for 405 alone."""

    def __init__(self, status: int, error: str, *, allowed: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.allowed = tuple(allowed)


def bad_request(error: str) -> Refusal:
    return Refusal(400, error)


def unauthorized() -> Refusal:
    return Refusal(401, "No API key: send it as the user name of HTTP Basic, with an empty password.")


def not_enabled(task_type: str) -> Refusal:
    return Refusal(402, f"The task type {task_type!r} is not enabled for this account.")


def no_such_project(name: str) -> Refusal:
    return Refusal(404, f"There is no project named {name!r}.")


def no_such_path() -> Refusal:
    return Refusal(404, "There is nothing at this path.")


def wrong_method(allowed: Sequence[str]) -> Refusal:
    return Refusal(405, f"This path takes {' and '.join(allowed)} only.", allowed=allowed)


def name_taken(name: str) -> Refusal:
    return Refusal(409, f"A project named {name!r} exists already.")
