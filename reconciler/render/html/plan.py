"""A plan as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.fieldpath import Pattern
from reconciler.model.plan import Plan
from reconciler.render import sentences
from reconciler.render.escape import plain
from reconciler.render.html.cards import Card, card
from reconciler.render.html.frame import Meaning, Number, Page, draw, draw_cards, tell
from reconciler.render.html.places import Links
from reconciler.render.html.sides import Room
from reconciler.render.html.words import Effort
from reconciler.render.places import command
from reconciler.render.signs import MEANING, Sign
from reconciler.render.text import closing, last_line, manifests_line
from reconciler.render.view import PlanView, view_plan


def render_page(
    plan: Plan, *, base: str, now: datetime, links: Links | None = None, sensitive: Sequence[Pattern] = ()
) -> str:
    """The whole plan and its diagnostics as one HTML file that needs no other.

    File names are shown as seen from the folder `base`, and `links` may give a line of a file an address on the web;
    `now` is what ages are counted from. A plan of any size gives a page of some megabytes at most.
    """
    view = view_plan(plan, sensitive=sensitive)
    entries: list[Card] = []

    def cards() -> Iterator[Card]:
        effort = Effort()
        reverting = {name for name, _ in plan.reverted}
        for number, project in enumerate(view.projects, start=1):
            made = card(
                project,
                number,
                base=base,
                links=links,
                room=Room(effort),
                reverts=project.name in reverting,
                alone=len(view.created) == 1,
            )
            entries.append(made.brief(command("plan", project.name)))
            yield made

    drawn = draw_cards(cards(), lambda position: entries[position])
    diagnostics, more = tell(plan.diagnostics, base=base, links=links)
    page = Page(
        title="Plan for",
        target=plain(plan.target.name),
        endpoint=plain(plan.target.endpoint),
        seen=sentences.seen(plan, now),
        origin=manifests_line(plan, base) if view.projects or not plan.complete else "",
        verdict=last_line(plan.summary, pending=plan.pending_only, kept=len(plan.kept)),
        numbers=tuple(_numbers(plan)),
        legend=tuple(_legend(view)),
        diagnostics=diagnostics,
        more_diagnostics=more,
        closing=tuple(filter(None, closing(view))),
        entries=tuple(entries),
    )
    return draw(page, drawn)


def _numbers(plan: Plan) -> Iterator[Number]:
    summary = plan.summary
    yield Number(f"{summary.add:,}", "to add", Sign.ADD)
    yield Number(f"{summary.change:,}", "to change", Sign.CHANGE)
    yield Number(f"{summary.destroy:,}", "to destroy", Sign.REMOVE)
    rest = (
        (summary.forget, "to forget", Sign.FORGET),
        (summary.held, "held", Sign.HELD),
        (summary.blocked, "blocked", Sign.BLOCKED),
        (summary.protected, "protected", None),
    )
    yield from (Number(f"{number:,}", words, sign) for number, words, sign in rest if number)


def _legend(view: PlanView) -> Iterator[Meaning]:
    meaning = MEANING | ({Sign.ADD: "create"} if view.creates else {})
    return (Meaning(sign, meaning[sign]) for sign in view.signs)
