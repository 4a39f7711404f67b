"""Makes an account of N projects: their manifests, and the list that the API would answer, equal to them."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

_ANIMALS = ["Cat", "Dog", "Fox", "Hare", "Horse", "Cow", "Goat", "Sheep", "Pig", "Deer", "Bear", "Wolf"]
_ANIMALS += ["Lynx", "Otter", "Badger", "Mole", "Rat", "Vole", "Shrew", "Bat"]
_WORDS = ["draw", "a", "tight", "box", "around", "every", "visible", "animal", "skip", "blurry", "frames", "and", "say"]


def make_account(count: int, folder: Path) -> None:
    """Write `projects/*.yaml` (about 2.4 kB each) and `list.json` (about 6 kB a project) below `folder`."""
    chance = random.Random(count)
    projects = folder / "projects"
    projects.mkdir(parents=True)
    with (folder / "list.json").open("w") as answer:
        answer.write("[")
        for number in range(count):
            name = f"project_{number:05}"
            project = _project(name, chance)
            (projects / f"{name}.yaml").write_text(_manifest(name, project))
            answer.write(("," if number else "") + json.dumps(_answer(name, project, number)))
        answer.write("]")


def _project(name: str, chance: random.Random) -> dict[str, object]:
    animals = chance.sample(_ANIMALS, 16)
    return {
        "params": {
            "instruction": "\n".join(" ".join(chance.choices(_WORDS, k=14)) for _ in range(9)),
            "attachment_type": "image",
            "priority": chance.choice([10, 20, 30]),
            "tags": ["farm", name],
            "geometries": {
                "box": {"objects_to_annotate": animals[:8], "min_width": chance.randint(1, 40), "min_height": 8},
                "polygon": {"objects_to_annotate": animals[8:], "min_vertices": 3},
            },
            "annotation_attributes": {
                key: {"description": f"Is the animal {key}?", "type": "category", "choices": ["yes", "no", "unclear"]}
                for key in ("occluded", "blurry", "young")
            },
        },
        "ontology": [
            {"choice": "Animal", "description": "Anything alive", "subchoices": animals[:12]},
            {"choice": "Other", "subchoices": animals[12:]},
            "Background",
        ],
    }


def _manifest(name: str, project: dict[str, object]) -> str:
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
                lines.append(f"{indent}{key}: {json.dumps(inner) if inner in ('yes', 'no') else inner}")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                first, *rest = _block(item, depth + 1)
                lines += [f"{indent}- {first.lstrip()}", *rest]
            else:
                lines.append(f"{indent}- {json.dumps(item) if item in ('yes', 'no') else item}")
    return lines


def _answer(name: str, project: dict[str, object], number: int) -> dict[str, object]:
    params = project["params"]
    assert isinstance(params, dict)
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
            {**params, "version": 1, "created_at": at},
        ],
        "ontologyHistory": [{"ontology": project["ontology"], "name": "v0"}],
    }


if __name__ == "__main__":
    make_account(int(sys.argv[1]), Path(sys.argv[2]))
