"""`python -m tests.simulation N [FIRST_SEED]`: plays N seeds; exit code 1 and a trace where one finds something."""

from __future__ import annotations

import sys
import time

from tests.simulation.totals import Totals
from tests.simulation.world import play


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments else 500
    first = int(arguments[1]) if len(arguments) > 1 else 0
    totals = Totals()
    begun = time.monotonic()
    for seed in range(first, first + number):
        report = play(seed)
        if report.violations and not totals.failed:
            sys.stdout.write(f"{report}\n\n")
        totals.add(report)
    sys.stdout.write(f"{totals} in {time.monotonic() - begun:.0f} seconds\n")
    if totals.failed:
        sys.stdout.write(f"Seeds that found something: {', '.join(map(str, totals.failed))}\n")
    return 1 if totals.failed else 0


sys.exit(main(sys.argv[1:]))
