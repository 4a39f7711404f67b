"""A history in every format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.model.history import Apply, Author, Blame, Blamed, History, Made, Maker, Part, Revision
from reconciler.model.plan import Field, Kind, State, TargetInfo
from reconciler.planning.history import timeline
from reconciler.planning.makers import Makers
from reconciler.render.text.history import lay_out_blame, lay_out_history
from reconciler.render.view.history import view_blame, view_history
from tests.building import AT, live
from tests.render.shown import reader

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
COMMIT = "3f2c1ab" + "0" * 33
APPLIED = Made(Maker.APPLY, COMMIT, Apply("run", AT, "9c1e4f2" + "0" * 33))
TARGET = TargetInfo("production", "https://api.scale.com/v1")


def found(*, full: bool = False) -> History:
    """Three versions of params, two of the ontology."""
    texts = ("Label every kitten.\nSkip blurry images.", "Label every kitten.\nSkip dark images.")
    project = live(
        {"instruction": texts[0], "priority": 10},
        {"instruction": texts[1], "priority": 10},
        {"instruction": texts[1], "priority": 20, "metadata": {"team": "a"}},
        ontologies=(["Cat", "Kitten", {"choice": "Dog", "subchoices": ["Puppy"]}], ["Puppy", "Cat", "Kittens"]),
        apart=timedelta(hours=1),
    )
    made = {(Part.PARAMS, 0): Made(), (Part.PARAMS, 1): APPLIED, (Part.ONTOLOGY, 0): Made(Maker.APPLY)}
    makers = Makers(made, dict.fromkeys(Part, -1))
    return History(
        TARGET,
        "kittens",
        NOW,
        "imageannotation",
        revisions=timeline(project, makers, {}),
        authors={COMMIT: Author("Ada", "Skip `dark` ones")},
    )


def text(history: History, **more: object) -> str:
    return lay_out_history(view_history(history, reader(base="/r", now=NOW)), colour=False)


def test_text() -> None:
    assert text(found()) == (
        "Target: production  https://api.scale.com/v1  (read 10:00:00 UTC)\n"
        'History of project "kittens": every version, oldest first\n'
        """
  # params version 0, 2026-11-24 09:00 UTC, 25 h ago
    from before the record
  + instruction = <<-EOT
        Label every kitten.
        Skip blurry images.
    EOT                                           # 2 lines
  + priority    = 10

  # ontology version 0, 2026-11-24 09:00 UTC, 25 h ago
    applied without a commit
  + Cat
  + Kitten
  + Dog
      + Puppy

  # ontology version 1, 2026-11-24 09:00 UTC, 25 h ago
    made on Scale
  > Puppy                                         # moved here from Dog
  ~ Kitten -> Kittens
  - Dog
    # (1 unchanged choice hidden)

  # params version 1, 2026-11-24 10:00 UTC, 24 h ago
    applied from commit 3f2c1ab by Ada: Skip `dark` ones (record 9c1e4f2)
  ~ instruction = <<-EOT
        Label every kitten.
      - Skip blurry images.
      + Skip dark images.
    EOT
    # (1 unchanged parameter hidden)

  # params version 2, 2026-11-24 11:00 UTC, 23 h ago
    made on Scale
  ~ priority = 10 -> 20
  + metadata = {"team": "a"}
    # (1 unchanged parameter hidden)

Versions: 3 of params, 2 of the ontology; 2 made by applies, 2 made on Scale, 1 from before the record.
"""
    )


def revision(**more: object) -> Revision:
    known = {"part": Part.PARAMS, "number": 1, "at": None, "made": APPLIED, "after": State("t", {}, None), **more}
    return Revision(**known)  # type: ignore[arg-type]


def of(*revisions: Revision, **more: object) -> str:
    return text(History(TARGET, "p", NOW, "t", revisions=revisions, **more))  # type: ignore[arg-type]


def test_what_cannot_be_shown_is_said() -> None:
    assert "    This version cannot be read.\n" in of(revision(after=None, fields=None))
    assert "    The changes are unknown" in of(revision(fields=None))
    assert "    This version is empty.\n" in of(revision())
    same = of(revision(before=State("t", {}, None), since=0))
    assert "    Nothing changed.\n" in same
    assert "  # params version 1\n    applied from commit 3f2c1ab (record 9c1e4f2)\n" in same
    assert "History of project" in of()
    assert of().endswith("\nVersions: 0 of params, 0 of the ontology.\n")


def test_two_versions_and_a_time() -> None:
    field = Field(("params", "a"), Kind.CHANGE, 1, 2)
    state = State("t", {"a": 2, "b": 3}, None)
    compared = of(revision(fields=(field,), before=state, after=state, since=0), compared=True)
    assert "what changed between two versions\n" in compared
    assert "  # params version 0 -> 1\n    version 1: applied from commit 3f2c1ab" in compared
    assert compared.endswith("\nChanges: 1.\n")
    assert of(compared=True).endswith("\nNo changes.\n")
    then = of(revision(fields=(Field(("params", "a"), Kind.ADD, after=2),), after=state), at=AT)
    assert "as it was at 2026-11-24 09:00 UTC\n" in then
    assert then.endswith("\nVersions at 2026-11-24 09:00 UTC: params 1.\n")
    assert of(at=AT).endswith("none with a time.\n")


SCALE = Made(Maker.SCALE)
FIELDS = (
    Blamed(("params", "instruction"), "Label\nevery kitten.", 3, AT, APPLIED),
    Blamed(("params", "priority"), 20, 4, AT, SCALE),
    Blamed(("ontology", "Cat"), "Cat", 0, None, Made(), or_earlier=True),
    Blamed(("ontology", "Cat", Attribute("description")), "a cat", 1, None, SCALE),
    Blamed(("ontology", "Cat", "Siamese"), "Siamese", 1, None, SCALE),
)


def blamed(*sensitive: str, fields: tuple[Blamed, ...] = FIELDS) -> str:
    found = Blame(
        TARGET,
        "kittens",
        NOW,
        "imageannotation",
        fields,
        authors={COMMIT: Author("Ada", "Skip dark ones")},
    )
    patterns = [parse_pattern(one) for one in sensitive]
    return lay_out_blame(view_blame(found, reader(base="/r", now=NOW, sensitive=patterns)), colour=False)


def test_blame() -> None:
    assert blamed() == (
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
    assert blamed(fields=FIELDS[:2]).endswith("\n2 values: 1 by applies, 1 on Scale.\n")


def test_sensitive_values_of_a_blame() -> None:
    text = blamed("params.instruction", "ontology.**.@description")
    assert "params.instruction = (sensitive value) " in text
    assert "ontology.Cat.@description = (sensitive value) " in text
    hidden = blamed("ontology.Cat")
    assert hidden.count("    ontology (sensitive value) ") == 3
    assert "Cat" not in hidden
    assert "Siamese" not in hidden
    assert "Cat" not in blamed("ontology")
