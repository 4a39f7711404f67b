"""Which file a new value goes to, and what the manifests declare afterward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.editing import Declaring, NotEditableError
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.model.ontology import Ontology, read_written
from reconciler.model.project import DesiredProject
from reconciler.model.values import ABSENT, equal
from tests.manifest.rooms import HEAD, write

OTHER = HEAD.replace("name: p", "name: q")


class Room:
    """Manifests in a repository, and new values for them."""

    def __init__(self, root: Path, files: dict[str, str | bytes]) -> None:
        self.root = root
        self.overlay = root / "over" if any(name.startswith("over/") for name in files) else None
        write(root, {name if "/" in name else f"projects/{name}": content for name, content in files.items()})
        self.before = self._load({})

    def _load(self, replaced: dict[str, bytes]) -> Manifests:
        return load_manifests(self.root / "projects", root=self.root, overlay=self.overlay, replaced=replaced)

    def project(self, name: str = "p") -> DesiredProject:
        return _projects(self.before)[name]

    def declared(self, wanted: dict[str, Any], *, kept: tuple[str, ...] = (), name: str = "p") -> dict[str, str]:
        """The texts of the files that differ. The project declares what is wanted, and otherwise what it did."""
        declaring = Declaring(str(self.root), {str(self.root / file) for file in kept})
        for key, value in wanted.items():
            if key == "ontology":
                ontology = read_written(value)
                assert isinstance(ontology, Ontology)
                declaring.ontology(self.project(name), ontology)
            else:
                declaring.parameter(self.project(name), key, value)
        files = declaring.files()
        after = _projects(self._load({file: new for file, (_, new) in files.items()}))
        for each, project in _projects(self.before).items():
            params = dict(project.params or {})
            if each == name:
                params |= {key: value for key, value in wanted.items() if key != "ontology"}
                params = {key: value for key, value in params.items() if value is not ABSENT}
                assert equal(after[each].params or {}, params)
                assert after[each].ontology == (
                    read_written(wanted["ontology"]) if "ontology" in wanted else project.ontology
                )
            elif kept:
                assert (after[each].params, after[each].ontology) == (project.params, project.ontology)
        return {file.removeprefix(f"{self.root}/"): new.decode() for file, (_, new) in files.items()}


def _projects(manifests: Manifests) -> dict[str, DesiredProject]:
    return {entry.project.name: entry.project for entry in manifests.entries if entry.project is not None}


def test_a_merged_value_is_overridden_beside_the_merge(tmp_path: Path) -> None:
    text = f"x-all: &all {{a: 1, b: 2}}\n{HEAD}params:\n  <<: *all\n  c: 3\n"
    found = Room(tmp_path, {"p.yaml": text}).declared({"a": 5})
    assert found == {"projects/p.yaml": f"{text}  a: 5\n"}


def test_an_alias_is_replaced_and_its_anchor_stays(tmp_path: Path) -> None:
    text = f"x-box: &box {{w: 1}}\n{HEAD}params:\n  a: *box\n  b: *box\n"
    found = Room(tmp_path, {"p.yaml": text}).declared({"a": {"w": 2}})
    assert found == {"projects/p.yaml": text.replace("a: *box", "a:\n    w: 2")}


def test_params_that_are_an_alias(tmp_path: Path) -> None:
    text = f"x-all: &all {{a: 1, b: 2}}\n{HEAD}params: *all\n"
    found = Room(tmp_path, {"p.yaml": text}).declared({"a": 5})
    assert "x-all: &all {a: 1, b: 2}\n" in found["projects/p.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        (b"One.\nTwo.\n", "One.\n2.", b"One.\n2.\n"),
        (b"One.\r\nTwo.\r\n", "One.\nNew.\nTwo.", b"One.\r\nNew.\r\nTwo.\r\n"),
        (b"\xef\xbb\xbfOne.", "Two.", b"\xef\xbb\xbfTwo."),
        (b"One.\r\nTwo.\nThree.\r\nFour.\r\n", "One.\nTwo.\n3.\nFour.", b"One.\r\nTwo.\n3.\r\nFour.\r\n"),
        (b"One.", "One.\n", b"One.\n\n"),
        (b"", "One.", b"One."),
        (b"One.\n", "\ufeffTwo.", b"\xef\xbb\xbf\xef\xbb\xbfTwo.\n"),
    ],
)
def test_a_text_keeps_its_form(tmp_path: Path, old: bytes, new: str, after: bytes) -> None:
    room = Room(tmp_path, {"p.yaml": HEAD + "params: {text: {$file: p.md}}\n", "p.md": old})
    found = room.declared({"text": new})
    assert found == {"projects/p.md": after.decode()}


@pytest.mark.parametrize("new", ["a\r\nb", "a\0b", 5, None, {"a": 1}, ["x"]])
def test_what_a_text_file_cannot_hold_goes_to_the_manifest(tmp_path: Path, new: Any) -> None:
    room = Room(tmp_path, {"p.yaml": HEAD + "params: {text: {$file: p.md}}\n", "p.md": "One.\n"})
    assert room.declared({"text": new}).keys() == {"projects/p.yaml"}


SHARED: dict[str, str | bytes] = {
    "_defaults.yaml": "params:\n  speed: 1   # all\n",
    "_box.yaml": "box: {w: 1}\n",
    "all.md": "Text.\n",
    "_o.yaml": "- Cat   # c\n- Dog\n",
    "p.yaml": HEAD + "params: {text: {$file: all.md}, box: {$ref: _box.yaml#/box}}\nontology: {$ref: _o.yaml}\n",
    "q.yaml": OTHER + "params: {text: {$file: all.md}, box: {$ref: _box.yaml#/box}}\nontology: {$ref: _o.yaml}\n",
}
FILES = [
    ({"speed": 2}, "_defaults.yaml", "params:\n  speed: 2   # all\n"),
    ({"text": "New."}, "all.md", "New.\n"),
    ({"box": {"w": 2}}, "_box.yaml", "box: {w: 2}\n"),
    ({"ontology": ["Cat", "Fox", "Dog"]}, "_o.yaml", "- Cat   # c\n- Fox\n- Dog\n"),
]


@pytest.mark.parametrize(("wanted", "file", "after"), FILES, ids=[file for _, file, _ in FILES])
def test_a_value_goes_to_the_file_that_it_comes_from(
    tmp_path: Path, wanted: dict[str, Any], file: str, after: str
) -> None:
    assert Room(tmp_path, SHARED).declared(wanted) == {f"projects/{file}": after}


@pytest.mark.parametrize(("wanted", "file", "after"), FILES, ids=[file for _, file, _ in FILES])
def test_the_manifest_overrides_what_must_not_be_edited(
    tmp_path: Path, wanted: dict[str, Any], file: str, after: str
) -> None:
    room = Room(tmp_path, SHARED)
    assert room.declared(wanted, kept=(f"projects/{file}",)).keys() == {"projects/p.yaml"}


@pytest.mark.parametrize("kept", [(), ("projects/_defaults.yaml",)])
def test_an_inherited_parameter_that_goes(tmp_path: Path, kept: tuple[str, ...]) -> None:
    found = Room(tmp_path, SHARED).declared({"speed": ABSENT}, kept=kept)
    assert ("{$unset: true}" in found.get("projects/p.yaml", "")) == bool(kept)


def test_what_only_looks_like_a_directive(tmp_path: Path) -> None:
    room = Room(tmp_path, {"p.yaml": HEAD + "params: {a: {$literal: {$file: x}}, b: 1}\n"})
    found = room.declared({"a": {"$file": "z"}, "b": {"$unset": True}, "c": [{"$ref": 1}]})
    assert "a: {$literal: {$file: z}}" in found["projects/p.yaml"]


def test_a_directive_below_a_value_stays(tmp_path: Path) -> None:
    text = HEAD + "params:\n  list:\n    - {id: a, text: {$file: a.md}}\n    - {id: b, text: {$file: b.md}, x: 1}\n"
    room = Room(tmp_path, {"p.yaml": text, "a.md": "A\n", "b.md": "B\n"})
    new = [{"id": "b", "text": "B", "x": 2}, {"id": "c"}, {"id": "a", "text": "New"}]
    found = room.declared({"list": new})
    assert found["projects/a.md"] == "New\n"
    assert "- {id: b, text: {$file: b.md}, x: 2}\n" in found["projects/p.yaml"]


@pytest.mark.parametrize("kept", [(), ("projects/_box.yaml", "projects/all.md")])
def test_an_overlay_that_names_a_file(tmp_path: Path, kept: tuple[str, ...]) -> None:
    over = "params:\n  box: {$ref: ../projects/_box.yaml#/box}   # b\n  text: {$file: ../projects/all.md}   # t\n"
    room = Room(tmp_path, {**SHARED, "p.yaml": HEAD + "params: {text: x, box: y}\n", "over/p.yaml": over})
    found = room.declared({"box": {"w": 2}, "text": "New."}, kept=kept)
    assert found.keys() == ({"over/p.yaml"} if kept else {"projects/_box.yaml", "projects/all.md"})


def test_ontologies_keep_their_form(tmp_path: Path) -> None:
    text = HEAD + "ontology:\n  name: pets\n  choices:\n    - {choice: Cat, display: Cat}   # c\n    - choice: Dog\n"
    room = Room(tmp_path, {"p.yaml": text})
    new = {"name": "pets", "choices": ["Cat", {"choice": "Dog", "description": "d", "subchoices": ["Pug"]}]}
    assert room.declared({"ontology": new}) == {
        "projects/p.yaml": text + "      description: d\n      subchoices:\n        - Pug\n"
    }
    without = {"choices": ["Cat", "Dog"]}
    assert "name: pets" not in room.declared({"ontology": without})["projects/p.yaml"]


def test_an_ontology_with_a_shared_list_of_choices(tmp_path: Path) -> None:
    text = HEAD + "ontology: {name: n, choices: {$ref: _o.yaml}}\n"
    room = Room(tmp_path, {"p.yaml": text, "_o.yaml": "[Cat]\n"})
    found = room.declared({"ontology": {"name": "n", "choices": ["Cat", "Dog"]}})
    assert found == {"projects/_o.yaml": "[Cat, Dog]\n"}


def test_an_item_of_ignore(tmp_path: Path) -> None:
    room = Room(tmp_path, {"p.yaml": HEAD + "params: {}\n", "q.yaml": OTHER + "reconcile: {ignore: [params.a]}\n"})
    declaring = Declaring(str(tmp_path))
    for name in ("p", "q"):
        declaring.ignored(room.project(name), {"path": "params.b", "until": "2027-01-01"})
    texts = [new.decode() for _, new in declaring.files().values()]
    assert texts[0].endswith("reconcile:\n  ignore:\n    - {path: params.b, until: 2027-01-01}\n")
    assert "ignore: [params.a, {path: params.b, until: 2027-01-01}]" in texts[1]


def test_two_projects_want_different_values_of_one_file(tmp_path: Path) -> None:
    room = Room(tmp_path, SHARED)
    declaring = Declaring(str(tmp_path))
    for number, name in enumerate(("p", "q")):
        declaring.parameter(room.project(name), "text", f"Text {number}.")
    files = {Path(file).name: new.decode() for file, (_, new) in declaring.files().items()}
    assert files["all.md"] == "Text 0.\n"
    assert "text: Text 1." in files["q.yaml"]


REFERENCED: dict[str, str | bytes] = {
    "p.yaml": HEAD + "params: {$ref: _p.yaml#/all}   # all\n",
    "q.yaml": OTHER + "params: {$ref: _p.yaml#/all}\n",
    "_p.yaml": "all:\n  a: 1   # a\n  text: {$file: t.md}\n",
    "t.md": "Text.\n",
}


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        ({"b": [1]}, "all:\n  a: 1   # a\n  text: {$file: t.md}\n  b: [1]\n"),
        ({"a": ABSENT}, "all:\n  text: {$file: t.md}\n"),
        ({"a": ABSENT, "b": 1, "text": "New."}, "all:\n  text: {$file: t.md}\n  b: 1\n"),
    ],
)
def test_params_that_are_a_reference_are_edited_there(tmp_path: Path, wanted: dict[str, Any], after: str) -> None:
    found = Room(tmp_path, REFERENCED).declared(wanted)
    assert found.pop("projects/t.md", "New.\n") == "New.\n"
    assert found == {"projects/_p.yaml": after}


@pytest.mark.parametrize(
    ("wanted", "params"),
    [
        ({"b": [1]}, "  a: 1\n  text: Text.\n  b: [1]\n"),
        ({"a": 5}, "  a: 5\n  text: Text.\n"),
        ({"a": ABSENT}, "  text: Text.\n"),
        ({"text": "a\nb", "c": {"$file": "x"}}, "  a: 1\n  text: |-\n    a\n    b\n  c:\n    $literal: {$file: x}\n"),
    ],
)
def test_a_reference_is_written_out_if_its_file_must_not_be_edited(
    tmp_path: Path, wanted: dict[str, Any], params: str
) -> None:
    found = Room(tmp_path, REFERENCED).declared(wanted, kept=("projects/_p.yaml", "projects/t.md"))
    assert found == {"projects/p.yaml": f"{HEAD}params:   # all\n{params}"}


def test_a_reference_is_written_out_below_defaults_and_an_overlay(tmp_path: Path) -> None:
    files = {**REFERENCED, "_defaults.yaml": "params: {speed: 1}\n", "over/p.yaml": "params: {a: 9}\n"}
    found = Room(tmp_path, files).declared({"b": 2}, kept=("projects/_p.yaml", "projects/t.md"))
    assert found == {"projects/p.yaml": f"{HEAD}params:   # all\n  a: 1\n  text: Text.\n  b: 2\n"}
    over = {**files, "over/p.yaml": "params: {text: x}\n"}
    with pytest.raises(NotEditableError, match="text in it is declared elsewhere"):
        Room(tmp_path / "two", over).declared({"b": 2}, kept=("projects/_p.yaml",))


def test_params_in_a_literal(tmp_path: Path) -> None:
    room = Room(tmp_path, {"p.yaml": HEAD + "params: {$literal: {a: {$file: x}, b: 1}}\n"})
    found = room.declared({"c": 1, "b": ABSENT})
    assert found == {"projects/p.yaml": HEAD + "params:\n  a:\n    $literal: {$file: x}\n  c: 1\n"}
