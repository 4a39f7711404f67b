"""How a client reaches its host: through which proxy, and with which certificates.

Loopback is never reached through a proxy. httpx gets the proxy for the host and reads nothing from the environment, so
that no second parser can disagree with this one. The error for a variable that does not work has its name, but never
its value, because the address of a proxy may contain a password.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import urllib.request
from collections.abc import Callable
from dataclasses import field
from functools import partial

import httpx

from reconciler.endpoint import is_loopback
from reconciler.errors import ConnectionSetupError
from reconciler.frozen import dataclass
from reconciler.http.slots import Slots

_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Proxy:
    """`variable` is the environment variable that names it."""

    variable: str
    address: str = field(repr=False)


def proxy_for(url: httpx.URL) -> Proxy | None:
    """The proxy for requests to this host, None if there is none."""
    if is_loopback(str(url)):
        return None
    settings = urllib.request.getproxies()
    scheme = next((scheme for scheme in (url.scheme, "all") if settings.get(scheme)), None)
    if scheme is None or any(_excludes(entry, url) for entry in settings.get("no", "").split(",")):
        return None
    # The lower-case spelling wins, as in urllib.request.getproxies_environment.
    names = sorted((name for name in os.environ if name.lower() == f"{scheme}_proxy"), reverse=True)
    address = settings[scheme]
    return Proxy(names[0] if names else f"{scheme}_proxy", address if "://" in address else f"http://{address}")


def open_slots(url: httpx.URL, proxy: Proxy | None, *, most: int, idle_seconds: float) -> Slots:
    """At most `most` connections to this host, through its proxy. An idle one is used again for `idle_seconds`.

    Raises:
        ConnectionSetupError: a proxy or certificate variable does not work.
    """
    secure = url.scheme == "https" or (proxy is not None and proxy.address.startswith("https:"))
    # A bare context trusts no server.
    context = _certificates() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        open_one = partial(
            httpx.AsyncHTTPTransport,
            verify=context,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=idle_seconds),
            proxy=proxy.address if proxy is not None else None,
        )
        return Slots(open_one, most)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        problem = error
    if proxy is None:
        raise _unexplained(problem)
    if isinstance(problem, ImportError):
        raise _unusable(proxy.variable, "names a SOCKS proxy", "Only HTTP proxies are supported. ")
    raise _unusable(proxy.variable, f"is not the URL of a proxy ({type(problem).__name__})")


def _excludes(entry: str, url: httpx.URL) -> bool:
    """Whether an entry of NO_PROXY names the host: `*`, a name (and its subdomains), an address, or a range.

    An entry may start with a scheme and end with a port, which must then be those of the URL.
    """
    scheme, _, entry = entry.strip().lower().rpartition("://")
    if entry == "*":
        return True
    if scheme not in ("", "all", url.scheme):
        return False
    if with_port := _PORT.fullmatch(entry):
        entry = with_port[1]
        if int(with_port[2]) != (url.port or {"http": 80, "https": 443}.get(url.scheme)):
            return False
    entry = entry.strip("[]")
    try:
        return ipaddress.ip_address(url.host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        name = entry.removeprefix("*").strip(".")
        return name != "" and any(
            host == name or host.endswith(f".{name}") for host in (url.host.lower(), url.raw_host.decode("ascii"))
        )


def _certificates() -> ssl.SSLContext:
    _check_certificate_folder()
    try:
        return httpx.create_ssl_context()
    except (ValueError, OSError) as error:
        problem = error
    for name, probe in (("SSL_CERT_FILE", _probe_certificates), ("SSLKEYLOGFILE", _probe_key_log)):
        if (value := os.environ.get(name)) and (failure := _failure(probe, value)):
            raise _unusable(name, f"names a file that cannot be used ({failure})")
    raise _unexplained(problem)


def _failure(probe: Callable[[str], None], value: str) -> str:
    """The kind of error that a value causes; empty if it causes none. No error keeps another one that has the value."""
    try:
        probe(value)
    except (ValueError, OSError) as error:
        return type(error).__name__
    return ""


def _check_certificate_folder() -> None:
    """OpenSSL accepts a folder that does not exist, and then trusts no server."""
    folder = os.environ.get("SSL_CERT_DIR")
    if folder and not os.environ.get("SSL_CERT_FILE") and not any(map(os.path.isdir, folder.split(os.pathsep))):
        raise _unusable("SSL_CERT_DIR", "does not name a folder")


def _probe_certificates(value: str) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)


def _probe_key_log(value: str) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = value


def _unusable(name: str, problem: str, why: str = "") -> ConnectionSetupError:
    return ConnectionSetupError(f"the environment variable {name} {problem}", f"{why}Fix or unset the variable.")


def _unexplained(problem: BaseException) -> ConnectionSetupError:
    return ConnectionSetupError(
        f"the HTTP connection cannot be set up ({type(problem).__name__})",
        "Check the proxy settings and the variables HTTPS_PROXY, ALL_PROXY, NO_PROXY, and SSL_CERT_FILE.",
    )
