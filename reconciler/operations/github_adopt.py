"""Update the pull request that adopts the drift of a target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, count, error, listed, shortened
from reconciler.errors import DiagnosedError
from reconciler.forge.github.adoptions import Proposed, keep_pull
from reconciler.forge.github.branches import Content
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.event import Event
from reconciler.git.staging import staged
from reconciler.model.adoption import Adopted
from reconciler.model.drift import Unit
from reconciler.model.values import canonical_json
from reconciler.operations.adopt import Adoption, Decision, adopt, shown
from reconciler.operations.github_drift import content_hash
from reconciler.operations.github_writer import CONTENT, Report, Writer, in_words, said, with_notes
from reconciler.operations.session import Session
from reconciler.planning.adoption import Proposal
from reconciler.render.escape import plain, quoted
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.markdown.page import lay_out_view
from reconciler.render.markdown.talk import adoption_explained, adoption_over, adoption_title, scope_words
from reconciler.render.phrases import minute
from reconciler.render.view.adoption import view_proposal

_MARKER: Final = 18_000
_ACTING: Final = re.compile(r"[^\w .\"-]|(?i:(?<=gh)-)")
_LEFT: Final = (Decision.CONFLICT, Decision.REFUSED)
_MOST_LINES: Final = 200
"""Units that the message of a commit names."""


def keep_adoption(client: GithubClient, event: Event, session: Session, writer: Writer, *, base: str) -> Report:
    """Update the scope's pull request: what `adopt` would write into the manifests, as a branch. The checkout is only
    read.

    `base` is the branch that it goes into, empty for that of the event. Conflicts and sensitive values are named, and
    left.

    Raises:
        DiagnosedError: a manifest has an error, a value cannot be declared, or a file has uncommitted changes.
        RecordError, GitRefusedError: the record or the commit is unavailable.
        ScaleError: live state cannot be read.
        GithubError: the pull request cannot be read or written.
    """
    adoption = adopt(session, (), (), None)
    commit, files, refused = staged(session.settings.git_root, adoption.revision.files)
    if refused or commit is None:
        raise DiagnosedError("uncommitted changes", [_uncommitted(refused, writer)])
    found = _shown(adoption, session)
    scope = writer.scope(session.target.name)
    words = scope_words(scope.target, scope.folder, scope.id)
    adopted, conflicts, cannot_be = (adoption.decided[each] for each in (Decision.ADOPT, *_LEFT))
    proposed = Proposed(
        scope=scope,
        base=base or event.branch or event.default_branch,
        commit=commit,
        drifts=[_identity(each) for each in adopted],
        files=[Content(each.name, each.mode, each.content) for each in files],
        title=adoption_title(scope.target, scope.folder, scope.id),
        message=_message(adopted, scope.target),
        data={CONTENT: content_hash(found.drift, writer)},
        text=partial(_text, found, event, writer, commit),
        over=adoption_over(words, left=len(conflicts) + len(cannot_be)),
        complete=len(adoption.diagnostics) == len(cannot_be),
    )
    kept, url, notes = keep_pull(client, proposed, author=client.author(), at=writer.now, now=writer.now)
    where = in_words(scope)
    line = said(f"Pull request for {where}", kept, url, none=f"No pull request for {where}.")
    return Report((line,), (*found.drift.diagnostics, *notes))


def _shown(adoption: Adoption, session: Session) -> Adopted:
    """All that drifted: what is adopted, and what is left. A refused unit does not fail the run."""
    found = shown(adoption, session, left=[proposal for each in _LEFT for proposal in adoption.decided[each]])
    diagnostics = tuple(
        replace(each, severity=Severity.WARNING) if each.code == "not-adopted" else each
        for each in adoption.diagnostics
    )
    return replace(
        found, drift=replace(found.drift, diagnostics=diagnostics), adopted=len(adoption.decided[Decision.ADOPT])
    )


def _text(found: Adopted, event: Event, writer: Writer, commit: str, theirs: bool) -> str:
    view = view_proposal(found, writer.reader(event, commit))
    scope = writer.scope(found.target.name)
    notes = [*writer.scope_line(scope), adoption_explained(theirs=theirs)]
    return with_notes(lay_out_view(view, limit=LIMIT - _MARKER), notes)


def _identity(proposal: Proposal) -> str:
    """A later edit of the same unit is a different drift."""
    return canonical_json([proposal.project.name, proposal.unit.path, proposal.unit.version])


def _message(adopted: Sequence[Proposal], target: str) -> str:
    """The message of the commit: which versions it adopts, and when they were made."""
    lines = [f"- {_inert(quoted(each.project.name))}: {_words(each.unit)}" for each in adopted[:_MOST_LINES]]
    if len(adopted) > _MOST_LINES:
        lines.append(f"- and {count(len(adopted) - _MOST_LINES, 'more change')}")
    subject = f"Adopt {count(len(adopted), 'change')} made on Scale ({plain(target)})"
    return "\n".join([subject, "", "The manifests now declare these values from Scale:", "", *lines])


def _words(unit: Unit) -> str:
    """A unit with its version and time."""
    path = _inert(unit.path)
    version = f", version {unit.version}" if unit.version is not None else ""
    return f"{path}{version}{f' of {minute(unit.at)}' if unit.at is not None else ''}"


def _inert(name: str) -> str:
    """A name from Scale that does not act on GitHub, where `fixes #1`, `closes GH-1`, and the address of an issue close
    one, and `@name` calls someone."""
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", shortened(name))


def _uncommitted(files: Sequence[str], writer: Writer) -> Diagnostic:
    names = list(_names(files, writer))
    return error(
        "uncommitted",
        f"{listed(names) or 'the checkout'} {'has' if len(names) < 2 else 'have'} uncommitted changes",
        detail="The pull request is unchanged. Run this command in a fresh checkout.",
    )


def _names(files: Sequence[str], writer: Writer) -> Iterator[str]:
    for file in files:
        path = PurePath(file)
        yield path.relative_to(writer.base).as_posix() if path.is_relative_to(writer.base) else file
