"""Decides which endpoints a key may be sent to."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from reconciler.diagnostics import quoted
from reconciler.errors import UsageError

SCALE_ENDPOINT: Final = "https://api.scale.com/v1"
"""[D] in scale-api.md."""


def check_endpoint(text: str) -> str:
    """The endpoint, without a trailing slash.

    Raises:
        UsageError: it is not a URL, or a key must not be sent to it.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise UsageError(f"the endpoint {quoted(text)} is not a URL", f"Use a URL such as {SCALE_ENDPOINT}.")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the endpoint contains a user name or password",
            "Remove them from the URL. Reconciler reads the API key from an environment variable.",
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"the endpoint {quoted(text)} has a query or fragment",
            f"Remove everything from `?` or `#` on. Use a URL such as {SCALE_ENDPOINT}.",
        )
    url = text.rstrip("/")
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageError(
            f"the endpoint {quoted(text)} uses plain http",
            "Reconciler sends API keys only over https, except to this machine (loopback). Use https.",
        )
    return url


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
