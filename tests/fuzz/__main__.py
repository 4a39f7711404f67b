"""`python -m tests.fuzz [N] [FIRST]`: N repositories, from the seed FIRST."""

from __future__ import annotations

import sys

from tests.fuzz.promises import run

number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
reported, slowest = run(range(first, first + number))
print(f"{number:,} repositories, {reported:,} diagnostics, every promise kept; the slowest took {slowest:.2f} s")  # noqa: T201
