"""The checks of the setup, one function each. No message contains the key."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler import git
from reconciler.configuration.keys import BUILT_IN
from reconciler.diagnostics import Remedy, Severity, capital, count, joined, sentence
from reconciler.doctor.setup import Setup
from reconciler.doctor.workflows import find_misfits, read_workflows
from reconciler.errors import CredentialsError, DiagnosedError, GitRefusedError, ReconcilerError, UsageError
from reconciler.frozen import dataclass
from reconciler.instants import read_instant
from reconciler.model.doctor import CheckResult, CheckStatus
from reconciler.operations.pin import Pin, own_pin
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session, check_sandbox
from reconciler.operations.validate import validate
from reconciler.planning.blocking import unreadable_advice
from reconciler.render.phrases import age, duration

OLDEST_PYTHON: Final = (3, 11)
SAFE_GIT: Final = (2, 38)
"""The first git that knows safe.bareRepository."""

WORST_CLOCK: Final = 60
"""How many seconds the clock may differ from the server's."""

TEST_KEY: Final = "test_"
"""The prefix of Scale's test keys."""

_VALIDATE: Final = ("validate", "--")
_FOLDER: Final = ".reconciler"

Result = tuple[CheckStatus, str, str, tuple[Remedy, ...]]
"""The status, a sentence, what to do, and the commands to run; the last two are empty if all is well."""


def examine(setup: Setup) -> tuple[CheckResult, ...]:
    """The result of every check, in the order of the table."""
    return tuple(result for check in CHECKS if (result := _examined(check, setup)) is not None)


def _examined(check: Check, setup: Setup) -> CheckResult | None:
    if check.needs is not None and getattr(setup, check.needs) is None:
        return skipped(check.name)
    try:
        result = check.look(setup)
        return None if result is None else CheckResult(check.name, *result)
    except ReconcilerError as problem:
        return failed(check.name, problem)


def failed(check: str, problem: ReconcilerError) -> CheckResult:
    """An error as the result of a check."""
    remedies = problem.remedies if problem.detail or problem.remedies else (_again(check),)
    return CheckResult(check, CheckStatus.ERROR, sentence(problem.summary), problem.detail, remedies)


def _again(check: str) -> Remedy:
    """What to do about an error that does not say it."""
    return Remedy(f"Fix the {check} error, then check the setup again:", ("doctor",))


def skipped(check: str) -> CheckResult:
    """The result of a check that needs a configuration."""
    return CheckResult(check, CheckStatus.SKIPPED, "Not checked.", "Fix the errors in the configuration first.")


def unasked() -> CheckResult:
    """The result of the assumptions if the list of projects is not known."""
    return CheckResult("assumptions", CheckStatus.SKIPPED, "Not checked.", "Fix the errors above first.")


def _ok(message: str) -> Result:
    return CheckStatus.OK, message, "", ()


def _warning(message: str, remedy: str, *remedies: Remedy) -> Result:
    return CheckStatus.WARNING, message, remedy, remedies


def _error(message: str, remedy: str, *remedies: Remedy) -> Result:
    return CheckStatus.ERROR, message, remedy, remedies


_UNASKED: Final[Result] = (CheckStatus.SKIPPED, "No request was sent.", "Fix the errors above first.", ())


def check_python(setup: Setup) -> Result:
    version = sys.version_info[:2]
    if version >= OLDEST_PYTHON:
        return _ok(f"Python {platform.python_version()}.")
    return _error(f"Python {_dotted(version)} is too old.", f"Install Python {_dotted(OLDEST_PYTHON)} or newer.")


def check_git(setup: Setup) -> Result:
    version = git.version(setup.cwd)
    repository = git.is_repository(setup.cwd)
    if version is None:
        return _warning(
            "Git is missing, so plans and records do not show which commit a change came from.",
            "Install git, and keep the manifests in a repository.",
        )
    if not repository:
        return _warning(
            f"git {version} is installed, but {setup.cwd} is not in a repository. Plans do not show a commit, and the "
            "record is kept in a file.",
            "Keep the manifests in a repository.",
            Remedy("To create one:", ("git", "init")),
        )
    if (numbers := re.match(r"(\d+)\.(\d+)", version)) and tuple(map(int, numbers.groups())) < SAFE_GIT:
        return _warning(
            f"git {version} ignores safe.bareRepository. In a folder that looks like a bare repository, it runs the "
            "commands that the folder's config file names. Reconciler refuses such folders, but other tools might not.",
            f"Install git {_dotted(SAFE_GIT)} or newer.",
        )
    return _ok(f"git {version} is installed, and this folder is in a git repository.")


