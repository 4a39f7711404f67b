"""Blame: which version, commit, and author introduced each live value of a project. Writes nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.diagnostics import warning
from reconciler.git.authors import read_authors
from reconciler.model.history import Blame
from reconciler.model.ontology import Unreadable
from reconciler.operations.history import trace
from reconciler.operations.session import Session
from reconciler.planning.blame import blame as blame_of


def blame(session: Session, name: str) -> Blame:
    """Every live value of a project with the version that introduced it. Raises the errors of `history`."""
    traced = trace(session, name)
    live = traced.live
    fields = blame_of(live, traced.makers)
    notes = list(traced.diagnostics)
    if isinstance(live.ontology, Unreadable):
        notes.append(warning("unreadable-version", "the live ontology cannot be read", detail=f"{live.ontology.why}."))
    found = Blame(
        target=traced.account.target,
        name=live.name,
        type=live.type,
        read_at=session.now(),
        fields=fields,
        diagnostics=tuple(notes),
    )
    commits = (one.made.commit for one in fields if one.made.commit is not None)
    return replace(found, authors=read_authors(session.settings.git_root, commits))
