"""Two YAML parsers with one interface: a function that returns the next event, in PyYAML's classes.

PyYAML's C parser is used first. ruamel.yaml's pure parser reads what the C parser rejects, and everything if PyYAML was
built without C. It is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import yaml
from yaml import events
from yaml.events import Event


class Parser(Enum):
    C = "c"
    PURE = "pure"


def best_parser() -> Parser:
    """The C parser if PyYAML was built with it, otherwise the pure parser."""
    return Parser.C if yaml.__with_libyaml__ else Parser.PURE


class NotYamlError(Exception):
    """A parser rejects a text. `message` is in its own words, and `index` counts characters.

    `began` is the start of a construct without a proper end, if the parser reports it. `stumbled` means that the parser
    failed instead of reporting a mistake; then `index` is the position that it reached.
    """

    def __init__(self, message: str, index: int, *, began: int | None = None, stumbled: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.began = began
        self.stumbled = stumbled


def open_events(parser: Parser, text: str) -> Callable[[], Any]:
    """A function that returns the next event of `text`, which has no byte order mark.

    Raises:
        NotYamlError: from the function, with the pure parser.
        yaml.YAMLError: from the function, with the C parser; `refusal` turns it into a NotYamlError.
    """
    if parser is Parser.C:
        from yaml._yaml import CParser

        return CParser(text).get_event
    return _pure_events(text).__next__


def refusal(problem: yaml.YAMLError, text: str) -> NotYamlError:
    """The error that the C parser reported. It counts bytes if it cannot read a character."""
    if isinstance(problem, yaml.reader.ReaderError):
        index = len(text.encode()[: problem.position].decode(errors="replace"))
        return NotYamlError(str(problem.reason), index)
    return _marked(problem)


def _marked(problem: Any) -> NotYamlError:
    """Converts an error of either library that has a location."""
    context = getattr(problem, "context_mark", None)
    mark = getattr(problem, "problem_mark", None) or context
    return NotYamlError(
        _message(problem), mark.index if mark is not None else 0, began=context.index if context is not None else None
    )


def _message(problem: Any) -> str:
    pieces = [piece for piece in (getattr(problem, "problem", None), getattr(problem, "context", None)) if piece]
    return " ".join(" ".join(str(piece).split()) for piece in pieces) or "the parser reported no reason"


def _pure_events(text: str) -> Iterator[Event]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    reached = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            reached = event.end_mark.index
            yield _as_pyyaml(event)
    except MarkedYAMLError as problem:
        raise _marked(problem) from None
    except ReaderError as problem:
        index = problem.position if isinstance(problem.position, int) else 0
        raise NotYamlError(str(problem.reason), index) from None
    except Exception as problem:
        # The pure parser lets exceptions of what it calls escape, such as that of chr() for an escape out of range.
        raise NotYamlError(f"the parser failed ({' '.join(str(problem).split())})", reached, stumbled=True) from None


def _as_pyyaml(event: Any) -> Event:
    """The event in PyYAML's class, with the attributes that the classes of both libraries have."""
    kind = getattr(events, type(event).__name__)
    copy: Any = kind.__new__(kind)
    for name in ("anchor", "implicit", "value", "flow_style", "explicit", "version", "start_mark", "end_mark"):
        if hasattr(event, name):
            setattr(copy, name, getattr(event, name))
    tag = getattr(event, "tag", None)
    copy.tag = None if tag is None else str(tag)
    copy.style = getattr(event, "style", None) or ""
    return copy  # type: ignore[no-any-return]
