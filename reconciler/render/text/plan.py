"""A plan or a drift as text: what changes, how risky that is, and where in git it comes from.

The first line names the target, and the last one is fixed for scripts. Nothing is folded or cut at a width.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.render.escape import plain, quoted
from reconciler.render.layout import INK, Ink, Line, Paint, lay_out
from reconciler.render.lines import bare_lines, block, tree_lines
from reconciler.render.signs import Sign
from reconciler.render.view.parts import ProjectView, Section, Sentence, View, message_lines, words


def lay_out_plan(view: View, *, colour: bool) -> str:
    """A plan. Its diagnostics are printed apart from it."""
    paint = Paint(colour)
    parts = [line for project in view.projects for line in (Line(), *_project(project))]
    lines = [_target(view), *filter(None, [view.origin])]
    if view.projects:
        legend = (f"{paint(sign, INK[sign])} {meaning}" for sign, meaning in view.legend)
        lines += ["", view.intro, f"  {'   '.join(legend)}", *lay_out(parts, paint)]
    return _ended(view, lines, paint)


def lay_out_drift(view: View, *, colour: bool) -> str:
    """A drift. Its diagnostics are printed apart from it."""
    paint = Paint(colour)
    lines = [_target(view), view.origin]
    for project in view.projects:
        lines += ["", *lay_out(_drifted(project), paint)]
    return _ended(view, lines, paint)


def text_of(sentence: Sentence) -> str:
    return plain(words(sentence))


def _target(view: View) -> str:
    return f"Target: {plain(view.target)}  {plain(view.endpoint)}  ({view.seen})"


def _ended(view: View, lines: list[str], paint: Paint) -> str:
    if view.closing:
        lines += ["", *(paint(text_of(sentence), Ink.YELLOW) for sentence in view.closing)]
    if view.closing or view.projects:
        lines.append("")
    lines.append(paint(view.last, Ink.BOLD_GREEN if view.quiet else Ink.BOLD))
    return "\n".join(lines) + "\n"


def _heading(project: ProjectView) -> Line:
    body = f"# project.{plain(project.name)} {project.fate}"
    return Line(body, None, -1, plain(str(project.location)), Ink.BOLD)


def _drifted(project: ProjectView) -> Iterator[Line]:
    yield _heading(project)
    for verdict in project.verdicts:
        yield Line(text_of(verdict.headline), verdict.sign)
        yield from (Line(text_of(line), None, 1) for line in verdict.lines)
    for section in project.sections:
        for row in section.rows:
            yield from bare_lines(row)
        if section.left_out:
            yield Line(section.left_out_words)
    yield from (Line(plain(aside), ink=Ink.DIM) for aside in project.asides)
    yield from _warnings(project)


def _project(project: ProjectView) -> Iterator[Line]:
    if project.sign is Sign.BLOCKED:
        [verdict] = project.verdicts
        body = f"project {quoted(project.name)}: {text_of(verdict.headline)}"
        yield Line(body, Sign.BLOCKED, 0, f"# {plain(str(project.location))}", Ink.BOLD)
        yield from (Line(text_of(line)) for line in verdict.lines)
        yield from _warnings(project)
        return
    yield _heading(project)
    for verdict in project.verdicts:
        ink = {Sign.HELD: Ink.MAGENTA, Sign.FORGET: None, None: Ink.YELLOW}[verdict.sign]
        yield Line(text_of(verdict.headline), verdict.sign, 0, ink=ink)
        yield from (Line(text_of(line), None, 1) for line in verdict.lines)
    if project.sign is not Sign.FORGET:
        yield Line(f"project {quoted(project.name)} {{", project.sign)
        for section in project.sections:
            yield from _section(section)
        yield Line("}")
    if project.caution:
        yield Line(project.caution, ink=Ink.YELLOW)
    yield from _warnings(project)


def _warnings(project: ProjectView) -> Iterator[Line]:
    for warning in project.warnings:
        first, *rest = message_lines(warning)
        yield Line(plain(first), ink=Ink.YELLOW)
        yield from (Line(plain(line), None, 1) for line in rest)


def _section(section: Section) -> Iterator[Line]:
    if not section.title:
        yield from block(section.rows, depth=1, least=len("ontology"))
        return
    title = section.title.ljust(len("ontology"))
    if section.created:
        yield Line(f"{title} = {{", section.sign, 1, f"# {section.total_words}")
    else:
        call = f" ({section.call})" if section.call else ""
        yield Line(f"{title}{call}".rstrip() + " {", section.sign, 1, f"# {section.note}" if section.note else "")
    yield from block(section.rows, depth=2)
    if section.left_out:
        yield Line(section.left_out_words, None, 2)
    yield from tree_lines(section, depth=2)
    if section.hidden:
        yield Line(f"# ({section.hidden_words})", None, 2, ink=Ink.DIM)
    yield Line("}", None, 1)
