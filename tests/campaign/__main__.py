"""`python -m tests.campaign N [SEED]`: N kills of real runs; exit code 1 where they find something."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.campaign.story import campaign


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments else 100
    seed = int(arguments[1]) if len(arguments) > 1 else 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = campaign(Path(folder), kills=number, seed=seed)
    sys.stdout.write(f"{report} in {time.monotonic() - begun:.0f} seconds\n")
    for violation in report.violations:
        sys.stdout.write(f"\n{violation}\n")
    return 1 if report.violations else 0


sys.exit(main(sys.argv[1:]))
