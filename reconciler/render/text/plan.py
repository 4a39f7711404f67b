"""A plan or a drift as text: what changes, how risky the change is, and where it comes from in git.

The first line names the target. The last line is fixed, for scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.project import address_of
from reconciler.render.escape import label, plain, quoted
from reconciler.render.layout import INK, Ink, Line, Paint, commands, lay_out
from reconciler.render.lines import is_shortened, section_lines, seen_lines
from reconciler.render.signs import Sign
from reconciler.render.view.parts import Command, Name, ProjectView, Section, Sentence, View, message_lines

_TITLE: Final = len("ontology")
_UNBROKEN: Final = "\N{NO-BREAK SPACE}"
_INK: Final = {Sign.HELD: Ink.MAGENTA, None: Ink.BOLD}


def lay_out_view(view: View, *, colour: bool, columns: int | None = None) -> str:
    """The whole text, without the diagnostics of the whole, which are printed separately."""
    paint = Paint(colour, columns)
    lines = [*paint.fold(f"Target: {plain(view.target)}  {plain(view.endpoint)}  ({view.seen})")]
    if view.origin:
        lines += paint.fold(view.origin)
    if view.projects and view.intro:
        legend = (f"{paint(sign, INK[sign])}{_UNBROKEN}{meaning}" for sign, meaning in view.legend)
        rows = paint.fold(f"  {'   '.join(legend)}", 2)
        lines += ["", *paint.fold(view.intro), *(row.replace(_UNBROKEN, " ") for row in rows)]
    # The remarks of a plan are aligned over all projects, those of a drift within each.
    for group in [view.projects] if view.intro else [[project] for project in view.projects]:
        lines += lay_out([line for project in group for line in (Line(), *_project(project))], paint)
    if view.closing:
        lines.append("")
        for sentence in view.closing:
            words, suggested = lines_of(sentence)
            lines += paint.fold(paint(words, Ink.BOLD))
            lines += (row for command in suggested for row in paint.fold(f"  {command}", command=True))
    if view.closing or view.projects:
        lines.append("")
    lines += paint.fold(paint(view.last, Ink.BOLD_GREEN if view.quiet else Ink.BOLD))
    return "\n".join(lines) + "\n"


def lay_out_project(project: ProjectView, *, colour: bool = False, columns: int | None = None) -> str:
    """One project by itself."""
    return "".join(f"{line}\n" for line in lay_out(list(_project(project)), Paint(colour, columns)))


def text_of(sentence: Sentence) -> str:
    return "".join(label(piece) if isinstance(piece, Name) else plain(piece) for piece in sentence)


def lines_of(sentence: Sentence) -> tuple[str, list[str]]:
    """Its words, and a suggested command, which belongs on a line of its own."""
    suggested = [plain(piece) for piece in sentence if isinstance(piece, Command)]
    return text_of(tuple(piece for piece in sentence if not isinstance(piece, Command))).rstrip(), suggested


def _verdict_lines(sentences: Iterable[Sentence]) -> Iterator[Line]:
    for sentence in sentences:
        words, suggested = lines_of(sentence)
        yield Line(words, None, 1)
        yield from (Line(command, None, 2, command=True) for command in suggested)


def _project(project: ProjectView) -> Iterator[Line]:
    location = plain(str(project.location))
    if project.fate:
        yield Line(f"# {plain(address_of(project.name))} {project.fate}", None, -1, location, Ink.BOLD)
        for verdict in project.verdicts:
            yield Line(text_of(verdict.headline), verdict.sign, ink=_INK.get(verdict.sign))
            yield from _verdict_lines(verdict.lines)
    else:
        [verdict] = project.verdicts
        body = f"project {quoted(project.name)}: {text_of(verdict.headline)}"
        yield Line(body, Sign.BLOCKED, 0, f"# {location}", Ink.BOLD)
        yield from (Line(text_of(line)) for line in verdict.lines)
    if project.planned:
        yield Line(f"project {quoted(project.name)} {{", project.sign)
        for section in project.sections:
            yield from _section(section)
        yield Line("}")
        if project.full is not None and any(map(is_shortened, project.sections)):
            yield Line("Long values and lists are shortened. To show them whole:", ink=Ink.DIM)
            yield Line(plain(project.full), None, 1, command=True)
    else:
        for section in project.sections:
            yield from seen_lines(section)
    yield from (Line(plain(aside), ink=Ink.DIM) for aside in project.asides)
    if project.caution:
        yield Line(project.caution, ink=Ink.BOLD)
    for warning in project.warnings:
        first, *rest = commands("\n".join(message_lines(warning)))
        yield Line(plain(first[0]), ink=Ink.BOLD)
        yield from (Line(plain(line), None, 1, command=command) for line, command in rest)


def _section(section: Section) -> Iterator[Line]:
    if not section.title:
        yield from section_lines(section, depth=1, least=_TITLE)
        return
    title = section.title.ljust(_TITLE)
    if section.created:
        yield Line(f"{title} = {{", section.sign, 1, f"# {section.total_words}")
    else:
        call = f" ({section.call})" if section.call else ""
        yield Line(f"{title}{call}".rstrip() + " {", section.sign, 1, f"# {section.note}" if section.note else "")
    yield from section_lines(section, depth=2)
    yield Line("}", None, 1)
