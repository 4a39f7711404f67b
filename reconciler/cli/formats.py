"""The table of output formats. A format is a row here, and a module that is imported when it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import field
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from reconciler.cli import console, invocation
from reconciler.frozen import dataclass

if TYPE_CHECKING:
    from reconciler.model.adoption import Adopted
    from reconciler.model.drift import Drift
    from reconciler.model.history import Blame, History, Pins, Relabel
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings

    Found = Plan | Drift | Outcome | Adopted | History | Blame | Relabel | Pins

Subject = Literal["plan", "drift", "outcome", "adoption", "history", "blame", "relabel", "pins", "validation", "doctor"]
_Function = TypeVar("_Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Format:
    """One format, and the function that lays out each subject that it can show.

    A `document` is made from the subject itself, any other format from its view. `coloured` is whether it can use
    colors and fold at the width of a terminal. `here` is whether file names are relative to the working folder rather
    than to the git top level. `linked` is whether lines of files are links. `views` are made for this format alone.
    """

    name: str
    layouts: dict[Subject, str]
    document: bool = False
    coloured: bool = False
    here: bool = False
    linked: bool = False
    views: dict[Subject, str] = field(default_factory=dict)

    def layout(self, subject: Subject) -> Callable[..., Any]:
        return _load(self.layouts[subject])


FORMATS: Final = (
    Format(
        "text",
        {
            "plan": "reconciler.render.text.plan:lay_out_view",
            "drift": "reconciler.render.text.plan:lay_out_view",
            "outcome": "reconciler.render.text.outcome:lay_out_outcome",
            "adoption": "reconciler.render.text.plan:lay_out_view",
            "history": "reconciler.render.text.history:lay_out_history",
            "blame": "reconciler.render.text.history:lay_out_blame",
            "relabel": "reconciler.render.text.history:lay_out_relabel",
            "pins": "reconciler.render.text.pins:lay_out_pins",
            "validation": "reconciler.render.text.diagnostics:lay_out_validation",
            "doctor": "reconciler.render.text.doctor:lay_out_doctor",
        },
        coloured=True,
        here=True,
    ),
    Format(
        "json",
        {
            "plan": "reconciler.documents.plan:PlanShape.document",
            "drift": "reconciler.documents.drift:DriftShape.document",
            "outcome": "reconciler.documents.result:ResultShape.document",
            "history": "reconciler.documents.history:HistoryShape.document",
            "blame": "reconciler.documents.history:BlameShape.document",
            "relabel": "reconciler.documents.history:RelabelShape.document",
            "pins": "reconciler.documents.pins:PinsShape.document",
            "validation": "reconciler.documents.validation:validation_document",
            "doctor": "reconciler.documents.doctor:doctor_document",
        },
        document=True,
    ),
    Format(
        "markdown",
        {
            "plan": "reconciler.render.markdown.page:lay_out_view",
            "drift": "reconciler.render.markdown.page:lay_out_view",
            "outcome": "reconciler.render.markdown.page:lay_out_outcome",
            "history": "reconciler.render.markdown.history:lay_out_history",
        },
        linked=True,
    ),
    Format(
        "html",
        {
            "plan": "reconciler.render.html.page:lay_out_page",
            "drift": "reconciler.render.html.page:lay_out_page",
            "history": "reconciler.render.html.history:lay_out_history",
        },
        here=True,
        linked=True,
    ),
    Format(
        "csv",
        {"relabel": "reconciler.documents.history:relabel_csv", "pins": "reconciler.documents.pins:pins_csv"},
        document=True,
    ),
    Format("github", {"validation": "reconciler.forge.github.commands:lay_out_annotations"}),
    Format("sarif", {"validation": "reconciler.render.sarif:lay_out_sarif"}),
    Format(
        "junit",
        {"validation": "reconciler.render.junit:lay_out_junit", "drift": "reconciler.render.junit:lay_out_junit"},
        views={"drift": "reconciler.render.view.cases:report_of_drift"},
    ),
)
_PLAIN: Final[console.Look] = {"colour": False, "columns": None}
_VIEWS: Final[dict[Subject, str]] = {
    "plan": "reconciler.render.view.plan:view_plan",
    "drift": "reconciler.render.view.drift:view_drift",
    "outcome": "reconciler.render.view.outcome:view_outcome",
    "adoption": "reconciler.render.view.adoption:view_adoption",
    "history": "reconciler.render.view.history:view_history",
    "blame": "reconciler.render.view.history:view_blame",
    "relabel": "reconciler.render.view.history:view_relabel",
}


def format_option(*subjects: Subject) -> Callable[[_Function], _Function]:
    """The option `--format`, with the formats that can show one of the subjects."""
    names = [one.name for one in FORMATS if not one.layouts.keys().isdisjoint(subjects)]
    return click.option(
        "--format", "output", type=click.Choice(names), default="text", show_default=True, help="The output format."
    )


def named(name: str) -> Format:
    return next(one for one in FORMATS if one.name == name)


def show(subject: Subject, found: Found, output: str, settings: Settings, *, commit: str | None = None) -> None:
    """Print the subject to stdout, and its own diagnostics to stderr. Links lead to `commit`."""
    form = named(output)
    if form.document and output == "json":
        console.say_json(_document_of(subject, found, form, settings))
        return
    console.say_diagnostics(found.diagnostics, in_blocks=True)
    console.say(laid_out(subject, found, form, settings, commit=commit, look=console.look(sys.stdout)))


def laid_out(
    subject: Subject,
    found: Found,
    form: Format,
    settings: Settings,
    *,
    commit: str | None = None,
    look: console.Look | None = None,
) -> str:
    """The subject in a format. Links lead to `commit`. `look` counts only if the format can use colors."""
    if form.document:
        from reconciler.model.values import to_json

        document = _document_of(subject, found, form, settings)
        return document if isinstance(document, str) else f"{to_json(document)}\n"
    made_by = form.views.get(subject, "")
    view = view_of(subject, found, settings, here=form.here, commit=commit, linked=form.linked, made_by=made_by)
    text: str = form.layout(subject)(view, **(look or _PLAIN)) if form.coloured else form.layout(subject)(view)
    return text


def _document_of(subject: Subject, found: Found, form: Format, settings: Settings) -> Any:
    from reconciler.model.printed import printed

    base = settings.git_root.as_posix()
    return form.layout(subject)(printed(found, base=base, sensitive=settings.sensitive, spell=invocation.spell))


def view_of(
    subject: Subject,
    found: Found,
    settings: Settings,
    *,
    here: bool = True,
    commit: str | None = None,
    linked: bool = False,
    made_by: str = "",
) -> Any:
    """The view for someone who reads it now: in the working folder with `here`, otherwise at the git top level.

    With `linked`, a view made in a GitHub job has links to GitHub's pages at `commit`. What has no view is
    shown as it is. `made_by` is another function than the subject's.
    """
    if subject not in _VIEWS:
        return found
    from datetime import UTC, datetime

    from reconciler.forge.github.links import job_links
    from reconciler.render.view.parts import Reader

    base = settings.git_root.as_posix()
    links = job_links(os.environ, commit=commit, base=base) if linked else None
    reader = Reader(os.getcwd() if here else base, datetime.now(UTC), links, settings.sensitive, invocation.current())
    return _load(made_by or _VIEWS[subject])(found, reader)


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    loaded: Callable[..., Any] = attrgetter(function)(import_module(module))
    return loaded
