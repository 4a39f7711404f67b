"""Makes an account of N projects: manifests of 64 lines, and the answer to a list of projects that are equal to them.

Usage: python -m tests.bench.accounts N FOLDER [VARIATION]
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

_ANIMALS = ["Ant", "Bat", "Bear", "Bee", "Boar", "Cat", "Cow", "Crab", "Crow", "Deer", "Dog", "Duck", "Elk", "Fox"]
_ANIMALS += [
    "Frog",
    "Goat",
    "Gnu",
    "Hare",
    "Hen",
    "Horse",
    "Lynx",
    "Mole",
    "Otter",
    "Pig",
    "Rat",
    "Seal",
    "Sheep",
    "Wolf",
]
_WORDS = ["draw", "a", "tight", "box", "around", "every", "visible", "animal", "skip", "blurry", "frames", "and", "say"]
_CHANGED = 10
"""One of so many manifests differs from live state in the variation `changed`."""

VARIATIONS = ("equal", "changed", "noted", "behind", "new", "imported", "renamed", "alone", "shared", "zone")
"""`noted` has two notes in each manifest, `behind` another priority in each live project, and `new` no live project.
`imported` is for an import, which replaces the manifests.

`renamed` has one project of N choices, all of which are named differently on Scale. `alone` and `shared` have manifests
with three choices of their own, and with one file of 2,000 choices. `zone` is a zone for octoDNS with the same values.
"""


def make_account(count: int, folder: Path, variation: str = "equal") -> None:
    """Write a git repository with `projects/*.yaml` (about 1.6 kB each), and `list.json` beside them."""
    folder.mkdir(parents=True)
    if variation == "zone":
        _zone(count, folder)
        return
    (folder / "projects").mkdir()
    checks = "" if variation == "noted" else '[checks]\nchoice-without-label = "off"\n'
    (folder / "reconciler.toml").write_text(f'target = "production"\n[guards]\nmax_change_ratio = 1.0\n{checks}')
    (folder / ".gitignore").write_text("list.json\n.reconciler/\n*.plan\n")
    made = {"renamed": _renamed, "alone": _sharers, "shared": _sharers}.get(variation, _projects)
    (folder / "list.json").write_text(json.dumps(made(count, folder, variation)))
    for command in (("init", "-q"), ("add", "."), ("-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "m")):
        subprocess.run(["git", *command], cwd=folder, check=True)


def _projects(count: int, folder: Path, variation: str) -> list[Any]:
    chance = random.Random(count)
    answers = []
    for number in range(count):
        name = f"project_{number:06}"
        project = _project(name, chance)
        text = _manifest(name, project)
        if variation == "changed" and number % _CHANGED == 0:
            text = text.replace("min_height: 8", "min_height: 9").replace("min_vertices: 3", "min_vertices: 4")
            text = text.replace(" visible", " visible or hidden", 3) + "  - Snow leopard\n"
        if variation == "noted":
            text = text.replace("to_annotate:\n", "to_annotate:\n        - Yeti\n", 1)
        (folder / "projects" / f"{name}.yaml").write_text(text)
        if variation == "behind":
            project["params"]["priority"] = 5
        answers.append(_answer(name, project, number))
    return [] if variation == "new" else answers


def _renamed(count: int, folder: Path, variation: str) -> list[Any]:
    choices = "".join(f"  - K{number}\n" for number in range(count))
    (folder / "projects" / "p.yaml").write_text(f"name: p\ntype: imageannotation\nparams: {{}}\nontology:\n{choices}")
    return [_answer("p", {"params": {}, "ontology": [f"C{number}" for number in range(count)]}, 0)]


def _sharers(count: int, folder: Path, variation: str) -> list[Any]:
    choices = (f"- choice: C{number}\n  description: number {number}\n" for number in range(2_000))
    (folder / "shared.yaml").write_text("".join(choices))
    ontology = "{$ref: ../shared.yaml}" if variation == "shared" else "[C1, C2, C3]"
    for number in range(count):
        (folder / "projects" / f"p{number}.yaml").write_text(
            f"name: p{number}\ntype: imageannotation\nparams:\n  instruction: Box every thing.\n  geometries:\n"
            "    box: {objects_to_annotate: [C1, C2], min_width: 10, min_height: 10}\n"
            "    polygon: {objects_to_annotate: [C3], min_vertices: 3, max_vertices: 40}\n"
            f"  padding: 20\n  attachment_type: image\nontology: {ontology}\n"
        )
    return []


def _zone(count: int, folder: Path) -> None:
    """A zone with a TXT record for each project, whose values are those of the manifest, as source and as target."""
    chance = random.Random(count)
    names = [f"project_{number:06}" for number in range(count)]
    records = {name: {"type": "TXT", "ttl": 60, "values": sorted(_leaves(_project(name, chance)))} for name in names}
    for side in ("source", "target"):
        (folder / side).mkdir()
        (folder / side / "example.com.yaml").write_text(json.dumps(records))
    provider = {"class": "octodns.provider.yaml.YamlProvider", "default_ttl": 60, "enforce_order": False}
    config = {
        "providers": {side: {**provider, "directory": str(folder / side)} for side in ("source", "target")},
        "zones": {"example.com.": {"sources": ["source"], "targets": ["target"]}},
    }
    (folder / "config.yaml").write_text(json.dumps(config))


def _leaves(value: object) -> set[str]:
    if isinstance(value, dict | list):
        return {leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(inner)}
    return set(str(value).split("\n"))


def _project(name: str, chance: random.Random) -> dict[str, Any]:
    animals = chance.sample(_ANIMALS, 28)
    return {
        "params": {
            "instruction": "\n".join(" ".join(chance.choices(_WORDS, k=14)) for _ in range(10)),
            "attachment_type": "image",
            "priority": chance.choice([10, 20, 30]),
            "tags": ["farm", name],
            "geometries": {
                "box": {"objects_to_annotate": animals[:3], "min_width": chance.randint(1, 40), "min_height": 8},
                "polygon": {"objects_to_annotate": animals[3:4], "min_vertices": 3},
            },
        },
        "ontology": [{"choice": "Animal", "description": "Anything alive", "subchoices": animals}, "Background"],
    }


def _manifest(name: str, project: dict[str, Any]) -> str:
    lines = [f"name: {name}", "type: imageannotation", "params:"]
    lines += _block(project["params"], 1)
    lines += ["ontology:", *_block(project["ontology"], 1)]
    return "\n".join(lines) + "\n"


def _block(value: object, depth: int) -> list[str]:
    """Block style, as people write it."""
    indent = "  " * depth
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and "\n" in inner:
                lines += [f"{indent}{key}: |-", *(f"{indent}  {line}" for line in inner.split("\n"))]
            elif isinstance(inner, dict | list):
                lines += [f"{indent}{key}:", *_block(inner, depth + 1)]
            else:
                lines.append(f"{indent}{key}: {inner}")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                first, *rest = _block(item, depth + 1)
                lines += [f"{indent}- {first.lstrip()}", *rest]
            else:
                lines.append(f"{indent}- {item}")
    return lines


def _answer(name: str, project: dict[str, Any], number: int) -> dict[str, Any]:
    params = project["params"]
    at = f"2026-0{number % 9 + 1}-11T10:00:00.000Z"
    return {
        "type": "imageannotation",
        "name": name,
        "created_at": at,
        "created_by": "someone@example.com",
        "pinned": False,
        "archived": False,
        "can_be_cloned": True,
        "param_history": [
            {**params, "priority": 10, "version": 0, "created_at": at},
            {**params, "priority": 11, "version": 1, "created_at": at},
            {**params, "version": 2, "created_at": at},
        ],
        "ontologyHistory": [{"ontology": project["ontology"], "name": "v0"}],
    }


if __name__ == "__main__":
    make_account(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
