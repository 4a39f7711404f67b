"""Public failures of similar tools that belong to manifests, as small inputs; each with its result elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.formatting import FileKind, formatted
from reconciler.manifest.parsing import Parser
from reconciler.operations.validate import validate
from reconciler.settings import read_settings
from tests.manifest.rooms import BOTH_PARSERS, all_reported, load, load_one

M = "name: p\ntype: imageannotation\n"


@BOTH_PARSERS
@pytest.mark.parametrize(
    ("text", "reported"),
    [
        # A key whose children were commented out became null, and was read as nothing or as an empty map:
        # skypilot-org/skypilot#1890, node-config/node-config#751, adrienverge/yamllint#82
        (
            "params:\n#  instruction: x\nontology:\nreconcile:\nstudio:\n",
            ["null-part:3:1", "null-part:5:1", "null-part:6:1", "null-part:7:1"],
        ),
        ("params: {}\nontology: []\n", ["empty-ontology:4:11"]),
        # A value that begins with # is a comment, and null was deployed: auth0/auth0-deploy-cli#843
        ("params:\n  instruction: # Label cars\n  color: #ff0000\n", ["comment-value:4:16?", "comment-value:5:10?"]),
        ("params: {}\nontology:  # choices\n  - A\n", []),
        # `<<` twice in one map: mikefarah/yq#800, yaml/pyyaml#610
        ("x-b: &b {k: 1}\nparams:\n  <<: *b\n  <<: *b\n", ["duplicate-key:6:3"]),
        # No-break spaces as indentation: supernovae-st/nika#791
        ("params:\n  geometries:\n  \u00a0\u00a0box: {min_width: 1}\n", ["invisible-key:5:3"]),
        # A self-referring anchor: yaml/pyyaml#896, rust-works/succinctly#153
        ("params: {a: &x [1, *x]}\n", ["self-alias:3:20"]),
        ("params: {a: &x {<<: *x}}\n", ["self-alias:3:21"]),
        ("params: {a: &x 1, b: *x, c: &x 2, d: *x}\n", []),
        # Numbers that JSON cannot carry: Liquid4All/ifstruct#3, openvang/vanguarstew#1665, yaml/pyyaml#868
        ("params: {a: 1e400}\n", ["not-a-number:3:13"]),
        (f"params: {{a: -{'7' * 4_301}}}\n", ["not-a-number:3:13"]),
        (f"params: {{a: 0x{'F' * 3_600}}}\n", ["not-a-number:3:13"]),
        (f"params: {{a: 0o{'7' * 4_900}}}\n", ["not-a-number:3:13"]),
        # Scanner errors without a hint: Kong/deck#769, octodns/octodns-route53#55, octodns/octodns#66
        ("ontology:\n  - Lane: solid\n", ["unknown-key:4:5"]),
        ("ontology:\n  - *any\n", ["unknown-alias:4:5"]),
        ("ontology:\n  - %x\n", ["syntax:4:5"]),
        ("ontology:\n  - @a\n", ["syntax:4:5"]),
        ('ontology:\n  - "a\\;b"\n', ["syntax:4:8"]),
        ("ontology:\n  - Car #1\n", ["comment-value:4:9?"]),
        ("ontology:\n  - C#\n  - 50%\n", []),
        # Strings, nulls and empty objects where something else is meant: what people send to Scale
        (
            'params: {objects_to_annotate: car, with_labels: "true", min_width: null, examples: [], '
            "annotation_attributes: {}, callback_url: me@example.com, labels: \"['a', 'b']\"}\n",
            [],
        ),
    ],
)
def test_located(tmp_path: Path, text: str, reported: list[str], parser: Parser) -> None:
    assert all_reported(load(tmp_path, {"p.yaml": M + text}, parser)) == reported


@pytest.mark.parametrize("item", ["Lane: solid", "*any", "%x", "@a", '"a\\;b"', "Car #1"])
def test_characters_that_need_quotes_are_reported_so(tmp_path: Path, item: str) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": f"{M}ontology:\n  - {item}\n"}).entries[0].diagnostics
    assert "quote " in diagnostic.label


def test_an_unseen_character_is_named(tmp_path: Path) -> None:
    text = f"{M}params:\n  geometries:\n  \u00a0\u00a0box: {{min_width: 1}}\n"
    (diagnostic,) = load(tmp_path, {"p.yaml": text}).entries[0].diagnostics
    assert "U+00A0 NO-BREAK SPACE" in diagnostic.summary


@BOTH_PARSERS
@pytest.mark.parametrize(
    ("text", "params"),
    [
        # YAML 1.2 has no merge key, and parsers differ: mikefarah/yq#800, aaubry/YamlDotNet#594
        (
            "x-b: &b {k: 1, l: 1}\nx-c: &c {l: 2, m: 3}\nparams:\n  k: 9\n  <<: [*b, *c]\n",
            {"k": 9, "l": 1, "m": 3},
        ),
        ('params: {"<<": 1}\n', {"<<": 1}),
        ("params: {c: 0b_, d: 0x}\n", {"c": "0b_", "d": "0x"}),
        (f"params: {{b: {'7' * 4_300}}}\n", {"b": 7 * (10**4_300 - 1) // 9}),
        ("params: {a: &x 1, b: *x, c: &x 2, d: *x}\n", {"a": 1, "b": 1, "c": 2, "d": 2}),
    ],
)
def test_values(tmp_path: Path, text: str, params: dict[str, Any], parser: Parser) -> None:
    assert load_one(tmp_path, M + text, parser).params == params


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2027-03-01", None),
        ('"2027-03-01"', None),
        ("2027-3-1", "bad-date"),
        ("2027-02-30", "bad-date"),
        ("2027-03-01T00:00:00Z", "bad-date"),
        ("never", "bad-date"),
    ],
)
def test_dates_of_an_ignore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: str, code: str | None) -> None:
    """A date came out a day early through time zones: jfrog/terraform-provider-xray#259, aquasecurity/tfsec#762."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    text = f"{M}params: {{}}\nreconcile: {{ignore: [{{path: params.x, until: {until}}}]}}\n"
    (entry,) = load(tmp_path, {"p.yaml": text}).entries
    if code is not None:
        (diagnostic,) = entry.diagnostics
        assert (diagnostic.code, diagnostic.location and diagnostic.location.line) == (code, 4)
        return
    assert entry.project is not None
    (ignore,) = entry.project.mask.ignore
    assert ignore.until == date(2027, 3, 1)
    assert ignore.until >= datetime(2027, 3, 1, 23, 30, tzinfo=UTC).date()


