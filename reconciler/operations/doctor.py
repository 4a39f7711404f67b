"""Checks the set-up: this machine, the configuration, the key and the endpoint. Reads alone; one list is sent.

Each check is a function of its own and says what it found in one sentence, and what to do where all is not well. The
key itself is in no text made here.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler import git
from reconciler.configuration import BUILT_IN
from reconciler.diagnostics import Severity
from reconciler.errors import CredentialsError, DiagnosedError, GitRefusedError, ReconcilerError, ScaleError, UsageError
from reconciler.model.doctor import Check, CheckStatus
from reconciler.model.project import UnreadableProject
from reconciler.operations.evidence import Project, Seen
from reconciler.operations.probing import TEST_KEY, look
from reconciler.operations.recording import read_record
from reconciler.operations.targets import check_sandbox, open_target
from reconciler.operations.validate import validate
from reconciler.planning.blocking import unreadable_advice
from reconciler.render.phrases import age, count, duration
from reconciler.settings import Settings, Target, choose_target, read_settings

OLDEST_PYTHON = (3, 11)
SAFE_GIT = (2, 38)
"""The first git that knows safe.bareRepository."""
WORST_CLOCK = 60
"""Seconds that the clock may differ from the server's."""

_FOLDER = ".reconciler"
_VALIDATE = "Run reconciler validate"
_CORRECT = "Correct that, and run again."


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run goes by. `settings` and `target` are None where the configuration, or the choice, has a mistake."""

    settings: Settings | None
    target: Target | None
    check: Check


@dataclass(frozen=True, slots=True)
class Examination:
    """The checks in their order; `seen` is None where the assumptions could not be looked at."""

    checks: tuple[Check, ...]
    seen: Seen | None


def read_setup(folder: Path, *, name: str | None, endpoint: str | None, environment: Mapping[str, str]) -> Setup:
    """The configuration that holds for a run in `folder`, and the target that is chosen."""
    settings = None
    try:
        settings = read_settings(folder)
        target = choose_target(settings, name=name, endpoint=endpoint, environment=environment)
    except DiagnosedError as problem:
        first = problem.diagnostics[0]
        place = f" ({Path(first.location.file).name}:{first.location.line})" if first.location else ""
        found = f"The configuration has {count(len(problem.diagnostics), 'mistake')}, first: {first.summary}{place}."
        remedy = first.label or first.detail or "Correct it."
        if len(problem.diagnostics) > 1:
            remedy += "\nAll of them are told by: reconciler validate"
        return Setup(None, None, Check("configuration", CheckStatus.ERROR, found, f"{remedy[0].upper()}{remedy[1:]}"))
    except ReconcilerError as problem:
        return Setup(settings, None, _failed("configuration", problem))
    where = str(settings.config_file) if settings.config_file else "There is no configuration file, and none is needed"
    targets = ", ".join(sorted(settings.targets))
    found = f"{where}; targets: {targets}; chosen: {target.name}."
    return Setup(settings, target, Check("configuration", CheckStatus.OK, found))


def examine(
    setup: Setup,
    environment: Mapping[str, str],
    *,
    folder: Path,
    now: Callable[[], datetime],
    assumptions: bool = False,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> Examination:
    """Every check. With `assumptions`, what reads show of the account too.

    Only what is asked of the server runs in an event loop: elsewhere a signal ends the run at once.
    """
    here = (check_python(sys.version_info[:2]), check_git(folder))
    manifests = _skipped("manifests") if setup.settings is None else check_manifests(setup.settings)
    if setup.settings is None or setup.target is None:
        rest = map(_skipped, ("key", "endpoint", "clock", "permissions", "record", "targets"))
        unseen = (_skipped("assumptions"),) if assumptions else ()
        return Examination((*here, setup.check, manifests, *rest, *unseen), None)
    reached, seen, failed = asyncio.run(
        _reach(setup.target, environment, now=now, assumptions=assumptions, waiting=waiting)
    )
    checks = (
        *here,
        setup.check,
        manifests,
        *reached,
        check_permissions(setup.settings, setup.target),
        check_record(setup.settings, setup.target, environment, now()),
        check_targets(setup.settings, setup.target, environment),
        *failed,
    )
    return Examination(checks, seen)


def check_python(version: tuple[int, ...]) -> Check:
    shown = platform.python_version() if version == sys.version_info[:2] else ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return Check("python", CheckStatus.OK, f"Python {shown}.")
    least = ".".join(map(str, OLDEST_PYTHON))
    return Check("python", CheckStatus.ERROR, f"Python {shown} is too old.", f"Install Python {least} or newer.")


def check_git(folder: Path) -> Check:
    try:
        version = git.version(folder)
        repository = git.is_repository(folder)
    except GitRefusedError as problem:
        return _failed("git", problem)
    if version is None:
        return Check(
            "git",
            CheckStatus.WARNING,
            "Git is missing: plans and records do not show which commit a change came from.",
            "Install git, and keep the manifests in a repository.",
        )
    if not repository:
        return Check(
            "git",
            CheckStatus.WARNING,
            f"git {version}, but {folder} is in no repository: no commit is told, and the record is a plain file.",
            "Keep the manifests in a repository: git init",
        )
    if (numbers := re.match(r"(\d+)\.(\d+)", version)) and tuple(map(int, numbers.groups())) < SAFE_GIT:
        least = ".".join(map(str, SAFE_GIT))
        return Check(
            "git",
            CheckStatus.WARNING,
            f"git {version} ignores safe.bareRepository. In a folder that looks like a bare repository, it runs the "
            "commands that the folder's config file names. reconciler refuses such folders, but other tools may not.",
            f"Install git {least} or newer.",
        )
    return Check("git", CheckStatus.OK, f"git {version}, in a repository.")


def check_manifests(settings: Settings) -> Check:
    try:
        found = validate(settings, ())
    except ReconcilerError as problem:
        return _failed("manifests", problem)
    errors = sum(diagnostic.is_error for diagnostic in found.diagnostics)
    others = sum(diagnostic.severity is Severity.WARNING for diagnostic in found.diagnostics)
    said = f"{count(found.manifests, 'manifest')} in {settings.manifests}"
    if errors:
        return Check("manifests", CheckStatus.ERROR, f"{said}, with {count(errors, 'error')}.", _VALIDATE)
    if others:
        return Check("manifests", CheckStatus.WARNING, f"{said}, with {count(others, 'warning')}.", _VALIDATE)
    if not found.manifests:
        return Check("manifests", CheckStatus.WARNING, f"{said}.", "Write one: README says how, under Manifests.")
    return Check("manifests", CheckStatus.OK, f"{said}, all valid.")


async def _reach(
    target: Target,
    environment: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    assumptions: bool,
    waiting: Callable[[float], None],
) -> tuple[tuple[Check, ...], Seen | None, tuple[Check, ...]]:
    """The checks of key, endpoint and clock; what was seen; and a check more where that was wanted and not had."""
    key = _key_found(target, environment)
    unseen = (_unasked("assumptions"),) if assumptions else ()
    try:
        opened = open_target(target, environment, waiting=waiting)
    except CredentialsError as problem:
        return (_failed("key", problem), *map(_unasked, ("endpoint", "clock"))), None, unseen
    except ReconcilerError as problem:
        return (key, _failed("endpoint", problem), _unasked("clock")), None, unseen
    async with opened as client:
        try:
            listed, unreadable = await client.list_raw()
        except CredentialsError as problem:
            answers = Check("endpoint", CheckStatus.OK, f"{target.endpoint} answers.")
            return (_failed("key", problem), answers, check_clock(target, client.last_date, now())), None, unseen
        except ScaleError as problem:
            return (key, _failed("endpoint", problem), check_clock(target, client.last_date, now())), None, unseen
        reached = (key, _endpoint_found(target, listed, unreadable), check_clock(target, client.last_date, now()))
        if not assumptions:
            return reached, None, ()
        try:
            return reached, await look(client, listed), ()
        except ScaleError as problem:
            return reached, None, (_failed("assumptions", problem),)


def _key_found(target: Target, environment: Mapping[str, str]) -> Check:
    if target.key_variable is None:
        return Check("key", CheckStatus.OK, "The sandbox in this process needs no key.")
    held = environment.get(target.key_variable, "")
    key = held.strip()
    kind = f"starts with {TEST_KEY}" if key.startswith(TEST_KEY) else f"does not start with {TEST_KEY}"
    if key != held:
        return Check(
            "key",
            CheckStatus.WARNING,
            f"{target.key_variable} has white space around its key, which is dropped; the key {kind}.",
            "Take the white space off: other tools may send it along.",
        )
    return Check("key", CheckStatus.OK, f"{target.key_variable} is set; its key {kind}.")


def _endpoint_found(target: Target, listed: Sequence[Project], unreadable: Sequence[UnreadableProject]) -> Check:
    who = f"The sandbox {target.endpoint}, in this process," if target.sandbox else target.endpoint
    found = f"{who} answers; the account has {count(len(listed) + len(unreadable), 'project')}"
    if unreadable:
        said = f"{found}, of which {len(unreadable):,} cannot be read."
        return Check("endpoint", CheckStatus.WARNING, said, unreadable_advice(unreadable))
    return Check("endpoint", CheckStatus.OK, f"{found}.")


def check_clock(target: Target, theirs: datetime | None, ours: datetime) -> Check:
    """The clock against the `Date` of an answer that has just come."""
    if target.sandbox is not None:
        return Check("clock", CheckStatus.OK, "The sandbox in this process goes by the same clock.")
    if theirs is None:
        return Check(
            "clock",
            CheckStatus.SKIPPED,
            "No answer says what time it is at the server.",
            "Set the clock by NTP to be sure.",
        )
    off = (ours - theirs).total_seconds()
    if abs(off) <= WORST_CLOCK:
        return Check("clock", CheckStatus.OK, f"The clock differs from the server's by {abs(off):.0f} s.")
    way = "ahead of" if off > 0 else "behind"
    return Check(
        "clock",
        CheckStatus.WARNING,
        f"The clock is {duration(abs(off))} {way} the server's: times and ages in plans are wrong by that.",
        "Set this machine's clock, by NTP for instance.",
    )


def check_permissions(settings: Settings, target: Target) -> Check:
    """Whether the sandbox's file and the record can be written, as far as that can be told without writing."""
    try:
        if target.sandbox is not None:
            check_sandbox(target.sandbox)
        place = git.common_folder(settings.git_root) or settings.git_root / _FOLDER
        if (problem := _unwritable(place)) is not None:
            summary = f"the record cannot be written: {problem}"
            raise UsageError(summary, f"Take away what is at {place}, or change its permissions.")
    except GitRefusedError:
        found = "Where the record is to be written is not known: git does not say."
        return Check("permissions", CheckStatus.SKIPPED, found, "Correct what stands at git first.")
    except ReconcilerError as problem:
        return _failed("permissions", problem)
    what = f"{target.sandbox} and {place}" if target.sandbox is not None else str(place)
    return Check("permissions", CheckStatus.OK, f"{what} can be written.")


