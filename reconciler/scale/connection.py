"""The HTTP connection: built from the endpoint and, for a real one, the environment; one request → Answer or Lost.

Promises: TLS is verified, no redirect is followed, every step has a time limit, connections are kept and bounded; a
variable of the environment that does not work is an error with its name, never with its value (a proxy's address may
hold a password). With a transport given no variable is read. Must not repeat anything, nor judge a status.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from reconciler import __version__
from reconciler.errors import ConnectionSetupError
from reconciler.scale.transport import Answer, Clock, Lost

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 15.0
"""How long a connection may take; how long a write's request and its answer may stand still."""

BODY_SECONDS = 600.0
"""How long an answer that has begun may take in all."""

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")

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
    *, secure: bool, headers: Mapping[str, str], parallelism: int, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """A client that reads the environment where no `transport` is given; a given one it owns.

    Certificates are loaded where they are needed: `secure` says that the endpoint is https.

    ConnectionSetupError names the variable that does not work.
    """
    real = transport is None
    secure = real and (secure or any(value.startswith("https:") for value in urllib.request.getproxies().values()))
    if secure:
        _check_certificate_folder()
    try:
        return httpx.AsyncClient(
            headers={"user-agent": f"reconciler/{__version__}", "accept": "application/json", **headers},
            limits=httpx.Limits(
                max_connections=parallelism, max_keepalive_connections=parallelism, keepalive_expiry=30.0
            ),
            transport=transport,
            # The bare context trusts nobody.
            verify=httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=real,
            follow_redirects=False,
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        if not real:
            raise
        problem = _class_of(error)
    raise _blame(problem)


def in_process(application: Any) -> httpx.AsyncBaseTransport:
    """A transport whose requests end in an ASGI application in this process: no port, no thread, no environment."""
    return httpx.ASGITransport(application)


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


def proxy_variable(url: httpx.URL) -> str | None:
    """The variable that names the proxy which requests to `url` go through, for messages; None without one."""
    settings = urllib.request.getproxies()
    scheme = url.scheme if settings.get(url.scheme) else "all"
    if not settings.get(scheme) or urllib.request.proxy_bypass(url.host):
        return None
    # The lower-case spelling wins, as in urllib.request.getproxies_environment.
    names = sorted((name for name in os.environ if name.lower() == f"{scheme}_proxy"), reverse=True)
    return names[0] if names else None


def _check_certificate_folder() -> None:
    """OpenSSL takes a folder that is not there without a word, and then trusts nobody."""
    folder = os.environ.get("SSL_CERT_DIR")
    if folder and not os.environ.get("SSL_CERT_FILE") and not any(map(os.path.isdir, folder.split(os.pathsep))):
        raise _variable_error("SSL_CERT_DIR", "it names no folder")


def _blame(problem: str) -> ConnectionSetupError:
    """The error for a client that could not be built: each variable that is set is tried by itself."""
    for name in sorted(os.environ):
        value = os.environ[name]
        probe = _probe_of(name)
        if probe is None or not value:
            continue
        try:
            probe(value)
        except ImportError:
            return _variable_error(name, "it names a SOCKS proxy, and only HTTP proxies are supported")
        except (ValueError, OSError, httpx.InvalidURL) as error:
            return _variable_error(name, f"its value cannot be used ({_class_of(error)})")
    return ConnectionSetupError(
        f"The HTTP connection cannot be set up ({problem})",
        "Look at the proxy settings and at the variables HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE.",
    )


def _probe_of(name: str) -> Callable[[str], object] | None:
    if name.lower() in _PROXY_VARIABLES:
        return _probe_proxy
    if name.lower() == "no_proxy":
        return _probe_no_proxy
    return {"SSL_CERT_FILE": _probe_certificates, "SSLKEYLOGFILE": _probe_key_log}.get(name)


def _probe_proxy(value: str) -> None:
    httpx.AsyncHTTPTransport(proxy=value if "://" in value else f"http://{value}", verify=False)


def _probe_no_proxy(value: str) -> None:
    for entry in filter(None, map(str.strip, value.split(","))):
        try:
            ipaddress.ip_address(entry.split("/")[0])
        except ValueError:
            # As httpx spells an entry that is no address.
            httpx.URL(entry if "://" in entry else f"all://*{entry}")


def _probe_certificates(value: str) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)


def _probe_key_log(value: str) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = value


def _variable_error(name: str, problem: str) -> ConnectionSetupError:
    return ConnectionSetupError(f"The environment variable {name} does not work: {problem}", "Correct or unset it.")


def _class_of(error: BaseException) -> str:
    return type(error).__name__
