"""Addresses of manifest lines on GitHub's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import quote

from reconciler.model.project import Source
from reconciler.model.rebuilding import relative

Links: TypeAlias = Callable[[Source], str | None]


def job_links(environment: Mapping[str, str], *, commit: str | None, base: str) -> Links | None:
    """Links into the repository of a job of GitHub Actions. For the rest, see `links`."""
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    return links(server, repository, commit=commit, base=base)


def links(server: str, repository: str, *, commit: str | None, base: str) -> Links | None:
    """Links into a repository (OWNER/NAME) at `commit`; None if either is unknown.

    `base` is the git top level. Files outside of it have no address.
    """
    if not server.startswith("https://") or not repository or not commit:
        return None
    root = f"{quote(server.rstrip('/'), safe='/:')}/{quote(repository)}/blob/{quote(commit)}"

    def link(source: Source) -> str | None:
        file = relative(source.file, base)
        if file.startswith(("/", "../")):
            return None
        return f"{root}/{quote(file.encode('utf-8', 'surrogatepass'))}#L{source.line}"

    return link
