"""The expressions of GitHub Actions, as far as our workflows use them: paths, strings, `!`, `==`, `!=`, `&&`, `||`.

A path that leads nowhere is null; null, false, 0 and "" are false; strings compare without regard to case [D].
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(&&|\|\||==|!=|[!()])|'((?:[^']|'')*)'|([A-Za-z_][\w-]*(?:\.[\w-]+)*)|(\d+))")


def fill_in(text: str, contexts: Mapping[str, Any], functions: Mapping[str, Callable[[], bool]]) -> str:
    """`text` with each `${{ … }}` replaced by its value."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: spelled(value(found[1], contexts, functions)), text)


def condition(text: str, contexts: Mapping[str, Any], functions: Mapping[str, Callable[[], bool]]) -> bool:
    """Whether an `if` holds. One that names no status function holds only while all went well."""
    inner = text.strip().removeprefix("${{").removesuffix("}}")
    holds = bool(value(inner, contexts, functions))
    return holds if re.search(r"\b(always|cancelled|failure|success)\(\)", inner) else holds and functions["success"]()


def spelled(result: Any) -> str:
    """A value as GitHub puts it into a string."""
    if result is None:
        return ""
    return result if isinstance(result, str) else json.dumps(result)


def value(text: str, contexts: Mapping[str, Any], functions: Mapping[str, Callable[[], bool]]) -> Any:
    """The value of one expression. ValueError for what is none."""
    parser = _Parser(text, contexts, functions)
    result = parser.alternatives()
    if parser.rest():
        raise ValueError(f"{text!r} is not an expression that is known here")
    return result


class _Parser:
    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Mapping[str, Callable[[], bool]]) -> None:
        self._text = text
        self._at = 0
        self._contexts = contexts
        self._functions = functions

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def alternatives(self) -> Any:
        result = self.conjunction()
        while self._take("||"):
            other = self.conjunction()
            result = result or other
        return result

    def conjunction(self) -> Any:
        result = self.comparison()
        while self._take("&&"):
            other = self.comparison()
            result = result and other
        return result

    def comparison(self) -> Any:
        left = self.operand()
        if self._take("=="):
            return _same(left, self.operand())
        if self._take("!="):
            return not _same(left, self.operand())
        return left

    def operand(self) -> Any:
        if self._take("!"):
            return not self.operand()
        if self._take("("):
            within = self.alternatives()
            assert self._take(")")
            return within
        found = _TOKEN.match(self._text, self._at)
        if found is None or found[1]:
            raise ValueError(f"{self._text!r} is not an expression that is known here")
        self._at = found.end()
        if found[2] is not None:
            return found[2].replace("''", "'")
        if found[4]:
            return int(found[4])
        if self._take("("):
            assert self._take(")")
            return self._functions[found[3]]()
        result: Any = self._contexts
        for part in found[3].split("."):
            result = result.get(part) if isinstance(result, Mapping) else None
        return result

    def _take(self, token: str) -> bool:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found[1] != token:
            return False
        self._at = found.end()
        return True


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return type(left) is type(right) and bool(left == right)
