"""A campaign of runs that meet: clones of one remote that keep the record there, people, and two accounts.

Each round changes git, saves edits in the dashboard, and starts one run or several at once: in one clone, in two, or
with the keys of two accounts; of all changes or of pending ones; whole or narrowed to a few names; finished, refused,
or killed. Every value is new, so that a live value shows who wrote it. What is demanded after each round:

- Every live value is git's, of a commit that a run may have applied, or the last that a person saved.
- An edit is live until a person, or a run of all changes, replaces it. Until then a plan shows it as drift or a
  conflict; nothing else is shown so.
- No part of a project has more than one version more, and none that says what the one before it says.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from reconciler.cli import run as run_here
from tests.campaign.server import LATENCY, Account, Accounts, served
from tests.preloaded import COMMAND, Popen
from tests.sandbox.dashboard import Dashboard

ONTOLOGY = "ontology"
KINDS = ("alone", "unfinished", "unfinished", "one clone", "two clones", "two accounts")

_KEYS = ("live", "test")
_CLONES = ("one", "two")
_NAMES = ("kittens", "harbours", "sidewalks", "receipts")
_SECONDS = 400
_FOREIGN = ("CI", "GITHUB_", "RECONCILER_", "SCALE_", "NO_COLOR", "GIT_")

Unit = tuple[str, str]
"""A project, and `ontology` or the name of a parameter."""

Histories = dict[tuple[str, str], list[Any]]
"""All versions by project and part, "params" or "ontology"."""


@dataclass
class Report:
    """What a campaign did and found. `kept` counts edits that a round of pending changes left as they were."""

    seed: int
    rounds: int = 0
    runs: int = 0
    meetings: int = 0
    unfinished: int = 0
    edits: int = 0
    kept: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.runs} runs in {self.rounds} rounds, {self.meetings} of them meetings; "
            f"{self.unfinished} unfinished runs, {self.edits} edits, {self.kept} times kept; "
            f"{len(self.violations)} violations"
        )


@dataclass(frozen=True)
class Start:
    """One run to start: where, with whose key, and narrowed to which names."""

    clone: str
    key: str
    names: tuple[str, ...] = ()


def meetings(folder: Path, *, rounds: int, seed: int) -> Report:
    """Play rounds in `folder`, an empty one, until one finds something."""
    report = Report(seed)
    accounts = {key: Account(folder / key / "sandbox.db") for key in _KEYS}
    with served(Accounts(accounts)) as endpoint, _environment(endpoint):
        story = _Story(folder, accounts, Random(seed), report)
        while report.rounds < rounds and not report.violations:
            story.play_round()
    return report


@contextlib.contextmanager
def _environment(endpoint: str) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    for name in before:
        if name.startswith(_FOREIGN) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ |= {"RECONCILER_ENDPOINT": endpoint, "GIT_CONFIG_GLOBAL": os.devnull}
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ |= before


class _Story:
    def __init__(self, folder: Path, accounts: dict[str, Account], random: Random, report: Report) -> None:
        self._folder = folder
        self._accounts = accounts
        self._random = random
        self._report = report
        self._count = 0
        self._commits: list[dict[str, dict[str, Any]]] = []
        self._edits: dict[str, dict[Unit, Any]] = {key: {} for key in _KEYS}
        for number, key in enumerate(accounts):
            # An account is identified by when its oldest project was made.
            moment = datetime(2026, 1, 1 + number, tzinfo=UTC)
            Dashboard(folder / key / "sandbox.db", now=partial(datetime.fromtimestamp, moment.timestamp(), UTC)).seed(
                [{"name": f"first_of_{key}", "type": "imageannotation"}]
            )
        _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
        for clone in _CLONES:
            _git(folder, "clone", "--quiet", "remote.git", clone)
        (folder / "one" / "reconciler.toml").write_text(
            'target = "production"\n[guards]\nmax_change_ratio = 1.0\n[targets.production]\nrecord = "origin"\n'
        )
        self._commit(dict.fromkeys(_NAMES, ("note", "instruction", ONTOLOGY)))
        for key in _KEYS:
            self._run([Start("one", key)], pending=False)
            self._look(f"after the first apply of {key}", key)

    def play_round(self) -> None:
        report, random = self._report, self._random
        report.rounds += 1
        kind = random.choice(KINDS)
        pending = random.random() < 0.7
        if random.random() < 0.8:
            names = random.sample(_NAMES, random.randint(1, 3))
            parts = (("note",), ("instruction", ONTOLOGY), ("note", ONTOLOGY), (ONTOLOGY,))
            self._commit({name: random.choice(parts) for name in names})
        for key in _KEYS:
            for _ in range(random.randint(0, 2)):
                self._edit(key)
        key = random.choice(_KEYS)
        starts = {
            "one clone": [Start("one", key)] * 3,
            "two clones": [Start("one", key), Start("two", key), Start("two", key)],
            "two accounts": [Start(random.choice(_CLONES), key) for key in _KEYS],
        }.get(kind, [Start(random.choice(_CLONES), key, self._narrowed())])
        before = {key: self._histories(key) for key in _KEYS}
        self._run(starts, pending=pending, unfinished=kind == "unfinished")
        report.meetings += len(starts) > 1
        when = f"round {report.rounds} ({kind}{', pending' if pending else ''}, {', '.join(map(str, starts))})"
        for key in _KEYS:
            ours = any(start.key == key for start in starts)
            self._compare(when, key, before[key], self._histories(key), pending=pending, ours=ours)
            self._look(when, key)

    def _narrowed(self) -> tuple[str, ...]:
        return tuple(self._random.sample(_NAMES, 2)) if self._random.random() < 0.4 else ()

    def _new(self, word: str) -> str:
        self._count += 1
        return f"{word} {self._count}"

    def _commit(self, changed: dict[str, Sequence[str]]) -> None:
        """One commit, pushed, and pulled into every clone."""
        content = {name: dict(units) for name, units in self._commits[-1].items()} if self._commits else {}
        for name, parts in changed.items():
            for unit in parts:
                new = self._new("git")
                content.setdefault(name, {})[unit] = [{"choice": "Thing"}, {"choice": new}] if unit == ONTOLOGY else new
        self._commits.append(content)
        clone = self._folder / "one"
        (clone / "projects").mkdir(exist_ok=True)
        for name, units in content.items():
            params = {unit: value for unit, value in units.items() if unit != ONTOLOGY}
            text = f"name: {name}\ntype: imageannotation\nparams: {json.dumps(params)}\n"
            (clone / "projects" / f"{name}.yaml").write_text(f"{text}ontology: {json.dumps(units[ONTOLOGY])}\n")
        _git(clone, "add", "--all")
        _git(clone, "-c", "user.name=c", "-c", "user.email=c@localhost", "commit", "--quiet", "--message=round")
        _git(clone, "push", "--quiet", "origin", "HEAD:main")
        _git(self._folder / "two", "pull", "--quiet", "--ff-only", "origin", "main")

    def _edit(self, key: str) -> None:
        self._report.edits += 1
        name = self._random.choice(_NAMES)
        unit = self._random.choice(("note", "instruction", ONTOLOGY))
        value: Any = self._new("somebody")
        store = self._accounts[key].store
        if unit == ONTOLOGY:
            value = [{"choice": "Thing"}, {"choice": value}]
            store.edit_ontology(name, value)
        else:
            store.edit_params(name, {unit: value})
        self._edits[key][name, unit] = value

    def _run(self, starts: Sequence[Start], *, pending: bool, unfinished: bool = False) -> None:
        """Start them at once, and wait until all have ended and nothing that they sent is under way."""
        random = self._random
        self._report.runs += len(starts)
        self._report.unfinished += unfinished
        processes = []
        for start in starts:
            command = [*COMMAND, "apply", "--auto-approve", *start.names]
            command += ["--parallelism=2", *(["--pending"] if pending else [])]
            processes.append(
                Popen(
                    command,
                    cwd=self._folder / start.clone,
                    env={**os.environ, "SCALE_API_KEY": start.key},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            )
        if unfinished:
            self._disturb(self._accounts[starts[0].key], processes[0], random)
        for process in processes:
            out, err = process.communicate(timeout=_SECONDS)
            self._expect("Traceback" not in err and process.returncode != 3, f"a run failed:\n{out}{err}")
            # With pending changes, a conflict may be held; of two that meet, one may find its plan stale.
            if not (pending or unfinished or len(processes) > 1):
                self._expect(process.returncode == 0, f"a run ended with {process.returncode}:\n{out}{err}")
        for account in self._accounts.values():
            account.begin()
            account.refuses_next = None
            account.wait_until_idle()

    def _disturb(self, account: Account, process: subprocess.Popen[str], random: Random) -> None:
        """One write is refused, or the process is ended after one has come."""
        if random.random() < 0.5:
            account.refuses_next = random.choice(("/setOntology", "/setParams"))
            return
        number = random.choice((signal.SIGKILL, signal.SIGTERM))

        def end() -> None:
            if process.poll() is None:
                os.kill(process.pid, number)

        account.begin(write=random.randint(1, 3), seconds=random.uniform(0, 3) * LATENCY, action=end)

    def _compare(
        self,
        when: str,
        key: str,
        before: Histories,
        after: Histories,
        *,
        pending: bool,
        ours: bool,
    ) -> None:
        """Check each unit of an account. `ours`: a run had its key."""
        for part, history in after.items():
            new = history[len(before[part]) :]
            self._expect(len(new) <= ours, f"{when}: {key} has {len(new)} new versions of {part}: {new}")
            for one, other in pairwise(history):
                self._expect(one != other, f"{when}: {key} has a version of {part} twice: {one}")
        for unit, value in self._live(after).items():
            name, what = unit
            gits = [commit[name].get(what) for commit in self._commits]
            edit = self._edits[key].get(unit)
            self._expect(value in gits or value == edit, f"{when}: {unit} of {key} is {value}: nobody's, not {edit}")
            if edit is None:
                continue
            if value == edit:
                self._report.kept += pending
            else:
                self._expect(not pending and ours, f"{when}: {unit} of {key} was {edit}, is {value}")
                del self._edits[key][unit]

    def _look(self, when: str, key: str) -> None:
        """What a plan of all changes says of who changed what."""
        os.chdir(self._folder / "one")
        os.environ["SCALE_API_KEY"] = key
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_here(["plan", "--format", "json"])
        self._expect(code == 0, f"{when}: plan ended with {code}: {out.getvalue()} {err.getvalue()}")
        theirs = set()
        for change in json.loads(out.getvalue())["resource_changes"]:
            for one in change["fields"]:
                unit = (change["name"], ONTOLOGY if one["path"].startswith(ONTOLOGY) else one["path"].split(".")[1])
                self._expect(one["class"] != "unknown", f"{when}: {unit} of {key} is unknown")
                if one["class"] in ("drift", "conflict"):
                    theirs.add(unit)
        edits = set(self._edits[key])
        self._expect(
            not theirs - edits, f"{when}: {key} shows {sorted(theirs - edits)} as edits, and nobody edited them"
        )
        self._expect(not edits - theirs, f"{when}: {key} does not show the edits of {sorted(edits - theirs)}")

    def _histories(self, key: str) -> Histories:
        found: Histories = {}
        for project in json.loads(self._accounts[key].store.list_projects()):
            found[project["name"], "params"] = [
                {name: value for name, value in one.items() if name not in ("version", "created_at")}
                for one in project["param_history"]
            ]
            found[project["name"], ONTOLOGY] = [one["ontology"] for one in project.get("ontologyHistory") or []]
        return {part: history for part, history in found.items() if part[0] in _NAMES}

    def _live(self, histories: Histories) -> dict[Unit, Any]:
        found: dict[Unit, Any] = {}
        for (name, part), history in histories.items():
            if part == ONTOLOGY:
                found[name, ONTOLOGY] = [_as_object(choice) for choice in history[-1]]
            else:
                found |= {(name, unit): value for unit, value in history[-1].items()}
        return found

    def _expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self._report.violations.append(problem)


def _as_object(choice: Any) -> Any:
    return choice if isinstance(choice, dict) else {"choice": choice}


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
