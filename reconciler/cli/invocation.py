"""The invocation of this run: click records each option and argument that a suggested command repeats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.forge.github.job import workflow_title

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.invocation import Invocation
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings

_VARIABLES: Final = {"target": "RECONCILER_TARGET", "endpoint": "RECONCILER_ENDPOINT"}
_NOTED: Final[ContextVar[dict[str, Any] | None]] = ContextVar("noted", default=None)


def begin() -> None:
    """Forget an earlier run of this process."""
    _NOTED.set({"title": workflow_title(os.environ)})


def noting(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that records a parameter under this attribute of the invocation, and does not change the value."""

    def note(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        _note(name, value or os.environ.get(_VARIABLES.get(name, "")) or None)
        return value

    return note


def note_plan(plan: Plan, settings: Settings) -> None:
    """Note that the run is about a saved plan: target, endpoint, and waived guards are those of the file."""
    from reconciler.errors import ReconcilerError
    from reconciler.model.invocation import UNNAMED
    from reconciler.settings import choose_target

    noted = _NOTED.get() or {}
    note_target(plan.target.name)
    unnamed = os.environ.get("RECONCILER_TARGET") or settings.default_target or UNNAMED
    if plan.target.name != UNNAMED or unnamed != UNNAMED or os.environ.get("CI"):
        _note("target", plan.target.name)
    if "planfile" not in noted:
        waived = (waived for change in plan.changes for waived in change.waived_by)
        _note("allowed", tuple(dict.fromkeys(one.guard for one in waived if one.by == f"--allow {one.guard}")))
    try:
        target = choose_target(settings, name=plan.target.name, endpoint=None, environment={}, offline=True)
    except ReconcilerError:
        return
    if plan.target.endpoint != target.endpoint and plan.target.endpoint.startswith(("http://", "https://")):
        _note("endpoint", plan.target.endpoint)


def note_target(name: str) -> None:
    """Record the target that this run uses."""
    _note("read", name)


def current() -> Invocation:
    """The invocation, with what is known so far."""
    from reconciler.model.invocation import Invocation

    return Invocation(**(_NOTED.get() or {}))


def spell(*run: str) -> str:
    """A command that a message suggests, for a shell."""
    from reconciler.render.phrases import shell

    return shell(current().arguments(run))


def completed(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics, with the commands that they suggest."""
    from reconciler.model.rebuilding import with_commands

    return with_commands(tuple(diagnostics), spell)


def _note(name: str, value: Any) -> None:
    noted = _NOTED.get()
    if noted is not None and value is not None:
        noted[name] = value
