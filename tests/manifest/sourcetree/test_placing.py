"""Lines that are commented out, formatted, and put back mean what they meant before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

import pytest

from reconciler.manifest.formatting import FileKind, NotProvenError, formatted
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sourcetree.building import parse_source
from reconciler.model.values import Json, equal
from tests.calls import GROWTH, calls_of
from tests.manifest.formatting.inputs import SOURCES

M = "name: p\ntype: imageannotation\n"
TEXTS = (
    *SOURCES,
    M + "ontology:\n- choice: A\n  subchoices:\n  - Cat\n  - Dog\n- Car\n- Van\n",
    M + "ontology:\n    -   choice: A\n        subchoices:\n            -   Cat\n            -   choice: Dog\n"
    "                description: d\n    -   Car\n",
    M + "params:\n  a:\n    b:\n      c: 1\n    d: 2\n  fields:\n  - type: x\n    name: y\n  - type: z\n    list: [\n"
    "      a, b,\n      c\n    ]\n",
    "x-q: 1\nreconcile:\n    protect: true\n    params: merge\nparams:\n    instruction: |\n        one\n\n\n"
    "        two: x\n          - three\n\n    geometries:\n        box:\n            min_width: 3\n"
    "            objects_to_annotate:\n            - Cat\n            - Dog\n    s: one\n      two\n      three\n"
    "name: p\ntype: imageannotation\n",
)


def _values(text: str) -> list[Json] | None:
    """The values of a file; None if it is not a manifest."""
    file = read("", text.encode(), Words(), best_parser())
    values = [document.value for document in file.documents]
    return None if file.broken or not all(isinstance(each, dict) and "name" in each for each in values) else values


def _commented(line: str, style: str, margin: int) -> str:
    indent = len(line) - len(line.lstrip(" "))
    at = {"column 0": 0, "each indentation": indent, "least indentation": margin}[style]
    return line[:at] + ("#" if style == "column 0" else "# ") + line[at:] if line.strip() else line


def _put_back(text: str, run: Sequence[str], style: str) -> str:
    contents = {re.sub(r"\s", "", line) for line in run}

    def line_of(line: str) -> str:
        bare = line.lstrip(" ")
        if not bare.startswith("#") or re.sub(r"\s", "", bare[1:]) not in contents:
            return line
        if style == "column 0":
            assert line.startswith(("#", *(" " * column + "##" for column in range(20)))), line
        return line.replace("#" if style == "column 0" else "# ", "", 1)

    return "\n".join(map(line_of, text.split("\n")))


@pytest.mark.parametrize("style", ["column 0", "each indentation", "least indentation"])
def test_uncommenting_gives_what_was_there(style: str) -> None:
    random = Random(7)
    tried = unknown = 0
    while tried < 60:
        lines = random.choice(TEXTS).split("\n")
        start = random.randrange(len(lines))
        run = lines[start : start + random.randint(1, 12)]
        margin = min((len(line) - len(line.lstrip(" ")) for line in run if line.strip()), default=0)
        hidden = [_commented(line, style, margin) for line in run]
        text = "\n".join([*lines[:start], *hidden, *lines[start + len(run) :]])
        if _values(text) is None:
            continue
        alone = {comment.text for comment in parse_source(text.encode(), best_parser()).remarks.alone}
        wanted = _values("\n".join(lines))
        if not alone.issuperset(line.lstrip(" ") for line in hidden if line.strip()):
            continue  # a text has a line that begins with #
        tried += 1
        try:
            new = formatted(text.encode(), FileKind.MANIFEST)
        except NotProvenError:
            unknown += 1
            continue
        assert formatted(new, FileKind.MANIFEST) == new
        assert equal(_values(_put_back(new.decode(), run, style)), wanted), text
    assert unknown < 3


def test_what_would_mean_something_else_is_not_formatted() -> None:
    text = M + "params:\n    ? a\n    # : b\n    ? c\n    : d\n"
    with pytest.raises(NotProvenError, match="commented-out"):
        formatted(text.encode(), FileKind.MANIFEST)


@pytest.mark.untraced
@pytest.mark.parametrize(
    "build", [lambda n: "\n" * n + "x: [" + "1, " * n + "1]\n# c\n", lambda n: "# " + "- " * n + "\n"]
)
def test_twice_the_input_is_at_most_twice_the_work(build: Callable[[int], str]) -> None:
    once, twice = (
        calls_of(formatted, f"name: p\n{build(size)}".encode(), FileKind.MANIFEST) for size in (1_500, 3_000)
    )
    assert twice <= GROWTH * once
