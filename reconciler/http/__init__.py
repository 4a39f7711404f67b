"""Requests to other hosts, for both Scale and GitHub. Only this package uses httpx."""
