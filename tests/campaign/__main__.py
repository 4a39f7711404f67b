"""`python -m tests.campaign N [SEED]`: N kills of real runs, and N rounds of runs that meet.

The exit code is 1 if they find something.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.campaign.meetings import meetings
from tests.campaign.story import campaign


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments else 100
    seed = int(arguments[1]) if len(arguments) > 1 else 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        killed = campaign(_made(Path(folder) / "kills"), kills=number, seed=seed)
        sys.stdout.write(f"{killed} in {time.monotonic() - begun:.0f} seconds\n")
        begun = time.monotonic()
        met = meetings(_made(Path(folder) / "meetings"), rounds=number, seed=seed)
        sys.stdout.write(f"{met} in {time.monotonic() - begun:.0f} seconds\n")
    violations = [*killed.violations, *met.violations]
    for violation in violations:
        sys.stdout.write(f"\n{violation}\n")
    return 1 if violations else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


sys.exit(main(sys.argv[1:]))
