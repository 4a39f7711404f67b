"""What a small pull request may cost, as counts: of messages, of comparisons, of calls of functions. No clock is read.

Each input of the table is built at a small size and at twice that size. Work that grows with the input at most doubles;
work that grows with its square would be four times as much.
"""

from __future__ import annotations

import difflib
import gc
import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from reconciler import diagnostics
from reconciler.diagnostics import MOST_OF_A_FILE
from reconciler.documents.validation import validation_document
from reconciler.errors import DiagnosedError
from reconciler.manifest.checks.rules import Checks
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.model.plan import TargetInfo
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.model.validation import Validation
from reconciler.operations.fmt import format_files
from reconciler.operations.live import Account
from reconciler.operations.plan import planned_with
from reconciler.operations.preparing import Prepared
from reconciler.operations.selection import select, usable
from reconciler.operations.session import Session
from reconciler.operations.validate import validate
from reconciler.planning import nearness
from reconciler.planning.live import Live
from reconciler.planning.planner import Declared
from reconciler.settings import Target, read_settings
from tests.calls import GROWTH, calls_counted
from tests.cost import inputs
from tests.cost.inputs import INPUTS, Input, write
from tests.render.shown import render_annotations, render_validation

pytestmark = pytest.mark.untraced

_SMALL: dict[str, int] = {
    "300 deep ignores, 5,000 objects": 10,
    "20 deep ignores, 500 objects": 10,
    "shared branches": 1,
    "missing keys": 10,
    "missing files": 5,
    "unknown labels": 40,
    "long names": 20,
    "a file with warnings used by all": 10,
}
_USUALLY = 80


@pytest.mark.parametrize("each", INPUTS, ids=lambda each: str(each.name))
def test_twice_the_input_is_at_most_twice_the_work(
    each: Input, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "_MOST_COMPARISONS", 100)
    monkeypatch.setattr(diagnostics, "_MOST_SEARCHES", 10)
    monkeypatch.setattr(inputs, "LEAVES", 5)
    size = _SMALL.get(each.name, _USUALLY)
    _work(each, size, tmp_path / "warm")  # imports and compilation happen once, and are not work on the input
    once, twice = (_work(each, times * size, tmp_path / str(times)) for times in (2, 4))
    assert twice <= GROWTH * once


def _work(each: Input, size: int, root: Path) -> int:
    write(root, each.build(size))
    live = Live({}, whole=True)
    if each.before is not None:
        write(root / "before", each.before(size))
        live = _live(_load(root / "before"))
    gc.collect()  # what other tests left is not work on the input
    gc.disable()
    try:
        return _counted(each, root, live)
    finally:
        gc.enable()


def _counted(each: Input, root: Path, live: Live) -> int:
    with calls_counted() as calls:
        if each.command == ("validate",):
            found = validate(read_settings(root), ())
            render_validation(found.diagnostics, manifests=found.manifests, base=str(root))
        elif each.command[0] == "fmt":
            assert len(format_files(read_settings(root), (), check=True).changed) == 1
        else:
            _plan(root, live)
    return calls()


@pytest.mark.parametrize(("build", "most"), [(inputs.blank_lines_and_items, 150), (inputs.comments_and_keys, 500)])
def test_formatting_calls_few_functions_for_each_entry(
    build: Callable[[int], inputs.Files], most: int, tmp_path: Path
) -> None:
    work = Input("fmt", 1_000, build, ("fmt", "--check"))
    _work(work, 10, tmp_path / "warm")
    assert _work(work, work.size, tmp_path / "once") < most * work.size


def _load(root: Path) -> Manifests:
    return load_manifests(root / "projects", root=root, checks=Checks({}, None))


def _live(manifests: Manifests) -> Live:
    """Every project as its manifest says."""
    projects = [entry.project for entry in manifests.entries]
    return Live(
        {
            project.name: LiveProject(
                project.name,
                project.type,
                params=project.params or {},
                params_version=1 if project.params is not None else None,
                ontology=project.ontology,
                ontology_version=1 if project.ontology is not None else None,
                created_at="2026-01-01T00:00:00Z",
            )
            for project in projects
            if project is not None
        },
        whole=True,
    )


