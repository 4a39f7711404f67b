"""Names that are one edit apart, however many there are."""

from __future__ import annotations

import pytest

from reconciler.model.project import LiveProject
from reconciler.planning import nearness
from reconciler.planning.nearness import neighbours


@pytest.mark.parametrize("most", [1, 20, 500_000])
def test_neighbours_are_found_however_much_is_indexed_at_once(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(nearness, "_MOST_KEYS", most)
    live = {name: [LiveProject(name, "t")] for name in ("kittens", "puppys", "horses", "cats", "lane12")}
    found = neighbours({"kitten", "puppy", "horsse", "lane13", "whales", "ab"}, live)
    assert {form: [project.name for project in projects] for form, projects in found.items()} == {
        "kitten": ["kittens"],
        "puppy": ["puppys"],
        "horsse": ["horses"],
    }
