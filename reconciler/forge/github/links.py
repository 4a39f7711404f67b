"""Addresses of manifest lines on GitHub's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from reconciler.model.printed import relative
from reconciler.model.project import Source


def github_links(
    environment: Mapping[str, str], *, commit: str | None, base: str
) -> Callable[[Source], str | None] | None:
    """Links into the repository that GitHub's variables name, at `commit`; None without these.

    `base` is the git top level. Files outside of it have no address.
    """
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    if not server.startswith("https://") or not repository or not commit:
        return None
    root = f"{quote(server.rstrip('/'), safe='/:')}/{quote(repository)}/blob/{quote(commit)}"

    def link(source: Source) -> str | None:
        file = relative(source.file, base)
        if file.startswith(("/", "../")):
            return None
        return f"{root}/{quote(file.encode('utf-8', 'surrogatepass'))}#L{source.line}"

    return link
