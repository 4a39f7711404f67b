"""docs/run.svg, the first picture in README: plan, apply, and plan again, recorded in a pseudo-terminal.

The commands are real. Only what differs from run to run is replaced: times, the port, and for how long each screen is
seen. Each write waits until the screen that announces it has been recorded.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import errno
import fcntl
import json
import os
import pty
import re
import select
import struct
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Request
from tests.cli.processes import finished
from tests.picture.account import INSTRUCTION, PUPPIES
from tests.picture.animation import Scene, animation
from tests.picture.screen import Screen, plain
from tests.preloaded import COMMAND, Popen
from tests.repositories import commit_all, git
from tests.serving import path_of, serve

FILE: Final = Path(__file__).parents[2] / "docs" / "run.svg"

_BEFORE: Final = {
    "kittens.yaml": """\
name: kitten_labeling
type: imageannotation
params:
  instruction: {$file: kittens.md}
  geometries:
    box: {objects_to_annotate: [Cat, Kitten], min_width: 10}
ontology:
  - Background
  - choice: Animal
    subchoices: [Cat, Kitten]
  - choice: Rodent
    subchoices: [Hamster, Rat]
""",
    "kittens.md": """\
Label every kitten.
Skip blurry images.
One box for each animal.
""",
}
_AFTER: Final = {
    "kittens.yaml": """\
name: kitten_labeling
type: imageannotation
params:
  instruction: {$file: kittens.md}
  geometries:
    box: {objects_to_annotate: [Cat, Kitten], min_width: 12}
ontology:
  - Background
  - choice: Animal
    subchoices:
      - Cat
      - Kitten
      - Fox
      - Hamster
  - choice: Rodent
    subchoices: [Rat]
""",
    "kittens.md": INSTRUCTION,
    "puppies.yaml": PUPPIES,
}
_PROJECTS: Final = ("kitten_labeling", "puppy_labeling")

_COLUMNS: Final = 100
_ROWS: Final = 45
_PROMPT: Final = "\x1b[32m$\x1b[0m "
_PATIENCE: Final = 60
"""Seconds after which a screen that does not come is an error."""

_FIXED: Final = (
    (re.compile(r"read \d\d:\d\d:\d\d UTC"), "read 10:02:11 UTC"),
    (re.compile(r"projects/ at [0-9a-f]{7}"), "projects/ at 3f2c1ab"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8080"),
    (re.compile(r"(?<= )\d+(?:\.\d)?s\b"), "0.4s"),
)

_UNDER_WAY: Final = re.compile(r"project\.(\w+): \w+\.\.\. \[(\w+)")
_HALF: Final = re.compile("\x1b[^A-Za-z]*$")
"""A control that is not read whole."""

_KEY, _PAUSE, _STEP, _READ = 0.05, 0.6, 0.8, 5.0
"""Seconds: after each key, before a command's output, for each step of an apply, and to read a plan."""


class _Gate:
    """The sandbox. With `projects`, each write waits until it is let through, and a project is not read before each one
    above it is being written.

    A write is known as its project and its call, such as `birds setParams`.
    """

    def __init__(self, file: Path) -> None:
        self._inner = create_app(file)
        self.projects: Sequence[str] = ()
        self._changed = threading.Condition()
        self._begun: set[str] = set()
        self._waiting: set[str] = set()

    async def __call__(self, request: Request) -> Answer:
        _, _, project, call, *_ = *path_of(request).strip("/").split("/"), "", ""
        if request.method == "POST" and self.projects:
            await asyncio.to_thread(self._wait, project or json.loads(request.body)["name"], call or "create")
        elif project in self.projects:
            earlier = set(self.projects[: self.projects.index(project)])
            await asyncio.to_thread(self._wait_for, lambda: earlier <= self._begun)
        return await self._inner(request)

    def _wait(self, project: str, call: str) -> None:
        with self._changed:
            self._begun.add(project)
            self._waiting.add(write := f"{project} {call}")
            self._changed.notify_all()
        self._wait_for(lambda: write not in self._waiting)

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, _PATIENCE)

    def waiting(self) -> list[str]:
        """The writes that wait."""
        with self._changed:
            return sorted(self._waiting)

    def let_through(self, write: str) -> None:
        with self._changed:
            self._waiting.remove(write)
            self._changed.notify_all()


