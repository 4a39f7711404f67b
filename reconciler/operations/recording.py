"""What an apply writes into the record: its intent before the first write, and the outcome after the last one.

Promises: at most one live intent names a project. While a run may still write, its intent holds. However a run ends,
the next one recognizes its writes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from reconciler.clock import SYSTEM_CLOCK, Clock
from reconciler.diagnostics import Diagnostic, Severity, listed, warning
from reconciler.errors import GitRefusedError, RecordError
from reconciler.forge.github.login import git_login
from reconciler.frozen import dataclass
from reconciler.git.keptref import LOCAL, PUSHING, left_lock, pauses_between, ref_name
from reconciler.instants import to_the_second
from reconciler.model.plan import Plan, ProjectChange
from reconciler.model.record import EMPTY_ACCOUNT, NO_LOG, Record, RecordedProject, Run, Section, SectionKey
from reconciler.operations.leases import Lease
from reconciler.operations.session import Session
from reconciler.operations.standing import CommitCheck
from reconciler.planning.bases import intended_by
from reconciler.record.merging import conclude, intend
from reconciler.record.stores import LoggedStore, RecordStore, Seen, open_record
from reconciler.settings import Target

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome

PATIENCE: Final = 300.0
"""How many seconds a run waits for other runs that write the same projects."""

FIRST_LOOK, LAST_LOOK = 0.5, 10.0
"""Seconds between two reads of the record while a run waits for another one: the first pause, and the longest."""


def read_record(session: Session, *, required: bool = False) -> tuple[Record, tuple[Diagnostic, ...]]:
    """The record as a plan reads it, and the diagnostics about it. No ref and no file is written.

    If the record is unavailable, that is a warning, and every difference is unknown. If it is `required`, that is an
    error, RecordError or GitRefusedError.
    """
    try:
        read = read_logged(session)
        return read.seen.record, read.notes
    except (RecordError, GitRefusedError) as problem:
        if required:
            raise
        return Record(), (problem.diagnostic(Severity.WARNING),)


@dataclass(frozen=True, slots=True)
class Logged:
    """A record as it was read, its store, and the diagnostics about it."""

    store: LoggedStore
    seen: Seen
    notes: tuple[Diagnostic, ...] = ()


def read_logged(session: Session) -> Logged:
    """The record, whose log can be read too. Raises RecordError or GitRefusedError if it is unavailable."""
    store = _open(session)
    seen = store.read()
    return Logged(store, seen, _notes(session, store, seen))


def open_recorder(session: Session, allowed: Collection[str] = ()) -> Recorder:
    """The record as an apply keeps it. `allowed` are the guards that are waived for the run.

    Raises:
        RecordError, GitRefusedError: it is unavailable. Then nothing may be written.
    """
    store = _open(session)
    check = CommitCheck(session, allowed)
    recorder = Recorder(session.settings.git_root, session.target, store, waiting=session.progress, check=check)
    recorder.notes = _notes(session, store, recorder.seen)
    return recorder


def _open(session: Session) -> LoggedStore:
    """The store of the record."""
    target = session.target
    session.step("Reading the record")
    login = git_login(session.environment)
    return open_record(session.settings.git_root, target.name, target.record, login=login, below=target.refs)


def _notes(session: Session, store: RecordStore, seen: Seen) -> tuple[Diagnostic, ...]:
    """The diagnostics about a record that was read."""
    target = session.target
    notes = []
    if session.environment.get("CI") and target.record == LOCAL:
        detail = (
            "CI discards its clone and the record with it. The next run then cannot distinguish drift from changes in "
            f'git. Set record = "origin" for the target "{target.name}" in reconciler.toml.'
        )
        notes.append(warning("local-record", "the record of applies is kept only in this clone", detail=detail))
    is_local = target.sandbox is not None and target.record == LOCAL  # a sandbox's file is in the clone, too
    if not is_local and (hint := store.missing_hint(seen)) is not None:
        detail = "Without a record, the cause of a difference is unknown. See docs/concepts.md."
        summary = "this clone has no record of earlier applies"
        notes.append(warning(NO_LOG, summary, detail=detail, remedies=(hint,)))
    return tuple(notes)


@dataclass(eq=False)
class Recorder:
    """The record of one apply, which records its intent before its first write, and its outcome after the last one.

    `base` is the git top level, or the repository root outside git. `notes` are the diagnostics about the record.
    `waiting` is called with a sentence when the run has to wait for another one. `aside` runs blocking calls, such as
    git, outside the event loop. `check` compares the plan's commit with the last applied one.
    """

    base: Path
    target: Target
    store: RecordStore
    notes: tuple[Diagnostic, ...] = ()
    waiting: Callable[[str], None] = lambda words: None
    check: CommitCheck | None = None
    clock: Clock = SYSTEM_CLOCK
    random: Random = field(default_factory=Random)
    aside: Callable[..., Awaitable[Any]] = asyncio.to_thread

    def __post_init__(self) -> None:
        self.seen = self.store.read()
        """The record as it was last read or written."""
        self.record = self.seen.record
        """The record as the apply found it."""
        self.created: Mapping[str, str | None] = {}
        """The `created_at` of the account's projects that are not in the plan, by name."""
        self._lease = Lease(self.store, self.clock, self.aside)

    async def permit(self) -> str | None:
        """Awaited right before a write. Returns None if the write may start, else the reason why not."""
        return await self._lease.permit()

    @property
    def unrenewed(self) -> tuple[Diagnostic, ...]:
        """The error that kept the intent from being renewed, if there was one."""
        return self._lease.problem.diagnostics if self._lease.problem is not None else ()

    async def end(self) -> None:
        """End the run in this clone, even after a failure."""
        await self._lease.end()

    def enforced(self, plan: Plan) -> Plan:
        """The plan, with changes held if its commit is older than the last applied one. Asks git."""
        return self.check.enforce(plan, self._section(self.seen.record, plan)) if self.check is not None else plan

    async def announce(self, plan: Plan, stopped: Callable[[], bool] = lambda: False) -> Plan | None:
        """Record the intent, once no other live run intends to write one of its projects.

        Returns the plan, with more of it held if another run has applied a newer commit since it was made; None if the
        run was `stopped` while it waited, and nothing was recorded.

        Raises:
            RecordError, GitRefusedError: it cannot be recorded, or another run takes too long. Then nothing may be
                written.
        """
        if not any(change.writes or (change.forgets and self.check is not None) for change in plan.changes):
            return plan
        announced = None
        try:
            announced = await self._announce(plan, stopped)
        finally:
            if announced is None:
                await self.end()
        return announced

    async def _announce(self, plan: Plan, stopped: Callable[[], bool]) -> Plan | None:
        begun, pause, reported = self.clock.monotonic(), FIRST_LOOK, ""
        pauses = self._pauses()
        while not stopped():
            self.seen = await self.aside(self.store.read)
            section = self._section(self.seen.record, plan)
            if self.check is not None:
                plan = await self.aside(self.check.enforce, plan, section)
            writing = [change for change in plan.changes if change.writes]
            if not writing:
                return plan
            alive = await self._lease.others(section)
            other = next((run for run in alive.values() if _names(section, run, writing)), None)
            if other is None:
                if await self._intend(plan, writing, frozenset(alive)):
                    self._lease.keep()
                    return plan
                await self._pause(pauses)
                continue
            if self.clock.monotonic() - begun >= PATIENCE:
                raise RecordError(
                    "another apply is writing to the same projects",
                    f"Run {other.id} on {other.host} started at {other.started_at}. This run waited for "
                    f"{PATIENCE / 60:.0f} minutes and wrote nothing. Apply again when the other run has ended.",
                )
            if reported != other.id:
                reported = other.id
                self.waiting(
                    f"Waiting for run {other.id} on {other.host}, which started at {other.started_at} and is "
                    "writing to the same projects..."
                )
            until = self.clock.monotonic() + pause
            while not stopped() and self.clock.monotonic() < until:
                await self.clock.sleep(FIRST_LOOK)
            pause = min(pause * 1.5, LAST_LOOK)
        return None

    async def _intend(self, plan: Plan, writing: list[ProjectChange], alive: frozenset[str]) -> bool:
        """Push the intent onto the record that was seen. Returns False if another run was faster."""
        now = to_the_second(self.clock.now())
        run = await self._lease.begin()
        intents = {
            change.name: RecordedProject(
                self._file(change), recorded_at=now, intents=(intended_by(change, run.id),), written=False
            )
            for change in writing
        }
        names = listed([f"{change.name} ({_calls(change)})" for change in writing], 20)
        return await self._swap(
            plan, lambda section: intend(section, run, intents, alive), f"intend: {names}", plan.target.account
        )

    async def conclude(self, plan: Plan, outcome: Outcome) -> None:
        """Record the outcome. The run then has no live intent.

        Raises:
            RecordError, GitRefusedError: it cannot be recorded. The intent still shows that the writes are ours.
        """
        try:
            await self._conclude(plan, outcome)
        finally:
            await self.end()

    async def _conclude(self, plan: Plan, outcome: Outcome) -> None:
        from reconciler.operations.entering import changes_of, message_of

        known = self._section(self.record, plan).projects
        # The account of an empty sandbox is created with its first project.
        account = outcome.target.account
        pauses = self._pauses()
        while True:
            section = self._section(self.seen.record, plan)
            run = self._lease.run
            changes = changes_of(
                plan,
                outcome,
                known,
                section.projects,
                run=run.id if run is not None else "",
                at=to_the_second(self.clock.now()),
                file=self._file,
            )
            if self.check is not None and not await self.aside(self.check.may_be_named, plan.commit, section):
                changes = replace(changes, commit=None)
            new_commit = changes.commit is not None and changes.commit != section.commit
            if run is None and not (changes.entries or changes.forgotten or new_commit):
                return
            alive = frozenset(await self._lease.others(section))
            change = partial(conclude, changes=changes, alive=alive, seen=known)
            if await self._swap(plan, change, message_of(outcome), account):
                return
            await self._pause(pauses)
            self.seen = await self.aside(self.store.read)

    def _section(self, record: Record, plan: Plan) -> Section:
        key = self._key(record, plan, plan.target.account)
        return record.sections[key] if key is not None else Section()

    def _key(self, record: Record, plan: Plan, account: str | None) -> SectionKey | None:
        """The key of this run's section in a record.

        A section that was made while the account was empty is renamed when a run knows the account. It is then found by
        this run's intent, by a project of the plan, or because it is the only new section of the endpoint.
        """
        if (run := self._lease.run) is not None:
            for key, section in record.at(self.target.endpoint):
                if run.id in section.runs:
                    return key
        accounts = (one for one in (account, plan.target.account) if one is not None)
        named = (plan.section, *((self.target.endpoint, one) for one in accounts))
        if (known := next((key for key in named if key in record.sections), None)) is not None:
            return known
        created = {**{change.name: change.expected.created_at for change in plan.changes}, **self.created}
        if (known := record.find(self.target.endpoint, plan.target.account, created)) is not None:
            return known
        new = [key for key, _ in record.at(self.target.endpoint) if key not in self.record.sections]
        return new[0] if plan.target.account == EMPTY_ACCOUNT and len(new) == 1 else None

    async def _swap(self, plan: Plan, change: Callable[[Section], Section], message: str, account: str | None) -> bool:
        """Change this run's section of the record that was seen. The section moves to `account` if that is known."""
        record = self.seen.record
        key = self._key(record, plan, account)
        if key is None and account is None and plan.section is not None:
            raise RecordError(
                f"the record of {self.target.name} no longer has a section for this account",
                "Another process changed the record during this run. Apply again.",
            )
        named = (self.target.endpoint, account)
        final = named if key is None or account not in (None, EMPTY_ACCOUNT) else key
        rest = {one: section for one, section in record.sections.items() if one != key}
        new = Record({**rest, final: change(record.sections[key] if key is not None else Section())})
        commit = f"\n\nManifests at {plan.commit.commit}" if plan.commit.commit else ""
        dirty = ", with uncommitted changes" if plan.commit.commit and plan.commit.dirty else ""
        swapped = await self.aside(self.store.swap, self.seen, new, f"{message}{commit}{dirty}\n")
        self.seen = swapped or self.seen
        return swapped is not None

    def _pauses(self) -> Iterator[float]:
        return pauses_between(self.clock.monotonic, self.random.random)

    async def _pause(self, pauses: Iterator[float]) -> None:
        """Pause after another run was faster. Raises RecordError if others have been faster for too long."""
        if (pause := next(pauses, None)) is None:
            raise RecordError(
                f"the record of {self.target.name} could not be written",
                f"The record could not be updated for {PUSHING:.0f} seconds, probably because other runs were writing "
                "to it. Apply again when fewer runs write to it. "
                + left_lock(ref_name("record", self.target.name, self.target.refs)),
            )
        await self.clock.sleep(pause)

    def _file(self, change: ProjectChange) -> str:
        return Path(os.path.relpath(change.source.file, self.base)).as_posix()


def _names(section: Section, run: Run, writing: list[ProjectChange]) -> bool:
    return any(
        intent.run == run.id
        for change in writing
        if (project := section.projects.get(change.name)) is not None
        for intent in project.intents
    )


def _calls(change: ProjectChange) -> str:
    return " and ".join(call.kind.value for call in change.calls)
