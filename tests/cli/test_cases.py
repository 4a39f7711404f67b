"""Cases of public failures of similar tools that belong to the main job, through the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.forge.github.commands import shield
from tests.cli.conftest import Cli, Served, live

Write = Callable[[str, str], Path]


def test_keys_that_begin_with_two_underscores(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("p", {"__v": 1, "fields": [{"__ref": "a"}]})])
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {__v: 2, fields: [{__ref: b}]}\n")
    document = cli("plan", "--format", "json").json()
    assert [field["path"] for field in document["resource_changes"][0]["fields"]] == [
        "params.__v",
        "params.fields[0].__ref",
    ]
    assert cli("apply", "--auto-approve").code == 0
    assert cli("plan").last.startswith("No changes.")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("NO_PROXY", "x,[::1]"),
        ("NO_PROXY", "127.0.0.1,::1/128"),
        ("NO_PROXY", "fd00::/8"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("SSL_CERT_FILE", "none.pem"),
    ],
)
def test_a_proxy_in_the_environment(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    monkeypatch.setenv(variable, value)
    assert cli("validate").code == 0
    assert cli("plan").code == 0
    far = cli("plan", "--endpoint", "https://api.invalid/v1") if variable in ("ALL_PROXY", "SSL_CERT_FILE") else None
    assert far is None or (far.code == 1 and f"the environment variable {variable} " in far.err)
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    assert cli("plan", "--target", "sandbox").code == 0


def test_emptied_keys_send_nothing(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("p", {"a": 1}, ["A", "B", "C"])])
    start = "name: p\ntype: imageannotation\n"
    write("p.yaml", f"{start}params:\n#  instruction: x\nontology:\nreconcile:\nstudio:\n")
    wrong = cli("plan")
    assert wrong.code == 1
    for line in (3, 5, 6, 7):
        assert f"projects/p.yaml:{line}:1: error" in wrong.err
    write("p.yaml", f"{start}params: {{}}\nontology: []\n")
    wrong = cli("plan")
    assert "projects/p.yaml:4:" in wrong.err
    assert "projects/p.yaml:3:" not in wrong.err
    assert served.requests == []


_OBEYED = re.compile(r"^\s*::|##\[", re.MULTILINE)


def test_text_that_a_ci_runner_takes_for_a_command(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    text = "::add-mask::e\nsee ##[error]x\n"
    served.store.seed([live("p", {"instruction": text + "one"})])
    write(
        "p.yaml",
        "name: p\ntype: imageannotation\nparams:\n  instruction: |-\n    ::add-mask::e\n    see ##[error]x\n    two\n",
    )
    for arguments in (["plan"], ["plan", "--format", "json"], ["apply", "--auto-approve"]):
        said = cli(*arguments)
        assert "two" in said.out or arguments[0] == "apply"
        assert not _OBEYED.search(said.out + said.err), said.out
    assert shield("a\n") == "a\n"


def test_changes_of_type_alone_show_both_sides(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("p", {"a": "1", "b": "true", "c": None, "d": ""})])
    write("p.yaml", 'name: p\ntype: imageannotation\nparams: {a: 1, b: true, c: "null", e: []}\n')
    out = cli("plan").out
    for shown in ('a = "1" -> 1', 'b = "true" -> true', 'c = null -> "null"'):
        assert shown in re.sub(" +", " ", out)


def test_what_people_really_send(cli: Cli, served: Served, write: Write) -> None:
    write(
        "p.yaml",
        "name: p\ntype: imageannotation\nparams: {objects_to_annotate: car, with_labels: 'true', min_width: null,\n"
        "  examples: [], annotation_attributes: {}, callback_url: me@example.com, labels: \"['a', 'b']\"}\n",
    )
    assert cli("validate").code == 0
    assert cli("apply", "--auto-approve").code == 0
    assert cli("plan").last.startswith("No changes.")


def test_numbers_beyond_53_bits(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("p", {"i": 9007199254740993, "j": 1e3, "k": 0.10})])
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {i: 9007199254740992, j: 1000, k: 0.1}\n")
    planned = cli("plan", "--out", "x.plan")
    assert "9007199254740993 -> 9007199254740992" in planned.out
    assert "9007199254740992" in Path("x.plan").read_text()
    assert cli("apply", "--plan", "x.plan", "--auto-approve").code == 0
    assert "9007199254740992" in served.store.get("p")
    assert cli("plan").last.startswith("No changes.")


@pytest.mark.parametrize("name", ["a b/c", "é", "e\u0301", "%2F", "a?b#c", "x" * 300, "price_$5", "*", "…"])
def test_names_of_any_kind(cli: Cli, served: Served, write: Write, name: str) -> None:
    write("p.yaml", f"name: {name!r}\ntype: imageannotation\nparams: {{a: 1}}\nontology: [X]\n")
    assert cli("apply", "--auto-approve").last == "Apply complete! Projects: 1 added, 0 changed, 0 destroyed."
    assert cli("plan").last.startswith("No changes.")
    assert cli("plan", name).last.startswith("No changes.")


def test_white_space_alone_is_made_visible(cli: Cli, served: Served, write: Write) -> None:
    served.store.seed([live("p", {"a": "a\nb", "c": "x\r\ny"})])
    write("p.yaml", 'name: p\ntype: imageannotation\nparams: {a: "a \\nb\\n", c: "x\\ny"}\n')
    out = cli("plan").out
    assert "\\r" in out or "␍" in out
    removed = [line.strip()[1:] for line in out.splitlines() if line.strip().startswith("- ")]
    added = [line.strip()[1:] for line in out.splitlines() if line.strip().startswith("+ ")]
    assert not set(removed) & set(added)


def test_a_number_that_overflows_is_never_sent_back(cli: Cli, served: Served, write: Write, tmp_path: Path) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1e400}\n")
    assert "projects/p.yaml:3:13: error" in cli("plan").err


def test_the_key_is_in_no_output(cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 1}\n")
    monkeypatch.setenv("SCALE_API_KEY", "  live_0123456789abcdef \n")
    outputs = [cli("plan"), cli("plan", "--out", "x.plan", "--format", "json"), cli("apply", "--auto-approve")]
    for said in outputs:
        assert said.code == 0
        assert "0123456789abcdef" not in said.out + said.err
    assert "0123456789abcdef" not in Path("x.plan").read_text()
    monkeypatch.setenv("SCALE_API_KEY", "live_0123456789\nabcdef")
    wrong = cli("plan")
    assert wrong.code == 1
    assert "SCALE_API_KEY" in wrong.err
    assert "0123456789" not in wrong.err


def test_a_key_goes_to_no_endpoint_that_a_file_alone_names(
    cli: Cli, served: Served, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", "name: p\ntype: imageannotation\n")
    (repository / "reconciler.toml").write_text('[targets.production]\nendpoint = "https://evil.example.com/v1"\n')
    assert cli("plan").code == 0  # RECONCILER_ENDPOINT of the fixture replaces it
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    wrong = cli("plan")
    assert wrong.code == 1
    assert "--endpoint https://evil.example.com/v1" in wrong.err
    monkeypatch.setenv("RECONCILER_ENDPOINT", "http://api.scale.com/v1")
    assert "plain http" in cli("plan").err
