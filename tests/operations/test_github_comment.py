"""When a plan is worth a comment, and that the comment always fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Location, Severity, error, warning
from reconciler.documents.plan import PlanShape
from reconciler.forge.github.client import GithubClient
from reconciler.model.outcome import CallOutcome, CallResult, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind, Plan, Summary
from reconciler.operations.github_comment import comment_outcome, comment_plan, has_something_to_say
from reconciler.operations.github_writer import Writer
from tests.forge.github.conftest import Clock, event_of
from tests.forge.github.double import Github, served
from tests.render.plans import BASE, NOW, kitten, outcome, plan, unchanged

WRITER = Writer(BASE, NOW)
LOCATION = Location("/repo/projects/p.yaml", 1, 1, 2)


@pytest.fixture
def github() -> Iterator[Github]:
    with served(Github()) as double:
        yield double


@pytest.mark.parametrize(
    ("made", "worth"),
    [
        (plan(unchanged("p")), False),
        (plan(unmanaged=("old",)), False),
        *((plan(summary=Summary(**{kind: 1})), True) for kind in ("add", "change", "forget", "held", "blocked")),
        (plan(summary=Summary(protected=1)), True),
        (plan(diagnostics=(error("e", "s"),)), True),
        (plan(diagnostics=(warning("local-record", "s"),)), False),
        (plan(diagnostics=(warning("w", "s", location=LOCATION),)), True),
        (plan(diagnostics=(Diagnostic(Severity.NOTE, "n", "s", location=LOCATION),)), False),
        (plan(replace(unchanged("p"), diagnostics=(warning("w", "s", location=LOCATION),))), True),
    ],
)
def test_when_a_plan_is_worth_a_comment(made: Plan, worth: bool) -> None:
    assert has_something_to_say(made) is worth


@pytest.mark.untraced
def test_the_largest_plan_and_outcome_fit(github: Github) -> None:
    names = [f"project {number:05} \U0001f600{'x' * 60}" for number in range(3_000)]
    made = plan(*(replace(kitten(), name=name, hash="a" * 64) for name in names))
    made = replace(made, target=replace(made.target, name="目標" * 50))
    event = event_of(github)
    with GithubClient(event, clock=Clock()) as client:
        comment_plan(client, event, made, WRITER)
        [comment] = github.thread(7)
        assert 30_000 < len(comment["body"]) < 60_000
        calls = (CallOutcome(CallKind.SET_PARAMS, CallResult.LANDED),)
        done = [
            ProjectOutcome(name, Action.UPDATE, Status.DONE, calls=calls, hash=f"{number % 3}" * 64)
            for number, name in enumerate(names)
        ]
        became = replace(outcome(*done), target=made.target)
        report = comment_outcome(client, event, became, WRITER, root=Path("/"))
    assert report.done[0].startswith("Pull request #7: comment edited.")
    assert 20_000 < len(comment["body"]) < 60_000
    assert "**Differs from this comment**" in comment["body"]
    assert "It is unclear whether this comment showed" in comment["body"]


def test_times_alone_change_nothing(github: Github) -> None:
    event = event_of(github)
    made = replace(plan(kitten()), snapshot_at=NOW - timedelta(hours=3))
    with GithubClient(event, clock=Clock()) as client:
        comment_plan(client, event, made, WRITER)
        later = replace(made, made_at=NOW + timedelta(hours=1), snapshot_at=NOW)
        report = comment_plan(client, event, later, replace(WRITER, now=NOW + timedelta(hours=2)))
    assert report.done[0].startswith("Pull request #7: comment unchanged.")
    assert len(github.writes) == 1


def test_unchanged_projects_count_by_name_alone(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    document = PlanShape.document

    def counted(value: Plan) -> object:
        written.append(len(value.changes))
        return document(value)

    monkeypatch.setattr(PlanShape, "document", counted)
    event = event_of(github)
    same = [unchanged(f"same{number}") for number in range(20)]
    warned = replace(unchanged("warned"), diagnostics=(warning("w", "s", location=LOCATION),))
    made = plan(kitten(), *same, warned)
    moved = replace(same[0], expected=replace(same[0].expected, params_version=99))
    reports = []
    with GithubClient(event, clock=Clock()) as client:
        for each in (
            made,
            plan(kitten(), moved, *same[1:], warned),
            plan(kitten(), replace(same[0], name="other"), *same[1:], warned),
            plan(kitten(), replace(same[0], name="other"), *same[1:], replace(warned, diagnostics=())),
        ):
            reports.append(comment_plan(client, event, each, WRITER).done[0].split(".")[0])
    assert [report.rpartition(" ")[2] for report in reports] == ["created", "unchanged", "edited", "edited"]
    assert written == [2, 2, 2, 1]
