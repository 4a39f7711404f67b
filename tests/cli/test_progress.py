"""Live lines at a terminal, plain lines elsewhere; both on stderr."""

from __future__ import annotations

import pytest

from reconciler.cli.progress import progress
from reconciler.model.outcome import Event, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind
from reconciler.render.text.outcome import lay_out_row
from reconciler.render.view.progress import last_line, view_event

EVENTS = [
    Event(f"p{number}", Action.UPDATE, call=CallKind.SET_PARAMS, detail="setParams patch, 1 parameter")
    for number in range(14)
]
DONE = Event("p0", Action.UPDATE, outcome=ProjectOutcome("p0", Action.UPDATE, Status.DONE, params_version=4))


@pytest.mark.parametrize("terminal", [False, True])
def test_each_event_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr("reconciler.cli.progress.has_cursor", lambda stream: terminal)
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    with progress(20) as emit:
        for event in (*EVENTS, DONE):
            emit(event)
    said = capsys.readouterr()
    assert said.out == ""
    if terminal:
        assert "1 of 20 done" in said.err
    else:
        assert len(said.err.splitlines()) == 15
        assert "project.p3: Modifying... [setParams patch, 1 parameter]" in said.err


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (80, "project.some_longer_name_7: Modifying... [setParams patch, 2 parameters]"),
        (50, "project.some_longer_name_7: Modifying..."),
        (30, "project…_name_7: Modifying..."),
        (5, "p…7: Modifying..."),
    ],
)
def test_a_row_fits_the_terminal(columns: int, row: str) -> None:
    event = Event("some_longer_name_7", Action.UPDATE, detail="setParams patch, 2 parameters")
    assert lay_out_row(view_event(event), colour=False, columns=columns) == row


def test_a_narrow_terminal_shows_no_speed() -> None:
    assert last_line(13, 40, 7.0, 40) == "13 of 40 done, about 15s left"
    assert last_line(13, 40, 7.0, 50) == "13 of 40 done, 1.9 a second, about 15s left"


@pytest.mark.parametrize(
    ("finished", "passed", "words"),
    [
        (0, 60.0, "0 of 1,200 done"),
        (5, 1.0, "5 of 1,200 done"),
        (200, 5.0, "200 of 1,200 done, 40 a second, about 25s left"),
        (30, 10.0, "30 of 1,200 done, 3.0 a second, about 6m 30s left"),
        (10, 60.0, "10 of 1,200 done, 10 a minute, about 119m 0s left"),
        (1_200, 60.0, "1,200 of 1,200 done"),
    ],
)
def test_the_rest_is_estimated(finished: int, passed: float, words: str) -> None:
    assert last_line(finished, 1_200, passed) == words
