"""A blame as text."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.model.history import Author, Blame, Blamed, Made, Maker
from reconciler.model.plan import TargetInfo
from reconciler.render.text.blame import lay_out_blame
from reconciler.render.view.blame import view_blame
from tests.building import AT
from tests.render.shown import reader
from tests.render.test_history import APPLIED, COMMIT

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
SCALE = Made(Maker.SCALE)
FIELDS = (
    Blamed(("params", "instruction"), "Label\nevery kitten.", 3, AT, APPLIED),
    Blamed(("params", "priority"), 20, 4, AT, SCALE),
    Blamed(("ontology", "Cat"), "Cat", 0, None, Made(), or_earlier=True),
    Blamed(("ontology", "Cat", Attribute("description")), "a cat", 1, None, SCALE),
    Blamed(("ontology", "Cat", "Siamese"), "Siamese", 1, None, SCALE),
)


def shown(*sensitive: str, fields: tuple[Blamed, ...] = FIELDS) -> str:
    found = Blame(
        TargetInfo("production", "https://api.scale.com/v1"),
        "kittens",
        "imageannotation",
        NOW,
        fields,
        {COMMIT: Author("Ada", "Skip dark ones")},
    )
    patterns = [parse_pattern(one) for one in sensitive]
    return lay_out_blame(view_blame(found, reader(base="/r", now=NOW, sensitive=patterns)), colour=False)


def test_text() -> None:
    assert shown() == (
        """\
Target: production  https://api.scale.com/v1  (read 10:00:00 UTC)
What introduced each value of project "kittens":

    params.instruction = "Label\\nevery kitten."   # version 3, 2026-11-24 09:00 UTC, \
applied from commit 3f2c1ab by Ada: Skip dark ones
    params.priority = 20                          # version 4, 2026-11-24 09:00 UTC, made on Scale
    ontology.Cat                                  # version 0 or earlier, from before the record
    ontology.Cat.@description = "a cat"           # version 1, made on Scale
    ontology.Cat.Siamese                          # version 1, made on Scale

5 values: 1 by applies, 3 on Scale, 1 before the record.
"""
    )
    assert shown(fields=FIELDS[:2]).endswith("\n2 values: 1 by applies, 1 on Scale.\n")


def test_sensitive_values() -> None:
    text = shown("params.instruction", "ontology.**.@description")
    assert "params.instruction = (sensitive value) " in text
    assert "ontology.Cat.@description = (sensitive value) " in text
    hidden = shown("ontology.Cat")
    assert hidden.count("    ontology (sensitive value) ") == 3
    assert "Cat" not in hidden
    assert "Siamese" not in hidden
    assert "Cat" not in shown("ontology")
