"""What is shown of an apply when it ends: a table, and then every failure.

A failure says why a project was not written, what is true of it now, and what to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, count, joined, listed, quoted
from reconciler.frozen import dataclass
from reconciler.model.invocation import Invocation
from reconciler.model.outcome import CallResult, Outcome, OutcomeSummary, ProjectOutcome, Status
from reconciler.model.plan import Action, Field
from reconciler.model.project import address_of
from reconciler.render.phrases import duration, minute
from reconciler.render.signs import Sign
from reconciler.render.view.fields import rows
from reconciler.render.view.ontology import tree
from reconciler.render.view.parts import (
    Command,
    Quoted,
    Reader,
    Section,
    Sentence,
    Spelled,
    Strong,
    allowing,
    names,
    plan_of,
)

_DONE: Final = {Action.CREATE: "created", Action.UPDATE: "changed", Action.NO_OP: "nothing to do"}
_SIGN: Final = {Action.CREATE: Sign.ADD, Action.UPDATE: Sign.CHANGE}
_SIGNALS: Final = {1: "SIGHUP", 2: "SIGINT", 15: "SIGTERM"}
_MOST_ALERTS: Final = 8


class Mood(Enum):
    """Whether a result is good news."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class _End:
    """The result of a project that was not written, and what to do about it (a sentence and a command's verb)."""

    words: str
    advice: str = ""
    verb: str = ""
    mood: Mood = Mood.BAD
    sign: Sign | None = None


NOT_DONE: Final = {
    Status.UNCLEAR: _End("unclear", "To see the current state: ", "plan"),
    Status.FAILED: _End("failed", "Fix the cause and apply again: ", "apply"),
    Status.STALE: _End("stale, not written", "The approved plan is out of date. To see the new one: ", "plan"),
    Status.HELD: _End("held, not written", sign=Sign.HELD),
    Status.BLOCKED: _End("blocked", sign=Sign.BLOCKED),
    Status.NOT_STARTED: _End("not started", mood=Mood.NEUTRAL),
    Status.FORGOTTEN: _End("forgotten, kept on Scale", mood=Mood.NEUTRAL, sign=Sign.FORGET),
    Status.PROTECTED: _End("protected, not written", mood=Mood.NEUTRAL),
}
"""The worst come first. Those with a bad mood should have been written."""

_FINE: Final = (Status.DONE, Status.UNCHANGED, Status.FORGOTTEN, Status.PROTECTED)
_RANKS: Final = {status: rank for rank, status in enumerate(NOT_DONE)}


@dataclass(frozen=True, slots=True)
class ResultView:
    """What was done with one project. `versions` are those that were read last.

    If it `failed`, `messages` say why it was not written, and `truth` says what its state is now. `differences` (and
    `left_out` more) are those of a stale project. `advice` says what to do at a terminal,
    and `again` where nobody has one. All of that may also be about `others`, whose own views are then `is_reported`.
    """

    name: str
    status: Status
    result: str
    mood: Mood
    versions: str
    reason: str = ""
    time: str = ""
    sign: Sign | None = None
    messages: tuple[Diagnostic, ...] = ()
    truth: tuple[str, ...] = ()
    differences: tuple[Section, ...] = ()
    advice: Sentence = ()
    again: Sentence = ()
    rank: int = 0
    others: tuple[str, ...] = ()
    is_reported: bool = False

    @property
    def failed(self) -> bool:
        return self.mood is Mood.BAD


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """A whole outcome. `interrupted` is set if a signal ended the run, `unstarted` if projects were not started."""

    target: str
    headline: str
    last: str
    complete: bool
    columns: tuple[str, ...]
    results: tuple[ResultView, ...] = ()
    interrupted: Sentence = ()
    unstarted: Sentence = ()
    alerts: tuple[Sentence, ...] = ()
    messages: tuple[Diagnostic, ...] = ()
    colophon: Sentence = ()


def view_outcome(outcome: Outcome, reader: Reader) -> OutcomeView:
    """What is shown of an outcome: every project that had something to write, in the plan's order."""
    summary = outcome.summary
    invocation = reader.invocation.of(outcome.target.name, pending=outcome.pending_only)
    written = tuple(project for project in outcome.projects if project.status is not Status.UNCHANGED)
    found = reader.printed(replace(outcome, projects=written))
    shown = found.projects
    results = _held_together([_result(project, invocation) for project in shown], shown, invocation)
    others = (message for result in results if not result.failed for message in result.messages)
    interrupted = tuple(_interrupted(outcome))
    word = "applied" if summary.complete else "not fully applied"
    return OutcomeView(
        target=outcome.target.name,
        headline=f"{word}, {_counts(summary) if shown else 'nothing to do'}",
        last=last_line(summary),
        complete=summary.complete,
        columns=("project", "what was done", "versions now"),
        results=results,
        interrupted=interrupted,
        unstarted=tuple(_unstarted(outcome, invocation)),
        alerts=tuple(_alerts(results, interrupted, summary, invocation)),
        messages=(*others, *found.diagnostics),
        colophon=(*plan_of(outcome.plan_hash, outcome.commit), f", {_when(outcome)}."),
    )


