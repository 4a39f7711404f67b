"""GitHub's REST API and the one GraphQL query. Each request is tried as often as is safe and no longer than is useful.

The token goes to the API's own origin alone: no redirect and no page link leads elsewhere. A rate limit is waited for,
within bounds. Reads and idempotent writes are repeated after a 5xx and after a lost answer. A create is not: it raises
with `may_have_landed`, and the caller checks first. Facts: github.md, section 5.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, Self
from urllib.parse import urlencode, urlsplit

from reconciler.clock import SYSTEM_CLOCK
from reconciler.errors import (
    GithubError,
    GithubForbiddenError,
    GithubLockedError,
    GithubSetupError,
    GithubUnavailableError,
)
from reconciler.forge.github.event import Event
from reconciler.http.answer import Answer, retry_after
from reconciler.http.connection import Connection, Limits, join, next_page, origin
from reconciler.http.mask import Mask
from reconciler.http.route import UnreachableError

API_VERSION: Final = "2022-11-28"
"""Sent with every request: GitHub Enterprise knows this one too [D]."""

PAUSES: Final = (1.0, 3.0, 8.0)
"""Seconds before a request is tried again that had a 5xx or no answer."""

LONGEST_WAIT: Final = 300.0
PATIENCE: Final = 600.0
"""Seconds that one rate limit, and all that one request meets, are waited for at most."""

SECONDARY_WAIT: Final = 60.0
"""The first wait for a secondary rate limit that names none; doubled each time [D]."""

ASSUMED_AUTHOR: Final = "github-actions[bot]"

_MOST_PAGES: Final = 100
_MOST_REDIRECTS: Final = 3
_LONGEST_WORDS: Final = 300
_LONGEST_SHOWN: Final = 1e9
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_LIMITS: Final = Limits(connect=10.0, idle=30.0, bytes=64_000_000)
"""A page has at most 100 items of 262,144 bytes."""


class Clock(Protocol):
    """`time` is seconds since 1970; the module `time` is one."""

    def time(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


class GithubClient:
    """Requests of one run, below one repository. `waiting` gets the seconds before a rate limit is waited for."""

    def __init__(
        self,
        event: Event,
        *,
        clock: Clock,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.clock = clock
        self._waiting = waiting
        self._mask = Mask(event.token)
        self._api = event.api
        self._graphql = event.graphql
        self._below = f"{event.api}/repos/{event.repository}"
        if origin(self._graphql) != origin(self._api):
            raise GithubSetupError(
                "GITHUB_GRAPHQL_URL and GITHUB_API_URL name different hosts", "The token is sent to only one of them."
            )
        headers = {
            "authorization": f"Bearer {event.token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": API_VERSION,
        }
        try:
            self._connection = Connection(self._api, headers=headers, connections=1)
        except UnreachableError as problem:
            raise GithubSetupError(problem.summary, problem.detail) from None
        self._loop = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        with self._loop:
            self._loop.run(self._connection.close())

    def list(self, path: str, parameters: Mapping[str, str] | None = None, *, needs: str) -> Iterator[dict[str, Any]]:
        """Every item of a list of the repository, page by page, as the `Link` header leads.

        `needs` is the permission that a refusal names, such as `issues: read`.
        """
        url = f"{self._below}{path}?{urlencode({**(parameters or {}), 'per_page': '100'})}"
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", url, needs=needs, repeatable=True)
            items = _json(answer, url)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise GithubError(f"GitHub's answer for {path} is not a list")
            yield from items
            following = next_page(answer)
            if following is None:
                return
            url = self._same_origin(following, url)
        raise GithubError(f"GitHub's list of {path} has more than {_MOST_PAGES} pages")

    def create(self, path: str, body: Mapping[str, Any], *, needs: str, exists: bool = False) -> dict[str, Any]:
        """POST, never repeated once it may have landed; with `exists` it is fine that it is there already.

        Raises:
            GithubUnavailableError: `may_have_landed` says whether to look before it is sent again.
        """
        url = f"{self._below}{path}"
        return _object(
            self._ask("POST", url, body=body, needs=needs, repeatable=exists, fine=(422,) if exists else ()), url
        )

    def update(self, path: str, body: Mapping[str, Any], *, needs: str) -> dict[str, Any]:
        """PATCH, which says the same when repeated."""
        url = f"{self._below}{path}"
        return _object(self._ask("PATCH", url, body=body, needs=needs, repeatable=True), url)

    def delete(self, path: str, *, needs: str) -> None:
        """DELETE; nothing is wrong where it is gone already."""
        self._ask("DELETE", f"{self._below}{path}", needs=needs, repeatable=True, fine=(404, 410))

    def author(self) -> str:
        """The login that this token writes as.

        GraphQL's viewer serves GITHUB_TOKEN and tokens of Apps; `GET /user` by them is a 403 [P], where the name is
        assumed to be that of GITHUB_TOKEN.
        """
        login: Any = None
        try:
            query = {"query": "{viewer{login}}"}
            answer = self._ask("POST", self._graphql, body=query, needs="", repeatable=True)
            login = _object(answer, self._graphql)["data"]["viewer"]["login"]
        except (GithubSetupError, GithubUnavailableError):
            raise
        except (GithubError, KeyError, TypeError):
            pass
        if not isinstance(login, str):
            try:
                user = f"{self._api}/user"
                login = _object(self._ask("GET", user, needs="", repeatable=True), user).get("login")
            except GithubForbiddenError:
                pass
        return login if isinstance(login, str) else ASSUMED_AUTHOR

    def _ask(
        self,
        method: str,
        url: str,
        *,
        needs: str,
        repeatable: bool,
        body: Mapping[str, Any] | None = None,
        fine: Sequence[int] = (),
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS):
            answer = self._send(method, url, body, repeatable=repeatable)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                break
            if method != "GET" and answer.status not in (307, 308):
                break
            url = self._same_origin(answer.headers["location"], url)
        if 200 <= answer.status < 300 or answer.status in fine:
            return answer
        raise self._refusal(method, url, answer, needs)

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None, *, repeatable: bool) -> Answer:
        content = json.dumps(body).encode() if body is not None else None
        tries, waited, secondary = 0, 0.0, SECONDARY_WAIT
        while True:
            result = self._loop.run(
                self._connection.send(method, url, content=content, clock=SYSTEM_CLOCK, limits=_LIMITS)
            )
            if isinstance(result, Answer):
                pause = self._limited(result, secondary)
                if pause is not None:
                    if pause > LONGEST_WAIT or waited + pause > PATIENCE:
                        raise GithubUnavailableError(
                            f"GitHub's rate limit lasts another {min(pause, _LONGEST_SHOWN):.0f} seconds",
                            "That is longer than this run waits. Run the job again later.",
                        )
                    self._waiting(pause)
                    self.clock.sleep(pause)
                    waited, secondary = waited + pause, secondary * 2
                    continue
                if result.status < 500:
                    return result
                problem, sent, final = f"the answer was {result.status}", True, False
            else:
                problem, sent, final = result.reason, result.sent, result.final
            if final or tries == len(PAUSES) or (sent and not repeatable):
                raise GithubUnavailableError(
                    f"GitHub does not answer {method} {_path(url)}: {problem}",
                    "Run the job again later.",
                    may_have_landed=sent,
                )
            self.clock.sleep(PAUSES[tries])
            tries += 1

    def _limited(self, answer: Answer, secondary: float) -> float | None:
        """The seconds that a rate limit asks to wait; None if the answer is not about a rate limit."""
        if answer.status not in (403, 429):
            return None
        if (after := retry_after(answer, datetime.fromtimestamp(self.clock.time(), UTC))) is not None:
            return max(after, 1.0)
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = answer.headers.get("x-ratelimit-reset", "")
            return max(int(reset) - self.clock.time(), 1.0) if re.fullmatch("[0-9]{1,12}", reset) else secondary
        if answer.status == 429 or "rate limit" in self._words(answer).lower():
            return secondary
        return None

    def _refusal(self, method: str, url: str, answer: Answer, needs: str) -> GithubError:
        status, words = answer.status, self._words(answer)
        what = f"GitHub refuses {method} {_path(url)} ({status})"
        summary = f"{what}: {words}" if words else what
        if 300 <= status < 400:
            return GithubError(f"{what}: it leads elsewhere", "The repository may have moved. Check its address.")
        if status == 401:
            return GithubSetupError(summary, "GITHUB_TOKEN is not valid: it ends with its job.")
        if status == 403 and "locked" in words.lower():
            return GithubLockedError(summary, "The conversation is locked. Unlock it, and run the job again.")
        permission = f"The job needs the permission `{needs}`." if needs else ""
        if status == 403:
            return GithubForbiddenError(summary, permission)
        if status == 404 and permission:
            return GithubError(summary, f"It does not exist, or the token may not read it. {permission}")
        if status == 410:
            return GithubError(summary, "Issues are switched off in this repository. Switch them on in its settings.")
        return GithubError(summary)

    def _words(self, answer: Answer) -> str:
        """GitHub's own description of what is wrong, in one line."""
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(body, dict):
            return ""
        found = [body.get("message")]
        errors = body.get("errors")
        for error in errors if isinstance(errors, list) else ():
            found += [error.get("message"), error.get("code")] if isinstance(error, dict) else [error]
        words = "; ".join(re.sub(r"\s+", " ", word) for word in found if isinstance(word, str) and word)
        return self._mask(words)[:_LONGEST_WORDS]

    def _same_origin(self, address: str, here: str) -> str:
        """Where a link or redirect leads, seen from `here`."""
        try:
            url = join(here, address)
            leads_home = origin(url) == origin(self._api)
        except ValueError:
            leads_home = False
        if not leads_home:
            raise GithubError("GitHub's API leads to another host; the token is not sent there")
        return url


def _json(answer: Answer, url: str) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise GithubError(
            f"GitHub's answer for {_path(url)} is not JSON", "Is GITHUB_API_URL the address of its API?"
        ) from None


def _object(answer: Answer, url: str) -> dict[str, Any]:
    body = _json(answer, url)
    if not isinstance(body, dict):
        raise GithubError(f"GitHub's answer for {_path(url)} is not an object")
    return body


def _path(url: str) -> str:
    return urlsplit(url).path
