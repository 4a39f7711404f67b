"""What an apply records at its end: the entries of its projects, and the message that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reconciler.fieldpath import format_path
from reconciler.model.outcome import CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Plan, ProjectChange, unit_of
from reconciler.model.record import Entries, RecordedProject
from reconciler.planning.bases import base_hash, base_of, left_drifting, outside
from reconciler.planning.guards import value_hash
from reconciler.record.merging import Changes, follows


def changes_of(
    plan: Plan,
    outcome: Outcome,
    known: Entries,
    current: Entries,
    *,
    run: str,
    at: str,
    file: Callable[[ProjectChange], str],
) -> Changes:
    """What to record. `known` has the entries that the run started from, `current` the entries in the record now.

    `run` is the run's ID, empty if it wrote nothing. `at` is the time of the entries, and `file` gives a project's
    manifest as the record names it.
    """
    entries: dict[str, RecordedProject] = {}
    forgotten: set[str] = set()
    unsent: set[str] = set()
    for change, project in zip(plan.changes, outcome.projects, strict=True):
        before = current.get(change.name)
        if project.status is Status.FORGOTTEN:
            forgotten.add(change.name)
        elif project.live is None and project.status is Status.UNCHANGED and before != known.get(change.name):
            continue  # it was not read again, and another run has changed its entry since
        elif project.status in (Status.DONE, Status.UNCHANGED) or project.not_kept:
            entry = _entry(change, project, before, at, file(change))
            if change.writes or before is None or not _same(before, entry):
                entries[change.name] = entry
        elif all(call.result is CallResult.NOT_SENT for call in project.calls):
            unsent.add(change.name)
    complete = outcome.summary.complete and outcome.interrupted_by is None
    return Changes(
        run=run,
        at=at,
        entries=entries,
        forgotten=frozenset(forgotten),
        unsent=frozenset(unsent),
        commit=plan.commit.commit if complete and not plan.commit.dirty else None,
    )


def _entry(
    change: ProjectChange, project: ProjectOutcome, before: RecordedProject | None, at: str, file: str
) -> RecordedProject:
    """The entry of a project for which nothing is left to write, or only values that Scale did not keep."""
    known = base_of(before, project.live).known if project.live is not None else None
    left = left_drifting(change, project.live, known)
    beyond = outside(change.desired, project.live, known) if known is not None else change.outside
    older = {**{unit: base for unit, base in beyond.items() if unit not in _written(change)}, **left}
    return RecordedProject(
        file=file,
        params_version=project.params_version,
        ontology_version=project.ontology_version,
        commit=change.commit,
        recorded_at=at,
        created_at=project.live.created_at if project.live is not None else change.expected.created_at,
        older=older,
        not_kept={format_path(field.path): value_hash(field.after) for field in project.not_kept},
        ontology_hash=base_hash(change, project.live, known or change.base or before, older),
    )


def message_of(outcome: Outcome) -> str:
    """The message of the commit that records an outcome."""
    summary = outcome.summary
    summed = f"apply: {summary.added} added, {summary.changed} changed"
    more = "".join(
        f", {number} {word}"
        for number, word in (
            (summary.forgotten, "forgotten"),
            (summary.failed, "failed"),
            (summary.skipped, "skipped"),
            (summary.not_started, "not started"),
        )
        if number
    )
    lines = list(_lines(outcome))
    return summed + more + ("\n\n" + "\n".join(lines) if lines else "")


def _lines(outcome: Outcome) -> Iterator[str]:
    for project in outcome.projects:
        if project.status not in (Status.UNCHANGED, Status.PROTECTED):
            yield f"{project.name}: {project.status.value}" + (f" ({project.reason})" if project.reason else "")


def _same(before: RecordedProject, after: RecordedProject) -> bool:
    """Whether entering `after` would change only the time and the commit. Such an entry is not written."""
    after = replace(after, recorded_at=before.recorded_at, commit=before.commit)
    return before == replace(after, intents=tuple(intent for intent in before.intents if follows(intent, after)))


def _written(change: ProjectChange) -> set[str | None]:
    """The units that a run writes."""
    return {unit_of(field.path) for field in change.fields}
