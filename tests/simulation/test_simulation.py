"""Many seeds of whole stories; that a seed is a replay; and that a mistake would be found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.blind import BlindClient
from tests.simulation.recordhouse import Mistake
from tests.simulation.totals import Totals
from tests.simulation.world import play

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[2]
SEEDS = 200
AT_ONCE = 100
MISTAKEN = 400


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_story_ends_well(first: int, capsys: pytest.CaptureFixture[str]) -> None:
    totals = Totals()
    for seed in range(first, first + AT_ONCE):
        report = play(seed)
        assert not report.violations, str(report)
        totals.add(report)
    with capsys.disabled():
        sys.stdout.write(f"\n{totals}\n")
    assert totals.too_many == 0
    assert totals.runs > AT_ONCE
    assert totals.faults > AT_ONCE
    assert totals.kills > 0
    assert totals.kept > 0
    assert totals.refused > 0


def test_a_seed_replays_a_story_exactly() -> None:
    for seed in (1, 2, 3):
        first, second = play(seed), play(seed)
        assert len(first.trace) > 10
        assert str(first) == str(second)


def test_a_seed_replays_a_story_in_another_process() -> None:
    """Also where sets of strings have another order."""
    code = "from tests.simulation.world import play; print(play(5))"
    reported = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert reported == {f"{play(5)}\n"}


def test_seeds_differ() -> None:
    assert play(1).trace != play(2).trace


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (Mistake.NOT_AHEAD, "does not name"),
        (Mistake.OWN_BASES_LOST, "reverted"),
        (Mistake.NO_LOCK, "while that of"),
        (Mistake.OTHER_SECTION, "changes the record of"),
    ],
)
def test_a_mistake_with_the_record_is_found(mistake: str, found: str) -> None:
    """Within the first seeds; the same story without the mistake ends well."""
    reports = (play(seed, mistake=mistake) for seed in range(MISTAKEN))
    report = next((each for each in reports if any(found in violation for violation in each.violations)), None)
    assert report is not None
    assert play(report.seed).violations == []


def test_a_blind_retry_is_found() -> None:
    """Within 200 seeds, as versions that nobody asked for."""
    found = next((report for report in (play(seed, BlindClient) for seed in range(200)) if report.too_many), None)
    assert found is not None
    assert any("landed 2 times" in violation or "landed 3 times" in violation for violation in found.violations)
    assert play(found.seed).violations == []
