"""plan --out, show, apply --plan."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.record import RecordedProject
from reconciler.record.stores import open_record
from tests.cli.conftest import Cli, Served, live

Write = Callable[[str, str], Path]


@pytest.fixture
def saved(cli: Cli, served: Served, write: Write) -> Path:
    """A plan with a create, an update, and a project where nothing changes."""
    write(
        "new.yaml",
        "name: new\ntype: imageannotation\nparams: {t: {$file: t.md}}\nontology: [A, {choice: B, description: b}]\n",
    )
    write("t.md", "Text\n")
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1, i: 5}\nreconcile: {ignore: [params.i]}\n")
    write("same.yaml", "name: same\ntype: imageannotation\n")
    served.store.seed([live("p", {"a": 0, "i": 7, "z": 1}), live("same"), live("unmanaged")])
    assert cli("plan", "--out", "changes.plan", "--allow", "takeover").code == 0
    return Path("changes.plan")


def test_it_is_private_whole_and_shows_the_same(cli: Cli, saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [file.name for file in Path().iterdir() if "plan" in file.name] == ["changes.plan"]
    planned, shown = cli("plan", "--allow", "takeover"), cli("show", "changes.plan")
    assert shown.code == 0
    assert shown.out.splitlines()[2:] == planned.out.splitlines()[2:]
    document = cli("show", "changes.plan", "--format", "json").json()
    fresh = cli("plan", "--allow", "takeover", "--format", "json").json()
    for of in (document, fresh):
        del of["timestamp"]
    assert document == fresh


def test_show_prints_what_plan_printed(cli: Cli, served: Served, write: Write) -> None:
    """Also what others changed since an apply, and warnings with the line that they are about."""
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1, b: 1}\n")
    write("same.yaml", "name: same\ntype: imageannotation\nontology: [A]\n")
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("p", {"a": 5})
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1, b: 2, objects_to_anotate: [A]}\n")
    for options in ((), ("--pending",)):
        for output in ("text", "markdown", "json"):
            planned = cli("plan", *options, "--out", "x.plan", "--format", output)
            shown = cli("show", "x.plan", "--format", output)
            assert (shown.out, shown.err) == (planned.out, planned.err)


def test_the_entry_of_an_equal_project_is_short_and_is_all_that_an_apply_needs(
    cli: Cli, served: Served, write: Write, repository: Path
) -> None:
    text = "name: same\ntype: imageannotation\nparams: {a: 1}\nontology: [A]\n"
    write("same.yaml", text)
    served.store.seed([live("same", {"a": 1}, [{"choice": "A"}])])
    cli("plan", "--out", "x.plan")
    [entry] = json.loads(Path("x.plan").read_text())["resource_changes"]
    assert (entry["change"]["before"], entry["change"]["after"], entry["desired"]) == (None, None, None)
    assert (entry["fields"], entry["calls"]) == ([], [])
    served.requests.clear()
    assert cli("apply", "--plan", "x.plan", "--auto-approve").code == 0
    assert [request for request in served.requests if "same" in request] == []
    saved = _entry(repository)
    assert saved.ontology_hash is not None
    cli("apply", "--auto-approve")  # which reads the project itself
    assert _entry(repository) == saved


def _entry(repository: Path) -> RecordedProject:
    [section] = open_record(repository, "production", "local").read().record.sections.values()
    return section.projects["same"]


def test_it_is_applied_and_nothing_else(cli: Cli, saved: Path, served: Served, write: Write) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 99}\n")
    write("later.yaml", "name: later\ntype: imageannotation\n")
    applied = cli("apply", "--plan", "changes.plan", "--auto-approve")
    assert applied.last == "Apply complete! Projects: 1 added, 1 changed, 0 destroyed."
    found = json.loads(served.store.get("p"))["param_history"][-1]
    assert {key: found[key] for key in ("a", "i")} == {"a": 1, "i": 7}
    assert "z" not in found
    again = cli("apply", "--plan", "changes.plan", "--auto-approve")
    assert again.last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."


def test_a_stale_project_is_left_alone(cli: Cli, saved: Path, served: Served) -> None:
    served.store.edit_params("p", {"a": 5})
    applied = cli("apply", "--plan", "changes.plan", "--auto-approve")
    assert applied.code == 1
    assert "1 added, 0 changed" in applied.last


def _change(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: _change(file, format_version="9.0"), "format version 9.0"),
        (lambda file: _change(file, complete=False), "was changed or truncated"),
        (lambda file: _change(file, masked=True), "a printed plan"),
        (lambda file: file.write_text("{"), "not JSON"),
        (lambda file: file.write_text("[" * 100_000), "not JSON"),
        (lambda file: file.write_text("[]"), "not a plan file"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "not UTF-8 text"),
        (lambda file: file.unlink(), "cannot be read"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(
    cli: Cli, saved: Path, served: Served, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(saved)
    served.requests.clear()
    for arguments in (["apply", "--plan", "changes.plan", "--auto-approve"], ["show", "changes.plan"]):
        refused = cli(*arguments)
        assert refused.code == 1
        assert words in refused.err
    assert served.requests == []


def test_a_document_for_reading_is_refused(cli: Cli, saved: Path) -> None:
    Path("read.json").write_text(cli("plan", "--format", "json").out)
    assert "a printed plan" in cli("show", "read.json").err


def test_another_target_endpoint_or_account_is_refused(
    cli: Cli, saved: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_ENDPOINT", served.url.replace("127.0.0.1", "localhost"))
    assert "endpoint" in cli("apply", "--plan", "changes.plan", "--auto-approve").err
    monkeypatch.setenv("RECONCILER_ENDPOINT", served.url)
    assert "target" in cli("apply", "--plan", "changes.plan", "--auto-approve", "--target", "sandbox").err
    served.store.reset()
    assert "a different account" in cli("apply", "--plan", "changes.plan", "--auto-approve").err
    assert not [request for request in served.requests if request.startswith("POST")]


def test_the_target_is_the_one_in_the_file(
    cli: Cli, saved: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    monkeypatch.delenv("RECONCILER_TARGET")
    (repository / "reconciler.toml").write_text('target = "sandbox"\n')
    assert 'not for "sandbox"' in cli("apply", "--plan", "changes.plan", "--auto-approve", "--target", "sandbox").err
    assert cli("apply", "--plan", "changes.plan", "--auto-approve").code == 0


def test_the_target_is_compared_before_a_key_is_needed(
    cli: Cli, repository: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", "name: p\ntype: chat\n")
    assert cli("plan", "--target", "sandbox", "--out", "changes.plan").code == 0
    monkeypatch.delenv("SCALE_API_KEY", raising=False)
    refused = cli("apply", "--plan", "changes.plan", "--auto-approve", "--target", "production")
    assert 'the plan was made for the target "sandbox", not for "production"' in refused.err


def test_names_do_not_go_with_a_saved_plan(cli: Cli, saved: Path) -> None:
    refused = cli("apply", "p", "--plan", "changes.plan")
    assert refused.code == 1
    assert "--plan" in refused.err


@pytest.mark.parametrize(
    ("out", "why"),
    [("no/such/folder/x.plan", "cannot be saved"), ("projects", "cannot be saved in the manifest folder")],
)
def test_a_place_that_takes_no_file_is_an_error(cli: Cli, saved: Path, out: str, why: str) -> None:
    refused = cli("plan", "--out", out)
    assert refused.code == 1
    assert why in refused.err


def test_sensitive_values_are_whole_in_the_file_and_masked_in_print(
    cli: Cli, served: Served, write: Write, repository: Path
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {callback_url: 'https://u:s3cr3t@x', a: 1}\n")
    printed = cli("plan", "--out", "x.plan")
    document = cli("plan", "--format", "json")
    shown = cli("show", "x.plan", "--format", "json")
    for result in (printed, document, shown):
        assert "s3cr3t" not in result.out + result.err
    assert document.json()["masked"] is True
    assert "s3cr3t" in Path("x.plan").read_text()
    applied = cli("apply", "--plan", "x.plan", "--auto-approve")
    assert applied.code == 0
    assert "s3cr3t" not in applied.out + applied.err
    assert "s3cr3t" in served.store.get("p")


def test_a_sensitive_ontology_is_masked_everywhere(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["ontology.**.@description", "ontology.@name"]\n')
    text = "name: p\ntype: imageannotation\nontology: {name: s3cr3t-n, choices: [{choice: A, description: s3cr3t-a}]}\n"
    write("p.yaml", text)
    created = cli("plan", "--format", "json")
    assert [field["before"] for field in created.json()["resource_changes"][0]["fields"]] == [None, None, None]
    served.store.seed([live("p", {}, [{"choice": "A", "description": "s3cr3t-b"}], "s3cr3t-m")])
    for said in (created, cli("plan", "--format", "json"), cli("plan")):
        assert "s3cr3t" not in said.out + said.err
