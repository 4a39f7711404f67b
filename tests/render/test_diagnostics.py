"""Diagnostics: the carets stand where the mistake is, and nothing foreign acts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Location, Severity, error, warning
from reconciler.model.rebuilding import relative
from reconciler.render.layout import width
from reconciler.render.text.diagnostics import snippet
from reconciler.render.view.diagnostics import in_blocks
from tests.render.plans import BASE, EVIL, diagnosed, location, padded
from tests.render.shown import render_blocks, render_diagnostics, render_validation


def shown(*diagnostics: Diagnostic) -> str:
    return render_diagnostics(diagnostics, base=BASE)


@pytest.mark.parametrize(
    ("text", "column", "end", "line", "carets"),
    [
        ("parms:", 1, 6, "parms:", "^^^^^"),
        ("\tab: x", 2, 4, "    ab: x", "    ^^"),
        ("猫: x", 4, 5, "猫: x", "    ^"),
        ("猫", 1, 2, "猫", "^^"),
        ("e\u0301x", 3, 4, "e\\u0301x", "       ^"),
        ("x\u0301x", 3, 4, "x\u0301x", " ^"),
        ("⚠\ufe0f 👨\u200d👩\u200d👧 x", 10, 11, "⚠\ufe0f 👨\u200d👩\u200d👧 x", "      ^"),
        ("\x1bx y", 4, 5, "\\u001bx y", "        ^"),
        ("a", 9, 12, "a", " ^"),
        ("abc", 3, 1, "abc", "  ^"),
        ("", 1, 1, "", "^"),
        ("a   ", 1, 2, "a", "^"),
    ],
)
def test_snippet(text: str, column: int, end: int, line: str, carets: str) -> None:
    source, before, number = snippet(text, Location("/f", 1, column, end, text))
    assert (source, " " * before + "^" * number) == (line, carets)


def test_a_long_line_is_shown_around_the_place() -> None:
    text = "x" * 500_000 + "BAD" + "y" * 500_000
    source, before, number = snippet(text, Location("/f", 1, 500_001, 500_004, text))
    assert source[before : before + number] == "BAD"
    assert source.startswith("…x")
    assert source.endswith("y…")
    assert len(source) == 162
    source, before, number = snippet(text, Location("/f", 1, 1, 1_000_000, text))
    assert number == 160


@given(st.text(st.characters(), max_size=300), st.integers(1, 400), st.integers(1, 400))
def test_any_line_can_be_shown(text: str, column: int, end: int) -> None:
    source, before, number = snippet(text, Location("/f", 1, column, end, text))
    assert number >= 1
    assert before <= width(source) + len(text) + 4
    assert source == "" or source.isprintable() or "\u0301" in source


def test_without_a_source_line_the_label_stands_alone() -> None:
    assert shown(error("x", "gone", location=location("a.yaml", 2, 1, 2, None), label="here")) == (
        "a.yaml:2:1: error[x]: gone\n  here\n"
    )
    assert shown(error("x", "gone", location=location("a.yaml", 2, 1, 2, None))) == "a.yaml:2:1: error[x]: gone\n"


def test_foreign_words_are_escaped_and_bounded() -> None:
    text = shown(error("x", EVIL, detail="y" * 5_000 + "\n" + "\n".join("z" * 100)))
    lines = text.split("\n")
    assert lines[0] == "error[x]: a\\u001b[31mred\\u0000\\u202e\\u2028 [bold]::x"
    assert lines[1] == "  " + "y" * 2_000 + "… (5,000 characters)"
    assert lines[-2] == "  … 41 more lines"


ALL_KINDS = "1 error, 1 warning, and 1 note in 1 manifest."


def test_users() -> None:
    one = Diagnostic(Severity.NOTE, "x", "y", used_by=(location("a.yaml", 1, 1, 1, None),))
    assert shown(one) == "note[x]: y\n  used by a.yaml:1\n"


@pytest.mark.parametrize(
    ("diagnostics", "manifests", "last"),
    [
        ([], 41, "41 manifests are valid."),
        ([], 1, "1 manifest is valid."),
        ([], 0, "There are no manifests to check."),
        ([warning("x", "y")], 0, "There are no manifests to check, with 1 warning."),
        ([error("x", "y")], 0, "1 error."),
        ([warning("x", "y")], 41, "41 manifests are valid, with 1 warning."),
        ([error("x", "y")], 41, "1 error in 41 manifests."),
        ([error("x", "y", location=location("a.yaml", 1, 1, 1, None))] * 2, 41, "2 errors in 1 of 41 manifests."),
        ([Diagnostic(Severity.NOTE, "x", "y"), error("x", "y")], 1, "1 error and 1 note in 1 manifest."),
        ([Diagnostic(Severity.NOTE, "x", "y")] * 2, 2, "2 manifests are valid, with 2 notes."),
        (
            [Diagnostic(Severity.NOTE, "x", "y"), warning("x", "y"), error("x", "y")],
            1,
            "1 error, 1 warning, and 1 note in 1 manifest.",
        ),
    ],
)
def test_last_line_of_a_validation(diagnostics: list[Diagnostic], manifests: int, last: str) -> None:
    text = render_validation(diagnostics, manifests=manifests, base=BASE)
    assert text.split("\n")[-2] == last
    assert text.endswith(".\n")


@pytest.mark.parametrize(
    ("file", "base", "seen"),
    [
        ("/repo/projects/a.yaml", "/repo", "projects/a.yaml"),
        ("/repo/a.yaml", "/repo/projects/x", "../../a.yaml"),
        ("/other/a.yaml", "/repo", "../other/a.yaml"),
        ("/repo/a.yaml", "/", "repo/a.yaml"),
        ("/repo", "/repo/", "."),
        ("/repository/a", "/repo", "../repository/a"),
        ("a/b", "/repo", "a/b"),
    ],
)
def test_relative(file: str, base: str, seen: str) -> None:
    assert relative(file, base) == seen


def test_equal_warnings_are_one_in_a_plan() -> None:
    shown = render_blocks([*padded(1), *padded(20), *diagnosed()], base=BASE)
    assert shown.count("outer-whitespace") == 1
    assert 'also: the choice "Cat2 " ends with a space\n' in shown
    assert "21 such warnings, also at projects/1.yaml:3:5, " in shown
    assert "and 9 more. To list all of them:\n      reconciler validate\n" in shown
    assert render_blocks(diagnosed(), base=BASE) == render_diagnostics(diagnosed(), base=BASE)


def test_errors_and_different_warnings_are_not_one() -> None:
    errors = [replace(each, severity=Severity.ERROR) for each in padded(2)]
    others = [replace(each, detail="") for each in padded(2)]
    nowhere = [replace(each, location=None) for each in padded(2)]
    assert [block.count for block in in_blocks([*errors, *others, *nowhere])] == [1] * 6
    same = [replace(each, detail="", summary="x") for each in padded(2)]
    assert [block.count for block in in_blocks(same)] == [2]
    assert "also at" not in render_blocks([padded(1)[0]] * 2, base=BASE)


def test_the_number_of_manifests_that_use_a_file_is_shown() -> None:
    users = tuple(location(f"projects/{n}.yaml", 1, 1, 2, None) for n in range(40))
    one = replace(padded(1)[0], used_by=users)
    assert "used by 40 manifests: projects/0.yaml:1, " in shown(one)
    assert "used by projects/0.yaml:1\n" in shown(replace(one, used_by=users[:1]))


def test_an_item_of_a_list_is_continued_further_in() -> None:
    shown = render_diagnostics(
        [error("usage", "s", detail="One of:\n  HOST/FILE  a wheel, with its hash")], base=BASE, columns=30
    )
    assert shown.endswith("  One of:\n    HOST/FILE  a wheel, with\n        its hash\n")
