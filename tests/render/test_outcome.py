"""An apply's lines: what happened, what is true now, what to do next."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import error, warning
from reconciler.fieldpath import parse_pattern
from reconciler.model.outcome import CallOutcome, CallResult, Event, OutcomeSummary, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind
from reconciler.render.view.outcome import last_line
from tests.render import plans
from tests.render.plans import BASE, EVIL, NOW, changed, outcome
from tests.render.shown import render_event, render_outcome, render_outcome_markdown

DONE = ProjectOutcome("p", Action.UPDATE, Status.DONE, params_version=4, ontology_version=2, seconds=0.2)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event("p", Action.CREATE), "project.p: Creating...\n"),
        (
            Event("p", Action.UPDATE, CallKind.SET_PARAMS, "setParams patch, 2 parameters"),
            "project.p: Modifying... [setParams patch, 2 parameters]\n",
        ),
        (Event("p", Action.UPDATE, CallKind.SET_ONTOLOGY), "project.p: Modifying... [setOntology]\n"),
        (
            Event("p", Action.UPDATE, outcome=DONE),
            "project.p: Modifications complete after 0.2s [params version 4, ontology version 2, read back]\n",
        ),
        (
            Event("p", Action.CREATE, outcome=replace(DONE, action=Action.CREATE, params_version=None, seconds=125)),
            "project.p: Creation complete after 2m 5s [ontology version 2, read back]\n",
        ),
        (
            Event("p", Action.UPDATE, outcome=replace(DONE, status=Status.UNCHANGED)),
            "project.p: Nothing to do [params version 4, ontology version 2]\n",
        ),
        (
            Event("p", Action.NO_OP, outcome=ProjectOutcome("p", Action.NO_OP, Status.UNCHANGED)),
            "project.p: Nothing to do\n",
        ),
        (
            Event("p", Action.UPDATE, outcome=replace(DONE, status=Status.FAILED, diagnostics=(error("x", "why"),))),
            "project.p: Failed: why\n",
        ),
        (
            Event("p", Action.UPDATE, outcome=replace(DONE, status=Status.STALE, reason="r" * 500)),
            f"project.p: Stale, not written: {'r' * 300}…\n",
        ),
        (Event("p", Action.UPDATE, outcome=replace(DONE, status=Status.NOT_STARTED)), "project.p: Not started\n"),
    ],
)
def test_events(event: Event, line: str) -> None:
    assert render_event(event) == line
    assert re.sub(r"\x1b\[[0-9;]+m", "", render_event(event, colour=True)) == line


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (OutcomeSummary(), "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."),
        (OutcomeSummary(1, 2, 0, 1), "Apply complete! Projects: 1 added, 2 changed, 0 destroyed, 1 forgotten."),
        (
            OutcomeSummary(added=1, failed=1, skipped=2, not_started=3),
            "Apply incomplete! Projects: 1 added, 0 changed, 0 destroyed, 1 failed, 2 skipped, 3 not started.",
        ),
    ],
)
def test_last_line(summary: OutcomeSummary, line: str) -> None:
    assert last_line(summary) == line


def test_an_apply_without_changes_is_one_line() -> None:
    done, failures = render_outcome(outcome(replace(DONE, status=Status.UNCHANGED)), base=BASE, now=NOW)
    assert done == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed.\n"
    assert failures == ""


def test_what_is_true_after_half_a_write() -> None:
    half = replace(
        DONE,
        status=Status.FAILED,
        ontology_version=None,
        calls=(
            CallOutcome(CallKind.CREATE, CallResult.LANDED),
            CallOutcome(CallKind.SET_ONTOLOGY, CallResult.NOT_SENT),
        ),
        reason="the run was interrupted before it was finished",
    )
    _, failures = render_outcome(outcome(half, interrupted_by=9), base=BASE, now=NOW)
    assert failures == (
        "error[failed]: project.p: the run was interrupted before it was finished\n"
        "  Written to project.p: create. Not written: setOntology. It is now at params version 4.\n"
        "  Completed writes are not repeated. Fix the cause and apply again:\n"
        "    reconciler apply p --target production\n"
        "\n"
        "Interrupted by signal 9: no further writes were started.\n"
    )


def test_a_warning_about_a_project_that_is_done() -> None:
    twice = warning("sent-twice", "the params of project.p were written 2 times")
    results, printed = render_outcome(outcome(replace(DONE, diagnostics=(twice,))), base=BASE, now=NOW)
    assert "Apply complete!" in results
    assert printed == "warning[sent-twice]: the params of project.p were written 2 times\n"


def test_a_warning_does_not_stand_for_the_failure() -> None:
    twice = warning("sent-twice", "the params of project.p were written 2 times")
    failed = replace(DONE, status=Status.FAILED, reason="the run was interrupted", diagnostics=(twice,))
    _, printed = render_outcome(outcome(failed), base=BASE, now=NOW)
    assert printed.startswith("error[failed]: project.p: the run was interrupted\nwarning[sent-twice]: ")


def test_a_write_of_which_nothing_is_known() -> None:
    lost = replace(
        DONE,
        status=Status.UNCLEAR,
        calls=(CallOutcome(CallKind.SET_PARAMS, CallResult.UNCLEAR),),
        diagnostics=(error("unavailable", "no answer"),),
    )
    done, failures = render_outcome(outcome(lost), base=BASE, now=NOW)
    assert "    p         unclear " in done
    assert failures == (
        "error[unavailable]: no answer\n"
        "  It is unclear whether setParams took effect.\n"
        "  To see the current state:\n"
        "    reconciler plan p --target production\n"
    )


def test_all_differences_of_a_stale_project_are_shown() -> None:
    fields = tuple(changed(("params", f"k{n}"), "s3cr3t", "t3rc3s") for n in range(40))
    stale = replace(DONE, status=Status.STALE, stale_fields=fields)
    _, failures = render_outcome(outcome(stale), base=BASE, now=NOW, sensitive=(parse_pattern("params.*"),))
    assert failures.startswith("error[stale]: project.p changed on Scale since the plan\n")
    assert failures.count("(sensitive value, changed)") == 40
    assert "s3cr3t" not in failures


def test_a_blocked_project_without_words() -> None:
    _, failures = render_outcome(outcome(replace(DONE, status=Status.BLOCKED)), base=BASE, now=NOW)
    assert failures == "error[blocked]: project.p is blocked\n"


@given(st.text(st.characters(), min_size=1, max_size=10), st.sampled_from(Status))
def test_nothing_foreign_acts(words: str, status: Status) -> None:
    project = ProjectOutcome(
        words,
        Action.UPDATE,
        status,
        words,
        diagnostics=(error("x", words + EVIL),),
        stale_fields=plans.hostile().changes[0].fields,
    )
    for text in render_outcome(outcome(project), base=BASE, now=NOW):
        assert text == "" or text.endswith("\n")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", text)


def test_what_to_do_next_keeps_what_the_run_was_started_with() -> None:
    """A plain apply would revert the edits that an apply of pending changes kept."""
    failed = replace(
        outcome(
            replace(DONE, status=Status.FAILED), replace(DONE, name="-q", status=Status.HELD, held_by=("takeover",))
        ),
        pending_only=True,
    )
    _, printed = render_outcome(failed, base=BASE, now=NOW)
    assert "    reconciler apply p --target production --pending\n" in printed
    assert "    reconciler apply --target production --pending --allow takeover -- -q\n" in printed
    sandbox = replace(failed, target=replace(failed.target, name="sandbox"), pending_only=False)
    _, printed = render_outcome(sandbox, base=BASE, now=NOW)
    assert "    reconciler apply p\n" in printed


@pytest.mark.parametrize("number", [5, 30])
def test_projects_that_the_same_guards_hold_are_one_message(number: int) -> None:
    held = [
        ProjectOutcome(f"p{n}", Action.CREATE, Status.HELD, reason="held by near-type", held_by=("near-type",))
        for n in range(number)
    ]
    other = replace(held[0], name="q", held_by=("vanished",))
    found = outcome(DONE, *held, other)
    done, printed = render_outcome(found, base=BASE, now=NOW)
    assert done.count("held, not written") == number + 1
    assert printed.count("error[held]") == 2
    assert f"{number} projects are held by near-type: " in printed
    names = " p0 p1 p2 p3 p4" if number == 5 else ""
    assert f"    reconciler apply{names} --target production --allow near-type\n" in printed
    comment = render_outcome_markdown(found, base=BASE, now=NOW)
    assert comment.count("<details>") == 2
    assert comment.count("are **held**") == 1
    assert comment.count("is **held**") == 1


def test_a_table_at_a_narrow_terminal() -> None:
    done = [
        ProjectOutcome("a_longer_name", Action.CREATE, Status.DONE, params_version=0, ontology_version=0, seconds=0.9),
        ProjectOutcome("b", Action.UPDATE, Status.NOT_STARTED),
    ]
    outcome = replace(plans.happened(), projects=tuple(done))
    assert render_outcome(outcome, base=plans.BASE, now=plans.NOW, columns=60)[0].split("\n")[:5] == [
        "    project         what was done",
        "         versions now   time",
        "  + a_longer_name   created",
        "         params version 0, ontology version 0   0.9s",
        "    b               not started",
    ]
