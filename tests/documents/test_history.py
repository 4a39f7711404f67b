"""The documents of history and of its renames, which are also text and CSV."""

from __future__ import annotations

from reconciler.documents.history import HistoryShape, RelabelShape, relabel_csv
from reconciler.fieldpath import parse_pattern
from reconciler.model.history import Author, History, Made, Maker, Part, Relabel, Renaming
from reconciler.model.plan import TargetInfo
from reconciler.model.printed import printed
from reconciler.planning.history import state_at, timeline
from reconciler.planning.makers import Makers
from reconciler.render.text.history import lay_out_relabel
from reconciler.render.view.history import view_relabel
from tests.building import AT, live
from tests.render.shown import reader
from tests.render.test_history import APPLIED, COMMIT

MAKERS = Makers({}, dict.fromkeys(Part, -1))
PROJECT = live({"a": 1}, {"a": 2}, ontologies=(["Cat"], None), ontology_names=("v1", None))
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


def test_each_part_has_its_versions() -> None:
    target = TargetInfo("production", "https://api.scale.com/v1")
    whole = History(target, "p", AT, "t", revisions=timeline(PROJECT, MAKERS, {}))
    document = HistoryShape.document(whole)
    assert [one["version"] for one in document["params"]] == [0, 1]
    assert [one["changes"] is None for one in document["ontology"]] == [False, True]
    assert "content" not in document["params"][0]
    readable = live({"a": 1}, ontologies=(["Cat"],), ontology_names=("v1",))
    then = HistoryShape.document(History(target, "p", AT, "t", revisions=state_at(readable, AT, MAKERS), at=AT))
    assert then["params"][0]["content"] == {"a": 1}
    assert (then["ontology"][0]["content"], then["ontology"][0]["name"]) == (["Cat"], "v1")
    unread = History(target, "p", AT, "t", revisions=state_at(PROJECT, AT, MAKERS), at=AT)
    assert "content" not in HistoryShape.document(unread)["ontology"][0]


def test_renames_as_csv_and_json() -> None:
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


def test_renames_as_text() -> None:
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


def test_sensitive_names_of_renames() -> None:
    hidden = printed(FOUND, base="/r", sensitive=[parse_pattern("ontology.Kitten")])
    assert hidden.masked
    assert [(one.old, one.new) for one in hidden.renames] == [("(sensitive value)", "Cat"), (OTHER.old, "B")]
