"""A history as Markdown for the people who label. Foreign text is only in code, so none of it acts as markup."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from reconciler.render.html.prose import text_lines
from reconciler.render.markdown.code import code
from reconciler.render.markdown.sentences import sentence
from reconciler.render.signs import Sign
from reconciler.render.textdiff import DiffLine
from reconciler.render.view.announcement import Entry, announced
from reconciler.render.view.history import HistoryView
from reconciler.render.worddiff import Effort


def lay_out_history(history: HistoryView) -> str:
    """The whole document."""
    view, effort = announced(history), Effort()
    parts = [f"# {view.title} {code(view.name)}"]
    for entry in view.entries:
        parts += _entry(entry, effort)
    return "\n\n".join(parts) + "\n"


def _entry(entry: Entry, effort: Effort) -> Iterator[str]:
    yield f"## {entry.heading}"
    if lines := text_lines(entry.before, entry.after, effort):
        yield "<blockquote>\n" + "<br>\n".join(_line(line) or "&nbsp;" for line in lines) + "\n</blockquote>"
    if entry.choices:
        yield "\n".join(f"{'  ' * line.depth}- {sentence(line.words)}" for line in entry.choices)
    if entry.settings:
        yield "\n".join(f"- {sentence(words)}" for words in entry.settings)
    if entry.remark:
        yield entry.remark


def _line(line: DiffLine) -> str:
    if line.remark:
        return f"<em>{escape(line.text.removeprefix('# '))}</em>"
    if line.pieces:
        return "".join(_marked(piece.text, piece.fate.value) for piece in line.pieces)
    tag = {Sign.ADD: "ins", Sign.REMOVE: "del"}.get(line.sign, "") if line.sign is not None else ""
    return _marked(line.text, tag)


def _marked(text: str, tag: str) -> str:
    if not text:
        return ""
    body = f"<code>{escape(text)}</code>"
    return f"<{tag}>{body}</{tag}>" if tag else body