def _when(outcome: Outcome) -> str:
    if outcome.finished_at is None:
        return f"started {minute(outcome.started_at)}, then interrupted"
    return f"applied {minute(outcome.finished_at)}"


def last_line(summary: OutcomeSummary) -> str:
    """The line that scripts look for."""
    return f"Apply {'complete' if summary.complete else 'incomplete'}! Projects: {_counts(summary)}."


def _counts(summary: OutcomeSummary) -> str:
    """`1 added, 2 changed, 0 destroyed`; if the apply is incomplete, also what was not done."""
    forgotten = f", {summary.forgotten} forgotten" if summary.forgotten else ""
    done = f"{summary.added} added, {summary.changed} changed, {summary.destroyed} destroyed{forgotten}"
    if summary.complete:
        return done
    return f"{done}, {summary.failed} failed, {summary.skipped} skipped, {summary.not_started} not started"


def _result(project: ProjectOutcome, invocation: Invocation) -> ResultView:
    end = NOT_DONE.get(project.status, _End("", mood=Mood.GOOD, sign=_SIGN.get(project.action)))
    failed = end.mood is Mood.BAD
    landed = project.status is Status.FAILED and _calls(project, CallResult.LANDED)
    allow: Sentence = ()
    if project.held_by:
        allow = (
            "To allow the change, add a waiver to reconciler.toml. To allow it once: ",
            allowing(invocation, project.held_by, project.name),
        )
    words = "Completed writes are not repeated. Fix the cause and apply again: " if landed else end.advice
    return ResultView(
        name=project.name,
        status=project.status,
        result=_what_was_done(project),
        mood=end.mood,
        versions=", ".join(versions_of(project)),
        reason=reason_of(project),
        time=duration(project.seconds) if project.seconds else "",
        sign=end.sign,
        messages=explained(project) if failed else project.diagnostics,
        truth=tuple(_truth(project)) if failed else (),
        differences=tuple(_differences(project.stale_fields)),
        advice=allow or ((words, Command(invocation, end.verb, "--", project.name)) if words else ()),
        again=allow or (("To apply it again: ", Command(invocation, "apply", "--", project.name)) if words else ()),
        rank=_RANKS.get(project.status, len(_RANKS)),
    )


def _held_together(
    results: list[ResultView], projects: Sequence[ProjectOutcome], invocation: Invocation
) -> tuple[ResultView, ...]:
    """The results, with one message for all projects that the same guards hold: at the first of them."""
    held: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, project in enumerate(projects):
        if project.held_by and not project.diagnostics:
            held[project.held_by].append(position)
    for guards, positions in held.items():
        if len(positions) == 1:
            continue
        first, *others = positions
        held_names = [projects[position].name for position in positions]
        what = f"{count(len(positions), 'project')} are held by {joined(guards)}"
        advice = (
            "To allow the changes, add a waiver to reconciler.toml. To allow them once: ",
            # Without names, the apply finds these projects: nothing else is left to write.
            allowing(invocation, guards, *(held_names if len(held_names) <= _MOST_NAMED else ())),
        )
        results[first] = replace(
            results[first],
            messages=(
                Diagnostic(Severity.ERROR, Status.HELD.value, f"{what}: {listed(list(map(quoted, held_names)), 5)}"),
            ),
            truth=("Nothing was written to them.",),
            advice=advice,
            again=advice,
            others=tuple(held_names[1:]),
        )
        for position in others:
            results[position] = replace(results[position], messages=(), truth=(), advice=(), again=(), is_reported=True)
    return tuple(results)


_MOST_NAMED: Final = 20
"""The most projects that are named in a command."""


def versions_of(project: ProjectOutcome) -> list[str]:
    """`params version 4`, `ontology version 2`."""
    parts = (("params", project.params_version), ("ontology", project.ontology_version))
    return [f"{part} version {version}" for part, version in parts if version is not None]


