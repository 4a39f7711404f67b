"""Small repositories that are expensive to read: each is what one pull request can bring, a few megabytes at most.

An input is built at a size, its usual one or a smaller one. `before` is applied to the sandbox first, for inputs whose
cost is in the comparison with live state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Files = dict[str, str]

_HEAD: Final = "name: p\ntype: imageannotation\n"


@dataclass(frozen=True, slots=True)
class Input:
    """`command` is the arguments that are expensive. `build` gives the files for a size."""

    name: str
    size: int
    build: Callable[[int], Files]
    command: tuple[str, ...] = ("validate",)
    before: Callable[[int], Files] | None = None


def write(root: Path, files: Files) -> None:
    for name, text in {"reconciler.toml": "", **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def one(text: str) -> Files:
    """A repository with one manifest."""
    return {"projects/p.yaml": text}


def one_line_of_choices(size: int) -> Files:
    choices = ", ".join(f'"C{number} "' for number in range(size))
    return one(f"{_HEAD}params: {{}}\nontology: [{choices}, C0, C0]\n")


def one_line_of_duplicates(size: int) -> Files:
    return one(f"{_HEAD}params: {{}}\nontology: [{', '.join(['a choice of a line'] * size)}]\n")


def long_name(size: int) -> Files:
    return one(f"name: {'n' * size}\ntype: imageannotation\n")


def long_names(size: int) -> Files:
    names = ("".join(chr(97 + (number >> bit & 1)) for bit in range(12)) + "n" * 988 for number in range(size))
    return {"projects/p.yaml": "---\n".join(f"name: {name}\ntype: imageannotation\n" for name in names)}


def one_live(size: int) -> Files:
    return one(f"name: some_other_name\ntype: imageannotation\nontology: [C{size}]\n")


def long_live_name(size: int) -> Files:
    return one(f"name: {'n' * 1_000}\ntype: imageannotation\nontology: [C{size}]\n")


def _objects(size: int) -> str:
    return "".join(f"    k{number}: {{a: {{b: {{c: {number}}}}}}}\n" for number in range(size))


def live_objects(size: int) -> Files:
    return one(f"{_HEAD}params:\n  x:\n{_objects(size * 25)}  y: 1\n")


def deep_ignores(size: int) -> Files:
    pattern = "params." + "**.a." * 60 + "z"
    ignores = "".join(f"    - {pattern}{number}\n" for number in range(size))
    return one(f"{_HEAD}params:\n  x:\n{_objects(size * 25)}  y: 2\nreconcile:\n  ignore:\n{ignores}")


def many_live_objects(size: int) -> Files:
    return one(f"{_HEAD}params:\n  x:\n{_objects(size * 17)}  y: 1\n")


def many_deep_ignores(size: int) -> Files:
    pattern = "params." + "**.a." * 60 + "z"
    ignores = "".join(f"    - {pattern}{number}\n" for number in range(size))
    return one(f"{_HEAD}params:\n  x:\n{_objects(size * 17)}  y: 2\nreconcile:\n  ignore:\n{ignores}")


def starry_ignores(size: int) -> Files:
    """Within one part: each star is one more way to read the key."""
    pattern = "params.x." + "a*" * 30 + "b"
    keys = "".join(f"    {'a' * 60}{number}: 1\n" for number in range(size))
    ignores = "".join(f"    - {pattern}{number}\n" for number in range(20))
    return one(f"{_HEAD}params:\n  x:\n{keys}  y: 2\nreconcile:\n  ignore:\n{ignores}")


def starry_live(size: int) -> Files:
    keys = "".join(f"    {'a' * 60}{number}: 1\n" for number in range(size))
    return one(f"{_HEAD}params:\n  x:\n{keys}  y: 1\n")


def starry_names(size: int) -> Files:
    manifests = "---\n".join(f"name: {'a' * 60}{number}\ntype: imageannotation\n" for number in range(size))
    pattern = "a*" * 30 + "b"
    patterns = "".join(f'  - "{pattern}{number}"\n' for number in range(50))
    return {"projects/p.yaml": manifests, "projects/_defaults.yaml": f"names:\n{patterns}"}


def missing_keys(size: int) -> Files:
    shared = "".join(f"key_{number}_of_many: {number}\n" for number in range(size * 100))
    refs = "".join(f"  p{number}: {{$ref: ../shared.yaml#/key_{number}_off_many}}\n" for number in range(size))
    return {"projects/p.yaml": f"{_HEAD}params:\n{refs}", "shared.yaml": shared}


def missing_keys_of_many(size: int) -> Files:
    """One missing key in each of many manifests."""
    shared = "".join(f"key_{number}_of_many: {number}\n" for number in range(20_000))
    files = {
        f"projects/p{number}.yaml": f"name: p{number}\ntype: imageannotation\n"
        f"params: {{x: {{$ref: ../shared.yaml#/key_{number}_off_many}}}}\n"
        for number in range(size)
    }
    return {**files, "shared.yaml": shared}


def missing_files(size: int) -> Files:
    texts = {f"projects/instruction_{number}_of_many.md": "x\n" for number in range(size * 25)}
    refs = "".join(f"  p{number}: {{$file: instruction_{number}_off_many.md}}\n" for number in range(size))
    return {"projects/p.yaml": f"{_HEAD}params:\n{refs}", **texts}


def unknown_labels(size: int) -> Files:
    labels = ", ".join(f"label_{number}_of_many" for number in range(size * 10))
    unknown = ", ".join(f"label_{number}_off_many" for number in range(size))
    return one(
        f"{_HEAD}params:\n  geometries: {{box: {{objects_to_annotate: [{labels}]}}}}\n"
        f"  annotation_attributes: {{a: {{allowed_labels: [{unknown}]}}}}\n"
    )


def unknown_headings(size: int) -> Files:
    """Labels that are named where only leaves may be."""
    labels = ", ".join(f"{{choice: H{number}, subchoices: [L{number}]}}" for number in range(size))
    unknown = ", ".join(f"H{size - 1 - number}" for number in range(size))
    return one(
        f"{_HEAD}params:\n  geometries: {{box: {{objects_to_annotate: [{labels}]}}}}\n"
        f"  annotation_attributes: {{a: {{allowed_labels: [{unknown}]}}}}\n"
    )


def unknown_conditions(size: int) -> Files:
    """Each names an answer that another attribute does not have."""
    answers = ", ".join(f"answer_{number}" for number in range(size))
    conditions = ", ".join(f"{{first: other_{number}}}" for number in range(size))
    return one(
        f"{_HEAD}params:\n  geometries: {{box: {{objects_to_annotate: [Cat]}}}}\n  annotation_attributes:\n"
        f"    first: {{type: category, choices: [{answers}]}}\n"
        f"    second: {{type: category, conditions: {{attribute_conditions: [{conditions}]}}}}\n"
    )


LEAVES = 80
"""The values in a list that is repeated 10,000 times."""


def _branches(leaves: int, levels: int) -> str:
    lines = [f"a0: &a0 [{', '.join(map(str, range(leaves)))}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"all: [{', '.join([f'*a{levels - 1}'] * 10)}]", ""])


def shared_branches(size: int) -> Files:
    """A few hundred bytes that are 900,000 values in each of the manifests that refer to them."""
    files = {
        f"projects/p{number}.yaml": f"name: shared {'abcdefghijklmnopqrstuvwxyz'[number % 26] * 9} {number}\n"
        "type: imageannotation\nparams: {x: {$ref: ../shared.yaml#/all}}\n"
        for number in range(size)
    }
    return {**files, "shared.yaml": _branches(LEAVES, 4)}


def an_error_on_each_line(size: int) -> Files:
    return one(f"{_HEAD}params: {{}}\n" + "".join(f"key_{number}: !x\n" for number in range(size)))


def unknown_keys(size: int) -> Files:
    return one(f"{_HEAD}params: {{}}\n" + "".join(f"ontolog_{number}: 1\n" for number in range(size)))


def no_projects(size: int) -> Files:
    return one("---\n".join(f"parameter_{number}: 1\n" for number in range(size)))


def broken_documents(size: int) -> Files:
    return one("---\n".join(f"name: p{number}\ntype: imageannotation\nontology: []\n" for number in range(size)))


def repeated_names(size: int) -> Files:
    return one("---\n".join(["name: p\ntype: imageannotation\n"] * size))


def unknown_parameters(size: int) -> Files:
    return one(f"{_HEAD}params:\n" + "".join(f"  instruktion_{number}: 1\n" for number in range(size)))


def warnings_beside_findings(size: int) -> Files:
    values = "".join(f"  near_{number}: {{$fille: 1}}\n" for number in range(size))
    labels = "".join(f"  onjects_to_annotate{number}: 1\n" for number in range(size))
    return one(f"{_HEAD}params:\n{values}{labels}")


def aliases_behind_a_pointer(size: int) -> Files:
    anchors = "".join(f"- &a{number} {number}\n" for number in range(size))
    aliases = "".join(f"- *a{number}\n" for number in range(size))
    manifest = one(f"{_HEAD}params: {{a: {{$ref: ../shared.yaml#/aliases}}}}\n")
    return {**manifest, "shared.yaml": f"other: !x\nanchors:\n{anchors}aliases:\n{aliases}"}


def many_references(size: int) -> Files:
    """Each is an origin of its own; each is broken too."""
    refs = "".join(f"  p{number}: {{$ref: ../shared.yaml#/a}}\n" for number in range(size))
    return {"projects/p.yaml": f"{_HEAD}params:\n{refs}bad: 1\n" + "wrong: 1\n", "shared.yaml": "a: {b: 1}\n"}


def references_with_problems(size: int) -> Files:
    refs = "".join(f"  p{number}: {{$ref: ../shared.yaml#/a}}\n" for number in range(size))
    return {"projects/p.yaml": f"{_HEAD}params:\n{refs}", "shared.yaml": "a: {b: {$fille: x}}\n"}


def shared_by_all(size: int) -> Files:
    """A file with warnings that all manifests use."""
    files = {
        f"projects/p{number}.yaml": f"name: p{number}\ntype: imageannotation\nparams: {{$ref: ../shared.yaml}}\n"
        for number in range(size)
    }
    return {**files, "shared.yaml": "".join(f"key_{number}: # x\n" for number in range(200))}


def overlapping_lists(size: int) -> Files:
    items = "".join(f"    - {{name: n{number}, v: {number}}}\n" for number in range(size))
    return one(f"{_HEAD}params:\n  x:\n{items}")


def overlapping_lists_turned(size: int) -> Files:
    items = "".join(f"    - {{name: n{number}, v: {number + 1}}}\n" for number in reversed(range(size)))
    return one(f"{_HEAD}params:\n  x:\n{items}")


def flat_ontology(size: int) -> Files:
    return one(f"{_HEAD}params: {{}}\nontology:\n" + "".join(f"  - C{number}\n" for number in range(size)))


def nested_ontology(size: int) -> Files:
    """The same choices, all moved below one."""
    inner = "".join(f"      - C{number}\n" for number in reversed(range(size)))
    return one(f"{_HEAD}params: {{}}\nontology:\n  - choice: Top\n    subchoices:\n{inner}")


def renamed_ontology(size: int) -> Files:
    return one(f"{_HEAD}params: {{}}\nontology:\n" + "".join(f"  - K{number}\n" for number in range(size)))


def long_line(size: int) -> Files:
    return one(f"{_HEAD}params:\n  instruction: {'word ' * size}\n")


def long_line_changed(size: int) -> Files:
    return one(f"{_HEAD}params:\n  instruction: {'wort ' * size}\n")


def long_text(size: int) -> Files:
    return one(f"{_HEAD}params:\n  instruction: |\n" + "".join(f"    line {n % 7} {n}\n" for n in range(size)))


def long_text_changed(size: int) -> Files:
    lines = "".join(f"    line {n % 5} {size - n}\n" for n in range(size))
    return one(f"{_HEAD}params:\n  instruction: |\n{lines}")


def many_creates(size: int) -> Files:
    """All one edit apart."""
    return one("---\n".join(f"name: near_{chr(0x4E00 + n)}_name\ntype: imageannotation\n" for n in range(size)))


def other_live(size: int) -> Files:
    return one("---\n".join(f"name: near_{chr(0x4E00 + n)}x_name\ntype: imageannotation\n" for n in range(size)))


_FMT: Final = ("fmt", "--check")
_PLAN: Final = ("plan",)
_WHOLE_PLAN: Final = ("plan", "--out", "plan.out")


def blank_lines_and_items(size: int) -> Files:
    newlines = "\n" * (2 * size)
    return one(f"{_HEAD}params: {{}}\nontology:\n{newlines}" + "".join(f"   - C{number}\n" for number in range(size)))


def comments_and_keys(size: int) -> Files:
    keys = "".join(f"    # number {number}\n    k{number}:   text # behind\n" for number in range(size))
    return one(f"{_HEAD}ontology: [C1]\nparams:\n{keys}")


INPUTS: Final = (
    Input("one line of choices", 20_000, one_line_of_choices),
    Input("one line of duplicates", 20_000, one_line_of_duplicates),
    Input("long name", 60_000, long_name, _PLAN, one_live),
    Input("long names", 2_000, long_names, _PLAN, long_live_name),
    Input("20 deep ignores, 500 objects", 20, deep_ignores, _PLAN, live_objects),
    Input("300 deep ignores, 5,000 objects", 300, many_deep_ignores, _PLAN, many_live_objects),
    Input("starry ignores", 2_000, starry_ignores, _PLAN, starry_live),
    Input("starry names", 5_000, starry_names),
    Input("missing keys", 200, missing_keys),
    Input("a missing key in each manifest", 5_000, missing_keys_of_many),
    Input("missing files", 200, missing_files),
    Input("unknown labels", 500, unknown_labels),
    Input("headings for labels", 10_000, unknown_headings),
    Input("unknown answers", 5_000, unknown_conditions),
    Input("shared branches", 16, shared_branches, _WHOLE_PLAN),
    Input("an error on each line", 120_000, an_error_on_each_line),
    Input("unknown keys", 120_000, unknown_keys),
    Input("documents that are not projects", 60_000, no_projects),
    Input("an error in each document", 30_000, broken_documents),
    Input("one name many times", 30_000, repeated_names),
    Input("unknown parameters", 50_000, unknown_parameters),
    Input("warnings beside findings", 20_000, warnings_beside_findings),
    Input("many references", 30_000, many_references),
    Input("aliases behind a pointer", 60_000, aliases_behind_a_pointer),
    Input("references to a value with a problem", 30_000, references_with_problems),
    Input("a file with warnings used by all", 3_000, shared_by_all),
    Input("a list turned around", 20_000, overlapping_lists_turned, _PLAN, overlapping_lists),
    Input("choices moved below one", 50_000, nested_ontology, _PLAN, flat_ontology),
    Input("all choices renamed", 50_000, renamed_ontology, _PLAN, flat_ontology),
    Input("a long line changed", 400_000, long_line_changed, _PLAN, long_line),
    Input("a long text changed", 100_000, long_text_changed, _PLAN, long_text),
    Input("names one edit apart", 10_000, many_creates, _PLAN, other_live),
    Input("blank lines and items to format", 200_000, blank_lines_and_items, _FMT),
    Input("comments and keys to format", 60_000, comments_and_keys, _FMT),
)
