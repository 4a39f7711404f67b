"""`--format html`: a page on stdout, diagnostics on stderr and in the page, the exit codes of the other formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Served
from tests.render.pages import Page

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


def read(text: str) -> Page:
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert page.problems() == []
    return page


def test_plan_show_and_drift(cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("p.yaml", M + "params: {instruction: '::error::x ##[error]y', a: 1}\n")
    planned = cli("plan", "--format", "html", "--out", "p.plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in read(planned.out).text
    assert "::error::x ##[error]y" in read(planned.out).text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    shown = cli("show", "p.plan", "--format", "html")
    assert "::error::x ##[error]y" in read(shown.out).text
    assert not [line for line in shown.out.split("\n") if line.strip().startswith("::") or "##[" in line]
    monkeypatch.delenv("GITHUB_ACTIONS")

    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"a": 2})
    found = cli("drift", "--format", "html")
    assert found.code == 2
    assert "Drift: 1 in 1 of 1 project" in read(found.out).text


def test_diagnostics_are_reported_twice(cli: Cli, write: Write) -> None:
    write("p.yaml", M + "params:\n  instruction: # Label cars\n")
    planned = cli("plan", "--format", "html")
    assert "warning[" in planned.err
    assert "warning[" in read(planned.out).text


def test_sensitive_values_are_masked(cli: Cli, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    write("p.yaml", M + "params: {callback_url: 'https://u:s3cr3t@x'}\n")
    planned = cli("plan", "--format", "html")
    assert "(sensitive value)" in read(planned.out).text
    assert "s3cr3t" not in planned.out


def test_an_error_is_no_page(cli: Cli) -> None:
    failed = cli("plan", "nobody", "--format", "html")
    assert (failed.code, failed.out) == (1, "")
    assert "error[" in failed.err


def test_what_is_left_out_is_shown_on_request(cli: Cli, served: Served, write: Write) -> None:
    rules, names = "\n      ".join(f"Rule {n}." for n in range(30)), ", ".join(f"C{n}" for n in range(40))
    manifest = f"params:\n  a: 1\n  instruction: |-\n      {rules}\nontology: [{names}]\n"
    write("p.yaml", M + manifest)
    brief = cli("plan", "--out", "p.plan").out
    assert "Rule 29." not in brief
    assert [line for line in brief.split("\n") if line.endswith(" --full") and "reconciler plan p " in line]
    for arguments in (("plan", "--full"), ("show", "p.plan", "--full")):
        whole = cli(*arguments).out
        assert "Rule 29." in whole
        assert "+ C39\n" in whole
        assert "--full" not in whole
    applied = cli("apply", "--auto-approve", "--full").out
    assert "Rule 29." in applied
    write("p.yaml", M + manifest.replace("a: 1", "a: 2").replace("C39", "C39, Other"))
    assert "Rule 3." not in cli("plan").out
    whole = cli("plan", "--full").out
    assert ("\n            instruction = <<-EOT\n" in whole, "Rule 29." in whole) == (True, True)
    assert "\n            C38\n" in whole
    assert "hidden" not in whole
    assert "a = 1 -> 2" in cli("drift", "--full").out
