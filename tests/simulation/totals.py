"""What many seeds gave, summed up."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.world import Report


@dataclass(slots=True)
class Totals:
    seeds: int = 0
    runs: int = 0
    steps: int = 0
    faults: int = 0
    kills: int = 0
    kept: int = 0
    refused: int = 0
    too_many: int = 0
    failed: list[int] = field(default_factory=list)

    def add(self, report: Report) -> None:
        self.seeds += 1
        self.runs += report.runs
        self.steps += report.steps
        self.faults += report.faults
        self.kills += report.kills
        self.kept += report.kept
        self.refused += report.refused
        self.too_many += report.too_many
        if report.violations:
            self.failed.append(report.seed)

    def __str__(self) -> str:
        return (
            f"{self.seeds:,} seeds: {self.runs:,} runs, {self.steps:,} steps, {self.faults:,} faults and "
            f"{self.kills:,} kills survived, {self.refused:,} writes refused, edits kept {self.kept:,} times, "
            f"versions too many: {self.too_many}"
        )
