"""An apply as people read it: a line as each thing happens, a table at the end, and every failure once more.

The table and the fixed last line are results (stdout); failures are repeated apart from them (stderr), each with what
is true now and what to do, so that nothing is scrolled away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.fieldpath import Pattern
from reconciler.model.outcome import CallResult, Event, Outcome, OutcomeSummary, ProjectOutcome, Status
from reconciler.model.plan import Action, Field
from reconciler.render.counting import count, listed
from reconciler.render.diagnostics import render_diagnostics
from reconciler.render.escape import plain
from reconciler.render.layout import Line, lay_out, width
from reconciler.render.moments import duration
from reconciler.render.paint import Ink, Paint
from reconciler.render.places import command, word
from reconciler.render.rows import block, tree_lines
from reconciler.render.signs import INK, Sign
from reconciler.render.view import changes_alone, rows

_GERUND: Final = {Action.CREATE: "Creating", Action.UPDATE: "Modifying", Action.NO_OP: "Reading"}
_FINISHED: Final = {Action.CREATE: "Creation", Action.UPDATE: "Modifications", Action.NO_OP: "Reading"}
_DONE: Final = {Action.CREATE: "created", Action.UPDATE: "changed", Action.NO_OP: "nothing to do"}
_NOT_DONE: Final = {
    Status.FAILED: "failed",
    Status.UNCLEAR: "unclear",
    Status.FORGOTTEN: "forgotten, it stays on Scale",
    Status.HELD: "held, not written",
    Status.BLOCKED: "blocked",
    Status.PROTECTED: "protected, not written",
    Status.STALE: "stale, not written",
    Status.NOT_STARTED: "not started",
}
_SIGN: Final = {Action.CREATE: Sign.ADD, Action.UPDATE: Sign.CHANGE}
_SIGN_OF_STATUS: Final = {Status.BLOCKED: Sign.BLOCKED, Status.HELD: Sign.HELD, Status.FORGOTTEN: Sign.FORGET}
SIGNALS: Final = {1: "SIGHUP", 2: "SIGINT", 15: "SIGTERM"}
_LONGEST_REASON: Final = 300
_MOST_STALE: Final = 30


def render_event(event: Event, *, colour: bool = False) -> str:
    """One line of progress: what begins, what is sent, or how it ended."""
    paint = Paint(colour)
    name = paint(f"project.{plain(event.name)}:", Ink.BOLD)
    if event.outcome is None:
        sent = plain(event.detail) or event.call
        return f"{name} {_GERUND[event.action]}...{f' [{sent}]' if sent else ''}\n"
    return f"{name} {_ended(event.outcome, paint)}\n"


def _ended(outcome: ProjectOutcome, paint: Paint) -> str:
    now = versions(outcome)
    if outcome.status is Status.DONE:
        words = f"{_FINISHED[outcome.action]} complete after {duration(outcome.seconds)}"
        return f"{paint(words, Ink.GREEN)} [{', '.join([*now, 'read back'])}]"
    if outcome.status is Status.UNCHANGED:
        return f"Nothing to do{f' [{listed(now)}]' if now else ''}"
    words = _NOT_DONE[outcome.status].capitalize()
    reason = _reason(outcome)
    return paint(words, _ink(outcome.status)) + (f": {reason}" if reason else "")


def _reason(outcome: ProjectOutcome) -> str:
    """Why, in one line: what the applier says, else the first of its diagnostics."""
    reason = outcome.reason or next((diagnostic.summary for diagnostic in outcome.diagnostics), "")
    shown = plain(reason[:_LONGEST_REASON])
    return f"{shown}…" if len(reason) > _LONGEST_REASON else shown


def versions(outcome: ProjectOutcome) -> list[str]:
    """`params version 4`, `ontology version 2`: those that were read last."""
    parts = (("params", outcome.params_version), ("ontology", outcome.ontology_version))
    return [f"{part} version {version}" for part, version in parts if version is not None]


def _ink(status: Status) -> Ink:
    if status is Status.DONE:
        return Ink.GREEN
    return Ink.YELLOW if status in (Status.FORGOTTEN, Status.PROTECTED, Status.NOT_STARTED) else Ink.RED


def render_outcome(
    outcome: Outcome, *, base: str, now: datetime, colour: bool = False, sensitive: Sequence[Pattern] = ()
) -> tuple[str, str]:
    """What was done, for stdout, and what was not and why, for stderr (empty where there is nothing to say)."""
    paint = Paint(colour)
    options = _options(outcome)
    told = [project for project in outcome.projects if project.status is not Status.UNCHANGED]
    results = [*_table(told, paint), ""] if told else []
    last = last_line(outcome.summary)
    results.append(paint(last, Ink.BOLD_GREEN if outcome.summary.complete else Ink.BOLD_RED))
    blocks = [
        failure(project, base=base, colour=colour, sensitive=sensitive, options=options)
        if is_failure(project)
        else render_diagnostics(project.diagnostics, base=base, colour=colour)
        for project in told
        if is_failure(project) or project.diagnostics
    ]
    blocks += _unstarted(outcome)
    failures = "\n".join(blocks)
    return "\n".join(results) + "\n", failures


def last_line(summary: OutcomeSummary) -> str:
    """The line that scripts look for."""
    return f"Apply {'complete' if summary.complete else 'incomplete'}! Projects: {counts(summary)}."


def is_failure(project: ProjectOutcome) -> bool:
    """Whether something is to be said of it beyond its row: it should have been written, and was not."""
    return project.status in (Status.FAILED, Status.UNCLEAR, Status.HELD, Status.BLOCKED, Status.STALE)


def counts(summary: OutcomeSummary) -> str:
    """`1 added, 2 changed, 0 destroyed`, and where it is not complete, what was not done."""
    forgotten = f", {summary.forgotten} forgotten" if summary.forgotten else ""
    done = f"{summary.added} added, {summary.changed} changed, {summary.destroyed} destroyed{forgotten}"
    if summary.complete:
        return done
    return f"{done}, {summary.failed} failed, {summary.skipped} skipped, {summary.not_started} not started"


def _table(projects: Sequence[ProjectOutcome], paint: Paint) -> Iterator[str]:
    cells = [(plain(project.name), what_became(project), ", ".join(versions(project))) for project in projects]
    heads = ("project", "what was done", "versions now")
    widths = [max(width(row[column]) for row in (heads, *cells)) for column in range(3)]

    def padded(text: str, column: int) -> str:
        return text + " " * (widths[column] - width(text))

    head = "   ".join(padded(text, column) for column, text in enumerate(heads))
    yield paint(f"    {head}   time", Ink.DIM)
    for project, row in zip(projects, cells, strict=True):
        sign = sign_of(project)
        drawn = paint(sign, INK[sign]) if sign else " "
        what = paint(row[1], _ink(project.status)) + " " * (widths[1] - width(row[1]))
        time = duration(project.seconds) if project.seconds else ""
        yield f"  {drawn} {padded(row[0], 0)}   {what}   {padded(row[2], 2)}   {time}".rstrip()


def sign_of(project: ProjectOutcome) -> Sign | None:
    """What stands before it in a list."""
    done = _SIGN.get(project.action) if project.status is Status.DONE else None
    return _SIGN_OF_STATUS.get(project.status, done)


def what_became(project: ProjectOutcome) -> str:
    """`changed`, or `failed after setParams`."""
    if project.status is Status.DONE:
        return _DONE[project.action]
    landed = _calls(project, CallResult.LANDED)
    words = _NOT_DONE[project.status]
    return f"{words} after {' and '.join(landed)}" if landed else words


def _calls(project: ProjectOutcome, *results: CallResult) -> list[str]:
    return [call.call.value for call in project.calls if call.result in results]


def failure(
    project: ProjectOutcome,
    *,
    base: str,
    colour: bool = False,
    sensitive: Sequence[Pattern] = (),
    options: Sequence[str] = (),
) -> str:
    """Why a project was not written, what is true of it now, and what to do, a line each.

    `options` are those with which the run was started, for the commands that it suggests.
    """
    name = f"project.{plain(project.name)}"
    diagnostics = project.diagnostics
    if project.status is Status.STALE:
        moved = f": {project.reason}" if project.reason else ""
        stale = Diagnostic(Severity.ERROR, "stale", f"{name} moved since the plan{moved}")
        diagnostics = (stale, *diagnostics)
    elif not any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        what = _NOT_DONE[project.status]
        summary = f"{name}: {project.reason}" if project.reason else f"{name} is {what}"
        diagnostics = (Diagnostic(Severity.ERROR, project.status.value, summary), *diagnostics)
    lines = [render_diagnostics(diagnostics, base=base, colour=colour)]
    lines += [f"{line}\n" for line in _truth(project, name)]
    if project.stale_fields:
        lines.append("  The plan and Scale now differ in:\n")
        shown = _differences(project.stale_fields[:_MOST_STALE], base, sensitive)
        lines += [f"{line}\n" for line in lay_out(shown, colour=colour)]
        left_out = len(project.stale_fields) - _MOST_STALE
        lines += [f"    … {left_out:,} more\n"] if left_out > 0 else []
    lines += [f"{line}\n" for line in _next_step(project, options)]
    return "".join(lines)


def _differences(fields: Sequence[Field], base: str, sensitive: Sequence[Pattern]) -> Iterator[Line]:
    choices = [field for field in fields if field.path[0] == "ontology"]
    others = rows([field for field in fields if field not in choices], sensitive=sensitive)
    yield from block(list(others), depth=0, base=base)
    if choices:
        changes = changes_alone(choices, sensitive=sensitive)
        yield Line("ontology", Sign.CHANGE, 0)
        yield from tree_lines(changes, depth=1, base=base, created=False)


def _truth(project: ProjectOutcome, name: str) -> Iterator[str]:
    """What is true of the project now."""
    if project.status is Status.BLOCKED:
        return
    landed = _calls(project, CallResult.LANDED)
    unclear = _calls(project, CallResult.UNCLEAR)
    rest = _calls(project, CallResult.REFUSED, CallResult.NOT_SENT)
    if unclear:
        yield f"  Whether {' and '.join(unclear)} landed is not known."
    read = ", ".join(versions(project))
    if landed:
        left = f" Not written: {', '.join(rest)}." if rest else ""
        now = f" It is now at {read}." if read else ""
        yield f"  Written to {name}: {', '.join(landed)}.{left}{now}"
    elif not unclear:
        still = f" It is {'' if project.status is Status.STALE else 'still '}at {read}." if read else ""
        yield f"  Nothing was written to {name}.{still}"


def _next_step(project: ProjectOutcome, options: Sequence[str]) -> Iterator[str]:
    match project.status:
        case Status.STALE:
            yield "  What was approved is no longer what would be written. Look at the new plan:"
            yield f"    {command('plan', project.name, *options)}"
        case Status.HELD:
            yield "  Why, and how to allow it, is in the plan:"
            yield f"    {command('plan', project.name, *options)}"
        case Status.UNCLEAR:
            yield "  A plan reads what is there now:"
            yield f"    {command('plan', project.name, *options)}"
        case Status.FAILED:
            landed = _calls(project, CallResult.LANDED)
            once = "; what is written already is not written twice" if landed else ""
            yield f"  Mend the cause and apply again{once}:"
            yield f"    {command('apply', project.name, *options)}"


def _options(outcome: Outcome) -> list[str]:
    """Without `--pending`, an apply would revert what this one kept; without the target, it could read another one."""
    target = outcome.target.name
    options = [] if target == DEFAULT_TARGET else ["--target", word(target)]
    return [*options, "--pending"] if outcome.pending_only else options


DEFAULT_TARGET: Final = "sandbox"


def _unstarted(outcome: Outcome) -> Iterator[str]:
    names = [project.name for project in outcome.projects if project.status is Status.NOT_STARTED]
    if outcome.interrupted_by is not None:
        signal = SIGNALS.get(outcome.interrupted_by, f"signal {outcome.interrupted_by}")
        yield f"Interrupted by {signal}: no further write was started.\n"
    if names:
        shown = listed([plain(name) for name in names])
        yield f"{count(len(names), 'project')} not started ({shown}). Nothing was written there. To go on:\n" + (
            f"    {' '.join(('reconciler', 'apply', *_options(outcome)))}\n"
        )
