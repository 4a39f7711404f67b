"""The HTTP connection: built from the endpoint and, for a real one, the environment; one request → Answer or Lost.

Promises: TLS is verified, no redirect is followed, every step has a time limit, connections are kept and bounded. With
a transport given no variable is read. Must not repeat anything, nor judge a status.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.errors import ConnectionSetupError
from reconciler.http import UnreachableError, build
from reconciler.scale.transport import Answer, Lost

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 15.0
"""How long a connection may take; how long a write's request and its answer may stand still."""

BODY_SECONDS = 600.0
"""How long an answer that has begun may take in all."""

# Both log requests, statuses and, for debugging, the headers of answers, where a server can echo the key.
for _logger in ("httpx", "httpcore"):
    logging.getLogger(_logger).setLevel(logging.WARNING)


def checked_endpoint(endpoint: str) -> httpx.URL:
    """The endpoint without a slash at its end; ConnectionSetupError for what is no plain http or https URL."""
    try:
        url = httpx.URL(endpoint.strip().rstrip("/"))
        plain = url.scheme in ("http", "https") and url.host and not (url.userinfo or url.query or url.fragment)
    except (httpx.InvalidURL, ValueError):
        plain = False
    if not plain:
        raise ConnectionSetupError(
            "The endpoint is no URL of an API",
            "It must start with http:// or https:// and name a host, without user name, password, `?` and `#`.",
        )
    return url


def build_client(
    endpoint: httpx.URL, *, headers: Mapping[str, str], parallelism: int, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """A client for the endpoint. With a `transport`, which it then owns, nothing is read from the environment.

    ConnectionSetupError names the variable that does not work.
    """
    options: dict[str, Any] = {
        "headers": {"user-agent": f"reconciler/{__version__}", "accept": "application/json", **headers},
        "limits": httpx.Limits(
            max_connections=parallelism, max_keepalive_connections=parallelism, keepalive_expiry=30.0
        ),
    }
    if transport is not None:
        # The bare context trusts nobody, and costs nothing.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncClient(transport=transport, verify=context, trust_env=False, **options)
    try:
        return build(httpx.AsyncClient, endpoint, **options)
    except UnreachableError as problem:
        error = ConnectionSetupError(problem.summary, problem.detail)
    raise error


class InProcess(httpx.AsyncBaseTransport):
    """A transport whose requests are answered by a function of this process: no port and no environment.

    `answer` takes the method, the target as it would be sent, the headers with names in lower case, and the body. It
    returns the status, the headers and the body.
    """

    def __init__(
        self, answer: Callable[[str, bytes, Mapping[str, str], bytes], Awaitable[tuple[int, Mapping[str, str], bytes]]]
    ) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        status, headers, content = await self._answer(request.method, request.url.raw_path, dict(request.headers), body)
        return httpx.Response(status, headers=headers, content=content)


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, *, clock: Clock, in_process: bool
) -> Answer | Lost:
    """Sends one request once. A real transport's every failure is Lost; what an in-process one raises goes through."""
    try:
        response = await client.send(request, stream=True)
        try:
            chunks = []
            begun = clock.monotonic()
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                if clock.monotonic() - begun > BODY_SECONDS:
                    return Lost(f"the answer took longer than {BODY_SECONDS:.0f} seconds", sent=True, final=True)
            return Answer(status=response.status_code, headers=response.headers, body=b"".join(chunks))
        finally:
            await response.aclose()
    except httpx.HTTPError as error:
        return _lost(error)
    except (UnicodeError, OverflowError, OSError) as error:
        # What httpcore lets through for a host name or a port that cannot be, such as those of a proxy.
        if in_process:
            raise
        return Lost(f"the connection cannot be made ({_class_of(error)})", sent=False, final=True)


def _lost(error: httpx.HTTPError) -> Lost:
    """Only what is raised before a connection stands surely did not land."""
    if _is_untrusted(error):
        return Lost(f"the server's certificate is not trusted{_certificate_advice()}", sent=False, final=True)
    match error:
        case httpx.ConnectTimeout():
            return Lost("no connection within the time limit", sent=False)
        case httpx.ConnectError():
            return Lost(f"no connection ({error})" if str(error) else "no connection", sent=False)
        case httpx.PoolTimeout():
            return Lost("no connection was free within the time limit", sent=False)
        case httpx.ProxyError():
            # The proxy's status comes first; of those 4xx will not change by themselves.
            return Lost(f"the proxy refuses ({error})", sent=False, final=str(error).startswith("4"))
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return Lost(f"the request cannot be sent ({error})", sent=False, final=True)
        case httpx.TimeoutException():
            return Lost("no answer within the time limit", sent=True)
        case httpx.DecodingError():
            return Lost("the answer's compression is broken", sent=True)
        case _:
            return Lost(f"the connection broke off ({error})" if str(error) else "the connection broke off", sent=True)


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _certificate_advice() -> str:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if os.environ.get(name):
            return f" by the certificates in {name}"
    return " (behind a company's proxy, set SSL_CERT_FILE to a file with its certificate)"


def _class_of(error: BaseException) -> str:
    return type(error).__name__
