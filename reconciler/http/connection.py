"""Requests to one host. Each is sent once, and results in an Answer or a Lost.

TLS is verified, and no redirect is followed. Every step has a time limit, and an answer has a size limit. Connections
are reused, and their number is limited. With a transport, no variable is read. This module does not repeat requests or
judge statuses.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import TypeAlias

import httpx

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.errors import ConnectionSetupError
from reconciler.frozen import dataclass
from reconciler.http.answer import Answer, Lost
from reconciler.http.route import open_slots, proxy_for

Transport: TypeAlias = httpx.AsyncBaseTransport

BODY_SECONDS = 600.0
"""How long an answer may take in total, once it has begun."""

_IDLE_SECONDS = 30.0
"""How long a connection is kept after a request."""

# Both log requests, statuses, and for debugging the headers of answers, in which a server can echo a key.
for _logger in ("httpx", "httpcore"):
    logging.getLogger(_logger).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Limits:
    """`connect` is the seconds for making a connection, `idle` the seconds that a request may make no progress.

    `bytes` is the size of the largest answer that is read.
    """

    connect: float
    idle: float
    bytes: int


class Connection:
    """A connection to `address` and the paths below it, in one event loop. It closes `transport`.

    `proxy` is the environment variable that names the proxy, None if there is none.

    Raises:
        ConnectionSetupError: the address is not a URL of an API, or a proxy or certificate variable does not work.
    """

    def __init__(
        self, address: str, *, headers: Mapping[str, str], connections: int, transport: Transport | None = None
    ) -> None:
        url = _checked(address)
        self.address = str(url)
        self._in_process = transport is not None
        proxy = None if self._in_process else proxy_for(url)
        self.proxy = proxy.variable if proxy is not None else None
        # A client of httpx would add cookies, redirects, and authentication, which nothing here uses.
        self._transport = transport or open_slots(url, proxy, most=connections, idle_seconds=_IDLE_SECONDS)
        always = {"accept": "application/json", "accept-encoding": "gzip, deflate", "connection": "keep-alive"}
        self._headers = httpx.Headers({"user-agent": f"reconciler/{__version__}", **always, **headers})
        self._headers_of_json = httpx.Headers({**self._headers, "content-type": "application/json"})

    async def close(self) -> None:
        await self._transport.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        clock: Clock,
        limits: Limits,
        content: bytes | None = None,
        sending: Callable[[], None] | None = None,
    ) -> Answer | Lost:
        """Send one request, with `content` as JSON. `sending` is called when there is a connection and the request goes
        out.

        Every failure of a real transport is a Lost. An exception of an in-process transport is not caught.
        """

        async def trace(event: str, _: object) -> None:
            # Names of events: https://www.encode.io/httpcore/extensions/#trace
            if sending is not None and event.endswith(".send_request_headers.started"):
                sending()

        timeout = {"connect": limits.connect, "read": limits.idle, "write": limits.idle, "pool": None}
        request = httpx.Request(
            method,
            _url(url),
            headers=self._headers if content is None else self._headers_of_json,
            content=content,
            extensions={"timeout": timeout} if sending is None else {"timeout": timeout, "trace": trace},
        )
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return await _read(response, clock, limits.bytes)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            return _lost(error)
        except (UnicodeError, OverflowError, OSError) as error:
            # httpcore raises these for an impossible host name or port, such as those of a proxy.
            if self._in_process:
                raise
            return Lost(f"cannot connect ({type(error).__name__})", sent=False, final=True)


class InProcess(httpx.AsyncBaseTransport):
    """A transport that answers requests with a function of this process. It uses no port and no environment.

    `answer` gets the method, the target as it would be sent, the headers with names in lower case, and the body. It
    returns the status, the headers, and the body.
    """

    def __init__(
        self, answer: Callable[[str, bytes, Mapping[str, str], bytes], Awaitable[tuple[int, Mapping[str, str], bytes]]]
    ) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        status, headers, content = await self._answer(request.method, request.url.raw_path, dict(request.headers), body)
        return httpx.Response(status, headers=headers, content=content)


def is_url(text: str) -> bool:
    """Whether this can be the URL of a request: it is valid, and not too long."""
    try:
        _url(text)
    except (httpx.InvalidURL, ValueError):
        return False
    return True


_url = lru_cache(maxsize=128)(httpx.URL)
"""Each project's is used by several requests."""


def origin(text: str) -> tuple[str, str, int | None]:
    """The scheme, host, and port of a URL. ValueError if it is not a URL, or has a user name."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    if url.userinfo:
        raise ValueError("the URL contains a user name")
    return url.scheme, url.host, url.port


def join(here: str, address: str) -> str:
    """The URL that a link or redirect at `here` leads to. ValueError if it is not a URL."""
    try:
        return str(httpx.URL(here).join(address))
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None


def next_page(answer: Answer) -> str | None:
    """The address of a list's next page, from the `Link` header."""
    return (
        httpx.Response(answer.status, headers={"link": answer.headers.get("link", "")}).links.get("next", {}).get("url")
    )


def _checked(address: str) -> httpx.URL:
    """An address without a slash at its end."""
    try:
        url = httpx.URL(address.strip().rstrip("/"))
        plain = url.scheme in ("http", "https") and url.host and not (url.userinfo or url.query or url.fragment)
    except (httpx.InvalidURL, ValueError):
        plain = False
    if not plain:
        raise ConnectionSetupError(
            "the endpoint is not a valid API URL",
            "An endpoint must start with http:// or https://, followed by a host. It cannot contain a user name, a "
            "password, `?`, or `#`.",
        )
    return url


async def _read(response: httpx.Response, clock: Clock, most: int) -> Answer | Lost:
    body = BytesIO()  # one buffer: the pieces and the whole of a large list would not be kept at the same time
    begun = clock.monotonic()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.aiter_bytes() if "content-encoding" in response.headers else response.stream:
        body.write(chunk)
        if body.tell() > most:
            return Lost(f"the response is larger than {most // 1_000_000} MB", sent=True, final=True)
        if clock.monotonic() - begun > BODY_SECONDS:
            return Lost(f"the response took longer than {BODY_SECONDS:.0f} seconds", sent=True, final=True)
    return Answer(status=response.status_code, headers=response.headers, body=body.getvalue())


def _lost(error: httpx.HTTPError) -> Lost:
    """The result of a failed request. Only without a connection is it certain that the request did not land."""
    if _is_untrusted(error):
        return Lost("the server's certificate is not trusted", sent=False, final=True, advice=_certificate_advice())
    match error:
        case httpx.ConnectTimeout():
            return Lost("cannot connect within the time limit", sent=False)
        case httpx.ConnectError():
            return Lost(f"cannot connect ({error})" if str(error) else "cannot connect", sent=False)
        case httpx.PoolTimeout():
            return Lost("no connection was free within the time limit", sent=False)
        case httpx.ProxyError():
            # The message starts with the proxy's status. A 4xx will not change by itself.
            return Lost(f"the proxy refused the request ({error})", sent=False, final=str(error).startswith("4"))
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return Lost(f"the request cannot be sent ({error})", sent=False, final=True)
        case httpx.TimeoutException():
            return Lost("no response within the time limit", sent=True)
        case httpx.DecodingError():
            return Lost("the response cannot be decompressed", sent=True)
        case _:
            return Lost(f"the connection was lost ({error})" if str(error) else "the connection was lost", sent=True)


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _certificate_advice() -> str:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if os.environ.get(name):
            return f"Only the certificates in {name} are trusted. Add the server's certificate, or its issuer's."
    return "If your network uses a proxy with its own certificate, set SSL_CERT_FILE to a file with that certificate."