def _unwritable(folder: Path) -> str | None:
    """Why no file can be made in a folder that may be yet to make; None where one can."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            return f"{folder} is not a folder"
    except OSError as problem:
        return f"{folder}: {problem.strerror}"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is read-only"


def check_record(settings: Settings, target: Target, environment: Mapping[str, str], now: datetime) -> Check:
    record, notes = read_record(settings, target, environment)
    moments = sorted(
        project.recorded_at for _, section in record.at(target.endpoint) for project in section.projects.values()
    )
    if notes:
        first = notes[0]
        status = CheckStatus.WARNING if first.code in ("local-record", "no-record") else CheckStatus.ERROR
        remedy = "\n".join(note.detail for note in notes if note.detail)
        return Check("record", status, _sentence(first.summary), remedy or _CORRECT)
    if not moments:
        return Check("record", CheckStatus.OK, f"There is no record of {target.name} yet: the first apply makes it.")
    latest = _moment(moments[-1])
    when = f", last written {age(latest, now) or 'just now'}" if latest else ""
    return Check("record", CheckStatus.OK, f"The record has {count(len(moments), 'project')}{when}.")


def check_targets(settings: Settings, target: Target, environment: Mapping[str, str]) -> Check:
    """Whether another target leads to the same account."""
    others = (name for name in sorted(settings.targets) if name != target.name)
    same = [name for name in others if _shares(settings, name, target, environment)]
    if not same:
        return Check("targets", CheckStatus.OK, "No other target leads to the same account, as far as can be told.")
    return Check(
        "targets",
        CheckStatus.WARNING,
        f"{', '.join((target.name, *same))}: two targets on one account keep a record each, and see each other's "
        "applies as drift.",
        _one_target((target.name, *same)),
    )


def _one_target(names: Sequence[str]) -> str:
    built_in = next((name for name in names if name in BUILT_IN), None)
    more = f" {built_in} is built in: what is to be set for it goes under [targets.{built_in}]." if built_in else ""
    return f"Keep one target for each account.{more}"


def _shares(settings: Settings, name: str, target: Target, environment: Mapping[str, str]) -> bool:
    table = settings.targets[name]
    if "sandbox" in table:
        file = os.path.realpath(settings.repo_root / table["sandbox"])
        return target.sandbox is not None and file == os.path.realpath(target.sandbox)
    variable = table.get("api_key_env", "SCALE_API_KEY")
    if target.key_variable is None or table["endpoint"].rstrip("/") != target.endpoint:
        return False
    theirs, ours = environment.get(variable, "").strip(), environment.get(target.key_variable, "").strip()
    return variable == target.key_variable or (theirs != "" and theirs == ours)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _failed(check: str, problem: ReconcilerError) -> Check:
    return Check(check, CheckStatus.ERROR, _sentence(problem.summary), problem.detail or _CORRECT)


def _skipped(check: str) -> Check:
    return Check(check, CheckStatus.SKIPPED, "Not looked at.", "Correct the configuration first.")


def _unasked(check: str) -> Check:
    return Check(check, CheckStatus.SKIPPED, "Nothing was asked.", "Correct what stands above first.")


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
