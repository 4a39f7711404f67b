"""GitHub's REST API and the one GraphQL question, each request tried as often as is safe and no longer than is useful.

Promises: the token goes to the API's own origin alone, no redirect and no page link leads elsewhere; a rate limit is
waited for within bounds; reads and writes that say the same twice are repeated after 5xx and lost answers, a create is
not: it raises with `may_have_landed`, and whoever asked looks first. Facts: github.md, section 5.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, Self

import httpx

from reconciler import __version__
from reconciler.errors import (
    GithubError,
    GithubForbiddenError,
    GithubLockedError,
    GithubSetupError,
    GithubUnavailableError,
)
from reconciler.forge.github.event import Event
from reconciler.http import UnreachableError, build

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
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)

for _logger in ("httpx", "httpcore"):
    logging.getLogger(_logger).setLevel(logging.WARNING)


class Clock(Protocol):
    """`time` is seconds since 1970; the module `time` is one."""

    def time(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


class GithubClient:
    """Requests of one run, below one repository. `waiting` is told the seconds before a rate limit is waited for."""

    def __init__(
        self,
        event: Event,
        *,
        clock: Clock,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.clock = clock
        self._waiting = waiting
        self._token = event.token
        self._api = httpx.URL(event.api)
        self._graphql = httpx.URL(event.graphql)
        self._below = f"{event.api}/repos/{event.repository}"
        if _origin(self._graphql) != _origin(self._api):
            raise GithubSetupError(
                "GITHUB_GRAPHQL_URL and GITHUB_API_URL name different hosts", "The token is sent to one of them alone."
            )
        headers = {
            "authorization": f"Bearer {event.token}",
            "accept": "application/vnd.github+json",
            "user-agent": f"reconciler/{__version__}",
            "x-github-api-version": API_VERSION,
        }
        try:
            self._http = build(httpx.Client, self._api, headers=headers, timeout=_TIMEOUT)
        except UnreachableError as problem:
            raise GithubSetupError(problem.summary, problem.detail) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def list(self, path: str, parameters: Mapping[str, str] | None = None, *, needs: str) -> Iterator[dict[str, Any]]:
        """Every item of a list of the repository, page by page, as the `Link` header leads.

        `needs` is the permission that a refusal names, such as `issues: read`.
        """
        url = httpx.URL(f"{self._below}{path}", params={**(parameters or {}), "per_page": "100"})
        for _ in range(_MOST_PAGES):
            response = self._ask("GET", url, needs=needs, repeatable=True)
            items = self._json(response)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise GithubError(f"GitHub's answer for {path} is no list")
            yield from items
            following = response.links.get("next", {}).get("url")
            if following is None:
                return
            url = self._same_origin(following, url)
        raise GithubError(f"GitHub's list of {path} has more than {_MOST_PAGES} pages")

    def create(self, path: str, body: Mapping[str, Any], *, needs: str, exists: bool = False) -> dict[str, Any]:
        """POST, never repeated once it may have landed; with `exists` it is fine that it is there already.

        Raises:
            GithubUnavailableError: `may_have_landed` says whether to look before it is sent again.
        """
        return self._object(
            self._ask("POST", self._url(path), body=body, needs=needs, repeatable=exists, fine=(422,) if exists else ())
        )

    def update(self, path: str, body: Mapping[str, Any], *, needs: str) -> dict[str, Any]:
        """PATCH, which says the same when repeated."""
        return self._object(self._ask("PATCH", self._url(path), body=body, needs=needs, repeatable=True))

    def delete(self, path: str, *, needs: str) -> None:
        """DELETE; nothing is wrong where it is gone already."""
        self._ask("DELETE", self._url(path), needs=needs, repeatable=True, fine=(404, 410))

    def author(self) -> str:
        """The login that this token writes as.

        GraphQL's viewer serves GITHUB_TOKEN and tokens of Apps; `GET /user` by them is a 403 [P], where the name is
        assumed to be that of GITHUB_TOKEN.
        """
        login: Any = None
        try:
            query = {"query": "{viewer{login}}"}
            answer = self._object(self._ask("POST", self._graphql, body=query, needs="", repeatable=True))
            login = answer["data"]["viewer"]["login"]
        except (GithubSetupError, GithubUnavailableError):
            raise
        except (GithubError, KeyError, TypeError):
            pass
        if not isinstance(login, str):
            try:
                user = httpx.URL(f"{self._api}/user")
                login = self._object(self._ask("GET", user, needs="", repeatable=True)).get("login")
            except GithubForbiddenError:
                pass
        return login if isinstance(login, str) else ASSUMED_AUTHOR

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(f"{self._below}{path}")

    def _ask(
        self,
        method: str,
        url: httpx.URL,
        *,
        needs: str,
        repeatable: bool,
        body: Mapping[str, Any] | None = None,
        fine: Sequence[int] = (),
    ) -> httpx.Response:
        for _ in range(_MOST_REDIRECTS):
            response = self._send(method, url, body, repeatable=repeatable)
            if not response.has_redirect_location:
                break
            if method != "GET" and response.status_code not in (307, 308):
                break
            url = self._same_origin(response.headers["location"], url)
        if response.is_success or response.status_code in fine:
            return response
        raise self._refusal(method, url, response, needs)

    def _send(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None, *, repeatable: bool) -> httpx.Response:
        tries, waited, secondary = 0, 0.0, SECONDARY_WAIT
        while True:
            lost, response, sent = "", None, True
            try:
                response = self._http.request(method, url, json=body)
            except httpx.HTTPError as problem:
                sent = not isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                lost = f"no answer ({type(problem).__name__})"
            if response is not None:
                pause = self._limited(response, secondary)
                if pause is not None:
                    if pause > LONGEST_WAIT or waited + pause > PATIENCE:
                        raise GithubUnavailableError(
                            f"GitHub's rate limit lasts another {pause:.0f} seconds",
                            "That is longer than is waited for. Run the job again later.",
                        )
                    self._waiting(pause)
                    self.clock.sleep(pause)
                    waited, secondary = waited + pause, secondary * 2
                    continue
                if response.status_code < 500:
                    return response
                lost = f"the answer was {response.status_code}"
            if tries == len(PAUSES) or (sent and not repeatable):
                raise GithubUnavailableError(
                    f"GitHub does not answer {method} {url.path}: {lost}",
                    "Run the job again later.",
                    may_have_landed=sent,
                )
            self.clock.sleep(PAUSES[tries])
            tries += 1

    def _limited(self, response: httpx.Response, secondary: float) -> float | None:
        """The seconds that a rate limit asks to wait; None where the answer is of no rate limit."""
        if response.status_code not in (403, 429):
            return None
        headers = response.headers
        if (after := _number(headers.get("retry-after"))) is not None:
            return max(after, 1.0)
        if headers.get("x-ratelimit-remaining") == "0":
            reset = _number(headers.get("x-ratelimit-reset"))
            return secondary if reset is None else max(reset - self.clock.time(), 1.0)
        if response.status_code == 429 or "rate limit" in self._words(response).lower():
            return secondary
        return None

    def _refusal(self, method: str, url: httpx.URL, response: httpx.Response, needs: str) -> GithubError:
        status, said = response.status_code, self._words(response)
        what = f"GitHub refuses {method} {url.path} ({status})"
        summary = f"{what}: {said}" if said else what
        if 300 <= status < 400:
            return GithubError(f"{what}: it leads elsewhere", "The repository may have moved. Look at its address.")
        if status == 401:
            return GithubSetupError(summary, "GITHUB_TOKEN is not valid: it ends with its job.")
        if status == 403 and "locked" in said.lower():
            return GithubLockedError(summary, "The conversation is locked. Unlock it, and run the job again.")
        permission = f"The job needs the permission `{needs}`." if needs else ""
        if status == 403:
            return GithubForbiddenError(summary, permission)
        if status == 404 and permission:
            return GithubError(summary, f"It is not there, or the token may not see it. {permission}")
        if status == 410:
            return GithubError(summary, "Issues are switched off in this repository. Switch them on in its settings.")
        return GithubError(summary)

    def _words(self, response: httpx.Response) -> str:
        """What GitHub says is wrong, in one line."""
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            return ""
        if not isinstance(answer, dict):
            return ""
        said = [answer.get("message")]
        errors = answer.get("errors")
        for error in errors if isinstance(errors, list) else ():
            said += [error.get("message"), error.get("code")] if isinstance(error, dict) else [error]
        words = "; ".join(re.sub(r"\s+", " ", word) for word in said if isinstance(word, str) and word)
        return words.replace(self._token, "***")[:_LONGEST_WORDS]

    def _json(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except (ValueError, RecursionError):
            raise GithubError(
                f"GitHub's answer for {response.url.path} is not JSON", "Is GITHUB_API_URL the address of its API?"
            ) from None

    def _object(self, response: httpx.Response) -> dict[str, Any]:
        answer = self._json(response)
        if not isinstance(answer, dict):
            raise GithubError(f"GitHub's answer for {response.url.path} is no object")
        return answer

    def _same_origin(self, address: str, here: httpx.URL) -> httpx.URL:
        """Where a link or redirect leads to, seen from `here`."""
        try:
            url = here.join(address)
        except (httpx.InvalidURL, ValueError):
            url = httpx.URL()
        if _origin(url) != _origin(self._api) or url.userinfo:
            raise GithubError("GitHub's API leads to another host; the token is not sent there")
        return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"\d{1,12}", text) else None