def _plan(root: Path, live: Live) -> None:
    from datetime import UTC, datetime

    from tests.render.shown import render_plan

    manifests = _load(root)
    try:
        desired, _ = usable(manifests, select(manifests, (), folder=root))
        prepared = _prepared(manifests, desired)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        session = Session(read_settings(root), Target("sandbox", ""), {}, now=lambda: now)
        plan = planned_with(session, Account(TargetInfo("sandbox", "", None), None), live, prepared)
    except DiagnosedError as problem:
        with redirect_stdout(io.StringIO()):
            diagnostics.limited(problem.diagnostics)
    else:
        render_plan(plan, base=str(root), now=now)


def _validated(root: Path, files: inputs.Files) -> Validation:
    write(root, files)
    return validate(read_settings(root), ())


def test_spans_of_one_line_share_its_text(tmp_path: Path) -> None:
    found = _validated(tmp_path, inputs.one_line_of_duplicates(2_000))
    texts = {id(each.location.text) for each in found.diagnostics if each.location is not None}
    assert len(found.diagnostics) == 1_999
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (inputs.missing_keys(200), "key_3_of_many"),
        (inputs.missing_files(200), "instruction_3_of_many.md"),
        (inputs.unknown_labels(500), "label_3_of_many"),
    ],
    ids=["keys", "files", "labels"],
)
def test_suggestions_are_bounded(
    files: inputs.Files, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparisons = 0
    quick_ratio = difflib.SequenceMatcher.real_quick_ratio

    def counted(self: Any) -> float:
        nonlocal comparisons
        comparisons += 1
        return quick_ratio(self)

    monkeypatch.setattr(difflib.SequenceMatcher, "real_quick_ratio", counted)
    found = _validated(tmp_path, files)
    assert len(found.diagnostics) >= 200
    assert comparisons <= diagnostics._MOST_COMPARISONS
    assert all(each.label.startswith("did you mean") for each in found.diagnostics)
    assert found.diagnostics[3].label == f'did you mean "{wanted}"?'


def test_no_suggestion_after_very_many(tmp_path: Path) -> None:
    found = _validated(tmp_path, inputs.unknown_keys(3_000))
    labels = [each.label for each in found.diagnostics]
    assert labels[0] == 'did you mean "ontology"?'
    assert labels[-1] == ""


@pytest.mark.parametrize("build", [inputs.an_error_on_each_line, inputs.unknown_keys, inputs.broken_documents])
def test_at_most_so_many_messages_are_shown_of_a_file(build: Callable[[int], inputs.Files], tmp_path: Path) -> None:
    files = build(3_000)
    found = _validated(tmp_path, {**files, "projects/other.yaml": "name: other\ntype: imageannotation\ntipe: x\n"})
    every = len(found.diagnostics)
    assert every > 3_000
    text = render_validation(found.diagnostics, manifests=found.manifests, base=str(tmp_path))
    shown = [line for line in text.splitlines() if line.startswith("projects/p.yaml:")]
    left_out = f"{every - 1 - MOST_OF_A_FILE:,} errors in this file are not shown"
    assert len(shown) == MOST_OF_A_FILE + 1
    assert shown[-1] == f"projects/p.yaml:1:1: note[left-out]: {left_out}"
    assert text.splitlines()[-1].startswith(f"{every:,} errors in ")
    document = json.loads(json.dumps(validation_document(found.diagnostics, base=str(tmp_path))))
    listed = [each for each in document["diagnostics"] if each["file"] == "projects/p.yaml"]
    assert len(listed) == MOST_OF_A_FILE + 1
    assert [each["summary"] for each in listed if each["code"] == "left-out"] == [left_out]
    assert document["summary"] == {"errors": every, "warnings": 0, "notes": 0}
    assert len(render_annotations(found.diagnostics, base=str(tmp_path)).splitlines()) == 11


def test_names_one_edit_apart_are_not_compared_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    one_edit = diagnostics.is_one_edit

    def counted(left: str, right: str) -> bool:
        nonlocal compared
        compared += 1
        return one_edit(left, right)

    monkeypatch.setattr(nearness, "is_one_edit", counted)
    wanted = {f"{chr(0x4E00 + number)}abcdef{chr(0x4E00 + number)}" for number in range(1_000)}
    live = {f"{form}x": [LiveProject(form, "")] for form in wanted}
    found = nearness.neighbours(wanted, live)
    assert {form: [each.name for each in projects] for form, projects in found.items()} == {f: [f] for f in wanted}
    assert compared == 1_000


def test_the_index_of_long_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "_MOST_KEYS", 2_500)
    wanted = {chr(97 + number) * 1_000 for number in range(5)}
    assert [len(some) for some in nearness._batches(sorted(wanted))] == [2, 2, 1]
    live = {form[1:]: [LiveProject(form[0], "")] for form in wanted}
    found = nearness.neighbours(wanted, live)
    assert {form: [each.name for each in projects] for form, projects in found.items()} == {f: [f[0]] for f in wanted}


