"""What each rule says of parameters and ontologies, and that it says nothing of what is right."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.fieldpath import parse_pattern
from reconciler.manifest.checks.rules import RULES, Checks
from reconciler.manifest.codes import CHECKS, Code
from reconciler.manifest.loading import load_manifests
from reconciler.model.project import DesiredProject, Ignore, Mask, Source
from tests.manifest.rooms import write
from tests.ontologies import ontology

GOOD = sorted((Path(__file__).parent / "good").iterdir())
BOX = "geometries: {box: {objects_to_annotate: [Cat, {choice: Dog, subchoices: [Poodle, Pug]}]}}"


def found(root: Path, text: str, *, switches: dict[str, str] | None = None) -> list[Diagnostic]:
    write(root, {"projects/p.yaml": text})
    checks = Checks(switches or {}, date(2027, 1, 20))
    (entry,) = load_manifests(root / "projects", root=root, checks=checks).entries
    assert entry.project is not None
    return list(entry.diagnostics)


def reported(root: Path, task_type: str, params: str, ontology: str = "", **switches: str) -> list[str]:
    """`code@place`, notes with a dot behind; the place as the text under the caret."""
    text = f"name: p\ntype: {task_type}\nparams:\n" + "".join(f"  {line}\n" for line in params.split("\n"))
    text += f"ontology: {ontology}\n" if ontology else ""
    switches = {code.replace("_", "-"): switch for code, switch in switches.items()}

    def line(diagnostic: Diagnostic) -> str:
        location = diagnostic.location
        assert location is not None
        assert location.text is not None
        assert diagnostic.severity is not Severity.ERROR
        shown = location.text[location.column - 1 : location.end_column - 1]
        return f"{diagnostic.code}@{shown}{'.' if diagnostic.severity is Severity.NOTE else ''}"

    return [line(each) for each in found(root, text, switches=switches)]


def test_every_rule_has_a_switch_and_a_code_of_its_own() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert set(codes) == set(CHECKS)
    assert all(rule.find.__doc__ for rule in RULES)
    assert {rule.severity for rule in RULES} == {Severity.WARNING, Severity.NOTE}


@pytest.mark.parametrize("file", GOOD, ids=[file.stem for file in GOOD])
def test_good_manifests_are_quiet(tmp_path: Path, file: Path) -> None:
    codes = [diagnostic.code for diagnostic in found(tmp_path, file.read_text())]
    assert codes == (["legacy-type"] if file.stem.startswith("categorization") else [])


def test_what_people_really_send_is_warned_of_at_most(tmp_path: Path) -> None:
    params = (
        'objects_to_annotate: car\nwith_labels: "true"\nmin_width: null\nexamples: []\nannotation_attributes: {}\n'
        "callback_url: me@example.com\nlabels: \"['a', 'b']\""
    )
    assert reported(tmp_path, "imageannotation", params) == [
        "parameter-of-other-type@objects_to_annotate.",
        "parameter-of-other-type@labels.",
    ]
    assert reported(tmp_path, "annotation", params, legacy_type="off") == [
        "parameter-kind@car",
        'parameter-kind@"true"',
        "parameter-of-other-type@labels.",
    ]


ATTRIBUTE = f"{BOX}\nannotation_attributes:\n  a:\n    description: q\n    "
REFERENCES = {
    "a leaf": (ATTRIBUTE + "conditions: {label_condition: {label: [Cat, Poodle]}}", []),
    "no label": (ATTRIBUTE + "conditions: {label_condition: {label: Cta}}", ["Cta"]),
    "one of a list": (ATTRIBUTE + "conditions: {label_condition: {label: [Cat, Fox]}}", ["Fox"]),
    "a heading": (ATTRIBUTE + "conditions: {label_condition: {label: Dog}}", ["Dog"]),
    "no attribute": (ATTRIBUTE + "conditions: {attribute_conditions: [{b: x}]}", ["b"]),
    "no answer": (
        ATTRIBUTE + "choices: [x, y]\n  b:\n    description: q\n    conditions: {attribute_conditions: [{a: [x, z]}]}",
        ["z"],
    ),
    "an attribute without answers": (
        ATTRIBUTE + "type: text\n  b:\n    description: q\n    conditions: {attribute_conditions: [{a: z}]}",
        [],
    ),
    "linked": (ATTRIBUTE + "type: linked\n    allowed_labels: [Cat, Dog, Cow]", ["Dog", "Cow"]),
    "links": (f"{BOX}\nlinks: {{l: {{from_allowed_labels: [Cat, Cow], to_allowed_labels: [Pug]}}}}", ["Cow"]),
    "links in a list": (f"{BOX}\nlinks: [{{l: {{to_allowed_labels: [Cow]}}}}]", ["Cow"]),
    "connections": (
        "geometries: {point: {objects_to_annotate: [n, s], connections: [{pair: [n, x], connection_attribute: o}]}}",
        ["x", "o"],
    ),
    "nothing to hold it against": ("annotation_attributes: {a: {description: q, allowed_labels: [x]}}", []),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_references(tmp_path: Path, case: str) -> None:
    params, expected = REFERENCES[case]
    assert reported(tmp_path, "imageannotation", params) == [f"unknown-reference@{place}" for place in expected]


def test_a_heading_is_reported_with_what_to_name_instead(tmp_path: Path) -> None:
    text = f"name: p\ntype: imageannotation\nparams:\n  {BOX}\n  links: {{l: {{to_allowed_labels: [Dog]}}}}\n"
    (diagnostic,) = found(tmp_path, text)
    assert diagnostic.summary == '"Dog" has labels below it, so labelers cannot select it'
    assert diagnostic.detail == 'Use the labels below the heading instead: "Poodle" and "Pug".'


@pytest.mark.parametrize(
    ("task_type", "params", "words"),
    [
        (
            "imageannotation",
            f"{BOX}\nlinks: {{l: {{to_allowed_labels: [Fox]}}}}",
            'Known names: "Cat", "Poodle", and "Pug".',
        ),
        (
            "imageannotation",
            "geometries: {box: {objects_to_annotate: [{choice: Dog, subchoices: [Pug]}]}}\n"
            "links: {l: {to_allowed_labels: [Dog]}}",
            'Use the label below the heading instead: "Pug".',
        ),
        (
            "segmentannotation",
            "labels: [{choice: a, instance_label: false}]\nannotation_attributes: {a: {description: q}}",
            "no label has instance_label: true",
        ),
        (
            "lidartopdown",
            "annotation_attributes: {a: {type: linked, description: q, required: true}}",
            "required has no effect on a linked attribute in lidartopdown",
        ),
        (
            "imageannotation",
            "annotation_attributes: {a: {type: x_line, description: q}}",
            "x_line needs a box or a cuboid in geometries",
        ),
        ("chat", "instruction: '[a](C:\\a\\b.png)'", "Labelers cannot open files on your disk or network."),
        ("chat", "instruction: '[a](www.example.com/b)'", "A link without https:// points to a file"),
        ("textcollection", "fields: [{field_id: a}, {field_id: a}]", "first at projects/p.yaml:4:23"),
        (
            "segmentannotation",
            "labels: [{choice: h, subchoices: &f [a, b]}, {choice: i, subchoices: *f}]",
            "Rename or remove one of each.",
        ),
        ("segmentannotation", "labels: [a, a]", "Rename or remove one of them."),
    ],
)
def test_the_words_are_true_for_each_input(tmp_path: Path, task_type: str, params: str, words: str) -> None:
    text = f"name: p\ntype: {task_type}\nparams:\n" + "".join(f"  {line}\n" for line in params.split("\n"))
    assert any(words in f"{each.summary} {each.label} {each.detail}" for each in found(tmp_path, text))


MANY = f"[{', '.join(f'l{n}' for n in range(51))}]"
OTHERS = {
    "events": (
        "videoannotation",
        f"{BOX}\nevents_to_annotate: [docking]\nannotation_attributes:\n"
        "  a: {description: q, conditions: {is_global: true, label_condition: {label: docking}}}\n"
        "  b: {description: q, conditions: {is_global: true, label_condition: {label: Cat}}}",
        ["unknown-reference@Cat"],
    ),
    "relationships": (
        "namedentityrecognition",
        "labels: [{name: a, children: [{name: b}]}]\nrelationships: [{source_label: b, target_label: c}]",
        ["unknown-reference@c"],
    ),
    "relationships, some named": (
        "namedentityrecognition",
        "labels: [{name: a}]\nrelationships: [{name: r, source_label: a}, {source_label: a}]",
        ["over-limit@{source_label: a}"],
    ),
    "global attributes": (
        "namedentityrecognition",
        "labels: [a]\nglobal_attributes: {g: {type: angle, description: q}}",
        ["over-limit@angle"],
    ),
    "linking rules": (
        "documenttranscription",
        "features: [{type: text, label: a}]\nlinking_rules: {labels: [[a, a], [a, b]]}",
        ["unknown-reference@b"],
    ),
    "fields": (
        "textcollection",
        "fields:\n  - {type: text, field_id: a, title: A, conditions: [{b: {}}, {not: {}}]}\n"
        "  - {type: field_set, field_id: c, title: '', fields: [{type: text, field_id: a, title: B}]}",
        ["unknown-reference@b", "over-limit@''", "over-limit@[{type: text, field_id: a, title: B}]", "over-limit@a"],
    ),
    "an inline field_set": (
        "textcollection",
        "fields:\n  - type: field_set\n    field_id: s\n    title: S\n    inline: true\n"
        "    fields: [{type: text, field_id: a, title: A}, {type: category, field_id: b, title: B}]",
        ["over-limit@true"],
    ),
    "responses": (
        "textcollection",
        "responses_required: 101\nfields:\n"
        "  - {type: text, field_id: a, title: A, min_responses_required: 0, max_responses_required: 200}\n"
        "  - {type: category, field_id: b, title: B, min_choices: 2, max_choices: 1}",
        ["over-limit@101", "over-limit@0", "over-limit@200", "over-limit@1."],
    ),
    "labels of a segmentation": (
        "segmentannotation",
        f"labels: {MANY}",
        [f"over-limit@{MANY}"],
    ),
    "vertices": (
        "imageannotation",
        "geometries: {line: {min_vertices: 4, max_vertices: 2}}",
        ["over-limit@2"],
    ),
    "tags, metadata, priority": (
        "chat",
        f"tags: [a, b, c, d, e, f]\nmetadata: {{k: {'x' * 10_000}}}\npriority: 11",
        ["over-limit@[a, b, c, d, e, f]", "over-limit@{k: " + "x" * 10_000 + "}", "over-limit@11"],
    ),
    "no effect in images": (
        "imageannotation",
        f"{BOX}\npadding: 1\npaddingX: 1\npaddingY: 1\nannotation_attributes:\n"
        "  a: {description: q, global: true, conditions: {is_global: true, label_condition: {label: Cat}}}",
        ["no-effect@padding", "no-effect@global", "no-effect@label_condition"],
    ),
    "x_line without a box": (
        "imageannotation",
        "geometries: {line: {objects_to_annotate: [a]}}\nannotation_attributes: {a: {type: x_line, description: q}}",
        ["no-effect@x_line"],
    ),
    "attributes of a segmentation": (
        "segmentannotation",
        "labels: [a]\nannotation_attributes: {a: {description: q}}",
        ["no-effect@annotation_attributes"],
    ),
    "instances below a heading": (
        "segmentannotation",
        "labels: [{choice: h, subchoices: [{choice: a, instance_label: true}]}]\n"
        "annotation_attributes: {a: {description: q}}",
        [],
    ),
    "lidar": (
        "lidartopdown",
        "geometries: {box: {objects_to_annotate: [a]}}\n"
        "annotation_attributes: {a: {type: linked, description: q, allowed_labels: [a], required: true}}",
        ["no-effect@box", "no-effect@required"],
    ),
    "kinds": (
        "imageannotation",
        "instruction: 3\ntags: a\ngeometries:\n  box: {objects_to_annotate: Cat, min_width: '30', can_rotate: 'true'}\n"
        "  line: {objects_to_annotate: [3], max_vertices: null}\nannotation_attributes: [a]\npriority: 10.0",
        [
            "parameter-kind@3",
            "parameter-kind@a",
            "parameter-kind@Cat",
            "parameter-kind@'30'",
            "parameter-kind@'true'",
            "parameter-kind@3",
            "parameter-kind@[a]",
        ],
    ),
    "a shape known from third parties alone": (
        "categorization",
        "taxonomies: {q: {allow_multiple: 'yes'}}",
        ["legacy-type@categorization.", "parameter-kind@'yes'."],
    ),
    "an object where a list is due": (
        "textcollection",
        "fields: {name: A name}",
        ["parameter-kind@{name: A name}"],
    ),
    "names": (
        "imageannotation",
        f"{BOX}\nname: p\nparams: {{}}\nattachment: a\nlidar_task: b\nfields: []\npadding_x: 1\nfps: 2\ngeometry: box\n"
        "instructions: x\nsomething_new: 1\ncan_add_annotations: true\nallow_parent_labels: false",
        [
            "project-key-in-params@name",
            "project-key-in-params@params",
            "parameter-of-task@attachment.",
            "parameter-of-task@lidar_task.",
            "parameter-of-other-type@fields.",
            "misspelt-parameter@padding_x.",
            "parameter-of-other-type@geometry.",
            "misspelt-parameter@instructions.",
        ],
    ),
    "slips of the documentation": (
        "imageannotation",
        "geometries: {line: {max_vertives: 3}, cuboid: {camera_intrinsics: {scale_factor: 1}}}",
        ["misspelt-parameter@max_vertives", "misspelt-parameter@scale_factor"],
    ),
    "label for choice": (
        "imageannotation",
        "geometries: {box: {objects_to_annotate: [{label: a}]}}",
        ["misspelt-parameter@label."],
    ),
    "label for choice in labels": ("segmentannotation", "labels: [{label: a}]", ["misspelt-parameter@label."]),
    "of an unknown type": ("newtype", "instruction: 3\nlabels: 3", ["unknown-type@newtype", "parameter-kind@3"]),
    "empty": ("chat", "instruction: ' '", ["empty-instruction@' '"]),
    **{
        f"a private link: {link}": ("chat", f"instruction: 'See {link}'", [f"private-link@{link.removesuffix(')')}"])
        for link in (
            "http://localhost:8000/x",
            "https://127.0.0.1",
            "http://[::1]/",
            "http://10.1.2.3/a)",
            "file:///x",
            "https://wiki.corp.internal/",
            "http://printer.local",
        )
    },
    **{
        f"a public link: {link}": ("chat", f"instruction: 'See {link}'", [])
        for link in (
            "https://example.com/x",
            "http://8.8.8.8",
            "http://[::x/",
            "http:///x",
            "https://internal.example.com",
        )
    },
}


@pytest.mark.parametrize("case", OTHERS)
def test_parameters(tmp_path: Path, case: str) -> None:
    task_type, params, expected = OTHERS[case]
    assert reported(tmp_path, task_type, params) == expected


ONTOLOGIES = {
    "alike": ("imageannotation", BOX, "[Cat, {choice: Dog, subchoices: [Poodle, Pug]}]", []),
    "a label is missing": (
        "imageannotation",
        BOX,
        "[{choice: Dog, subchoices: [Poodle, Pug]}]",
        ["label-not-in-ontology@Cat."],
    ),
    "choices without labels": (
        "imageannotation",
        BOX,
        "[Cat, {choice: Dog, subchoices: [Poodle, Pug]}, Fox, Cow]",
        ["choice-without-label@Fox."],
    ),
    "a heading there": (
        "imageannotation",
        BOX,
        "[{choice: Cat, subchoices: [a]}, {choice: Dog, subchoices: [Poodle, Pug]}]",
        ["heading-and-leaf@Cat.", "choice-without-label@a."],
    ),
    "answers and events are not orphans": (
        "videoannotation",
        f"{BOX}\nevents_to_annotate: [e]\nannotation_attributes: {{a: {{description: q, choices: [x]}}}}",
        "[Cat, {choice: Dog, subchoices: [Poodle, Pug]}, e, x]",
        [],
    ),
    "no labels in params": ("chat", "instruction: x", "[a]", []),
    "answers of a form": (
        "textcollection",
        "fields: [{type: category, field_id: a, title: A, choices: [{label: x, value: v}]}]",
        "[a]",
        [],
    ),
    "alike but for case": (
        "chat",
        "instruction: x",
        "{name: n, choices: [Cat, ' cat', Ⓒat]}",
        ["like-choices@' cat'", "like-choices@Ⓒat"],
    ),
    "documents, comparisons and older types": (
        "annotation",
        "objects_to_annotate: [a, a]",
        "[b]",
        ["legacy-type@annotation.", "label-not-in-ontology@a.", "choice-without-label@b."],
    ),
}


@pytest.mark.parametrize("case", ONTOLOGIES)
def test_ontologies(tmp_path: Path, case: str) -> None:
    task_type, params, ontology, expected = ONTOLOGIES[case]
    assert reported(tmp_path, task_type, params, ontology, duplicate_label="off") == expected


def test_switches(tmp_path: Path) -> None:
    image = ("imageannotation", BOX, "[Cat]")
    assert reported(tmp_path, *image, label_not_in_ontology="warn") == ["label-not-in-ontology@Dog"]
    assert reported(tmp_path, *image, label_not_in_ontology="off") == []
    assert reported(tmp_path, "chat", "priority: 1", over_limit="note") == ["over-limit@1."]
    form = "fields: [{type: category, field_id: a, title: A, choices: [{label: x, value: v}]}]"
    assert reported(tmp_path, "textcollection", form, "[a]", label_not_in_ontology="note") == [
        "label-not-in-ontology@v."
    ]


def test_what_is_left_to_tasks_is_reported_where_it_is_asked_for(tmp_path: Path) -> None:
    assert reported(tmp_path, "imageannotation", "padding: 1") == []
    assert reported(tmp_path, "imageannotation", "padding: 1", left_to_tasks="note") == ["left-to-tasks@params."]
    assert reported(tmp_path, "imageannotation", BOX, left_to_tasks="note") == []
    assert (
        reported(tmp_path, "imageannotation", BOX, "[Cat, {choice: Dog, subchoices: [Poodle, Pug]}, Background]") == []
    )


@pytest.mark.parametrize(
    ("until", "words"), [("2027-01-19", None), ("2027-01-20", "today"), ("2027-01-21", "tomorrow"),
                         ("2027-02-03", "in 14 days"), ("2027-02-04", None)]
)  # fmt: skip
def test_days_that_come_near(tmp_path: Path, until: str, words: str | None) -> None:
    text = f"name: p\ntype: chat\nreconcile: {{ignore: [params.a, {{path: params.b, until: {until}}}]}}\n"
    assert [each.summary for each in found(tmp_path, text)] == ([f"this ignore expires {words}"] if words else [])


def test_a_mistake_in_a_shared_file_is_reported_there(tmp_path: Path) -> None:
    write(tmp_path, {"o.yaml": "[a, A]\n", "projects/_defaults.yaml": "type: chatt\nparams: {priority: 3}\n"})
    diagnostics = found(tmp_path, "name: p\nparams: {}\nontology: {$ref: ../o.yaml}\n")
    places = [
        (os.path.relpath(each.location.file, tmp_path), each.location.line, each.code)
        for each in diagnostics
        if each.location
    ]
    assert places == [
        ("o.yaml", 1, "like-choices"),
        ("projects/_defaults.yaml", 1, "unknown-type"),
        ("projects/_defaults.yaml", 2, "over-limit"),
    ]
    assert all([user.line for user in each.used_by] for each in diagnostics)


TYPES = st.sampled_from(
    ["imageannotation", "videoannotation", "segmentannotation", "lidartopdown", "textcollection",
     "namedentityrecognition", "documenttranscription", "categorization", "comparison", "annotation", "chat", "new"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["geometries", "box", "objects_to_annotate", "labels", "fields", "choices", "choice", "subchoices", "links",
     "annotation_attributes", "conditions", "label_condition", "label", "attribute_conditions", "relationships", "name",
     "features", "linking_rules", "instruction", "tags", "metadata", "min_vertices", "max_vertices", "point", "pair",
     "connections", "taxonomies", "global_attributes", "type", "children", "value", "instance_labels", "priority"]
)  # fmt: skip
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "b", "", "://x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(TYPES, st.dictionaries(KEYS, ODD, max_size=6), st.lists(st.sampled_from("abcABC"), min_size=1, unique=True))
def test_no_parameters_are_an_error(task_type: str, params: dict[str, object], choices: list[object]) -> None:
    ignore = Ignore(parse_pattern("params.x"), None, date(2027, 1, 25))
    project = DesiredProject(
        "p",
        task_type,
        Source("/p.yaml", 1),
        params=params,
        ontology=ontology(choices),
        mask=Mask(ignore=(ignore,)),
        document={"ontology": choices, "reconcile": {"ignore": [{"path": "params.x"}]}},
    )
    problems = Checks({code: "note" for code in CHECKS if code != "over-limit"}, date(2027, 1, 20)).run(project)
    assert all(problem.severity is not Severity.ERROR for problem in problems)
    assert {problem.code for problem in problems} <= set(Code)
