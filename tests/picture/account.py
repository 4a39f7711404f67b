"""A plan of a small account, which the page shows."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.model.plan import Plan
from reconciler.model.record import Record, RecordedProject, Section
from reconciler.operations.plan import plan_live
from reconciler.operations.preparing import prepare
from reconciler.operations.session import Session, open_target
from reconciler.sandbox.store import Store
from reconciler.settings import choose_target, read_settings

NOW = datetime(2026, 11, 24, 10, 2, 11, tzinfo=UTC)

INSTRUCTION = """\
Label every kitten.
Skip blurry images, and say why in the comment.
One box for each animal.
"""
PUPPIES = """\
name: puppy_labeling
type: imageannotation
params:
  instruction: Draw a box around every puppy.
  geometries:
    box: {objects_to_annotate: [Puppy]}
ontology: [Background, Puppy]
"""
_MANIFESTS = {
    "kittens.yaml": """\
name: kitten_labeling
type: imageannotation
params:
  instruction: {$file: kittens.md}
  attachment_type: image
  geometries:
    box: {objects_to_annotate: [Cat, Kitten, Fox, Hamster], min_width: 12}
  priority: 20
ontology:
  - Background
  - choice: Animal
    subchoices:
      - {choice: Cat, description: "a cat, any breed"}
      - Kitten
      - Fox
      - Hamster
  - choice: Rodent
    subchoices: [Rat]
""",
    "kittens.md": INSTRUCTION,
    "birds.yaml": "name: birds\ntype: videoannotation\nparams:\n  attachment_type: video\n",
    "puppies.yaml": PUPPIES,
}

_AT = "2026-01-02T03:04:05.000Z"
_LIVE: list[dict[str, Any]] = [
    {
        "type": "imageannotation",
        "name": "kitten_labeling",
        "created_at": _AT,
        "param_history": [
            {
                "instruction": "Label every kitten.\nSkip blurry images.\nOne box for each animal.",
                "attachment_type": "image",
                "geometries": {"box": {"objects_to_annotate": ["Cat", "Kitten", "Dog", "Hamster"], "min_width": 10}},
                "priority": 20,
                "version": 3,
                "created_at": _AT,
            }
        ],
        "ontologyHistory": [
            {
                "name": "v1",
                "ontology": [
                    "Background",
                    {"choice": "Animal", "subchoices": [{"choice": "Cat", "description": "a cat"}, "Kitten", "Dog"]},
                    {"choice": "Rodent", "subchoices": ["Hamster", "Rat"]},
                ],
            }
        ],
    },
    {
        "type": "videoannotation",
        "name": "birds",
        "created_at": _AT,
        "param_history": [{"attachment_type": "video", "frame_rate": 30, "version": 8, "created_at": _AT}],
    },
    {"type": "imageannotation", "name": "old_demo", "created_at": _AT, "param_history": []},
]


def example() -> tuple[Plan, str]:
    """The plan, and the folder that its files are below."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "projects").mkdir()
        for file, text in _MANIFESTS.items():
            (folder / "projects" / file).write_text(text)
        return asyncio.run(_plan(folder)), folder.as_posix()


async def _plan(folder: Path) -> Plan:
    settings = read_settings(folder)
    target = choose_target(settings, name="sandbox", endpoint=None, environment={})
    assert target.sandbox is not None
    Store(target.sandbox).seed(_LIVE)
    known = {
        "kitten_labeling": RecordedProject("projects/kittens.yaml", 3, 0, "5c0ffee", _AT),
        "birds": RecordedProject("projects/birds.yaml", 8, None, "5c0ffee", _AT),
    }
    record = Record({(target.endpoint, None): Section(known)})
    session = Session(settings, target, {}, now=lambda: NOW)
    prepared = prepare(session, (), (record, ()))
    async with open_target(target, {}) as client:
        return await plan_live(session, client, prepared)
