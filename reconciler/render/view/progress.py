"""What is shown while an apply runs: a line for each event."""

from __future__ import annotations

from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.outcome import Event, Status
from reconciler.model.plan import Action
from reconciler.render.phrases import duration
from reconciler.render.view.outcome import NOT_DONE, Mood, reason_of, versions_of

_GERUND: Final = {Action.CREATE: "Creating", Action.UPDATE: "Modifying", Action.NO_OP: "Reading"}
_FINISHED: Final = {Action.CREATE: "Creation", Action.UPDATE: "Modifications", Action.NO_OP: "Reading"}
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Progress:
    """One event: what happens, and details. It has no mood until the project is finished."""

    name: str
    words: str
    rest: str = ""
    mood: Mood | None = None


def view_event(event: Event) -> Progress:
    """What starts, what is sent, or how a project ended."""
    if event.outcome is None:
        sent = event.detail or event.call
        return Progress(event.name, f"{_GERUND[event.action]}...", f" [{sent}]" if sent else "")
    outcome = event.outcome
    now = versions_of(outcome)
    if outcome.status is Status.DONE:
        finished = f"{_FINISHED[outcome.action]} complete after {duration(outcome.seconds)}"
        return Progress(event.name, finished, f" [{', '.join([*now, 'read back'])}]", Mood.GOOD)
    if outcome.status is Status.UNCHANGED:
        return Progress(event.name, "Nothing to do", f" [{', '.join(now)}]" if now else "")
    reason = reason_of(outcome)
    shown = f"{reason[:_LONGEST_REASON]}…" if len(reason) > _LONGEST_REASON else reason
    end = NOT_DONE[outcome.status]
    return Progress(event.name, end.words.capitalize(), f": {shown}" if shown else "", end.mood)


def last_line(finished: int, total: int, passed: float, columns: int | None = None) -> str:
    """`37 of 120 done, 4.1 a second, about 20 s left`, after `passed` seconds. The rest is estimated once there is
    something to estimate it from. A narrow terminal shows no speed."""
    done = f"{finished:,} of {total:,} done"
    if finished < _FEWEST or passed < _SOONEST or finished >= total:
        return done
    rate = finished / passed
    speed = (
        f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.0f} a minute"
    )
    left = f"about {duration((total - finished) / rate)} left"
    line = f"{done}, {speed}, {left}"
    return line if columns is None or len(line) <= columns else f"{done}, {left}"


_FEWEST: Final = 3
_SOONEST: Final = 2.0
