"""The rows of the bench: what a user waits for, each beside its floor and with its goal at 10,000 projects."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from tests.bench.engine import Row, Side, environment_of

ROOT = Path(__file__).parents[2]
EXTRAS = ROOT / ".bench" / "extras"
"""Where `make bench` installs what only the bench uses."""

_RECONCILER = str(Path(sys.executable).with_name("reconciler"))
_FORMATS = ("text", "json", "markdown", "html")
LATENCY = 20
"""The milliseconds after which a server that is waited for answers."""


class Bench:
    """The accounts and servers of one run, each made when a row first needs it. `updates` is the size of an apply."""

    def __init__(self, folder: Path, stack: ExitStack, count: int) -> None:
        self._folder = folder
        self._stack = stack
        self.count = count
        self.updates = max(20, count // 5)
        self.account = cache(self._account)
        self.served = cache(self._served)
        self.planned = cache(self._planned)
        self.job = cache(self._job)

    def _account(self, variation: str, count: int) -> Path:
        folder = self._folder / f"{variation}-{count}"
        command = [sys.executable, "-m", "tests.bench.accounts", str(count), str(folder), variation]
        subprocess.run(command, cwd=ROOT, check=True)
        return folder

    def _served(self, account: Path, latency: int) -> str:
        """The endpoint of a server of this account."""
        return self._stack.enter_context(_served(account / "list.json", latency))

    def _planned(self, account: Path) -> Path:
        """A saved plan of the account."""
        side = self.tool(account, "plan", "--allow", "takeover", "--out", "saved.plan")
        subprocess.run(side.command, cwd=account, env=environment_of(side), check=True, capture_output=True)
        return account / "saved.plan"

    def _job(self, account: Path) -> Mapping[str, str]:
        """What GitHub sets for a job on a pull request of this repository, with the double of GitHub."""
        from tests.forge.github.double import Github, pull_request, served, variables

        github = self._stack.enter_context(served(Github()))
        event = account / ".git" / "event.json"
        event.write_text(pull_request(sha="a" * 40))
        return variables(github, "pull_request", str(event), GITHUB_WORKSPACE=str(account))

    def tool(self, account: Path, *arguments: str, latency: int = 0, code: int = 0) -> Side:
        """`reconciler` on an account."""
        endpoint = self.served(account, latency) if arguments[0] in ("plan", "apply", "import") else ""
        size = account / "saved.plan" if "--out" in arguments else None
        variables = {"SCALE_API_KEY": "key", "RECONCILER_ENDPOINT": endpoint}
        return Side((_RECONCILER, *arguments), account, (code,), variables, size=size, waits=latency > 0)

    def apply(self, account: Path, parallelism: int) -> Side:
        """An apply to a server that is slow, on an account and a repository that are as at the start."""
        options = ("--auto-approve", "--allow", "max-creates", "--parallelism", str(parallelism))
        side = self.tool(account, "apply", *options, latency=LATENCY)
        return replace(side, before=partial(_reset, account, self.served(account, LATENCY)))

    def parsed(self, account: Path, name: str) -> Side:
        """A floor that parses the account."""
        more = (self.served(account, 0),) if name == "plan" else ()
        return self.floor(name, account, *more)

    def floor(self, name: str, *arguments: object, folder: Path = ROOT, waits: bool = False) -> Side:
        """One of floors.py."""
        command = (sys.executable, "-m", "tests.bench.floors", name, *map(str, arguments))
        variables = {"PYTHONPATH": f"{ROOT}:{EXTRAS}", "SCALE_API_KEY": "key"}
        return Side(command, folder, environment=variables, waits=waits)


Sides = Callable[[Bench], tuple[Side, Side]]


def _tool(variation: str, *arguments: str, beside: str = "loader", code: int = 0) -> Sides:
    """A command on an account of `count` projects, beside a floor on the same one."""

    def sides(bench: Bench) -> tuple[Side, Side]:
        account = bench.account(variation, bench.count)
        return bench.tool(account, *arguments, code=code), bench.parsed(account, beside)

    return sides


def _changed(*arguments: str) -> Sides:
    """A plan in which a tenth of the projects change, beside one without changes."""

    def sides(bench: Bench) -> tuple[Side, Side]:
        changed = bench.account("changed", bench.count)
        side = bench.tool(changed, "plan", "--allow", "takeover", *arguments)
        return side, bench.tool(bench.account("equal", bench.count), "plan")

    return sides


def _grown(bench: Bench) -> tuple[Side, Side]:
    few, many = (bench.account("equal", count) for count in (bench.count // 10, bench.count))
    return bench.tool(many, "plan"), bench.tool(few, "plan")


def _plan(count: Callable[[Bench], int]) -> Sides:
    def sides(bench: Bench) -> tuple[Side, Side]:
        account = bench.account("equal", count(bench))
        return bench.tool(account, "plan"), bench.parsed(account, "plan")

    return sides


def _comment(bench: Bench) -> tuple[Side, Side]:
    account = bench.account("changed", bench.count)
    bench.planned(account)
    side = bench.tool(account, "github", "comment", "--plan", "saved.plan")
    return replace(side, environment=bench.job(account)), bench.parsed(account, "loader")


def _apply(parallelism: int) -> Sides:
    def sides(bench: Bench) -> tuple[Side, Side]:
        account = bench.account("behind", bench.updates)
        side = bench.apply(account, parallelism)
        command = bench.floor("requests", bench.served(account, LATENCY), bench.updates, parallelism).command
        return side, replace(side, command=command)

    return sides


def _imported(bench: Bench) -> tuple[Side, Side]:
    account = bench.account("imported", bench.count)
    side = replace(bench.tool(account, "import", "--all"), before=partial(_empty, account / "projects"))
    return side, replace(bench.tool(account, "plan"), command=bench.floor("copies", account).command)


def _creates(bench: Bench) -> tuple[Side, Side]:
    account = bench.account("new", bench.updates // 4)
    return bench.apply(account, 32), bench.apply(account, 8)


def _renamed(bench: Bench) -> tuple[Side, Side]:
    account = bench.account("renamed", bench.count * 10)
    return bench.tool(account, "plan", "--allow", "takeover"), bench.parsed(account, "loader")


def _started(command: str, *arguments: str) -> Sides:
    """A command on one project, beside the import of click."""

    def sides(bench: Bench) -> tuple[Side, Side]:
        side = bench.tool(bench.account("equal", 1), command, *arguments)
        return side, Side((sys.executable, "-c", "import click"), ROOT)

    return sides


def _completed(bench: Bench) -> tuple[Side, Side]:
    side, floor = _started("")(bench)
    words = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler va", "COMP_CWORD": "1"}
    return replace(side, command=(_RECONCILER,), environment=words), floor


def _shared(bench: Bench) -> tuple[Side, Side]:
    alone, shared = (bench.account(variation, bench.count // 2) for variation in ("alone", "shared"))
    return bench.tool(shared, "validate"), bench.tool(alone, "validate")


def _sdk(bench: Bench) -> tuple[Side, Side]:
    account = bench.account("equal", bench.count // 10)
    floor = bench.tool(account, "plan", latency=LATENCY)
    return bench.floor("sdk", bench.served(account, LATENCY), bench.count // 10, waits=True), floor


def _octodns(bench: Bench) -> tuple[Side, Side]:
    zone = bench.account("zone", bench.count)
    return bench.floor("octodns", zone), bench.tool(bench.account("equal", bench.count), "plan")


_ONE = "projects/project_000000.yaml"

ROWS: tuple[tuple[str, float, Sides], ...] = (
    ("plan without changes", 0.8, _plan(lambda bench: bench.count)),
    ("plan without changes, a tenth of the projects", 1.2, _plan(lambda bench: bench.count // 10)),
    ("ten times the projects", 10, _grown),
    ("validate one file", 0.25, _tool("equal", "validate", _ONE)),
    ("fmt one file", 0.15, _tool("equal", "fmt", _ONE)),
    ("fmt --check", 4, _tool("equal", "fmt", "--check")),
    ("validate", 1.5, _tool("equal", "validate")),
    ("validate, two notes in each file", 1.5, _tool("noted", "validate")),
    ("validate, a shared ontology of 2,000 choices", 1.1, _shared),
    *((f"plan with a tenth changed, {each}", 1.3, _changed("--format", each)) for each in _FORMATS),
    ("plan with a tenth changed, --out", 1.3, _changed("--out", "saved.plan")),
    ("import --all", 2, _imported),
    ("apply, 8 in flight", 1.1, _apply(8)),
    ("apply, 32 in flight", 1.5, _apply(32)),
    ("creates, 32 in flight beside 8", 1, _creates),
    ("all choices of an ontology renamed", 2.5, _renamed),
    ("plan of 1 project", 5, _started("plan")),
    ("validate of 1 project", 3, _started("validate")),
    ("--version", 1.2, _started("--version")),
    ("--help", 1.2, _started("--help")),
    ("completion", 1.2, _completed),
    ("slower than a plan: Scale's SDK, one project at a time", 25, _sdk),
    ("slower than a plan: octoDNS, the same values", 20, _octodns),
    ("github comment, a tenth changed", 0.5, _comment),
)
"""The name, the goal of the ratio, and how to make the two sides. Rows with the same floor are next to each other.

The double of GitHub is last: it makes this process larger, and the memory of a command is never less than what this
process had.
"""


def rows(bench: Bench, words: Sequence[str]) -> Iterator[Row]:
    """The rows whose names contain one of the words, or all."""
    for name, target, sides in ROWS:
        if words and not any(word in name for word in words):
            continue
        if "octoDNS" in name and not (EXTRAS / "octodns").exists():
            sys.stdout.write(f"{name}: not measured, because octoDNS is not installed. `make bench` installs it.\n")
            continue
        yield Row(name, *sides(bench), target, at_least=name.startswith("slower"))


def _reset(account: Path, endpoint: str) -> None:
    urllib.request.urlopen(f"{endpoint}/reset", data=b"").read()
    subprocess.run(["git", "update-ref", "-d", "refs/reconciler/record/production"], cwd=account, check=True)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@contextmanager
def _served(file: Path, latency: int) -> Iterator[str]:
    command = [sys.executable, str(Path(__file__).with_name("server.py")), str(file), str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