class _Terminal:
    """A pseudo-terminal in which one command runs after the other, and what has been seen in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._before = ""
        self._written = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._descriptor = -1
        self.ended = False
        self.scenes: list[Scene] = []

    def rows(self, typed: str = "") -> tuple[str, ...]:
        """The screen as it is now, with what has been typed. What is only half read is not there yet."""
        written = self._before + _HALF.sub("", self._written)
        for found, instead in _FIXED:
            written = found.sub(instead, written)
        screen = Screen(_COLUMNS, _ROWS)
        screen.feed(written + typed)
        return screen.rows()

    def see(self, seconds: float, typed: str = "") -> None:
        """The screen as it is now, with what has been typed, is seen for so long."""
        self.scenes.append(Scene(self.rows(typed), seconds))

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[None]:
        """A command, from when a person types it until it ends."""
        gap = "\r\n" if self._written else ""
        self._before += f"{self._written}{gap}{_PROMPT}"
        self._written, self.ended = "", False
        self._type(words := " ".join(("reconciler", *arguments)))
        self._before += f"{words}\r\n"
        self._descriptor, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        with (
            os.fdopen(self._descriptor, "rb", 0),
            Popen(
                [*COMMAND, *arguments],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                cwd=self._folder,
                env=self._environment,
            ) as process,
        ):
            os.close(theirs)
            try:
                yield
                self.until(lambda rows: False)
            finally:
                process.kill()

    def until(self, condition: Callable[[list[str]], bool]) -> None:
        """Read until the rows of the screen that are not empty meet a condition, or until the command ends."""
        end = time.monotonic() + _PATIENCE
        while not self.ended and not condition([row for row in map(plain, self.rows()) if row]):
            assert time.monotonic() < end, "\n".join(self.rows())
            if not select.select([self._descriptor], [], [], 0.05)[0]:
                continue
            try:
                self._written += self._decoder.decode(os.read(self._descriptor, 1 << 16))
            except OSError as problem:
                if problem.errno != errno.EIO:  # what Linux answers once no process has the terminal open
                    raise
                self.ended = True

    def answer(self, words: str) -> None:
        """A person types an answer."""
        self._type(words)
        os.write(self._descriptor, f"{words}\n".encode())

    def _type(self, words: str) -> None:
        self.see(_PAUSE)
        for end in range(1, len(words) + 1):
            self.see(_KEY, words[:end])
        self.see(_PAUSE, words)


def picture() -> str:
    """The SVG."""
    return animation(record(), title="reconciler", columns=_COLUMNS, rows=_ROWS)


def record() -> list[Scene]:
    """What is seen in the terminal, from the first command to the end of the last."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        repository = folder / "repository"
        gate = _Gate(folder / "account.db")
        with serve(gate) as port:
            environment = _environment(folder, f"http://127.0.0.1:{port}/v1")
            _write(repository, _BEFORE)
            git(repository, "init", "-q")
            commit_all(repository)
            code, out, error = finished("apply", "--auto-approve", cwd=repository, env=environment)
            assert code == 0, out + error
            _write(repository, _AFTER)
            commit_all(repository)
            terminal = _Terminal(repository, environment)
            _play(terminal, gate)
        return terminal.scenes


def _write(repository: Path, manifests: Mapping[str, str]) -> None:
    for file, text in manifests.items():
        (repository / "projects" / file).parent.mkdir(parents=True, exist_ok=True)
        (repository / "projects" / file).write_text(text)


def _environment(home: Path, endpoint: str) -> dict[str, str]:
    unset = ("GIT_", "XDG_", "EMAIL", "RECONCILER_", "SCALE_", "CI", "GITHUB_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    outer = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    target = {"RECONCILER_TARGET": "production", "RECONCILER_ENDPOINT": endpoint, "SCALE_API_KEY": "key"}
    return {**outer, **target, "HOME": str(home), "TERM": "xterm-256color"}


def _play(terminal: _Terminal, gate: _Gate) -> None:
    with terminal.running("plan"):
        pass
    terminal.scenes.clear()  # it begins with the plan, which is all that some programs show
    terminal.see(_READ)
    with terminal.running("apply"):
        terminal.until(lambda rows: rows[-1].endswith("Enter a value: "))
        gate.projects = _PROJECTS
        terminal.answer("yes")
        while not terminal.ended:
            terminal.until(lambda rows: _is_announced(gate.waiting(), rows))
            if not terminal.ended:
                terminal.see(_STEP)
                gate.let_through(gate.waiting()[0])
    with terminal.running("plan"):
        pass
    terminal.see(_READ)


def _is_announced(writes: Sequence[str], rows: Sequence[str]) -> bool:
    """Whether the rows of an apply's progress show these writes, and no other project."""
    shown = {(found[1], found[2]) for row in rows if (found := _UNDER_WAY.match(row))}
    done = re.match(r"(\d+) of (\d+) done", rows[-1])
    if not writes or done is None or int(done[1]) + len(writes) < int(done[2]):
        return False
    return shown == {tuple(write.split(" ")) for write in writes}