def check_configuration(setup: Setup) -> Result:
    if isinstance(setup.problem, DiagnosedError):
        mistakes = setup.problem.diagnostics
        first = mistakes[0]
        place = f" ({Path(first.location.file).name}:{first.location.line})" if first.location else ""
        remedy = capital(first.label or first.detail or "Fix the mistake.")
        more = "" if len(mistakes) == 1 else f" The configuration has {len(mistakes):,} mistakes. This is the first."
        message = f"{capital(first.summary)}{place}.{more}"
        return _error(message, remedy, *([Remedy("To see all mistakes:", _VALIDATE)] if len(mistakes) > 1 else []))
    if setup.problem is not None:
        raise setup.problem
    file = setup.configured.config_file
    where = str(file) if file else "The defaults apply, because there is no configuration file"
    return _ok(f"{where}; targets: {', '.join(sorted(setup.configured.targets))}; selected: {setup.chosen.name}.")


def check_manifests(setup: Setup) -> Result:
    found = validate(setup.configured, ())
    words = f"{count(found.manifests, 'manifest')} in {setup.configured.manifests}"
    for severity, result in ((Severity.ERROR, _error), (Severity.WARNING, _warning)):
        if number := sum(diagnostic.severity is severity for diagnostic in found.diagnostics):
            return result(f"{words}, with {count(number, severity)}.", "", Remedy("To see the details:", _VALIDATE))
    if not found.manifests:
        return _warning(f"{words}.", "", Remedy("Write a manifest, or import live projects:", ("import", "--all")))
    return _ok(f"{words}, without errors or warnings.")


def check_key(setup: Setup) -> Result:
    if isinstance(setup.contact.problem, CredentialsError):
        raise setup.contact.problem
    variable = setup.chosen.key_variable
    if variable is None:
        return _ok("The in-process sandbox needs no key.")
    held = setup.environment.get(variable, "")
    key = held.strip()
    kind = f"starts with {TEST_KEY}" if key.startswith(TEST_KEY) else f"does not start with {TEST_KEY}"
    if key != held:
        return _warning(
            f"{variable} has leading or trailing whitespace, which is ignored. The key {kind}.",
            "Remove the whitespace, because other tools might send it with the key.",
        )
    return _ok(f"{variable} is set. The key {kind}.")


def check_endpoint(setup: Setup) -> Result:
    target, answer = setup.chosen, setup.contact
    if isinstance(answer.problem, CredentialsError):
        return _ok(f"{target.endpoint} responds.") if answer.opened else _UNASKED
    if answer.problem is not None:
        raise answer.problem
    who = f"The in-process sandbox {target.endpoint}" if target.sandbox else target.endpoint
    found = f"{who} responds; the account has {count(len(answer.listed) + len(answer.unreadable), 'project')}"
    if answer.unreadable:
        cannot = f"{found}, of which {len(answer.unreadable):,} cannot be read."
        return _warning(cannot, unreadable_advice(answer.unreadable))
    return _ok(f"{found}.")


def check_clock(setup: Setup) -> Result:
    if not setup.contact.opened:
        return _UNASKED
    if setup.chosen.sandbox is not None:
        return _ok("The in-process sandbox uses this machine's clock.")
    off = setup.contact.ahead
    if off is None:
        return (
            CheckStatus.SKIPPED,
            "No response contained the server's time.",
            "To make sure that this machine's clock is correct, synchronize it with NTP.",
            (),
        )
    if abs(off) <= WORST_CLOCK:
        return _ok(f"The clock differs from the server's by {abs(off):.0f} s.")
    way = "ahead of" if off > 0 else "behind"
    return _warning(
        f"The clock is {duration(abs(off))} {way} the server's, so times and ages in plans are off by that much.",
        "Correct this machine's clock, for example with NTP.",
    )


def check_permissions(setup: Setup) -> Result:
    """Whether the sandbox's file and the record can be written, as far as this can be checked without writing."""
    sandbox = setup.chosen.sandbox
    if sandbox is not None:
        check_sandbox(sandbox)
    try:
        place = git.common_folder(setup.configured.git_root) or setup.configured.git_root / _FOLDER
    except GitRefusedError:
        unknown = "Git failed, so the location of the record is unknown."
        return CheckStatus.SKIPPED, unknown, "Fix the error that the git check reports.", ()
    if (problem := _unwritable(place)) is not None:
        why, remedy = problem
        return _error(f"The record cannot be written: {why}.", remedy)
    if sandbox is None:
        return _ok(f"The record's folder ({place}) is writable.")
    return _ok(f"The sandbox file ({sandbox}) and the record's folder ({place}) are writable.")


