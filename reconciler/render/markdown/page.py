"""A plan, a drift, or an outcome as Markdown: a heading, the risks, a table, and the details of each project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, count, listed
from reconciler.frozen import dataclass
from reconciler.render.layout import Line
from reconciler.render.lines import section_lines, seen_lines
from reconciler.render.markdown.code import code, located, name_cell, name_text, said
from reconciler.render.markdown.fitting import LIMIT, Details, Piece, fit
from reconciler.render.markdown.sentences import sentence
from reconciler.render.signs import Sign
from reconciler.render.text.outcome import failure_text
from reconciler.render.view.diagnostics import in_blocks
from reconciler.render.view.outcome import OutcomeView, ResultView
from reconciler.render.view.parts import ProjectView, Sentence, Verdict, View

_MOST: Final = 8
"""How many messages are shown."""
_MOST_PLACES: Final = 30
"""How many locations of one message are shown."""

_IN_THE_LOG: Final = "see the job's log"


@dataclass(frozen=True, slots=True)
class WholePage:
    """Where the page with everything is, and for how many days it is kept."""

    address: str
    days: int | None = None

    def sentence(self) -> str:
        """A link, with what a reader has to know: an artifact needs a sign-in even in a public repository."""
        kept = f" It is kept for {count(self.days, 'day')}." if self.days else ""
        readers = "Anyone who is signed in to GitHub and can read this repository can open it."
        return f"[The page]({self.address}) shows every change.{kept} {readers}"


def lay_out_view(view: View, *, limit: int = LIMIT, page: WholePage | None = None) -> str:
    """A plan or a drift in fewer than `limit` characters, which must be at least 20,000.

    If it must be cut, it says where everything is: on the page, if there is one.
    """
    return fit(
        head=_head(view.target, view.headline, view.alerts, view.messages, view.address),
        columns=_columns(view.columns),
        pieces=[
            Piece(_row(project, view.address(project.location)), partial(_details, project, page), project.rank)
            for project in view.projects
            if project.cells
        ],
        tail=[
            *map(sentence, view.footnotes),
            *([page.sentence()] if page else []),
            f"<sub>{sentence(view.colophon)}</sub>",
        ],
        limit=limit,
        everything="The page shows all of them." if page else "The job's log shows all of them.",
    )


def lay_out_failure(view: View, commit: str) -> str:
    """Why there is no plan for a commit: the errors first."""
    ordered = sorted(view.messages, key=lambda found: not found.is_error)
    return "\n\n".join(_head(view.target, f"no plan for {code(commit)}", (), ordered)) + "\n"


def lay_out_outcome(view: OutcomeView, *, limit: int = LIMIT) -> str:
    """An outcome, with the same limit."""
    return fit(
        head=_head(view.target, view.headline, view.alerts, view.messages),
        columns=_columns(view.columns),
        pieces=[Piece(_result_row(result), partial(_failure, result), result.rank) for result in view.results],
        tail=[f"<sub>{sentence(view.colophon)}</sub>"],
        limit=limit,
        everything="The job's log shows all of them.",
    )


def _head(
    target: str,
    headline: str,
    alerts: Sequence[Sentence],
    messages: Sequence[Diagnostic],
    address: Callable[[Location], str | None] = lambda _: None,
) -> list[str]:
    items = [*map(sentence, alerts), *_messages(messages, address)]
    alert = ["\n".join(["> [!WARNING]", *(f"> - {item}" for item in items)])] if items else []
    return [f"### {code(target)}: {headline}", *alert]


def _messages(
    messages: Sequence[Diagnostic], address: Callable[[Location], str | None] = lambda _: None
) -> Iterator[str]:
    """One item for each message, and for equal warnings together. Only the first few are shown; the rest is counted."""
    blocks = in_blocks(messages)
    for block in blocks[:_MOST]:
        found = block.first
        places = list(dict.fromkeys(_place(location, address(location)) for location in block.locations))
        where = f" ({block.count:,} times)" if block.count > 1 else f" ({places[0]})" if places else ""
        detail = f" {said(found.detail)}" if found.detail.strip() else ""
        remedies = (f" {said(one.words)} {sentence((one.command,))}" for one in found.remedies)
        summaries = "; ".join(said(each) for each in (found.summary, *block.examples))
        at = f" At {listed(places, _MOST_PLACES)}." if block.count > 1 else ""
        users = len({user.file for user in found.used_by})
        at += f" Used by {count(users, 'manifest')}." if users and block.count == 1 else ""
        yield f"{found.severity.capitalize()}{where}: {summaries}.{detail}{''.join(remedies)}{at}"
    if len(blocks) > _MOST:
        left_out = sum(block.count for block in blocks[_MOST:])
        yield f"{count(left_out, 'more message')}."


def _place(location: Location, address: str | None) -> str:
    """The file and the line, as a link if there is an address."""
    shown = code(f"{location.file}:{location.line}")
    return shown if address is None else f"[{shown}]({address})"


def _columns(heads: Sequence[str]) -> str:
    return f"| | {' | '.join(heads)} |\n|:-:|{'---|' * len(heads)}"


def _row(project: ProjectView, address: str | None) -> str:
    sign = Sign.HELD if project.held else project.sign
    cells = [sentence(pieces, in_table=True) for pieces in project.cells]
    return f"| `{sign}` | {' | '.join([name_cell(project.name), *cells, located(project.location, address)])} |"


def _details(project: ProjectView, page: WholePage | None) -> Details | None:
    """What changes in the project. None if its row and the alerts say everything."""
    brief = project.sign in (Sign.BLOCKED, Sign.FORGET)
    if brief and not project.warnings and not project.held:
        return None
    sign = f"{Sign.HELD} {project.sign}" if project.held else project.sign
    above = [_verdict(verdict) for verdict in project.verdicts if verdict.sign in (Sign.HELD, None)]
    return Details(
        f"{sign} {name_text(project.name)}",
        [*above, *_messages(project.warnings)],
        list(_changes(project)),
        f"see [the page]({page.address})" if page else _IN_THE_LOG,
    )


def _verdict(verdict: Verdict) -> str:
    text = " ".join(map(sentence, (verdict.headline, *verdict.lines)))
    return f"{text[:1].upper()}{text[1:]}"


def _changes(project: ProjectView) -> Iterator[tuple[Sign | None, str]]:
    for section in project.sections:
        if section.title:
            yield None, f"@@ {section.title}{f' ({section.call})' if section.call else ''} @@"
        if section.note:
            yield None, f"  # {section.note}"
        yield from _signed(section_lines(section, depth=0, split=True) if project.planned else seen_lines(section))
    yield from ((None, f"  {aside}") for aside in project.asides)


def _signed(lines: Iterable[Line]) -> Iterator[tuple[Sign | None, str]]:
    """Lines for a `diff` fence, which GitHub colors by their first character: the sign."""
    for line in lines:
        remark = f"   # {line.remark.removeprefix('# ')}" if line.remark else ""
        yield line.sign, f"{line.sign or ' '} {'    ' * (line.depth + line.level)}{line.body}{remark}".rstrip()


def _result_row(result: ResultView) -> str:
    sign = f"`{result.sign}`" if result.sign else ""
    return f"| {sign} | {name_cell(result.name)} | {result.result} | {result.versions} |"


def _failure(result: ResultView) -> Details | None:
    if not result.failed or result.is_reported:
        return None
    lines = failure_text(replace(result, advice=())).rstrip("\n").split("\n")
    above = [sentence(result.again)] if result.again else []
    unsigned = [(None, line) for line in lines]
    return Details(
        f"{result.status} {listed([name_text(name) for name in (result.name, *result.others)], 5)}",
        above,
        unsigned,
        _IN_THE_LOG,
        language="text",
    )
