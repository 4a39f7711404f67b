"""What changes in one project as the lines of a `diff` fence: the sign is a line's first character.

GitHub draws lines by their first character alone (looks.md), so a changed value is a line that goes and one that comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.plan import Kind
from reconciler.model.values import MASKED, Absent, Json, Masked
from reconciler.render import sentences
from reconciler.render.counting import count
from reconciler.render.escape import plain
from reconciler.render.layout import Line
from reconciler.render.places import place
from reconciler.render.rows import arrow, choice_name, moved_words, path_text, value_lines
from reconciler.render.signs import Sign
from reconciler.render.textdiff import DiffLine, diff, head_of, is_long
from reconciler.render.tree import ChoiceRow, Detail
from reconciler.render.values import LINE, compact, contrast
from reconciler.render.view import OntologyView, ParamsView, ProjectView, Row

_HEAD: Final = 12
_MOST_CHOICES: Final = 100
_SENTENCE: Final = re.compile(r"(?<=[.!?;:]) (?=\S)|(?<=>)(?=<)")


def project_lines(project: ProjectView, base: str) -> list[str]:
    """All that changes, the project's own fields first."""
    created = project.sign is Sign.ADD
    lines = [line for row in project.own for line in row_lines(row, base)]
    if project.params:
        lines += [_part("params", sentences.params_call(project.params), created), *_params(project.params, base)]
    if project.ontology:
        lines += [_part("ontology", sentences.ontology_call(project.ontology), created)]
        lines += _ontology(project.ontology, base, created=created)
    return lines


def text_lines(lines: Iterable[Line]) -> Iterator[str]:
    """Lines of the text format with their sign before everything else."""
    for line in lines:
        remark = f"   # {line.remark.removeprefix('# ')}" if line.remark else ""
        indent = "    " * max(line.depth, 0)
        yield f"{line.sign or ' '} {indent}{line.body}{remark}".rstrip()


def row_lines(row: Row, base: str) -> Iterator[str]:
    """One changed value."""
    name = path_text(row.path)
    notes = [*([row.note] if row.note else []), *([place(row.source, base)] if row.source else [])]
    where = f"   # {', '.join(notes)}" if notes else ""
    if row.kind is Kind.CHANGE:
        yield from _changed(name, row.before, row.after, "", where)
    elif row.kind is Kind.REORDER:
        lines = value_lines(row.kind, name, row.before, row.after, depth=0, base=base)
        yield from (f"{line}{where}" for line in text_lines(lines))
    else:
        value = row.after if row.kind is Kind.ADD else row.before
        yield from _whole(row.sign, name, value, where)


def _part(name: str, call: str, created: bool) -> str:
    return f"@@ {name}{'' if created or not call else f' {call}'} @@"


def _params(params: ParamsView, base: str) -> Iterator[str]:
    for row in params.rows:
        yield from row_lines(row, base)
    if params.left_out:
        yield f"  … {params.left_out:,} more"
    if params.hidden:
        yield f"  # ({count(params.hidden, 'unchanged parameter')} hidden)"


def _ontology(ontology: OntologyView, base: str, *, created: bool) -> Iterator[str]:
    if ontology.note:
        yield f"  # {ontology.note}"
    for row in ontology.own:
        yield from row_lines(row, base)
    for detail in ontology.tree.order:
        yield from _detail(detail, "")
    every = (*ontology.tree.rows, *ontology.tree.loose)
    shown = every if len(every) <= _MOST_CHOICES + 1 else every[:_MOST_CHOICES]
    for choice in shown:
        yield from _choice(choice, base)
    if len(shown) < len(every):
        removed = sum(choice.sign is Sign.REMOVE for choice in every[len(shown) :])
        words = f", {removed:,} of them removed" if removed else ""
        yield f"  … {len(every) - len(shown):,} more{words}"
    if ontology.tree.hidden and not created:
        yield f"  # ({count(ontology.tree.hidden, 'unchanged choice')} hidden)"


def _choice(row: ChoiceRow, base: str) -> Iterator[str]:
    indent = "    " * row.depth
    notes = [moved_words(row.moved_from)] if row.moved_from is not None else []
    if row.source and row.sign is not Sign.REMOVE:
        notes.append(place(row.source, base))
    remark = f"   # {', '.join(notes)}" if notes else ""
    sign = " " if row.sign is Sign.CHANGE else row.sign
    words = ""
    if row.sign is Sign.ADD and row.details:
        words = ": " + ", ".join(f"{plain(detail.name)} {compact(detail.after, room=60)}" for detail in row.details)
    yield f"{sign} {indent}{choice_name(row)}{words}{remark}"
    if row.sign is not Sign.ADD:
        for detail in row.details:
            yield from _detail(detail, f"{indent}    ")


def _detail(detail: Detail, indent: str) -> Iterator[str]:
    name = plain(detail.name) or "value"
    if detail.kind is Kind.REORDER:
        yield f"{Sign.MOVE} {indent}order: {arrow(detail.before, detail.after, kind=detail.kind)}"
    elif detail.kind is Kind.CHANGE:
        yield from _changed(name, detail.before, detail.after, indent, "")
    else:
        value = detail.after if detail.kind is Kind.ADD else detail.before
        yield from _whole(detail.sign, name, value, "", indent)


def _changed(name: str, before: Json | Absent, after: Json | Absent, indent: str, where: str) -> Iterator[str]:
    if isinstance(before, Masked) and isinstance(after, Masked):
        yield f"{Sign.CHANGE} {indent}{name} = (sensitive value, changed){where}"
        return
    if (lines := _prose(before, after)) is not None:
        yield f"  {indent}{name}{where}"
        yield from (f"{line.sign or ' '} {indent}    {line.text}".rstrip() for line in lines)
        return
    left, right = contrast(before, after)
    yield f"{Sign.REMOVE} {indent}{name} = {left}"
    yield f"{Sign.ADD} {indent}{name} = {right}{where}"


def _prose(before: Json | Absent, after: Json | Absent) -> list[DiffLine] | None:
    """Two texts line by line; long ones of one line are broken behind each sentence. None for what is no prose."""
    if not (isinstance(before, str) and isinstance(after, str)) or MASKED in (before, after):
        return None
    if is_long(before) or is_long(after):
        return diff(before, after)
    if max(len(before), len(after)) <= LINE or "\n" in before + after:
        return None
    lines = diff(_SENTENCE.sub("\n", before), _SENTENCE.sub("\n", after))
    return lines if any(line.sign for line in lines) else None


def _whole(sign: Sign, name: str, value: Json | Absent, where: str, indent: str = "") -> Iterator[str]:
    """A value that comes or goes: a text of several lines by its first ones."""
    if not isinstance(value, str) or isinstance(value, Masked) or not is_long(value):
        yield f"{sign} {indent}{name} = {compact(value)}{where}"
        return
    lines, total = head_of(value, most=_HEAD)
    yield f"{sign} {indent}{name} = ({count(total, 'line')}){where}"
    yield from (f"{sign} {indent}    {line.text}".rstrip() for line in lines)