def check_record(setup: Setup) -> Result:
    record, notes = read_record(Session(setup.configured, setup.chosen, setup.environment))
    if notes:
        first = notes[0]
        remedies = [remedy for note in notes for remedy in note.remedies]
        remedy = "\n".join(note.detail for note in notes if note.detail)
        minor = first.code in ("local-record", "no-record")
        if not remedy and not remedies:
            remedies = [_again("record")]
        return (_warning if minor else _error)(sentence(first.summary), remedy, *remedies)
    moments = sorted(
        project.recorded_at for _, section in record.at(setup.chosen.endpoint) for project in section.projects.values()
    )
    if not moments:
        return _ok(f"There is no record of {setup.chosen.name} yet. The first apply creates one.")
    latest = read_instant(moments[-1])
    when = f", last written {age(latest, datetime.now(UTC)) or 'just now'}" if latest else ""
    return _ok(f"The record has {count(len(moments), 'project')}{when}.")


def check_targets(setup: Setup) -> Result:
    """Whether another target uses the same account."""
    target = setup.chosen
    others = (name for name in sorted(setup.configured.targets) if name != target.name)
    same = (target.name, *(name for name in others if _shares_account(setup, name)))
    if len(same) == 1:
        return _ok("No other target appears to use the same account.")
    built_in = next((name for name in same if name in BUILT_IN), None)
    more = f" {built_in} is built in. Its settings go under [targets.{built_in}]." if built_in else ""
    return _warning(
        f"The targets {joined(same)} use the same account. Each target has its own record, so drift reports what "
        "was applied with another target as changes made on Scale.",
        f"Keep one target for each account.{more}",
    )


def check_workflows(setup: Setup) -> Result | None:
    """Whether the workflows that run reconciler fit the repository. None if there are none."""
    found = read_workflows(setup.configured.git_root) if setup.settings is not None else None
    if found is None or not found.steps:
        return None
    if misfits := [*find_misfits(found, setup.configured, _read_pin())]:
        messages, to_do = zip(*misfits, strict=True)
        words = dict.fromkeys(each for each in to_do if isinstance(each, str))
        remedies = dict.fromkeys(each for each in to_do if isinstance(each, Remedy))
        return _warning(" ".join(messages), "\n".join(words), *remedies)
    noun = "environment" if len(found.environments) == 1 else "environments"
    needed = f" On GitHub, they need the {noun} {joined(found.environments)}." if found.environments else ""
    return _ok(f"The workflows fit the repository.{needed}")


def _read_pin() -> str | None:
    try:
        pin = own_pin()
    except UsageError:  # a clone with changes: no commit has what is running
        return None
    return pin.short if isinstance(pin, Pin) else None


@dataclass(frozen=True, slots=True)
class Check:
    """`needs` is the attribute of the setup without which the check is skipped.

    `look` returns None if there is nothing to check.
    """

    name: str
    look: Callable[[Setup], Result | None]
    needs: str | None = None


CHECKS: Final = (
    Check("python", check_python),
    Check("git", check_git),
    Check("configuration", check_configuration),
    Check("manifests", check_manifests, needs="settings"),
    Check("key", check_key, needs="target"),
    Check("endpoint", check_endpoint, needs="target"),
    Check("clock", check_clock, needs="target"),
    Check("permissions", check_permissions, needs="target"),
    Check("record", check_record, needs="target"),
    Check("targets", check_targets, needs="target"),
    Check("workflows", check_workflows),
)


def _unwritable(folder: Path) -> tuple[str, str] | None:
    """Why no file can be created in a folder, which may not exist yet, and what to do. None if one can be created."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            return f"{folder} is not a folder", f"Replace {folder} with a folder."
    except OSError as problem:
        return f"{folder}: {problem.strerror}", f"Make {folder} readable and writable, then run doctor again."
    return None if os.access(folder, os.W_OK | os.X_OK) else (f"{folder} is not writable", f"Make {folder} writable.")


def _shares_account(setup: Setup, name: str) -> bool:
    target, table = setup.chosen, setup.configured.targets[name]
    if "sandbox" in table:
        file = os.path.realpath(setup.configured.repo_root / table["sandbox"])
        return target.sandbox is not None and file == os.path.realpath(target.sandbox)
    if target.key_variable is None or table["endpoint"].rstrip("/") != target.endpoint:
        return False
    variable = table.get("api_key_env", "SCALE_API_KEY")
    theirs, ours = (setup.environment.get(one, "").strip() for one in (variable, target.key_variable))
    return variable == target.key_variable or (theirs != "" and theirs == ours)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
