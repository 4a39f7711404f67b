"""One campaign: rounds of changes in git, each applied by runs that are killed until one is let finish, and looked at.

The choices (changes, moments, signals) come from the seed alone. What the machine's speed decides is only how far a run
has come by its moment, so a report counts kills by what the server had seen.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from reconciler.cli import run as run_here
from reconciler.git.keptref import ref_name
from reconciler.record.stores import open_record
from tests.campaign.manifests import Manifests, is_somebodys
from tests.campaign.server import LATENCY, Account, served
from tests.preloaded import COMMAND, Popen

BEFORE, BETWEEN, AFTER = "before the first write", "between", "after the last"
_TARGET = "production"
_REF = ref_name("record", _TARGET)
_MOST_KILLS = 4
"""Of one round."""

_UNFINISHED = 0.4
"""How often git moves on before a run has finished."""

_SECONDS = 120
_FOREIGN = ("CI", "GITHUB_", "RECONCILER_", "SCALE_", "NO_COLOR", "GIT_")
_EXIT_CODES = {signal.SIGKILL: {-9}, signal.SIGTERM: {143, -15}, signal.SIGINT: {130}}


@dataclass
class Report:
    """What a campaign did and found."""

    seed: int
    runs: int = 0
    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    versions: int = 0
    too_many: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        moments = ", ".join(f"{self.kills[moment]} {moment}" for moment in (BEFORE, BETWEEN, AFTER))
        signals = ", ".join(f"{number} {name}" for name, number in sorted(self.signals.items()))
        return (
            f"seed {self.seed}: {self.runs} runs in {self.rounds} rounds, {self.kills.total()} kills ({signals}; "
            f"{moments}), {self.versions} versions, versions too many: {self.too_many}"
        )


@dataclass(frozen=True)
class Kill:
    """`seconds` after write number `write` (0: the first read) has come; to the process, or to its whole group."""

    write: int
    seconds: float
    number: signal.Signals
    group: bool


@dataclass(frozen=True)
class Ended:
    """How a run ended. `killed` is whether the signal was sent while it was there."""

    code: int
    out: str
    err: str
    killed: bool


def campaign(folder: Path, *, kills: int, seed: int) -> Report:
    """Play rounds in `folder`, an empty one, until so many kills have hit a run."""
    report = Report(seed)
    random = Random(seed)
    repository = folder / "repository"
    repository.mkdir()
    account = Account(folder / "account" / "sandbox.db")
    with served(account) as endpoint, _environment(endpoint, repository):
        story = _Story(folder, repository, account, random, report, kills)
        while report.kills.total() < kills and not report.violations:
            story.play_round()
    return report


@contextlib.contextmanager
def _environment(endpoint: str, repository: Path) -> Iterator[None]:
    """A clean environment and the repository as working folder, here and in what is started."""
    before, folder = dict(os.environ), Path.cwd()
    for name in before:
        if name.startswith(_FOREIGN) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ |= {"RECONCILER_ENDPOINT": endpoint, "SCALE_API_KEY": "key", "GIT_CONFIG_GLOBAL": os.devnull}
    os.chdir(repository)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ |= before


class _Story:
    def __init__(
        self, folder: Path, repository: Path, account: Account, random: Random, report: Report, kills: int
    ) -> None:
        self._most = kills
        self._folder = folder
        self._repository = repository
        self._account = account
        self._random = random
        self._report = report
        self._manifests = Manifests(random)
        self._pending = False
        _git("init", "--quiet", "--initial-branch=main")
        (repository / "reconciler.toml").write_text(
            f'target = "{_TARGET}"\n[guards]\nmax_change_ratio = 1.0\n[targets.{_TARGET}]\nrecord = "local"\n'
        )

    def play_round(self) -> None:
        """Changes in git, killed runs, and, unless git moves on before that, a run to the end."""
        report = self._report
        self._pending = report.rounds % 2 == 1
        report.rounds += 1
        self._manifests.change(pending=self._pending, histories=self._history, edit=self._account.store.edit_params)
        self._manifests.write(self._repository / "projects")
        _git("add", "--all")
        _git("-c", "user.name=c", "-c", "user.email=c@localhost", "commit", "--quiet", "--message=round")
        for _ in range(min(self._most - report.kills.total(), self._random.randint(2, _MOST_KILLS))):
            if not self._writes_left() and self._random.random() < 0.7:
                break
            kill = self._draw(self._writes_left())
            ended = self._run(kill)
            self._look(f"round {report.rounds}, {kill}")
            if not ended.killed and ended.code == 0:
                break
        if self._random.random() < _UNFINISHED and report.kills.total() < self._most:
            return
        ended = self._run(None)
        self._expect(ended.code == 0, f"the last run of round {report.rounds} ended with {ended.code}", ended)
        self._look(f"the end of round {report.rounds}", finished=True)

    def _draw(self, writes: int) -> Kill:
        random = self._random
        number = random.choices((signal.SIGKILL, signal.SIGTERM, signal.SIGINT), (70, 15, 15))[0]
        group = random.random() < 0.3
        moment = random.choice((BEFORE, BETWEEN, BETWEEN, AFTER)) if writes else BEFORE
        if moment == BEFORE:
            return Kill(0, random.uniform(0, 0.15), number, group)
        if moment == AFTER:
            return Kill(writes, random.uniform(2, 6) * LATENCY, number, group)
        return Kill(random.randint(1, writes), random.uniform(0, 3) * LATENCY, number, group)

    def _run(self, kill: Kill | None) -> Ended:
        report = self._report
        report.runs += 1
        result = self._folder / f"result-{report.runs}.json"
        command = [*COMMAND, "apply", "--auto-approve", "--result", str(result)]
        command += [f"--parallelism={self._random.choice((1, 2, 4, 8))}", *(["--pending"] if self._pending else [])]
        writes, before = self._writes_left(), self._versions()
        hit: list[str] = []
        with Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:

            def end() -> None:
                assert kill is not None
                if process.poll() is None:
                    arrived, done = self._account.arrived, self._account.done
                    hit.append(AFTER if done >= writes else BETWEEN if arrived else BEFORE)
                    (os.killpg if kill.group else os.kill)(process.pid, kill.number)

            if kill is None:
                self._account.begin()
            else:
                self._account.begin(write=kill.write, seconds=kill.seconds, action=end)
            out, err = process.communicate(timeout=_SECONDS)
        self._account.begin()
        self._account.wait_until_idle()
        ended = Ended(process.returncode, out, err, bool(hit))
        codes = {0} if kill is None else {0, *_EXIT_CODES[kill.number]}
        self._expect(ended.code in codes, f"a run ended with {ended.code} after {kill}", ended)
        self._expect("Traceback" not in err, f"a traceback after {kill}", ended)
        if kill is not None and hit:
            report.kills[hit[0]] += 1
            report.signals[kill.number.name + (" to the group" if kill.group else "")] += 1
        if result.exists():
            self._compare(json.loads(result.read_text()), before, ended)
        return ended

    def _compare(self, result: Any, before: dict[str, tuple[int, int]], ended: Ended) -> None:
        """What a result says landed is what the server has more than before."""
        now = self._versions()
        for project in result["projects"]:
            landed = {call["call"] for call in project["calls"] if call["result"] == "landed"}
            had, has = before.get(project["name"], (0, 0)), now.get(project["name"], (0, 0))
            wrote = (has[0] - had[0], has[1] - had[1])
            said = (int(bool(landed & {"create", "setParams"})), int("setOntology" in landed))
            self._expect(wrote == said, f"the result says {said} of {project['name']}, the server has {wrote}", ended)

    def _look(self, when: str, *, finished: bool = False) -> None:
        """The server's history, the record, and what a plan says of both."""
        for project in self._manifests.projects:
            params, ontologies = self._history(project.name)
            for part, has, should in (
                ("params", params, project.params_versions),
                ("ontology", ontologies, project.ontology_versions),
            ):
                self._report.too_many += max(0, len(has) - len(should))
                whole = has == should if finished else has == should[: len(has)]
                self._expect(whole, f"{when}: {part} of {project.name} are {has}, not {should}")
        self._report.versions = sum(sum(versions) for versions in self._versions().values())
        record = open_record(self._repository, _TARGET, "local").read().record
        _git("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        plan = self._plan(pending=False)
        for change in plan["resource_changes"]:
            for one in change["fields"]:
                found = (change["name"], one["path"], one["class"])
                drifted = one["path"] == "params.note" and is_somebodys(one["before"])
                known = one["class"] == "pending" or (one["class"] == "drift" and drifted)
                self._expect(known, f"{when}: a write of ours is taken for somebody's: {found}")
            self._expect(not change["held_by"], f"{when}: {change['name']} is held by {change['held_by']}")
        if not finished:
            return
        self._expect(bool(record.sections), f"{when}: there is no record")
        locks = [str(file) for file in (self._repository / ".git").rglob("*.lock")]
        self._expect(not locks, f"{when}: locks are left: {locks}")
        summary = self._plan(pending=self._pending)["summary"]
        self._expect(not summary["add"] and not summary["change"], f"{when}: a plan finds changes: {summary}")

    def _plan(self, *, pending: bool) -> Any:
        """What `reconciler plan` says, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_here(["plan", "--format", "json", *(["--pending"] if pending else [])])
        self._expect(code == 0, f"plan ended with {code}: {out.getvalue()} {err.getvalue()}")
        return json.loads(out.getvalue())

    def _writes_left(self) -> int:
        """How many writes the next run has to make."""
        has = self._versions()
        return sum(
            sum(
                max(0, should - there)
                for should, there in zip(project.counts, has.get(project.name, (0, 0)), strict=True)
            )
            for project in self._manifests.projects
        )

    def _versions(self) -> dict[str, tuple[int, int]]:
        projects = json.loads(self._account.store.list_projects())
        return {
            project["name"]: (len(project["param_history"]), len(project.get("ontologyHistory") or []))
            for project in projects
        }

    def _history(self, name: str) -> tuple[list[Any], list[Any]]:
        """The contents of all versions of parameters and of the ontology; none of a project that is not there."""
        projects = {project["name"]: project for project in json.loads(self._account.store.list_projects())}
        project = projects.get(name, {"param_history": []})
        server_keys = {"version", "created_at"}
        params = [
            {key: value for key, value in one.items() if key not in server_keys} for one in project["param_history"]
        ]
        return params, [one["ontology"] for one in project.get("ontologyHistory") or []]

    def _expect(self, holds: bool, problem: str, ended: Ended | None = None) -> None:
        if not holds:
            self._report.violations.append(f"{problem}\n{ended.out}{ended.err}" if ended else problem)


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)
