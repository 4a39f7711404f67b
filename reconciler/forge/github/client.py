"""GitHub's REST API, and one GraphQL query.

The token is sent only to the API's own origin: a redirect or page link that leads elsewhere is refused. The client
waits for a rate limit, within bounds. It repeats reads and idempotent writes after a 5xx and after a lost answer. It
does not repeat a create: the error has `may_have_landed`, and the caller checks first.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

from reconciler.clock import SYSTEM_CLOCK, Clock
from reconciler.errors import (
    ConnectionSetupError,
    GithubError,
    GithubForbiddenError,
    GithubLockedError,
    GithubSetupError,
    GithubUnavailableError,
    GithubUnprocessableError,
)
from reconciler.forge.github.event import Event
from reconciler.http.answer import Answer, retry_after
from reconciler.http.connection import Connection, Limits, join, next_page, origin
from reconciler.http.mask import Mask

API_VERSION: Final = "2022-11-28"
"""Sent with every request. GitHub Enterprise knows this version too [D]."""

PAUSES: Final = (1.0, 3.0, 8.0)
"""Seconds before each retry of a request that got a 5xx or no answer."""

LONGEST_WAIT: Final = 300.0
PATIENCE: Final = 600.0
"""The most seconds that a request waits for one rate limit, and for all of its rate limits together."""

SECONDARY_WAIT: Final = 60.0
"""Seconds of the first wait for a secondary rate limit that does not name a time. It doubles each time [D]."""

ASSUMED_AUTHOR: Final = "github-actions[bot]"

_WRONG_ADDRESS = "Check that GITHUB_API_URL is the URL of GitHub's API."
_MOST_PAGES: Final = 100
_MOST_REDIRECTS: Final = 3
_LONGEST_WORDS: Final = 300
_LONGEST_SHOWN: Final = 1e9
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_LIMITS: Final = Limits(connect=10.0, idle=30.0, bytes=64_000_000)
"""A page has at most 100 items of 262,144 bytes."""


class GithubClient:
    """Sends the requests of one run to one repository. Before a wait for a rate limit, `waiting` is called with the
    seconds."""

    def __init__(
        self,
        event: Event,
        *,
        clock: Clock = SYSTEM_CLOCK,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._clock = clock
        self._waiting = waiting
        self._mask = Mask(event.token)
        self._api = event.api
        self._graphql = event.graphql
        self.repository = event.repository
        self._below = f"{event.api}/repos/{event.repository}"
        if origin(self._graphql) != origin(self._api):
            raise GithubSetupError(
                "GITHUB_GRAPHQL_URL and GITHUB_API_URL name different servers",
                "The token is sent to only one server. Set both variables to URLs on the same server.",
            )
        headers = {
            "authorization": f"Bearer {event.token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": API_VERSION,
        }
        try:
            self._connection = Connection(self._api, headers=headers, connections=1)
        except ConnectionSetupError as problem:
            raise GithubSetupError(problem.summary, problem.detail) from None
        self._loop = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        with self._loop:
            self._loop.run(self._connection.close())

    def pause(self, seconds: float) -> None:
        self._loop.run(self._clock.sleep(seconds))

    def list(self, path: str, parameters: Mapping[str, str] | None = None, *, needs: str) -> Iterator[dict[str, Any]]:
        """Every item of a list of the repository. The `Link` header leads from page to page.

        `needs` is the permission that the error of a refusal names, such as `issues: read`.
        """
        url = f"{self._below}{path}?{urlencode({**(parameters or {}), 'per_page': '100'})}"
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", url, needs=needs, repeatable=True)
            items = _json(answer, url)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise GithubError(f"GitHub's response for {path} is not a list", _WRONG_ADDRESS)
            yield from items
            following = next_page(answer)
            if following is None:
                return
            url = self._same_origin(following, url)
        raise GithubError(f"GitHub's list of {path} has more than {_MOST_PAGES} pages")

    def get(self, path: str, *, needs: str) -> dict[str, Any]:
        """One object of the repository."""
        url = f"{self._below}{path}"
        return _object(self._ask("GET", url, needs=needs, repeatable=True), url)

    def find(self, path: str, *, needs: str) -> dict[str, Any] | None:
        """One object of the repository; None if it does not exist."""
        url = f"{self._below}{path}"
        answer = self._ask("GET", url, needs=needs, repeatable=True, fine=(404,))
        return _object(answer, url) if answer.status != 404 else None

    def create(self, path: str, body: Mapping[str, Any], *, needs: str, repeatable: bool = False) -> dict[str, Any]:
        """POST. It is not repeated once it may have landed, unless it is `repeatable`.

        Raises:
            GithubUnavailableError: if `may_have_landed` is set, look for the item before you send it again.
        """
        url = f"{self._below}{path}"
        return _object(self._ask("POST", url, body=body, needs=needs, repeatable=repeatable), url)

    def ensure(self, path: str, body: Mapping[str, Any], *, needs: str) -> None:
        """POST of something that may exist already, so it can be repeated."""
        self._ask("POST", f"{self._below}{path}", body=body, needs=needs, repeatable=True, fine=(422,))

    def update(self, path: str, body: Mapping[str, Any], *, needs: str) -> dict[str, Any]:
        """PATCH, which can be repeated."""
        url = f"{self._below}{path}"
        return _object(self._ask("PATCH", url, body=body, needs=needs, repeatable=True), url)

    def delete(self, path: str, *, needs: str) -> None:
        """DELETE. An item that is already gone is not an error."""
        self._ask("DELETE", f"{self._below}{path}", needs=needs, repeatable=True, fine=(404, 410))

    def author(self) -> str:
        """The login under which this token writes.

        GraphQL's viewer works with GITHUB_TOKEN and the tokens of Apps. For these, `GET /user` is a 403 [P]; then the
        login is assumed to be that of GITHUB_TOKEN.
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
                self._connection.send(method, url, content=content, clock=self._clock, limits=_LIMITS)
            )
            if isinstance(result, Answer):
                pause = self._limited(result, secondary)
                if pause is not None:
                    if pause > LONGEST_WAIT or waited + pause > PATIENCE:
                        raise GithubUnavailableError(
                            f"GitHub's rate limit lasts another {min(pause, _LONGEST_SHOWN):.0f} s",
                            "Reconciler does not wait that long. Run the job again later.",
                        )
                    self._waiting(pause)
                    self.pause(pause)
                    waited, secondary = waited + pause, secondary * 2
                    continue
                if result.status < 500:
                    return result
                problem, sent, final, advice = f"status {result.status}", True, False, ""
            else:
                problem, sent, final, advice = result.reason, result.sent, result.final, result.advice
            if final or tries == len(PAUSES) or (sent and not repeatable):
                raise GithubUnavailableError(
                    f"GitHub did not complete {method} {_path(url)}: {problem}",
                    advice or "Run the job again later.",
                    may_have_landed=sent,
                )
            self.pause(PAUSES[tries])
            tries += 1

    def _limited(self, answer: Answer, secondary: float) -> float | None:
        """The seconds that a rate limit asks to wait; None if the answer is not about a rate limit."""
        if answer.status not in (403, 429):
            return None
        if (after := retry_after(answer, self._clock.now())) is not None:
            return max(after, 1.0)
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = answer.headers.get("x-ratelimit-reset", "")
            return (
                max(int(reset) - self._clock.now().timestamp(), 1.0)
                if re.fullmatch("[0-9]{1,12}", reset)
                else secondary
            )
        if answer.status == 429 or "rate limit" in self._words(answer).lower():
            return secondary
        return None

    def _refusal(self, method: str, url: str, answer: Answer, needs: str) -> GithubError:
        status, words = answer.status, self._words(answer)
        what = f"GitHub refused {method} {_path(url)} ({status})"
        summary = f"{what}: {words}" if words else what
        if 300 <= status < 400:
            return GithubError(
                f"GitHub redirected {method} {_path(url)} ({status})",
                "The repository might have been renamed or transferred. Run the workflow in the new repository. "
                "Outside GitHub Actions, set GITHUB_REPOSITORY to its new name.",
            )
        if status == 401:
            return GithubSetupError(
                summary, "GITHUB_TOKEN is not valid. A job's token expires when the job ends. Run the job again."
            )
        if status == 403 and "locked" in words.lower():
            return GithubLockedError(summary, "Unlock the conversation on GitHub, then run the job again.")
        if status == 403 and "archived" in words.lower():
            return GithubError(summary, "Unarchive the repository in its settings, or disable the workflow.")
        if status == 403 and "not permitted to create or approve" in words.lower():
            return GithubForbiddenError(
                summary,
                "Use the token of a GitHub App, or, in the repository's settings under Actions > General, allow GitHub "
                "Actions to create pull requests.",
            )
        permission = f"Give the job the permission {needs}." if needs else ""
        if status == 403:
            return GithubForbiddenError(summary, permission)
        if status == 404 and permission:
            return GithubError(summary, f"The resource does not exist, or the token cannot access it. {permission}")
        if status == 410:
            return GithubError(summary, "Enable issues in the repository's settings, then run the job again.")
        return GithubUnprocessableError(summary) if status == 422 else GithubError(summary)

    def _words(self, answer: Answer) -> str:
        """GitHub's own description of the problem, in one line."""
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
        """The URL that a link or redirect at `here` leads to.

        Raises:
            GithubError: it is on another host.
        """
        try:
            url = join(here, address)
            leads_home = origin(url) == origin(self._api)
        except ValueError:
            leads_home = False
        if not leads_home:
            raise GithubError(
                "GitHub's API points to a different server",
                f"Reconciler does not send the token there. {_WRONG_ADDRESS}",
            )
        return url


def _json(answer: Answer, url: str) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise GithubError(f"GitHub's response for {_path(url)} is not JSON", _WRONG_ADDRESS) from None


def _object(answer: Answer, url: str) -> dict[str, Any]:
    body = _json(answer, url)
    if not isinstance(body, dict):
        raise GithubError(f"GitHub's response for {_path(url)} is not an object", _WRONG_ADDRESS)
    return body


def _path(url: str) -> str:
    return urlsplit(url).path
