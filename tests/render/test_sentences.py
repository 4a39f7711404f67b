"""A suggested command in Markdown: the workflow that does the same, with its inputs."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from reconciler.model.invocation import Invocation
from reconciler.render.markdown.sentences import sentence
from reconciler.render.view.parts import Command

MERGE = Invocation(read="production", pending=True)
APPLY = "run the workflow **reconciler apply**"

CASES = (
    (MERGE, ("apply",), f"{APPLY}."),
    (MERGE, ("apply", "--", "a", "b"), f"{APPLY} with names: `a b`."),
    (MERGE, ("apply", "--allow", "vanished", "--", "-x"), f"{APPLY} with names: `-x`, allow: `vanished`."),
    (
        Invocation(read="production", allowed=("near-name",), names=("projects/a",)),
        ("apply", "--allow", "vanished", "--allow", "takeover"),
        f"{APPLY} with names: `projects/a`, allow: `near-name vanished takeover`, everything: `true`.",
    ),
    (MERGE, ("drift", "--", "a"), "run the workflow **reconciler drift**."),
    (MERGE, ("snapshot", "--publish"), "run the workflow **reconciler drift**."),
    (MERGE, ("validate", "--"), "run the workflow **reconciler plan**."),
    # No workflow does it.
    (MERGE, ("snapshot", "--out", "FILE"), "in a clone, run `reconciler snapshot --target production --out FILE`."),
    (MERGE, ("plan", "--", "a"), "in a clone, run `reconciler plan a --target production --pending`."),
    (MERGE, ("init",), "in a clone, run `reconciler init`."),
    # The inputs are separated by whitespace, so a name that contains some is a pattern, unless it would be a path.
    (MERGE, ("apply", "--", "a b"), f"{APPLY} with names: `a[!!-~]b`."),
    (
        MERGE,
        ("apply", "--", "a/ b"),
        "in a clone, run `reconciler apply 'a/ b' --target production --pending`.",
    ),
    (
        MERGE,
        ("apply", "--", "a\u200bb"),
        "in a clone, run `reconciler apply $'a\\u200bb' --target production --pending`.",
    ),
    # The workflow of another folder, of another target, and of a repository with workflows of its own.
    (
        Invocation(read="production", pending=True, title=" team_b"),
        ("apply",),
        "run the workflow **reconciler apply team\\_b**.",
    ),
    (Invocation(read="staging", pending=True), ("apply",), "run the workflow that applies to `staging`."),
    (Invocation(read="production", title=None), ("drift",), "run the workflow that checks `production`."),
)


@pytest.mark.parametrize(("invocation", "run", "words"), CASES)
def test_a_command_names_the_workflow(invocation: Invocation, run: tuple[str, ...], words: str) -> None:
    assert sentence(("Now: ", Command(invocation, *run))) == f"Now: {words}"


def test_the_pattern_of_a_name_matches_hardly_anything_else() -> None:
    """A `?` would also match the project `a-b`."""
    words = sentence((Command(MERGE, "apply", "--", "[a] * b"),))
    pattern = words.split("`")[1]
    assert not any(character.isspace() for character in pattern)
    assert fnmatchcase("[a] * b", pattern)
    assert [name for name in ("[a]-*-b", "[a]_*_b", "a * b", "[a] x b") if fnmatchcase(name, pattern)] == []