def test_what_shares_values_is_counted_before_it_is_compared(tmp_path: Path) -> None:
    write(tmp_path, inputs.shared_branches(16))
    with pytest.raises(DiagnosedError) as raised:
        _planned(tmp_path)
    (reported,) = raised.value.diagnostics
    assert reported.code == "too-large"
    assert reported.summary == "aliases and references repeat 12,977,691 values in these changes"


def _prepared(manifests: Manifests, desired: Sequence[DesiredProject]) -> Prepared:
    names = {entry.name: entry.file for entry in manifests.entries if entry.name is not None}
    return Prepared(Declared(desired, names, "projects", len(manifests.entries)))


def _planned(root: Path) -> None:
    manifests = _load(root)
    desired, _ = usable(manifests, select(manifests, (), folder=root))
    planned_with(
        Session(read_settings(root), Target("sandbox", ""), {}),
        Account(TargetInfo("sandbox", "", None), None),
        Live({}, whole=True),
        _prepared(manifests, desired),
    )


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_a_name_has_at_most_so_many_characters(length: int, tmp_path: Path) -> None:
    found = _validated(tmp_path, inputs.long_name(length))
    summaries = [each.summary for each in found.diagnostics]
    assert summaries == (["a project's name can have at most 1,000 characters"] if length > 1_000 else [])


def test_messages_of_a_shared_file_are_repeated_so_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.manifest.origins._MOST_REPEATED", 500)
    found = _validated(tmp_path, inputs.shared_by_all(10))
    assert len(found.diagnostics) == 200
    assert {len(each.used_by) for each in found.diagnostics} == {2}


def test_a_broken_shared_file_breaks_all_that_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.manifest.origins._MOST_REPEATED", 5)
    files = inputs.shared_by_all(10)
    _validated(tmp_path, {**files, "shared.yaml": "a: !x\nb: !x\nc: !x\n"})
    manifests = _load(tmp_path)
    assert [entry.project for entry in manifests.entries] == [None] * 10
    assert sorted(len(entry.diagnostics) for entry in manifests.entries) == [1] * 9 + [3]


def test_problems_of_a_referred_value_are_repeated_so_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.manifest.origins._MOST_REPEATED", 2)
    files = inputs.references_with_problems(10)
    found = _validated(tmp_path, {**files, "shared.yaml": "a: [{$unset: 1}, {$fille: x}]\n"})
    assert sorted(each.code for each in found.diagnostics) == ["bad-value", "near-directive"]


def test_a_very_long_word_has_no_suggestion() -> None:
    assert diagnostics.nearest("n" * 65, ["n" * 64]) is None
    assert diagnostics.nearest("n" * 64, ["n" * 64 + "m", "n" * 63]) == "n" * 63


def test_names_of_few_letters_and_of_other_lengths_are_passed_over() -> None:
    wanted = {"abcde", "abc"}
    live = {form: [LiveProject(form, "")] for form in ("abcd", "abcdefgh", "abcdx", "abc1", "abcdey1")}
    found = nearness.neighbours(wanted, live)
    assert {form: [each.name for each in projects] for form, projects in found.items()} == {"abcde": ["abcdx"]}
    assert nearness.neighbours(set(), live) == {}
    assert not diagnostics.is_one_edit("ab", "abcd")
