"""Diagnostics as commands that the runner obeys, by GitHub's rules of escaping."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Location, Severity, error, warning
from reconciler.forge.github.commands import shield
from tests.render.shown import render_annotations


def at(file: str, line: int = 3) -> Location:
    return Location(file, line, 5, 9, "text")


def unescaped(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_a_line_a_diagnostic_errors_first() -> None:
    printed = [
        Diagnostic(Severity.NOTE, "fork", "it comes from a fork"),
        warning("quote-it", "quote it", location=at("/r/projects/a.yaml")),
        error(
            "unknown-key",
            'no key "parms"',
            detail="100% sure\nreally",
            location=at("/r/projects/a b.yaml"),
            label="did you mean it?",
        ),
    ]
    assert render_annotations([*printed, printed[1]], base="/r").splitlines() == [
        '::error file=projects/a b.yaml,line=3,col=5,title=unknown-key::no key "parms"%0Adid you mean it?%0A'
        "100%25 sure%0Areally",
        "::warning file=projects/a.yaml,line=3,col=5,title=quote-it::quote it",
        "::notice title=fork::it comes from a fork",
    ]
    assert render_annotations([], base="/r") == ""


def test_ten_of_a_kind_and_a_line_for_the_rest() -> None:
    errors = [error("e", f"e{number:02}", location=at("/r/a", number)) for number in range(1, 13)]
    warnings = [warning("w", f"w{number}") for number in range(10)]
    notes = [Diagnostic(Severity.NOTE, "n", f"n{number}") for number in range(11)]
    lines = render_annotations([*notes, *warnings, *errors], base="/r").splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert lines[-2:] == [
        "::notice title=more::2 more errors, not shown as annotations",
        "::notice title=more::3 more notices, not shown as annotations",
    ]
    assert len(render_annotations(notes[:10], base="/r").splitlines()) == 10


def test_a_long_message_is_cut() -> None:
    [line] = render_annotations([error("e", "x" * 10_000)], base="/r").splitlines()
    assert len(line) < 4_096
    assert line.endswith("…")


@given(text=st.text(max_size=40) | st.sampled_from(["::error::x", "a##[error]x", "%0A::x", "a,line=1::b", "\r\n::x"]))
def test_no_text_gets_out_of_its_place(text: str) -> None:
    line = render_annotations([error(text, text, detail=text, location=at(f"/r/{text}"))], base="/r")
    assert line.endswith("\n")
    assert not re.search("[\r\n]", line[:-1])
    assert "##[" not in line
    found = re.fullmatch(r"::error file=([^,:]*),line=3,col=5,title=([^,:]*)::(.*)", line[:-1])
    assert found is not None
    assert "\n" not in unescaped(found[2])


@given(st.lists(st.sampled_from(["::", "##[", "error", " ", "\u3000", "\r", "\n", "#", "[", ":"]), max_size=12))
def test_a_runner_obeys_nothing_that_is_shielded(pieces: list[str]) -> None:
    shown = shield("".join(pieces))
    assert "##[" not in shown
    assert not [line for line in shown.replace("\r", "\n").split("\n") if line.lstrip().startswith("::")]


def test_shield_leaves_other_text_alone() -> None:
    assert shield("a::b\n## [x]\n  c") == "a::b\n## [x]\n  c"
