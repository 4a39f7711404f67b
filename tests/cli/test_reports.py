"""`--report FILE`: a page, Markdown, or JSON by the suffix, beside what is printed; completely or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Served
from tests.render.pages import Page

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"


def test_plan_and_show_write_each_format_beside_what_they_print(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", M + "params: {instruction: '##[error]x'}\n")
    planned = cli("plan", "--out", "p.plan", "--report", "p.html", "--report", "p.md", "--report", "p.json")
    assert planned.last == "Plan: 1 to add, 0 to change, 0 to destroy."
    written = {name: (repository / name).read_text("utf-8") for name in ("p.html", "p.md", "p.json")}
    assert Page(written["p.html"]).problems() == []
    assert written["p.md"].startswith("### `sandbox`: 1 to add")
    document = json.loads(written["p.json"])
    assert document["summary"]["add"] == 1
    assert document["resource_changes"][0]["change"]["after"]["params"] == {"instruction": "##[error]x"}
    for name in written:
        (repository / name).unlink()
    shown = cli("show", "p.plan", "--report", "p.html", "--report", "p.md", "--report", "p.json")
    assert shown.last == planned.last
    assert json.loads((repository / "p.json").read_text("utf-8")) == document
    assert (repository / "p.md").read_text("utf-8") == written["p.md"]


def test_drift_writes_a_report(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("p", {"a": 2})
    found = cli("drift", "--format", "json", "--report", "drift.json", "--report", "drift.html")
    assert found.code == 2
    assert json.loads((repository / "drift.json").read_text("utf-8"))["summary"] == found.json()["summary"]
    assert "Drift: 1 in 1 of 1 project" in Page((repository / "drift.html").read_text("utf-8")).text


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("mistake", ["manifest", "configuration", "target", "snapshot"])
def test_a_failed_run_leaves_its_errors_as_json_and_no_other_file(
    cli: Cli, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch, command: str, mistake: str
) -> None:
    write("p.yaml", M + "parms: {}\n" if mistake == "manifest" else M)
    (repository / "reconciler.toml").write_text("[target\n" if mistake == "configuration" else 'target = "sandbox"\n')
    monkeypatch.setenv("RECONCILER_TARGET", "nowhere" if mistake == "target" else "sandbox")
    live = ["--live", "@"] if mistake == "snapshot" else []
    (repository / "old.html").write_text("of an earlier run")
    failed = cli(command, *live, "--report", "x.html", "--report", "old.html", "--report", "x.md", "--report", "x.json")
    assert (failed.code, failed.out) == (1, "")
    assert "error[" in failed.err
    assert not (repository / "x.html").exists()
    assert not (repository / "x.md").exists()
    assert (repository / "old.html").read_text("utf-8") == "of an earlier run"
    document = json.loads((repository / "x.json").read_text("utf-8"))
    assert "error" in [diagnostic["severity"] for diagnostic in document["diagnostics"]]
    assert document["target"]["name"] == ("nowhere" if mistake == "target" else "sandbox")
    printed = cli(command, *live, "--format", "json").json()
    assert {**printed, "timestamp": ""} == {**document, "timestamp": ""}


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_read(
    cli: Cli, write: Write, repository: Path
) -> None:
    write("p.yaml", M)
    (repository / "text.md").write_text("mine")
    (repository / "link.md").symlink_to("text.md")
    for name, words in {
        "plan": "must end in",
        "plan.HTML": "must end in",
        "projects/p.md": "in the manifest folder",
        "nowhere/p.md": "its folder does not exist",
        "link.md": "is a link",
    }.items():
        refused = cli("plan", "--report", name)
        assert (refused.code, refused.out) == (1, "")
        assert words in refused.err, name
    assert (repository / "text.md").read_text("utf-8") == "mine"
    both = cli("plan", "--out", "p.json", "--report", "./p.json")
    assert both.code == 1
    assert "both the saved plan and a report" in both.err
    assert not (repository / "p.json").exists()


def test_a_report_that_the_disk_refuses_is_an_error(
    cli: Cli, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(content: bytes, file: Path, *, mode: int | None = 0o600) -> None:
        raise OSError(28, "No space left on device")

    write("p.yaml", M)
    monkeypatch.setattr("reconciler.files.writing.write_whole", refuse)
    for arguments in (["plan"], ["plan", "nobody"]):
        refused = cli(*arguments, "--report", "p.json")
        assert refused.code == 1
        assert "the report cannot be written to p.json: No space left on device" in refused.err
    assert not (repository / "p.json").exists()
