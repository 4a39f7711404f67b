"""Measures each row of rows.py with N projects, and compares it with the last run of the same size.

Usage: python -m tests.bench [N] [WORD of the rows' names ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.engine import compare, read_saved, save
from tests.bench.rows import ROOT, Bench, rows


def main(arguments: Sequence[str]) -> None:
    words = [word for word in arguments if not word.isdecimal()]
    count = next((int(word) for word in arguments if word.isdecimal()), 10_000)
    file = ROOT / ".bench" / "last.json"
    saved = read_saved(file)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        bench = Bench(Path(temporary), stack, count)
        for found in compare(rows(bench, words), saved.get(str(count), {})):
            save(file, saved, count, found)


if __name__ == "__main__":
    main(sys.argv[1:])
