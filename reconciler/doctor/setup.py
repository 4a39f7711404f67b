"""The setup that the checks look at: folder, environment, configuration, target, and what the target answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.doctor.evidence import Project
from reconciler.errors import ReconcilerError
from reconciler.frozen import dataclass
from reconciler.model.project import UnreadableProject
from reconciler.settings import Settings, Target, choose_target, read_settings


@dataclass(frozen=True, slots=True)
class Contact:
    """What the target answered. `opened` is false if no request could be sent. `problem` is why there is no list.

    `ahead` is how many seconds the clock is ahead of the server's, None if no answer had the time.
    """

    opened: bool
    problem: ReconcilerError | None = None
    listed: Sequence[Project] = ()
    unreadable: Sequence[UnreadableProject] = ()
    ahead: float | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """The setup of a run in `cwd`. `problem` is why there are no settings, or no target.

    `asked` has the requested target and endpoint. `contact` is replaced once the target has been contacted.
    """

    cwd: Path
    environment: Mapping[str, str]
    asked: tuple[str, str]
    settings: Settings | None = None
    target: Target | None = None
    problem: ReconcilerError | None = None
    contact: Contact = Contact(opened=False)

    @property
    def chosen(self) -> Target:
        assert self.target is not None
        return self.target

    @property
    def configured(self) -> Settings:
        assert self.settings is not None
        return self.settings


def read_setup(cwd: Path, *, target: str | None, endpoint: str | None, environment: Mapping[str, str]) -> Setup:
    """The configuration of a run in `cwd`, and the chosen target. Nothing is sent."""
    setup = Setup(cwd, environment, (target or "", endpoint or ""))
    try:
        setup = replace(setup, settings=read_settings(cwd))
        chosen = choose_target(setup.configured, name=target, endpoint=endpoint, environment=environment)
    except ReconcilerError as problem:
        return replace(setup, problem=problem)
    return replace(setup, target=chosen)
