"""A short campaign, and that a seed makes the same choices again."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.campaign.manifests import Manifests
from tests.campaign.meetings import meetings
from tests.campaign.story import AFTER, BEFORE, BETWEEN, campaign

pytestmark = pytest.mark.untraced

KILLS = 8
SEED = 5
ROUNDS = 8


def test_kills_leave_no_version_too_many(tmp_path: Path) -> None:
    report = campaign(tmp_path, kills=KILLS, seed=SEED)
    assert not report.violations, "\n\n".join(report.violations)
    assert report.kills.total() == KILLS, str(report)
    assert report.too_many == 0
    assert all(report.kills[moment] for moment in (BEFORE, BETWEEN, AFTER)), str(report)


def test_runs_that_meet_lose_no_edit_and_write_nothing_twice(tmp_path: Path) -> None:
    report = meetings(tmp_path, rounds=ROUNDS, seed=SEED)
    assert not report.violations, "\n\n".join(report.violations)
    assert report.rounds == ROUNDS
    assert report.meetings
    assert report.unfinished
    assert report.kept


def test_a_seed_makes_the_same_choices_again() -> None:
    """Of a campaign whose runs come equally far; how far one comes is not the seed's to say."""

    def reported(seed: int) -> list[str]:
        manifests = Manifests(Random(seed))
        said: list[str] = []

        def edit(name: str, params: dict[str, Any]) -> None:
            said.append(f"{name} {params}")

        def histories(name: str) -> tuple[list[dict[str, Any]], list[list[Any]]]:
            [one] = [project for project in manifests.projects if project.name == name]
            return one.params_versions, one.ontology_versions

        for number in range(6):
            manifests.change(pending=number % 2 == 1, histories=histories, edit=edit)
            said += [project.text() for project in manifests.projects]
        return said

    assert reported(1) == reported(1)
    assert reported(1) != reported(2)
