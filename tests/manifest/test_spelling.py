"""What is spelled is read back as the same value, and `fmt` leaves it as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.manifest.formatting import FileKind, formatted
from reconciler.manifest.loading import load_manifests
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.spelling import document_text, literal
from reconciler.model.values import Json, equal
from tests.manifest.rooms import BOTH_PARSERS
from tests.strategies import ontologies

STRANGE = [
    "", " ", "a ", " a", "yes", "No", "on", "~", "null", "true", "012", "0o14", "0x1F", "1_000", "12:30:00",
    "2024-01-01", "1e3", ".5", "-", "- a", "? a", ": a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "|", ">",
    "%a", "@a", "`a", "'a'", '"a"', "[a]", "{a}", "a, b", "a]", "---", "...", "... a", "--- a", "<<", "=", ".inf",
    ".nan", "a\tb", "\ta", "a\n", "\na", "a\nb", "a\n\n", "a \nb", "a\n b", " a\nb", "a\rb", "a\r\nb", "\r",
    "a\x85b", "a\u2028b", "a\u2029b", "\ufeffa", "a\ufeff", "\x00", "\x1b[0m", "\U0001f468\u200d\U0001f469",
    "1\ufe0f\u20e3", "Cafe\u0301", "\u202ea", "https://x.y/z?a=b#c", "a" * 2_000, "#\nb", "a\n# b", "a\n  # b\n",
    "---\na", "a\n---\nb", "a\n...\nb", "$file", "\\", "a\\nb", "C:\\x", "%YAML 1.1", "\u00a0a", "a\u00a0", "a\n\tb",
]  # fmt: skip
texts = st.one_of(st.sampled_from(STRANGE), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
numbers = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([10**40, 1.0, -0.0, 1e16, 5e-324])
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
keys = st.one_of(texts, st.sampled_from(["$file", "$ref", "$literal", "$unset", "$x", "choice"]))
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=10,
)


def back(data: bytes, parser: Any) -> Json:
    """The value of the only document, which `fmt` leaves as it is."""
    found = read("", data, Words(), parser)
    assert not found.broken, (data, found.reported)
    assert formatted(data, FileKind.MANIFEST, parser=parser) == data
    (document,) = found.documents
    return document.value


@BOTH_PARSERS
@pytest.mark.parametrize("text", STRANGE)
def test_every_text_is_exact_wherever_it_is(parser: Any, text: str) -> None:
    params = {"a": text, "b": [text, text], "c": [{"k": text, "n": 1}], text: {text: text}, "d": {"e": [[text]]}}
    document = {"name": "p", "params": params, "ontology": [text, {"choice": "x", "subchoices": [text]}]}
    assert equal(back(document_text(document, FileKind.MANIFEST), parser), document)


@pytest.mark.untraced
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    st.dictionaries(keys.filter(lambda key: key not in ("patch", "version", "created_at")), anything, max_size=4),
    ontologies(),
)
@example({"a": {"$file": "x"}, "b": [{"$unset": True}], "c": {"$literal": {"$literal": 1}}}, ["a"])
@example({"$file": "x"}, ["a"])
def test_a_manifest_means_what_was_spelled(tmp_path: Path, params: dict[str, Json], choices: list[Json]) -> None:
    document = {"name": "p", "type": "chat", "params": literal(params), "ontology": choices}
    data = document_text(document, FileKind.MANIFEST)
    assert formatted(data, FileKind.MANIFEST) == data
    (tmp_path / "projects").mkdir(exist_ok=True)
    (tmp_path / "projects/p.yaml").write_bytes(data)
    (entry,) = load_manifests(tmp_path / "projects", root=tmp_path).entries
    is_invisible = any(each.code == "empty-choice" for each in entry.diagnostics)
    if not is_invisible:
        assert entry.project is not None, (data, entry.diagnostics)
        assert equal(dict(entry.project.params or {}), params)


def test_the_form_is_that_of_a_person() -> None:
    document = {
        "params": {
            "instruction": "Label every car.\nSkip the others.\n",
            "geometries": {"box": {"objects_to_annotate": ["Cat", "Small cat"], "min_width": 10}},
            "fields": [
                {"type": "text", "field_id": "a"},
                {"type": "category", "choices": [{"label": "Yes", "value": "y"}]},
            ],
            "empty": {},
            "url": "https://x",
        },
        "ontology": ["Background", {"choice": "Animal", "description": "Anything alive", "subchoices": ["Cat", "Dog"]}],
        "type": "imageannotation",
        "name": "kitten_labeling",
        "reconcile": {"ignore": ["params.can_*", {"path": "params.key", "reason": "sensitive"}]},
    }
    assert (
        document_text(document, FileKind.MANIFEST).decode()
        == """\
name: kitten_labeling
type: imageannotation

params:
  instruction: |
    Label every car.
    Skip the others.
  geometries:
    box:
      objects_to_annotate: [Cat, Small cat]
      min_width: 10
  fields:
    - {type: text, field_id: a}
    - type: category
      choices:
        - {label: "Yes", value: "y"}
  empty: {}
  url: "https://x"

ontology:
  - Background
  - choice: Animal
    description: Anything alive
    subchoices:
      - Cat
      - Dog

reconcile:
  ignore:
    - params.can_*
    - {path: params.key, reason: sensitive}
"""
    )
