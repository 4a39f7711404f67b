"""What doctor prints, and its document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler import __version__
from reconciler.diagnostics import Remedy
from reconciler.documents.doctor import doctor_document
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport, Verdict
from reconciler.render.text.doctor import lay_out_doctor

REPORT = DoctorReport(
    target="production",
    endpoint="https://api.scale.com/v1",
    checks=(
        CheckResult("python", CheckStatus.OK, "Python 3.12.1."),
        CheckResult("git", CheckStatus.WARNING, "There is no git.", "Install git."),
        CheckResult("key", CheckStatus.ERROR, "There is no key.", "Set it.\nOr say --target sandbox."),
        CheckResult("clock", CheckStatus.SKIPPED, "Nothing was asked.", "Fix the failures above first."),
    ),
    assumptions=(
        CheckResult("choices", Verdict.HOLDS, "They read as objects."),
        CheckResult("null", Verdict.DOES_NOT_HOLD, "It was dropped."),
        CheckResult("histories", Verdict.NOT_SEEN, "No project."),
    ),
)

TEXT = """\
Target: production (https://api.scale.com/v1)

ok       python         Python 3.12.1.
warning  git            There is no git.
                        Install git.
error    key            There is no key.
                        Set it.
                        Or say --target sandbox.
skipped  clock          Nothing was asked.
                        Fix the failures above first.

Assumptions about the API, on this account:

holds          choices            They read as objects.
does not hold  null               It was dropped.
not seen       histories          No project.

Doctor: 1 ok, 1 warning, 1 error, 1 skipped.
"""


def test_text() -> None:
    assert lay_out_doctor(REPORT, colour=False) == TEXT


def test_a_hint_stands_below_the_assumptions() -> None:
    hint = Remedy("Look further:", ("doctor",), "reconciler -C x doctor")
    text = lay_out_doctor(replace(REPORT, hint=hint), colour=False)
    assert text == TEXT.replace("\n\nDoctor:", "\n\nLook further:\nreconciler -C x doctor\n\nDoctor:")


def test_without_assumptions_and_without_a_target() -> None:
    report = replace(REPORT, target="", endpoint="", checks=REPORT.checks[:1], assumptions=())
    assert (
        lay_out_doctor(report, colour=False)
        == "ok       python         Python 3.12.1.\n\nDoctor: 1 ok, 0 warnings, 0 errors.\n"
    )


def test_a_target_that_could_not_be_chosen() -> None:
    assert lay_out_doctor(replace(REPORT, endpoint=""), colour=False).startswith("Target: production\n\n")


def test_colour_adds_nothing_but_colour() -> None:
    coloured = lay_out_doctor(REPORT, colour=True)
    assert "\x1b[1;31merror  \x1b[0m  key " in coloured
    assert coloured.endswith("\x1b[1;31mDoctor: 1 ok, 1 warning, 1 error, 1 skipped.\x1b[0m\n")
    for code in ("0", "1;31", "1;35", "32", "2"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == TEXT


def test_a_last_line_without_errors_is_green() -> None:
    report = replace(REPORT, checks=REPORT.checks[:2])
    last = lay_out_doctor(report, colour=True).splitlines()[-1]
    assert last == "\x1b[1;32mDoctor: 1 ok, 1 warning, 0 errors.\x1b[0m"


@pytest.mark.parametrize("evil", ["\x1b[2J", "\u202e", "\r::error::", "\x07", "\nerror  key"])
def test_foreign_text_is_escaped(evil: str) -> None:
    report = DoctorReport(
        f"t{evil}",
        f"e{evil}",
        (CheckResult("key", CheckStatus.ERROR, f"m{evil}", "r"),),
        (CheckResult("null", Verdict.NOT_SEEN, f"f{evil}"),),
        hint=Remedy(f"h{evil.strip()}", ("doctor",)),
    )
    text = lay_out_doctor(report, colour=False)
    assert evil not in text
    assert len(text.splitlines()) == 13


@pytest.mark.parametrize("evil", ["\x1b[2J", "\u202e", "\r::error::"])
def test_a_remedy_has_lines_of_its_own_alone(evil: str) -> None:
    report = DoctorReport("", "", (CheckResult("key", CheckStatus.ERROR, "m", f"one{evil}\ntwo"),))
    assert evil not in lay_out_doctor(report, colour=False)
    assert lay_out_doctor(report, colour=False).count("\n") == 5


def test_document() -> None:
    assert doctor_document(REPORT) == {
        "format_version": "1.0",
        "tool_version": __version__,
        "target": {"name": "production", "endpoint": "https://api.scale.com/v1"},
        "checks": [
            {"check": "python", "status": "ok", "message": "Python 3.12.1.", "remedy": ""},
            {"check": "git", "status": "warning", "message": "There is no git.", "remedy": "Install git."},
            {
                "check": "key",
                "status": "error",
                "message": "There is no key.",
                "remedy": "Set it.\nOr say --target sandbox.",
            },
            {
                "check": "clock",
                "status": "skipped",
                "message": "Nothing was asked.",
                "remedy": "Fix the failures above first.",
            },
        ],
        "assumptions": [
            {"assumption": "choices", "status": "holds", "message": "They read as objects."},
            {"assumption": "null", "status": "does not hold", "message": "It was dropped."},
            {"assumption": "histories", "status": "not seen", "message": "No project."},
        ],
        "summary": {"ok": 1, "warnings": 1, "errors": 1, "skipped": 1},
    }