def test_a_path_narrows_what_is_reported_and_never_what_is_checked(tmp_path: Path) -> None:
    """Hooks pass files in batches, so a name that appears twice was missed: pre-commit/pre-commit#1775, #3397."""
    load(tmp_path, {"a.yaml": M, "b.yaml": M + "studio: 1\n"})
    found = validate(read_settings(tmp_path), ["projects/a.yaml"])
    assert [diagnostic.code for diagnostic in found.diagnostics] == ["duplicate-name"]


def test_line_width_changes_no_text() -> None:
    """Folding at 80 columns changed texts: looztra/yamkix#437, apache/buildstream#2046, frenck/YAMLRocks#95."""
    plain = ("word !x and - word " * 16 + "end")[:300].rstrip()
    text = f"{M}params:\n  a: {plain}\n  b: https://example.com/{'x' * 180}\n"
    assert formatted(text.encode(), FileKind.MANIFEST) == text.encode()


def test_several_documents_and_a_long_key_stay(tmp_path: Path) -> None:
    """One document was read of several, and a long key became `? key`: frenck/YAMLRocks#59."""
    key = "k" * 200
    second_project = "---\nname: q\ntype: chat\nparams:\n    annotation_attributes:\n"
    text = f"{M}params: {{}}\n{second_project}        {key}: {{type: text}}\n"
    done = formatted(text.encode(), FileKind.MANIFEST).decode()
    assert (
        done
        == f"{M}params: {{}}\n---\nname: q\ntype: chat\nparams:\n  annotation_attributes:\n    {key}: {{type: text}}\n"
    )
    first, second = load(tmp_path, {"p.yaml": done}).entries
    assert first.project is not None
    assert second.project is not None
    assert json.dumps(second.project.params) == json.dumps({"annotation_attributes": {key: {"type": "text"}}})
