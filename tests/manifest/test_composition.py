"""Manifests composed of several files: references, defaults by folder, overlays; values, places, and mistakes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import Diagnostic, merged
from reconciler.fieldpath import Attribute, format_path
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.places import files_of, locate, resolved_sources
from reconciler.model.project import DesiredProject
from tests.manifest.rooms import BOTH_PARSERS, HEAD, write
from tests.ontologies import ontology

Files = dict[str, str | bytes]
CHAT = "type: chat\n"


def load(root: Path, files: Files, *, overlay: str | None = None, **options: Any) -> Manifests:
    write(root, files)
    return load_manifests(root / "projects", root=root, overlay=root / overlay if overlay else None, **options)


def project(root: Path, files: Files, *, overlay: str | None = None, name: str = "p") -> DesiredProject:
    manifests = load(root, files, overlay=overlay)
    found = {entry.name: entry.project for entry in manifests.entries}
    assert found[name] is not None, reported(root, manifests)
    desired = found[name]
    assert desired is not None
    return desired


def reported(root: Path, manifests: Manifests) -> list[str]:
    """`FILE:LINE:COL code`, with a question mark behind warnings, and the places that use the file."""

    def line(diagnostic: Diagnostic) -> str:
        location = diagnostic.location
        assert location is not None
        users = ", ".join(f"{os.path.relpath(user.file, root)}:{user.line}" for user in diagnostic.used_by)
        place = f"{os.path.relpath(location.file, root)}:{location.line}:{location.column}"
        mark = "" if diagnostic.is_error else "?"
        return f"{place} {diagnostic.code}{mark}" + (f" < {users}" if users else "")

    entries = (*manifests.entries, *manifests.variants)
    return [line(each) for each in merged(each for entry in entries for each in entry.diagnostics)]


# References


def test_a_reference_is_the_value_it_names(tmp_path: Path) -> None:
    desired = project(
        tmp_path,
        {
            "projects/p.yaml": "name: {$ref: ../lib.yaml#/n/0}\ntype: chat\nparams:\n"
            "  whole: {$ref: ../one.json}\n  list: [a, {$ref: ../lib.yaml#/b}]\n  deep: {k: {$ref: ../lib.yaml#/b}}\n"
            "ontology: {name: N, choices: {$ref: ../lib.yaml#/o}}\n"
            "reconcile: {ignore: [{$ref: ../lib.yaml#/i}]}\n",
            "lib.yaml": "n: [p, q]\nb: 2\no: [A, {choice: B, subchoices: {$ref: sub/c.yaml}}]\ni: params.x\n",
            "sub/c.yaml": "{$ref: d.yaml#/x~1y/~0z}",
            "sub/d.yaml": "x/y: {'~z': [C, {choice: D, description: {$file: t.md}}]}\n",
            "sub/t.md": "text\n",
            "one.json": '{"a": [1, {"b": null}]}',
        },
    )
    assert desired.params == {"whole": {"a": [1, {"b": None}]}, "list": ["a", 2], "deep": {"k": 2}}
    assert desired.ontology == ontology(
        ["A", {"choice": "B", "subchoices": ["C", {"choice": "D", "description": "text"}]}], "N"
    )
    assert [ignore.pattern.text for ignore in desired.mask.ignore] == ["params.x"]
    (sources,) = resolved_sources([desired])
    assert {format_path(path): f"{os.path.relpath(s.file, tmp_path)}:{s.line}" for path, s in sources.items()} == {
        "name": "lib.yaml:1",
        "type": "projects/p.yaml:2",
        "params.whole.a[0]": "one.json:1",
        "params.whole.a[1].b": "one.json:1",
        "params.list[0]": "projects/p.yaml:5",
        "params.list[1]": "lib.yaml:2",
        "params.deep.k": "lib.yaml:2",
        "ontology.@name": "projects/p.yaml:7",
        "ontology.A": "lib.yaml:3",
        "ontology.B": "lib.yaml:3",
        "ontology.B.C": "sub/d.yaml:1",
        "ontology.B.D": "sub/d.yaml:1",
        "ontology.B.D.@description": "sub/t.md:1",
        "reconcile.ignore[0]": "lib.yaml:4",
    }
    assert {os.path.relpath(file, tmp_path) for file in files_of(desired)} == {
        "projects/p.yaml", "lib.yaml", "one.json", "sub/c.yaml", "sub/d.yaml", "sub/t.md",
    }  # fmt: skip


def test_what_is_shared_is_read_once_and_is_one_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    open_file = os.open

    def noting(path: Any, *rest: Any, **named: Any) -> int:
        opened.append(os.path.basename(path))
        return open_file(path, *rest, **named)

    monkeypatch.setattr(os, "open", noting)
    files: Files = {f"projects/{n}.yaml": f"name: p{n}\n{CHAT}ontology: {{$ref: ../o.yaml}}\n" for n in range(50)}
    manifests = load(tmp_path, {**files, "o.yaml": "[A, B]"})
    assert opened.count("o.yaml") == 1
    ontologies = [entry.project.ontology for entry in manifests.entries if entry.project is not None]
    assert len(ontologies) == 50
    assert all(ontology is ontologies[0] for ontology in ontologies)


def test_a_literal_is_not_looked_into_and_hides_no_pointer(tmp_path: Path) -> None:
    desired = project(
        tmp_path,
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../l.yaml#/x/y}, b: {$ref: ../l.yaml#/x}}\n",
            "l.yaml": "x: {$literal: {y: {$ref: nowhere}}}\n",
        },
    )
    assert desired.params == {"a": {"$ref": "nowhere"}, "b": {"y": {"$ref": "nowhere"}}}


FOREIGN = (
    "1: !t x\nbad: [.nan]\nk: [a, {b: 2}, {3: c}]\ntagged: &t !t {y: 1}\nfree: &f {z: 1}\nalso: *f\nagain: *t\n"
    "more: {<<: *f}\nnested: &n [*t]\ndeep: *n\nloop: &l [*l]\n"
    "merged: {<<: 3, m: 1}\nlost: # comment\n&s s: 5\nend: *s\nlast: &e !t\n"
)
"""A file of another tool, with much that a manifest must not contain."""


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("k/1/b", 2),
        ("free", {"z": 1}),
        ("also", {"z": 1}),
        ("also/z", 1),
        ("again/y", 1),
        ("more", {"z": 1}),
        ("merged/m", 1),
        ("end", "s"),
    ],
)
def test_only_the_value_that_a_pointer_finds_is_checked(tmp_path: Path, pointer: str, expected: Any) -> None:
    manifest = HEAD + f"params: {{a: {{$ref: ../x.yaml#/{pointer}}}}}\n"
    manifests = load(tmp_path, {"projects/p.yaml": manifest, "x.yaml": FOREIGN})
    (entry,) = manifests.entries
    assert not entry.diagnostics
    assert entry.project is not None
    assert entry.project.params == {"a": expected}


@pytest.mark.parametrize(
    ("content", "pointer", "expected"),
    [
        (FOREIGN, "bad", "2:7 not-a-number"),
        (FOREIGN, "k", "3:17 bad-key"),
        (FOREIGN, "tagged", "4:9 tag"),
        (FOREIGN, "again", "4:9 tag"),
        (FOREIGN, "nested", "4:9 tag"),
        (FOREIGN, "deep", "4:9 tag"),
        (FOREIGN, "loop", "11:11 self-alias"),
        (FOREIGN, "merged", "12:14 bad-merge"),
        (FOREIGN, "last", "16:7 tag"),
        ("\u00a0a: 1\n", "a", "1:1 invisible-key"),
        ("!t a: {b: 1}\n", "a/b", "1:1 tag"),
        ("a: 1\nb: 1\nb: 2\n", "a", "3:1 duplicate-key"),
        ("a: *nothing\nb: 1\n", "b", "1:4 unknown-alias"),
        ("%YAML 1.1\n---\na: 1\n", "a", "1:1 yaml-version"),
        ("a: 1\nb: [\n", "a", "2:4 syntax"),
    ],
)
def test_what_is_wrong_with_the_value_that_a_pointer_finds(
    tmp_path: Path, content: str, pointer: str, expected: str
) -> None:
    manifest = HEAD + f"params: {{a: {{$ref: ../x.yaml#/{pointer}}}}}\n"
    manifests = load(tmp_path, {"projects/p.yaml": manifest, "x.yaml": content})
    found = [line.removeprefix("x.yaml:") for line in reported(tmp_path, manifests)]
    assert found[:1] == [f"{expected} < projects/p.yaml:3"]


MISTAKES: dict[str, tuple[Files, list[str]]] = {
    "in a shared ontology, reported once": (
        {
            "projects/a.yaml": f"name: a\n{CHAT}ontology:\n  $ref: ../o.yaml\n",
            "projects/b.yaml": f"name: b\n{CHAT}ontology: {{$ref: ../o.yaml}}\n",
            "o.yaml": "- A\n- A\n- {choice: B, colour: x}\n- 3\n",
        },
        [
            "o.yaml:2:3 duplicate-choice < projects/a.yaml:4, projects/b.yaml:3",
            "o.yaml:3:15 unknown-key < projects/a.yaml:4, projects/b.yaml:3",
            "o.yaml:4:3 wrong-type < projects/a.yaml:4, projects/b.yaml:3",
        ],
    ),
    "across files": (
        {"projects/p.yaml": HEAD + "ontology: [A, {choice: B, subchoices: {$ref: ../o.yaml}}]\n", "o.yaml": "[C, A]"},
        ["o.yaml:1:5 duplicate-choice < projects/p.yaml:3"],
    ),
    "the YAML of what is referred to": (
        {"projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n", "x.yaml": "a: 1\na: 2\nb: !t x\n"},
        ["x.yaml:2:1 duplicate-key < projects/p.yaml:3", "x.yaml:3:4 tag < projects/p.yaml:3"],
    ),
    "no YAML at all": (
        {"projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n", "x.yaml": "a: [\n"},
        ["x.yaml:1:4 syntax < projects/p.yaml:3"],
    ),
    "a comment taken for a value": (
        {"projects/p.yaml": HEAD + "params: {$ref: ../x.yaml}\n", "x.yaml": "colour: #fff\n"},
        ["x.yaml:1:9 comment-value? < projects/p.yaml:3"],
    ),
    "a directive in what is referred to": (
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n",
            "x.yaml": "k: {$file: none.md}\nl: {$ref: none.yaml}\nm: {$unset: true}\nn: {$fil: a}\n",
        },
        [
            "x.yaml:1:12 file-not-found < projects/p.yaml:3",
            "x.yaml:2:11 file-not-found < projects/p.yaml:3",
            "x.yaml:3:5 misplaced-unset < projects/p.yaml:3",
            "x.yaml:4:5 near-directive? < projects/p.yaml:3",
        ],
    ),
    "a value of the wrong kind": (
        {"projects/p.yaml": "name: p\ntype: {$ref: ../x.yaml#/t}\n", "x.yaml": "t: 3\n"},
        ["x.yaml:1:4 wrong-type < projects/p.yaml:2"],
    ),
    "a text of the wrong kind is reported where it is named": (
        {"projects/p.yaml": "name: p\ntype: chat\nstudio: {$file: ../t}\n", "t": "yes"},
        ["projects/p.yaml:3:9 wrong-type"],
    ),
    "a cycle, with its whole path": (
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n",
            "x.yaml": "k: {$ref: y.yaml#/l}\n",
            "y.yaml": "l: [{$ref: x.yaml#/k}]\n",
        },
        ["projects/p.yaml:3:20 reference-circle"],
    ),
    "itself": (
        {"projects/p.yaml": HEAD + "params: {a: {$ref: p.yaml}}\n"},
        ["projects/p.yaml:3:20 reference-circle"],
    ),
    "a long chain": (
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../c0.yaml}}\n",
            **{f"c{n}.yaml": f"{{$ref: c{n + 1}.yaml}}\n" for n in range(25)},
        },
        ["projects/p.yaml:3:20 reference-chain"],
    ),
    "too deep together": (
        {
            "projects/p.yaml": HEAD + f"params: {{a: {'[' * 60}{{$ref: ../d.yaml}}{']' * 60}}}\n",
            "d.yaml": "[" * 60 + "]" * 60,
        },
        ["projects/p.yaml:3:80 too-deep"],
    ),
    "too deep on the way": (
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../d0.yaml}}\n",
            **{f"d{n}.yaml": f"{'[' * 40}{{$ref: d{n + 1}.yaml}}{']' * 40}" for n in range(4)},
            "d4.yaml": "1",
        },
        ["projects/p.yaml:3:20 too-deep"],
    ),
    "too large together": (
        {
            "projects/p.yaml": HEAD + "params: {a: {$ref: ../b0.yaml}}\n",
            **{f"b{n}.yaml": f"[{', '.join([f'{{$ref: b{n + 1}.yaml}}'] * 10)}]" for n in range(9)},
            "b9.yaml": "1",
        },
        ["projects/p.yaml:3:20 too-large"],
    ),
    "two documents": (
        {"projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n", "x.yaml": "1\n---\n2\n"},
        ["projects/p.yaml:3:20 not-one-document"],
    ),
    "no document": (
        {"projects/p.yaml": HEAD + "params: {a: {$ref: ../x.yaml}}\n", "x.yaml": "# nothing\n"},
        ["projects/p.yaml:3:20 not-one-document"],
    ),
    "pointers to nothing": (
        {
            "projects/p.yaml": HEAD + "params:\n"
            + "".join(f"  k{n}: {{$ref: '../x.yaml#{pointer}'}}\n" for n, pointer in enumerate(
                ("/l/2", "/l/01", "/l/-", "/k/z", "/j", "/", "/r/a", "/l/0/x")
            )),
            "x.yaml": "l: [1, 2]\nk: {y: 1}\nr: {$ref: z.yaml}\n",
        },
        [f"projects/p.yaml:{line}:14 pointer-not-found" for line in range(4, 12)],
    ),
    "paths that may not be read": (
        {
            "projects/p.yaml": HEAD + "params:\n  a: {$ref: /etc/hostname}\n  b: {$ref: ../../x.yaml}\n"
            "  c: {$ref: ../.git/x.yaml}\n  d: {$ref: ''}\n  e: {$ref: '#/params'}\n  f: {$ref: 3}\n  g: {$ref: }\n"
            "  h: {$ref: .}\n  i: {$ref: x.yaml#a}\n",
        },
        [
            "projects/p.yaml:4:13 file-outside",
            "projects/p.yaml:5:13 file-outside",
            "projects/p.yaml:6:13 file-outside",
            "projects/p.yaml:7:13 file-not-found",
            "projects/p.yaml:8:13 file-not-found",
            "projects/p.yaml:9:13 wrong-type",
            "projects/p.yaml:10:7 wrong-type",
            "projects/p.yaml:11:13 file-unreadable",
            "projects/p.yaml:12:13 file-not-found",
        ],
    ),
    # Defaults
    "a mistake in defaults reaches all below": (
        {
            "projects/_defaults.yaml": "type: chat\nstudio: yes\nname: x\nontology: [a]\n",
            "projects/a.yaml": "name: a\n",
            "projects/b/b.yaml": "name: b\n",
        },
        [
            "projects/_defaults.yaml:2:9 wrong-type < projects/a.yaml:1, projects/b/b.yaml:1",
            "projects/_defaults.yaml:3:1 unknown-key < projects/a.yaml:1, projects/b/b.yaml:1",
            "projects/_defaults.yaml:4:1 unknown-key < projects/a.yaml:1, projects/b/b.yaml:1",
        ],
    ),
    "a mistake in defaults without a manifest": (
        {"projects/_defaults.yaml": "[]", "projects/z/_defaults.yaml": "a: 1\n"},
        ["projects/_defaults.yaml:1:1 wrong-type", "projects/z/_defaults.yaml:1:1 unknown-key"],
    ),
    "defaults that are not YAML": (
        {"projects/_defaults.yaml": "a: [\n", "projects/a.yaml": "name: a\n"},
        ["projects/_defaults.yaml:1:4 syntax < projects/a.yaml:1"],
    ),
    "defaults of two documents": (
        {"projects/_defaults.yaml": "type: chat\n---\nstudio: true\n", "projects/a.yaml": "name: a\n"},
        ["projects/_defaults.yaml:3:1 not-one-document < projects/a.yaml:1"],
    ),
    "what a default is, is judged with what it is in": (
        {"projects/_defaults.yaml": "params: {patch: 1}\ntype: chat\n", "projects/a.yaml": "name: a\nparams: {}\n"},
        [
            "projects/_defaults.yaml:1:10 reserved-param < projects/a.yaml:1",
        ],
    ),
    "a reference in defaults": (
        {
            "projects/_defaults.yaml": "type: chat\nparams: {a: {$ref: ../x.yaml}}\n",
            "projects/a.yaml": "name: a\nparams: {}\n",
            "x.yaml": "{a: 1, a: 2}",
        },
        ["x.yaml:1:8 duplicate-key < projects/_defaults.yaml:2, projects/a.yaml:1"],
    ),
    "no type anywhere": (
        {"projects/_defaults.yaml": "studio: true\n", "projects/a.yaml": "name: a\n"},
        ["projects/a.yaml:1:1 missing-key"],
    ),
    "names": (
        {
            "projects/_defaults.yaml": 'type: chat\nnames: ["t_*", q]\n',
            "projects/t/_defaults.yaml": "names: ['*_x']\n",
            "projects/a.yaml": "name: a\n",
            "projects/q.yaml": "name: q\n",
            "projects/t/a.yaml": "name: t_y\n",
            "projects/t/b.yaml": "name: t_x\n",
            "projects/t/c.yaml": "name: z\n",
        },
        [
            "projects/a.yaml:1:7 name-not-allowed",
            "projects/t/a.yaml:1:7 name-not-allowed",
            "projects/t/c.yaml:1:7 name-not-allowed",
            "projects/t/c.yaml:1:7 name-not-allowed",
        ],
    ),
    "names that are none": (
        {"projects/_defaults.yaml": "names: []\n", "projects/z/_defaults.yaml": "names: ['', 3]\n",
         "projects/y/_defaults.yaml": "names: a\n", "projects/x/_defaults.yaml": "names:\n"},
        [
            "projects/_defaults.yaml:1:8 bad-value",
            "projects/x/_defaults.yaml:1:1 null-part",
            "projects/y/_defaults.yaml:1:8 wrong-type",
            "projects/z/_defaults.yaml:1:9 bad-value",
            "projects/z/_defaults.yaml:1:13 wrong-type",
        ],
    ),
    "a near name of defaults": (
        {"projects/_defaults.yml": "type: chat\n", "projects/z/_default.yaml": ""},
        ["projects/_defaults.yml:1:1 near-defaults?", "projects/z/_default.yaml:1:1 near-defaults?"],
    ),
    "unset of what nothing gives": (
        {
            "projects/_defaults.yaml": "type: chat\nparams: {a: 1}\nrapid: {$unset: true}\n",
            "projects/p.yaml": "name: p\nstudio: {$unset: true}\nparams: {a: {$unset: true}, b: {$unset: true}}\n"
            "reconcile: {ignore: {$unset: true}}\n",
        },
        [
            "projects/_defaults.yaml:3:8 unset-nothing? < projects/p.yaml:1",
            "projects/p.yaml:2:9 unset-nothing?",
            "projects/p.yaml:3:32 unset-nothing?",
            "projects/p.yaml:4:21 unset-nothing?",
        ],
    ),
    "unset where nothing is inherited": (
        {"projects/p.yaml": HEAD + "params: {$unset: true}\n---\nname: q\ntype: chat\nontology: {$unset: true}\n"},
        ["projects/p.yaml:3:10 misplaced-unset", "projects/p.yaml:7:12 misplaced-unset"],
    ),
}  # fmt: skip


@BOTH_PARSERS
@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes(tmp_path: Path, case: str, parser: Any) -> None:
    files, expected = MISTAKES[case]
    assert sorted(reported(tmp_path, load(tmp_path, files, parser=parser))) == sorted(expected)


def test_a_cycle_names_its_path(tmp_path: Path) -> None:
    files, _ = MISTAKES["a cycle, with its whole path"]
    (entry,) = load(tmp_path, files).entries
    (diagnostic,) = entry.diagnostics
    assert diagnostic.detail == "The references form a cycle: y.yaml#/l -> x.yaml#/k -> y.yaml#/l. Remove one of them."


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    write(tmp_path, {"secret.yaml": "a: 1\n", "repository/projects/p.yaml": HEAD + "params: {a: {$ref: l.yaml}}\n"})
    for link in ("l.yaml", "_defaults.yaml"):
        (root / "projects" / link).symlink_to(tmp_path / "secret.yaml")
    assert reported(root, load(root, {})) == [
        "projects/_defaults.yaml:1:1 file-outside < projects/p.yaml:1",
        "projects/l.yaml:1:1 file-outside",
        "projects/p.yaml:3:20 file-outside",
    ]


# Defaults


def test_the_nearest_wins_and_values_are_whole(tmp_path: Path) -> None:
    desired = project(
        tmp_path,
        {
            "projects/_defaults.yaml": "type: chat\nstudio: true\npipeline: standard_task\n"
            "params: {a: {x: 1, y: 2}, b: 1, c: 1, d: {$file: t.md}}\n"
            "reconcile: {params: merge, protect: true, ignore: [params.x], renames: {a: b, c: d}}\n",
            "projects/t.md": "outer",
            "projects/s/_defaults.yaml": "studio: {$unset: true}\npipeline: consensus_task\n"
            "params: {b: 2, c: {$unset: true}}\n"
            "reconcile: {protect: {$unset: true}, ignore: [params.y], renames: {c: e}}\n",
            "projects/s/t/p.yaml": "name: p\nparams: {a: {z: 3}}\nontology: [O]\n"
            "reconcile: {ignore: [params.z], renames: {p: O}}\n",
        },
    )
    assert (desired.type, desired.create_only) == ("chat", {"pipeline": "consensus_task"})
    assert desired.params == {"a": {"z": 3}, "b": 2, "d": "outer"}
    assert desired.mask.params.value == "merge"
    assert desired.protect is False
    assert [ignore.pattern.text for ignore in desired.mask.ignore] == ["params.z", "params.y", "params.x"]
    assert desired.renames == {"a": "b", "c": "e", "p": "O"}
    (sources,) = resolved_sources([desired])
    assert {format_path(path): f"{os.path.relpath(s.file, tmp_path)}:{s.line}" for path, s in sources.items()} == {
        "name": "projects/s/t/p.yaml:1",
        "type": "projects/_defaults.yaml:1",
        "pipeline": "projects/s/_defaults.yaml:2",
        "params.a.z": "projects/s/t/p.yaml:2",
        "params.b": "projects/s/_defaults.yaml:3",
        "params.d": "projects/t.md:1",
        "ontology.O": "projects/s/t/p.yaml:3",
        "reconcile.params": "projects/_defaults.yaml:5",
        "reconcile.ignore[0]": "projects/s/t/p.yaml:4",
        "reconcile.ignore[1]": "projects/s/_defaults.yaml:4",
        "reconcile.ignore[2]": "projects/_defaults.yaml:5",
        "reconcile.renames.a": "projects/_defaults.yaml:5",
        "reconcile.renames.c": "projects/s/_defaults.yaml:4",
        "reconcile.renames.p": "projects/s/t/p.yaml:4",
    }


def test_defaults_make_no_part_managed(tmp_path: Path) -> None:
    files: Files = {"projects/_defaults.yaml": "type: chat\nparams: {a: 1}\n"}
    assert project(tmp_path, {**files, "projects/p.yaml": "name: p\n"}).params is None
    assert project(tmp_path, {**files, "projects/p.yaml": "name: p\nparams: {}\n"}).params == {"a": 1}
    written = "name: p\nparams: {a: {$unset: true}}\n"
    assert project(tmp_path, {**files, "projects/p.yaml": written}).params == {}


def test_the_list_of_ignore_can_be_dropped(tmp_path: Path) -> None:
    files: Files = {
        "projects/_defaults.yaml": "type: chat\nreconcile: {ignore: [params.a]}\n",
        "projects/s/_defaults.yaml": "reconcile: {ignore: {$unset: true}}\n",
        "projects/s/p.yaml": "name: p\n",
    }
    assert project(tmp_path, files).mask.ignore == ()


def test_where_inherited_keys_and_their_values_stand(tmp_path: Path) -> None:
    desired = project(
        tmp_path,
        {
            "projects/_defaults.yaml": "type: chat\nparams:\n  a: {$ref: ../x.yaml}\n  b: {$file: t.md}\n",
            "projects/t.md": "text",
            "x.yaml": "# x\nk: [1]\n",
            "projects/p.yaml": "name: p\nparams: {$ref: ../y.yaml}\n",
            "y.yaml": "c: {l: {$ref: x.yaml#/k}}\n",
        },
    )
    assert desired.params == {"a": {"k": [1]}, "b": "text", "c": {"l": [1]}}
    wanted = {
        ("params", "a"): ("projects/_defaults.yaml", 3, 3, None),
        ("params", "a", "k"): ("x.yaml", 2, 1, None),
        ("params", "a", "k", 0): ("x.yaml", 2, 5, None),
        ("params", "b"): ("projects/_defaults.yaml", 4, 3, "projects/t.md"),
        ("params", "c"): ("y.yaml", 1, 1, None),
        ("params", "c", "l"): ("y.yaml", 1, 5, None),
        ("params", "c", "l", 0): ("x.yaml", 2, 5, None),
        ("params", "gone"): ("projects/p.yaml", 2, 1, None),
        ("type",): ("projects/_defaults.yaml", 1, 1, None),
    }
    places = locate(desired, wanted)
    assert {
        path: (
            os.path.relpath(place.location.file, tmp_path),
            place.location.line,
            place.location.column,
            place.text and os.path.relpath(place.text, tmp_path),
        )
        for path, place in places.items()
    } == wanted


def test_names_of_the_manifest_folder(tmp_path: Path) -> None:
    files: Files = {"projects/s/_defaults.yaml": "names: [p]\n", "projects/s/p.yaml": HEAD}
    assert load(tmp_path, files).names is None
    assert load(tmp_path, {**files, "projects/_defaults.yaml": "names: ['p*', q]\n"}).names == ("p*", "q")


# Overlays

LAID: Files = {
    "projects/_defaults.yaml": "type: chat\nparams: {a: 1, b: 1}\nreconcile: {ignore: [params.x]}\n",
    "projects/s/p.yaml": "name: p\nparams: {b: 2, c: {k: 1, l: {$file: t.md}}, d: 2}\nontology: [A, B]\n"
    "reconcile: {ignore: [params.y], protect: true}\n",
    "projects/s/t.md": "text",
    "projects/_over/t/s/p.yaml": "studio: true\nparams: {a: {$unset: true}, c: {m: 1}, d: {$unset: true}, e: 3}\n"
    "ontology: {name: N, choices: {$ref: ../../../../o.yaml}}\nreconcile: {ignore: [params.z]}\n",
    "o.yaml": "- C\n",
}


def test_an_overlay_lies_over_the_manifest(tmp_path: Path) -> None:
    desired = project(tmp_path, LAID, overlay="projects/_over/t")
    assert desired.params == {"b": 2, "c": {"m": 1}, "e": 3}
    assert (desired.ontology, desired.create_only) == (ontology(["C"], "N"), {"studio": True})
    assert [ignore.pattern.text for ignore in desired.mask.ignore] == ["params.z", "params.y", "params.x"]
    assert desired.protect is True
    paths: list[Any] = [
        ("studio",),
        ("params", "c", "m"),
        ("params", "b"),
        ("ontology", "C"),
        ("ontology", Attribute("name")),
    ]
    places = locate(desired, paths)
    assert [(os.path.relpath(places[path].location.file, tmp_path), places[path].location.line) for path in paths] == [
        ("projects/_over/t/s/p.yaml", 1),
        ("projects/_over/t/s/p.yaml", 2),
        ("projects/s/p.yaml", 2),
        ("o.yaml", 1),
        ("projects/_over/t/s/p.yaml", 3),
    ]
    without = project(tmp_path, {})
    assert without.params == {"a": 1, "b": 2, "c": {"k": 1, "l": "text"}, "d": 2}


def test_an_overlay_makes_no_part_managed(tmp_path: Path) -> None:
    files: Files = {"projects/p.yaml": HEAD, "over/p.yaml": "params: {a: 1}\nontology: [A]\n"}
    manifests = load(tmp_path, files, overlay="over")
    desired = manifests.entries[0].project
    assert desired is not None
    assert (desired.params, desired.ontology) == (None, None)
    assert reported(tmp_path, manifests) == [
        "over/p.yaml:1:1 overlay-unused? < projects/p.yaml:1",
        "over/p.yaml:2:1 overlay-unused? < projects/p.yaml:1",
    ]


def test_an_overlay_of_several_documents(tmp_path: Path) -> None:
    files: Files = {
        "projects/p.yaml": "name: p\ntype: chat\nparams: {a: 1}\n---\nname: q\ntype: chat\nparams: {a: 1}\n",
        "over/p.yaml": "{}\n---\nparams: {a: 2}\n",
    }
    found = [entry.project for entry in load(tmp_path, files, overlay="over").entries]
    assert [desired.params for desired in found if desired is not None] == [{"a": 1}, {"a": 2}]
    manifests = load(tmp_path, {"over/p.yaml": "params: {a: 2}\n"}, overlay="over")
    assert reported(tmp_path, manifests) == ["over/p.yaml:1:1 overlay-documents < projects/p.yaml:1, projects/p.yaml:5"]
    assert [entry.project for entry in manifests.entries] == [None, None]


def test_mistakes_in_overlays(tmp_path: Path) -> None:
    files: Files = {
        "projects/p.yaml": HEAD + "params: {a: 1}\nontology: [A]\n",
        "projects/q.yaml": HEAD.replace("p\n", "q\n"),
        "over/p.yaml": "name: p\nnames: [p]\nontology: [B, B]\nparams: {version: 1}\nstudio: 3\n",
        "over/q.yaml": "[]\n",
        "over/r.yaml": "studio: true\n",
        "over/_defaults.yaml": "studio: true\n",
        "over/_notes.yaml": "anything\n",
    }
    expected = [
        "over/_defaults.yaml:1:1 overlay-without-manifest",
        "over/p.yaml:1:1 unknown-key < projects/p.yaml:1",
        "over/p.yaml:2:1 unknown-key < projects/p.yaml:1",
        "over/p.yaml:3:15 duplicate-choice < projects/p.yaml:1",
        "over/p.yaml:4:10 reserved-param < projects/p.yaml:1",
        "over/p.yaml:5:9 wrong-type < projects/p.yaml:1",
        "over/q.yaml:1:1 wrong-type < projects/q.yaml:1",
        "over/r.yaml:1:1 overlay-without-manifest",
    ]
    assert sorted(reported(tmp_path, load(tmp_path, files, overlay="over"))) == expected
    checked = load(tmp_path, {}, checked=[tmp_path / "over"])
    assert sorted(reported(tmp_path, checked)) == expected
    summaries = {each.summary for entry in checked.entries for each in entry.diagnostics}
    assert {"an overlay cannot have a _defaults.yaml", "the manifest projects/r.yaml does not exist"} <= summaries
    assert [entry.project is not None for entry in checked.entries if entry.is_manifest] == [True, True]


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    from reconciler.errors import UsageError

    with pytest.raises(UsageError, match="the overlay over does not exist"):
        load(tmp_path, {"projects/p.yaml": HEAD}, overlay="over")
