"""Requests to other hosts, for both Scale and GitHub. Only this package uses httpx."""

import sys

if "httpx" not in sys.modules:
    # httpx imports its own command line if it can, and rich with it. No command of this package needs them.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    import httpx as httpx

    del sys.modules["httpx._main"]
