"""Times two commands side by side: each in a process of its own, taking turns, and the best turn of each counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

SHORT = 0.5
"""Processor seconds below which a side gets more turns."""

TURNS, SHORT_TURNS = 2, 6
_NO_CACHE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Side:
    """A command. `before` runs before each turn, and is not timed. `size` is a file that it writes.

    `waits` says that the time on the clock counts, because the command waits for answers.
    """

    command: tuple[str, ...]
    folder: Path
    codes: tuple[int, ...] = (0,)
    environment: Mapping[str, str] | None = None
    before: Callable[[], None] | None = None
    size: Path | None = None
    waits: bool = False


@dataclass(frozen=True)
class Row:
    """`target` is the ratio of the first side to the second that is the goal: at most that, or at least."""

    name: str
    side: Side
    floor: Side
    target: float
    at_least: bool = False


@dataclass(frozen=True)
class Figures:
    seconds: float
    megabytes: float
    size: float


def measured(side: Side) -> Figures:
    """One turn. Processor time includes that of the command's children."""
    if side.before is not None:
        side.before()
    begun = time.perf_counter()
    process = subprocess.Popen(
        side.command,
        cwd=side.folder,
        env=environment_of(side),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in side.codes:
        raise SystemExit(f"{' '.join(side.command)} ended with {process.returncode}\n{said.decode()[-2000:]}")
    seconds = elapsed if side.waits else usage.ru_utime + usage.ru_stime
    return Figures(seconds, usage.ru_maxrss / 1024, side.size.stat().st_size / 1e6 if side.size else 0.0)


def environment_of(side: Side) -> dict[str, str]:
    """The environment of a command, as outside of CI, and with cached bytecode."""
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "GITHUB_ACTIONS", _NO_CACHE)}
    return {**kept, **(side.environment or {})}


def compare(rows: Iterable[Row], saved: Mapping[str, Any]) -> Iterator[dict[str, dict[str, float]]]:
    """Print a line for each row, beside what was saved for it before, and return what was found.

    Rows with the same floor that are next to each other share its turns.
    """
    for floor, group in groupby(rows, key=lambda row: row.floor):
        together = list(group)
        best = _best([floor, *(row.side for row in together)])
        for row in together:
            ours = best[row.side.command, row.side.folder]
            bare = best[floor.command, floor.folder]
            ratio = ours.seconds / bare.seconds
            found = {
                "ratio": round(ratio, 3),
                "target": row.target,
                "seconds": round(ours.seconds, 3),
                "floor": round(bare.seconds, 3),
                "megabytes": round(ours.megabytes),
                "size": round(ours.size, 2),
            }
            _print(row, found, saved.get(row.name))
            yield {row.name: found}


def _best(sides: Sequence[Side]) -> dict[tuple[tuple[str, ...], Path], Figures]:
    turns: dict[tuple[tuple[str, ...], Path], list[Figures]] = {}
    number = 0
    while number < TURNS or (number < SHORT_TURNS and all(min(_seconds(each)) < SHORT for each in turns.values())):
        number += 1
        for side in sides:
            turns.setdefault((side.command, side.folder), []).append(measured(side))
    return {key: min(each, key=lambda figures: figures.seconds) for key, each in turns.items()}


def _seconds(turns: Sequence[Figures]) -> list[float]:
    return [turn.seconds for turn in turns]


def _print(row: Row, found: Mapping[str, float], before: Mapping[str, float] | None) -> None:
    missed = found["ratio"] < row.target if row.at_least else found["ratio"] > row.target
    pieces = [
        f"{row.name:52} {found['ratio']:7.2f}",
        f"{'at least' if row.at_least else 'at most'} {row.target:g}{' MISSED' if missed else ''}",
        f"{found['seconds']:.2f} s beside {found['floor']:.2f} s",
        f"{found['megabytes']:.0f} MB",
    ]
    if found["size"]:
        pieces.append(f"writes {found['size']:.1f} MB")
    if before is not None:
        pieces.append(f"before: {before['ratio']:.2f}, {before['megabytes']:.0f} MB")
    sys.stdout.write(", ".join(pieces) + "\n")
    sys.stdout.flush()


def read_saved(file: Path) -> dict[str, Any]:
    """What earlier runs found, by size and name of the row; empty if there was none."""
    if not file.exists():
        return {}
    saved: dict[str, Any] = json.loads(file.read_text())
    return saved


def save(file: Path, saved: dict[str, Any], size: int, found: Mapping[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    saved[str(size)] = {**saved.get(str(size), {}), **found}
    file.write_text(json.dumps(saved, indent=1) + "\n")
