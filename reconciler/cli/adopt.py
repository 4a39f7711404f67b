"""`reconciler adopt`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.fieldpath import Pattern
    from reconciler.operations.adopt import Choice
    from reconciler.operations.session import Session
    from reconciler.planning.adoption import Proposal

_EPILOG = """\b
Examples:
  reconciler adopt --target production
  reconciler adopt kitten_labeling --path params.instruction
  reconciler adopt --diff > drift.patch
"""
_QUESTION = (
    "[a]dopt it, adopt [e]very remaining change except conflicts, [r]evert it, [i]gnore it, [s]kip it, "
    "[q]uit and skip the rest:"
)
_AGAIN = "Enter a, e, r, i, s, or q:"
_DAY = "Ignore it until which date (YYYY-MM-DD, empty for no end date)?"


@click.command("adopt", epilog=_EPILOG)
@console.names_argument
@console.target_options
@click.option(
    "--path",
    "paths",
    metavar="PATH",
    multiple=True,
    help="Adopt only this parameter, such as params.instruction, or ontology, even if git changed it (repeatable).",
)
@console.editing_options
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    paths: tuple[str, ...],
    only_diff: bool,
    allow_dirty: bool,
) -> int:
    """Write values that were changed on Scale into the manifests. Never writes anything to Scale.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. On a terminal, prompts for each change,
    unless --path or --diff is given. A value that also changed in git is adopted only if --path names it, or if you
    choose it.
    """
    from reconciler.operations.adopt import adopt, shown
    from reconciler.operations.editing import write

    session = console.open_session(target, endpoint)
    ask = _Asking(session) if console.has_person() and not (paths or only_diff) else None
    found = adopt(session, names, _patterns(paths), ask)
    if only_diff:
        console.say_patch(found.revision.patch(session.settings.git_root))
        console.say_diagnostics(found.diagnostics)
    else:
        write(session.settings, found.revision, allow_dirty=allow_dirty)
        formats.show("adoption", shown(found, session), "text", session.settings)
    runner.annotate(found.diagnostics)
    return int(any(diagnostic.is_error for diagnostic in found.diagnostics))


def _patterns(paths: tuple[str, ...]) -> list[Pattern]:
    """Raises click.UsageError for a path that cannot be read."""
    from reconciler.fieldpath import parse_pattern

    found = []
    for path in paths:
        try:
            found.append(parse_pattern(path))
        except ValueError as problem:
            raise click.UsageError(f"--path {path}: {problem}") from None
    return found


class _Asking:
    """Prompts at the terminal for one unit after the other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._everything = False
        self._nothing = False

    def __call__(self, proposal: Proposal) -> Choice:
        from reconciler.operations.adopt import Choice, Decision

        if self._nothing:
            return Choice(Decision.SKIP)
        if self._everything:
            return Choice(Decision.ADOPT if proposal.is_drift else Decision.SKIP)
        console.tell(f"\n{self._question(proposal)}")
        question = _QUESTION
        while answer := _answer(question):
            match answer.strip().lower()[:1]:
                case "a":
                    return Choice(Decision.ADOPT)
                case "e":
                    self._everything = True
                    return Choice(Decision.ADOPT if proposal.is_drift else Decision.SKIP)
                case "r":
                    return Choice(Decision.REVERT)
                case "i":
                    return self._ignore()
                case "s":
                    return Choice(Decision.SKIP)
                case "q":
                    break
            question = _AGAIN
        self._nothing = True
        return Choice(Decision.SKIP)

    def _ignore(self) -> Choice:
        """How to ignore a unit. The end of the input skips it."""
        from datetime import UTC, date

        from reconciler.operations.adopt import Choice, Decision

        until, question = None, _DAY
        while words := (answer := _answer(question)).strip():
            try:
                day = date.fromisoformat(words)
            except ValueError:
                question = "Not a valid date. Use YYYY-MM-DD:"
                continue
            if day >= self._session.now().astimezone(UTC).date():
                until = day
                break
            question = "This date is in the past. Enter a later one:"
        reason = answer and _answer("Reason (optional):")
        return Choice(Decision.IGNORE, until, reason.strip()) if reason else Choice(Decision.SKIP)

    def _question(self, proposal: Proposal) -> str:
        """The unit, what changed on Scale, and for a conflict, what changed in git."""
        from reconciler.operations.adopt import question
        from reconciler.render.text.plan import lay_out_project

        view = formats.view_of("drift", question(proposal, self._session), self._session.settings)
        return "".join(lay_out_project(project, **console.look(sys.stderr)) for project in view.projects)


def _answer(question: str) -> str:
    """The line that the person at the terminal enters, with its line ending; empty at the end of the input."""
    from reconciler.render.layout import folded

    answer = console.answer(f"{folded(question, console.look(sys.stderr)['columns'])} ")
    if not answer:
        console.tell("\n")
    return answer