def _what_was_done(project: ProjectOutcome) -> str:
    """`changed`, or `failed after setParams`."""
    if project.status is Status.DONE:
        return _DONE[project.action]
    landed = _calls(project, CallResult.LANDED)
    failed = NOT_DONE[project.status].words
    return f"{failed} after {' and '.join(landed)}" if landed else failed


def _calls(project: ProjectOutcome, *results: CallResult) -> list[str]:
    return [call.call.value for call in project.calls if call.result in results]


def reason_of(project: ProjectOutcome) -> str:
    """The applier's reason, or if there is none, the summary of the first diagnostic."""
    return project.reason or next((diagnostic.summary for diagnostic in project.diagnostics), "")


def _differences(fields: Sequence[Field]) -> Iterator[Section]:
    choices = [field for field in fields if field.path[0] == "ontology"]
    others = tuple(rows([field for field in fields if field not in choices]))
    if others:
        yield Section("", Sign.CHANGE, others)
    if choices:
        merged = tree(before=None, after=None, fields=choices)
        yield Section("ontology", Sign.CHANGE, order=merged.order, choices=merged.choices)


def explained(project: ProjectOutcome) -> tuple[Diagnostic, ...]:
    """Its diagnostics. If it should have been written and was not, the first error says why."""
    if project.status in _FINE:
        return project.diagnostics
    name = address_of(project.name)
    if project.status is Status.STALE:
        moved = f": {project.reason}" if project.reason else ""
        summary = f"{name} changed on Scale since the plan{moved}"
    elif any(diagnostic.is_error for diagnostic in project.diagnostics):
        return project.diagnostics
    else:
        summary = f"{name}: {project.reason}" if project.reason else f"{name} is {NOT_DONE[project.status].words}"
    return (Diagnostic(Severity.ERROR, project.status.value, summary), *project.diagnostics)


def _truth(project: ProjectOutcome) -> Iterator[str]:
    """Statements about the project's current state."""
    if project.status is Status.BLOCKED:
        return
    name = address_of(project.name)
    landed = _calls(project, CallResult.LANDED)
    unclear = _calls(project, CallResult.UNCLEAR)
    rest = _calls(project, CallResult.REFUSED, CallResult.NOT_SENT)
    if unclear:
        yield f"It is unclear whether {' and '.join(unclear)} took effect."
    read = ", ".join(versions_of(project))
    if landed:
        left = f" Not written: {', '.join(rest)}." if rest else ""
        now = f" It is now at {read}." if read else ""
        yield f"Written to {name}: {', '.join(landed)}.{left}{now}"
    elif not unclear:
        still = f" It is {'' if project.status is Status.STALE else 'still '}at {read}." if read else ""
        yield f"Nothing was written to {name}.{still}"


def _interrupted(outcome: Outcome) -> Iterator[str]:
    if outcome.interrupted_by is not None:
        signal = _SIGNALS.get(outcome.interrupted_by, f"signal {outcome.interrupted_by}")
        yield from ("Interrupted by ", Spelled(signal), ": no further writes were started.")


def _unstarted(outcome: Outcome, invocation: Invocation) -> Iterator[str]:
    waiting = [project.name for project in outcome.projects if project.status is Status.NOT_STARTED]
    if waiting:
        were, them = ("was", "it") if len(waiting) == 1 else ("were", "them")
        yield f"{count(len(waiting), 'project')} {were} not started ("
        yield from names(waiting)
        yield f"), and nothing was written to {them}. To continue: "
        yield Command(invocation, "apply")


def _alerts(
    results: Sequence[ResultView], interrupted: Sentence, summary: OutcomeSummary, invocation: Invocation
) -> Iterator[Sentence]:
    shown = [result for result in results if result.failed and not result.is_reported]
    failures = sorted(shown, key=lambda result: result.rank)
    for result in failures[:_MOST_ALERTS]:
        why = (": ", Quoted(result.reason)) if result.reason else ()
        is_ = " are " if result.others else " " if result.status is Status.FAILED else " is "
        yield (*names((result.name, *result.others)), is_, Strong(result.status), *why, ".")
    if len(failures) > _MOST_ALERTS:
        left_out = sum(1 + len(result.others) for result in failures[_MOST_ALERTS:])
        yield (f"… and {count(left_out, 'more project')}.",)
    if interrupted:
        yield interrupted
    if summary.not_started:
        it = "it" if summary.not_started == 1 else "them"
        waiting = count(summary.not_started, "project")
        more = f": the next apply continues with {it}. To continue now: "
        yield (f"{waiting} ", Strong("not started"), more, Command(invocation, "apply"))
