"""Relabel: the names of choices and labels that changed between two versions. Writes nothing."""

from __future__ import annotations

from reconciler.git.authors import read_authors
from reconciler.model.history import Range, Relabel
from reconciler.operations.history import declared_renames, trace
from reconciler.operations.session import Session
from reconciler.planning.relabel import renames_between


def relabel(session: Session, name: str, asked: Range) -> Relabel:
    """The renames between two versions of a project. Raises the errors of `history`."""
    traced = trace(session, name)
    declared = declared_renames(session, name)
    part, first, last, renames = renames_between(traced.live, asked, traced.makers, declared)
    commits = (one.made.commit for one in renames if one.made.commit is not None)
    return Relabel(
        target=traced.account.target,
        name=traced.live.name,
        part=part,
        first=first,
        last=last,
        read_at=session.now(),
        renames=renames,
        authors=read_authors(session.settings.git_root, commits),
        diagnostics=traced.diagnostics,
    )
