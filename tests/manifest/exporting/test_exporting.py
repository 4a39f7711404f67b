"""Whatever is live: the files are valid, mean exactly that, and `fmt` leaves them as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifest.exporting import Subject, There, export, why_not
from reconciler.manifest.formatting import FileKind, formatted
from reconciler.manifest.loading import load_manifests
from reconciler.model.project import LiveProject
from reconciler.model.values import Json, to_json
from reconciler.planning.intent import compare
from tests.building import live
from tests.manifest.test_spelling import anything, keys
from tests.strategies import ontologies

LONG = "\n".join(f"Rule {n}." for n in range(25))
STRANGE_LONG = [f"\ufeff{LONG}", LONG.replace("\n", "\r\n"), f"{LONG}\r", f"{LONG}\n\n\n", f"\n{LONG}\n", f"\0{LONG}"]
STRANGE_LONG += [f"version https://git-lfs.github.com/spec/v1\n{LONG}", f"<p>{LONG}</p>", f"{LONG}\u2028\x85x", LONG]

long_texts = st.sampled_from(STRANGE_LONG)
params = st.dictionaries(
    st.one_of(keys, st.sampled_from(["instruction", "note"])), st.one_of(anything, long_texts), max_size=5
)


@st.composite
def accounts(draw: st.DrawFn) -> list[LiveProject]:
    """Projects that share values, and whose names are any."""
    pool = [draw(params) for _ in range(2)]
    trees = [draw(st.none() | ontologies()) for _ in range(2)]
    names = draw(
        st.lists(st.sampled_from(["p", "P", "a b", "a/b", "con"]) | st.text(min_size=1), max_size=5, unique=True)
    )
    found = []
    for name in names:
        choices = draw(st.sampled_from(trees))
        shown = live(
            {**draw(st.sampled_from(pool)), **draw(st.just({}) | params)},
            ontologies=(choices,) if choices is not None else (),
            ontology_names=(draw(st.sampled_from([None, "", "n"])),) if choices is not None else (),
        )
        found.append(replace(shown, name=name, pipeline=draw(st.sampled_from([None, "standard_task", "other"]))))
    return found


def export_to(folder: Path, projects: list[LiveProject], **more: Any) -> dict[str, bytes]:
    """The files, read as a plan would read them."""
    subjects = [Subject(project) for project in projects]
    exported = export(subjects, There(), **more)
    pending = {str(folder / "projects" / path): content for path, content in exported.files.items()}
    loaded = load_manifests(folder / "projects", root=folder, replaced={str(folder / "projects/_x"): b"", **pending})
    entries = {entry.name: entry for entry in loaded.entries}
    assert not loaded.duplicates
    assert entries.keys() == {project.name for project in projects}
    for project in projects:
        desired = entries[project.name].project
        assert desired is not None, entries[project.name].diagnostics
        assert not compare(desired, project).fields
        assert desired.type == project.type
        assert to_json(_sorted(desired.params)) == to_json(_sorted(project.params))
    return exported.files


def _sorted(value: Json) -> Json:
    return dict(sorted(value.items()))


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(accounts(), st.booleans())
def test_the_files_mean_what_is_live(tmp_path: Path, projects: list[LiveProject], factor: bool) -> None:
    held = [project for project in projects if why_not(project) is None]
    for path, content in export_to(tmp_path, held, factored=[""] if factor else []).items():
        if path.endswith(".yaml"):
            kind = FileKind.OTHER if path.startswith("_shared") else FileKind.MANIFEST
            kind = FileKind.DEFAULTS if path == "_defaults.yaml" else kind
            assert formatted(content, kind) == content


def test_a_shared_text_is_one_file(tmp_path: Path) -> None:
    projects = [replace(live({"instruction": LONG}), name=f"birds_{n}") for n in range(50)]
    files = export_to(tmp_path, projects)
    assert len(files) == 51
    assert files["_shared/birds_instruction.md"] == f"{LONG}\n".encode()
    assert b"instruction: {$file: _shared/birds_instruction.md}\n" in files["birds_7.yaml"]


def test_a_long_text_is_a_file_beside_the_manifest(tmp_path: Path) -> None:
    short = "\n".join(["line"] * 20)
    projects = [
        replace(live({"instruction": f"{LONG}\n", "extra": {"note": [f"<p>{LONG}</p>"]}}), name="a"),
        replace(live({"note": f"<!-- x -->\n{LONG}"}), name="b"),
        replace(live({"instruction": short}), name="c"),
    ]
    files = export_to(tmp_path, projects)
    assert sorted(files) == ["a.md", "a.note.html", "a.yaml", "b.html", "b.yaml", "c.yaml"]
    assert files["a.md"] == f"{LONG}\n\n".encode()
    assert b"instruction: |-\n    line\n" in files["c.yaml"]


def test_an_ontology_of_several_projects_is_one_file(tmp_path: Path) -> None:
    choices = ["Car", {"choice": "Animal", "subchoices": ["Cat"]}]
    projects = [
        replace(live({}, ontologies=(choices,), ontology_names=(name,)), name=f"p{n}")
        for n, name in enumerate([None, "v1", "v1"])
    ]
    files = export_to(tmp_path, projects)
    assert files["_shared/ontology.yaml"] == b"- Car\n- choice: Animal\n  subchoices:\n    - Cat\n"
    assert b"ontology: {$ref: _shared/ontology.yaml}\n" in files["p0.yaml"]
    assert b"ontology:\n  name: v1\n  choices: {$ref: _shared/ontology.yaml}\n" in files["p1.yaml"]


def test_shared_parameters_become_defaults(tmp_path: Path) -> None:
    projects = [
        replace(live({"instruction": LONG, "a": 1, "b": {"$ref": "x"}, "n": number, "m": n}), name=f"p{n}")
        for n, number in enumerate([1, 1.0])
    ]
    files = export_to(tmp_path, projects, factored=[""])
    assert list(files) == ["_shared/instruction.md", "_defaults.yaml", "p0.yaml", "p1.yaml"]
    assert files["_defaults.yaml"].startswith(b"params:\n  instruction: {$file: _shared/instruction.md}\n  a: 1\n")
    assert files["p1.yaml"].endswith(b'params:\n  "n": 1.0\n  m: 1\n')
