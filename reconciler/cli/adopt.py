"""`reconciler adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.fieldpath import Pattern
    from reconciler.operations.adopt import Choice
    from reconciler.planning.adoption import Proposal

_EPILOG = """\b
Examples:
  reconciler adopt --target production
  reconciler adopt kitten_labeling --path params.instruction
  reconciler adopt --diff > drift.patch
"""
_QUESTION = """
{unit} of {project}{when}
{values}
[a]dopt it, adopt [e]verything else, [r]evert it, [i]gnore it, [s]kip it, [q]uit: """


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

    NAME is a project name, a shell-style pattern, or a manifest path or folder. On a terminal, asks about each change,
    unless --path or --diff is given. What git has changed too is adopted only if --path names it, or if you choose it.
    """
    from reconciler.operations.adopt import adopt, shown
    from reconciler.operations.editing import write

    session = console.open_session(target, endpoint)
    ask = _Asking() if console.has_person() and not (paths or only_diff) else None
    found = adopt(session, names, _patterns(paths), ask)
    if only_diff:
        console.say(found.revision.diff(session.settings.git_root))
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
    """Asks a person at the terminal about one unit after the other."""

    def __init__(self) -> None:
        self._everything = False
        self._nothing = False

    def __call__(self, proposal: Proposal) -> Choice:
        from reconciler.operations.adopt import Choice, Decision

        if self._nothing:
            return Choice(Decision.SKIP)
        if self._everything:
            return Choice(Decision.ADOPT if proposal.is_drift else Decision.SKIP)
        question = _question(proposal)
        while True:
            answer = console.answer(question).strip().lower()[:1]
            match answer:
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
                case "q" | "":
                    self._nothing = True
                    return Choice(Decision.SKIP)
            question = "Answer a, e, r, i, s, or q: "

    def _ignore(self) -> Choice:
        from datetime import date

        from reconciler.operations.adopt import Choice, Decision

        until = None
        question = "Until which day (YYYY-MM-DD, empty for no end)? "
        while words := console.answer(question).strip():
            try:
                until = date.fromisoformat(words)
                break
            except ValueError:
                question = "This is not a day. Use YYYY-MM-DD: "
        return Choice(Decision.IGNORE, until, console.answer("Why (may be empty)? ").strip())


def _question(proposal: Proposal) -> str:
    """The unit with its three values: at the last apply, in git, and on Scale."""
    from reconciler.render.escape import plain, quoted
    from reconciler.render.phrases import minute
    from reconciler.render.spelling import compact

    unit = proposal.unit
    when = f" ({unit.cause.value}" + (f": version {unit.version}" if unit.version is not None else "")
    when += f", {minute(unit.at)})" if unit.at is not None else ")"
    sides = (("last apply", unit.base), ("git", unit.desired), ("Scale", unit.live))
    values = "\n".join(f"  {name:<11}{compact(value)}" for name, value in sides)
    return _QUESTION.format(unit=plain(unit.path), project=quoted(proposal.project.name), when=when, values=values)
