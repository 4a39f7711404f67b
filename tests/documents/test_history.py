"""The history document."""

from __future__ import annotations

from reconciler.documents.history import HistoryShape
from reconciler.model.history import History, Part
from reconciler.model.plan import TargetInfo
from reconciler.planning.history import state_at, timeline
from reconciler.planning.makers import Makers
from tests.building import AT, live

MAKERS = Makers({}, dict.fromkeys(Part, -1))
PROJECT = live({"a": 1}, {"a": 2}, ontologies=(["Cat"], None), ontology_names=("v1", None))


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
