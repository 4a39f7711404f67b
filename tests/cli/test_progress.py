"""Live lines at a terminal, plain lines elsewhere; both on stderr."""

from __future__ import annotations

import pytest

from reconciler.cli import console
from reconciler.cli.progress import progress
from reconciler.model.outcome import Event, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind

EVENTS = [
    Event(f"p{number}", Action.UPDATE, call=CallKind.SET_PARAMS, detail="setParams patch, 1 parameter")
    for number in range(14)
]
DONE = Event("p0", Action.UPDATE, outcome=ProjectOutcome("p0", Action.UPDATE, Status.DONE, params_version=4))


@pytest.mark.parametrize("terminal", [False, True])
def test_each_event_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr(console, "in_colour", lambda stream: terminal)
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    with progress() as emit:
        for event in (*EVENTS, DONE):
            emit(event)
    said = capsys.readouterr()
    assert said.out == ""
    if terminal:
        assert "1 done" in said.err
    else:
        assert len(said.err.splitlines()) == 15
        assert "project.p3: Modifying... [setParams patch, 1 parameter]" in said.err
