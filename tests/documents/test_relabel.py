"""The renames as documents and as text."""

from __future__ import annotations

from reconciler.documents.history import RelabelShape, relabel_csv
from reconciler.fieldpath import parse_pattern
from reconciler.model.history import Author, Made, Maker, Part, Relabel, Renaming
from reconciler.model.plan import TargetInfo
from reconciler.model.printed import printed
from reconciler.render.text.history import lay_out_relabel
from reconciler.render.view.history import view_relabel
from tests.building import AT
from tests.render.shown import reader
from tests.render.test_history import APPLIED, COMMIT

ONE = Renaming("Kitten", "Cat", ("ontology", "Kitten"), ("ontology", "Cat"), 2, AT, APPLIED, declared=True)
OTHER = Renaming('a "b", c', "B", ("ontology", "x"), ("ontology", "B"), 3, None, Made(Maker.SCALE))
FOUND = Relabel(
    TargetInfo("production", "https://api.scale.com/v1"),
    "kittens",
    AT,
    Part.ONTOLOGY,
    1,
    3,
    (ONE, OTHER),
    authors={COMMIT: Author("Ada", "Rename")},
)


def test_csv_and_json() -> None:
    assert relabel_csv(FOUND) == (
        "old,new,version,commit,created_at,declared\n"
        f"Kitten,Cat,2,{COMMIT},2026-11-24T09:00:00Z,true\n"
        '"a ""b"", c",B,3,,,false\n'
    )
    document = RelabelShape.document(FOUND)
    assert (document["part"], document["first"], document["last"]) == ("ontology", 1, 3)
    assert document["renames"][0] == {
        "old": "Kitten",
        "new": "Cat",
        "version": 2,
        "created_at": "2026-11-24T09:00:00Z",
        "commit": COMMIT,
        "declared": True,
    }


def test_text() -> None:
    text = lay_out_relabel(view_relabel(FOUND, reader(base="/r", now=AT)), colour=False)
    assert text == (
        "Target: production  https://api.scale.com/v1  (read 09:00:00 UTC)\n"
        'Names that changed in project "kittens", ontology versions 1 to 3:\n'
        "\n"
        "  ~ Kitten -> Cat                                 # declared, version 2, 2026-11-24 09:00 UTC, "
        "applied from commit 3f2c1ab by Ada: Rename\n"
        '  ~ "a \\"b\\", c" -> B                             # looks renamed, version 3, made on Scale\n'
        "\n"
        "2 renames.\n"
    )
    none = Relabel(FOUND.target, "p", AT, Part.PARAMS, 0, 0)
    assert lay_out_relabel(view_relabel(none, reader(base="/r", now=AT)), colour=False).endswith(":\n\nNo renames.\n")


def test_sensitive_names() -> None:
    hidden = printed(FOUND, base="/r", sensitive=[parse_pattern("ontology.Kitten")])
    assert hidden.masked
    assert [(one.old, one.new) for one in hidden.renames] == [("(sensitive value)", "Cat"), (OTHER.old, "B")]
