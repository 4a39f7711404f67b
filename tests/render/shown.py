"""What each format shows of a plan, a drift, an outcome, or diagnostics: the view, laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Pattern
from reconciler.forge.github.commands import lay_out_annotations
from reconciler.model.drift import Drift
from reconciler.model.outcome import Event, Outcome
from reconciler.model.plan import Plan
from reconciler.render.html.page import lay_out_page
from reconciler.render.markdown import page as markdown
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.text import diagnostics as text_diagnostics
from reconciler.render.text import outcome as text_outcome
from reconciler.render.text import plan as text_plan
from reconciler.render.view.diagnostics import in_blocks, relative_to, view_diagnostics, view_validation
from reconciler.render.view.drift import view_drift
from reconciler.render.view.outcome import view_outcome
from reconciler.render.view.parts import Links, Reader
from reconciler.render.view.plan import view_plan
from reconciler.render.view.progress import view_event


def reader(*, base: str, now: datetime, links: Links | None = None, sensitive: Sequence[Pattern] = ()) -> Reader:
    return Reader(base, now, links, tuple(sensitive))


def render_plan(plan: Plan, *, colour: bool = False, columns: int | None = None, **more: Any) -> str:
    return text_plan.lay_out_view(view_plan(plan, reader(**more)), colour=colour, columns=columns)


def render_drift(drift: Drift, *, colour: bool = False, columns: int | None = None, **more: Any) -> str:
    return text_plan.lay_out_view(view_drift(drift, reader(**more)), colour=colour, columns=columns)


def render_outcome(
    outcome: Outcome, *, colour: bool = False, columns: int | None = None, **more: Any
) -> tuple[str, str]:
    """What was done, for stdout, and what was not, for stderr."""
    view = view_outcome(outcome, reader(**more))
    done, failures = text_outcome.lay_out_outcome, text_outcome.lay_out_failures
    return done(view, colour=colour, columns=columns), failures(view, colour=colour, columns=columns)


def render_event(event: Event, *, colour: bool = False) -> str:
    return text_outcome.lay_out_progress(view_event(event), colour=colour)


def render_plan_markdown(plan: Plan, *, limit: int = LIMIT, **more: Any) -> str:
    return markdown.lay_out_view(view_plan(plan, reader(**more)), limit=limit)


def render_drift_markdown(drift: Drift, *, limit: int = LIMIT, **more: Any) -> str:
    return markdown.lay_out_view(view_drift(drift, reader(**more)), limit=limit)


def render_outcome_markdown(outcome: Outcome, *, limit: int = LIMIT, **more: Any) -> str:
    return markdown.lay_out_outcome(view_outcome(outcome, reader(**more)), limit=limit)


def render_page(plan: Plan, **more: Any) -> str:
    return lay_out_page(view_plan(plan, reader(**more)))


def render_drift_page(drift: Drift, **more: Any) -> str:
    return lay_out_page(view_drift(drift, reader(**more)))


def render_diagnostics(
    diagnostics: Iterable[Diagnostic], *, base: str, colour: bool = False, columns: int | None = None
) -> str:
    return text_diagnostics.lay_out_diagnostics(view_diagnostics(diagnostics, base), colour=colour, columns=columns)


def render_blocks(diagnostics: Iterable[Diagnostic], *, base: str) -> str:
    return text_diagnostics.lay_out_blocks(in_blocks(view_diagnostics(diagnostics, base)), colour=False)


def render_validation(diagnostics: Iterable[Diagnostic], *, manifests: int, base: str, colour: bool = False) -> str:
    view = view_validation(diagnostics, manifests=manifests, base=base)
    return text_diagnostics.lay_out_validation(view, colour=colour)


def render_annotations(diagnostics: Iterable[Diagnostic], *, base: str) -> str:
    return lay_out_annotations(relative_to(diagnostics, base))
