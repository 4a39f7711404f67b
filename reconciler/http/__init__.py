"""Requests to another host, for Scale and GitHub alike. The only home of httpx."""
