"""A run's changes to its section, combined with the changes that other runs made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.record import Entries, Intended, RecordedProject, Run, Section
from reconciler.record.merging import Changes, conclude, intend

EARLY, NOON, LATE = "2026-03-01T08:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T20:00:00Z"


def entry(params: int | None = 1, ontology: int | None = None, at: str = NOON, commit: str = "c") -> RecordedProject:
    return RecordedProject("projects/a.yaml", params, ontology, commit, at)


def run(name: str) -> Run:
    return Run(name, "host", "clone", NOON, NOON)


def known_from(*intents: Intended) -> RecordedProject:
    return RecordedProject("projects/a.yaml", recorded_at=NOON, intents=intents, written=False)


def concluded(
    section: Section, entries: Entries, *forgotten: str, alive: str = "", seen: Entries | None = None, at: str = NOON
) -> Entries:
    changes = Changes("r", at, entries, frozenset(forgotten))
    return conclude(section, changes, alive.split(), seen or {}).projects


# ---- Intents


def test_an_intent_is_laid_beside_the_entry_and_the_intents_of_others() -> None:
    earlier = Intended("old", 1, None, "h1")
    there = Section({"a": replace(entry(), intents=(earlier,))}, {"old": run("old"), "x": run("x")}, "c0", NOON)
    mine = Intended("r", 1, None, "h2")
    after = intend(there, run("r"), {"a": known_from(mine), "n": known_from(mine)}, {"x"})
    assert after.projects == {"a": replace(entry(), intents=(earlier, mine)), "n": known_from(mine)}
    assert after.runs == {"x": run("x"), "r": run("r")}
    assert (after.commit, after.completed_at) == ("c0", NOON)


def test_of_earlier_intents_that_say_the_same_one_is_kept() -> None:
    """However often a run that never finishes is started. The latest one is dropped again if it sends nothing."""
    section = Section({"a": entry()})
    for number in range(5):
        intent = Intended(f"r{number}", 1, None, "h", None, {"params.b": 0})
        section = intend(section, run(f"r{number}"), {"a": known_from(intent)}, ())
    assert [intent.run for intent in section.projects["a"].intents] == ["r3", "r4"]
    assert list(section.runs) == ["r4"]
    after = conclude(section, Changes("r4", NOON, unsent=frozenset({"a"})), (), {})
    assert [intent.run for intent in after.projects["a"].intents] == ["r3"], "a write of r3 may have landed"


def test_entering_a_project_drops_its_intents_except_those_of_live_runs() -> None:
    intents = tuple(Intended(name, 1, None, name) for name in ("dead", "r", "live"))
    there = Section({"a": replace(entry(), intents=intents), "b": replace(entry(), intents=intents)})
    after = concluded(there, {"a": entry(2)}, alive="live r")
    assert after["a"] == replace(entry(2), intents=intents[2:])
    assert after["b"].intents == intents, "b was not entered, so what was intended with it stays"


def test_entering_a_project_keeps_the_intents_whose_writes_it_cannot_know() -> None:
    """The run read the project before they could land: a saved plan, or a dead run's write that is still on its way."""
    late, old = Intended("late", 2, None, "h"), Intended("old", 1, None, "h")
    other = Intended("ontology", 0, 1, None, "o")
    there = Section({"a": replace(entry(1, 1), intents=(late, old, other))})
    assert concluded(there, {"a": entry(2, 1, LATE)})["a"].intents == (late, other)
    assert concluded(there, {"a": entry(3, 2, LATE)})["a"].intents == ()


def test_a_run_that_sent_nothing_leaves_no_intent() -> None:
    mine, earlier = Intended("r", 1, None, "h"), Intended("old", 1, None, "o")
    there = Section(
        {"a": replace(entry(), intents=(earlier, mine)), "new": known_from(mine)}, {"r": run("r"), "x": run("x")}
    )
    after = conclude(there, Changes("r", NOON, unsent=frozenset({"a", "new"})), {"x"}, {})
    assert after == Section({"a": replace(entry(), intents=(earlier,))}, {"x": run("x")})


def test_an_intent_stays_for_a_project_that_was_not_entered() -> None:
    mine = Intended("r", 1, None, "h")
    there = Section({"a": replace(entry(), intents=(mine,))}, {"r": run("r")})
    assert conclude(there, Changes("r", NOON), (), {}) == replace(there, runs={})


# ---- Entries


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        (entry(1, 1), entry(2, 1), entry(2, 1)),
        (entry(3, 1, LATE), entry(4, 1, EARLY), entry(4, 1, EARLY)),
        (entry(3, 1, EARLY), entry(2, 1, LATE), entry(3, 1, EARLY)),
        (entry(3, 2, EARLY), entry(2, 1, LATE), entry(3, 2, EARLY)),
        (entry(1, None, LATE), entry(1, None, EARLY), entry(1, None, LATE)),
        (entry(1, None, "2026-03-01T12:00:00+00:00"), entry(1, None, NOON), entry(1, None, NOON)),
        (entry(1, None, "2026-03-01T12:00:00"), entry(1, None, "no time"), entry(1, None, "2026-03-01T12:00:00")),
        (entry(None, None, LATE), entry(0, None, EARLY), entry(0, None, EARLY)),
        (entry(5, 2, EARLY, "x"), entry(4, 3, LATE, "y"), replace(entry(5, 3, LATE), commit=None)),
        (entry(4, 3, EARLY, "x"), entry(5, 2, LATE, "x"), entry(5, 3, LATE, "x")),
        (
            replace(entry(7, 3, EARLY), created_at="2026-01-01"),
            replace(entry(1, 1, LATE), created_at="2026-02-01"),
            replace(entry(1, 1, LATE), created_at="2026-02-01"),
        ),
    ],
)
def test_the_higher_version_then_the_later_time_wins(
    theirs: RecordedProject, ours: RecordedProject, expected: RecordedProject
) -> None:
    there = Section({"a": theirs, "b": entry()})
    assert concluded(there, {"a": ours}) == {"a": expected, "b": entry()}


def test_each_part_brings_its_own_notes() -> None:
    theirs = replace(entry(5, 2), not_kept={"params.y": "t", "ontology[0]": "t"}, ontology_hash="t")
    ours = replace(entry(4, 3, LATE), not_kept={"ontology[1]": "o"}, ontology_hash="o")
    joined = concluded(Section({"a": theirs}), {"a": ours})["a"]
    assert joined.not_kept == {"params.y": "t", "ontology[1]": "o"}
    assert joined.ontology_hash == "o"


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        (replace(entry(5), older={"params.b": 2}), entry(5, at=LATE), {}),
        (entry(5), replace(entry(5, at=LATE), older={"params.b": 2}), {}),
        (replace(entry(5), older={"params.b": 2}), replace(entry(6, at=LATE), older={"params.b": 2}), {"params.b": 2}),
        (
            replace(entry(5), older={"params.b": 2}),
            replace(entry(6, at=LATE), older={"params.b": None}),
            {"params.b": 2},
        ),
        (entry(4), replace(entry(5, at=LATE), older={"params.b": 2, "params.c": 4}), {"params.b": 4, "params.c": 4}),
        (replace(entry(5), older={"params.b": 2}), entry(4, at=LATE), {"params.b": 4}),
        (replace(entry(1, 3), older={"ontology": 1}), entry(1, 2, LATE), {"ontology": 2}),
    ],
)
def test_of_each_unit_the_higher_base_stays(
    theirs: RecordedProject, ours: RecordedProject, expected: dict[str, int | None]
) -> None:
    """A run that names a lower one read the record before the other one entered it."""
    assert concluded(Section({"a": theirs}), {"a": ours})["a"].older == expected


def test_the_hash_of_an_ontology_goes_with_its_base() -> None:
    theirs = replace(entry(1, 1), ontology_hash="written")
    ours = replace(entry(1, 1, LATE), older={"ontology": 0}, ontology_hash="kept")
    assert concluded(Section({"a": theirs}), {"a": ours})["a"] == replace(entry(1, 1, LATE), ontology_hash="written")


def test_a_saved_plan_that_is_applied_late_takes_no_entry_back() -> None:
    """It records a project that it saw equal, at the versions of then; another run has entered a later one."""
    there = {"a": replace(entry(2, 1), created_at="2026-01-01")}
    late = replace(entry(1, 1, LATE), created_at="2026-01-01")
    assert concluded(Section(there), {"a": late}, seen=there) == there
    again = replace(entry(1, 1, LATE), created_at="2026-02-01")
    assert concluded(Section(there), {"a": again}, seen=there) == {"a": again}


def test_an_entry_that_was_seen_gives_way_whatever_its_versions() -> None:
    seen = {"a": entry(7, 3, LATE)}
    assert concluded(Section(seen), {"a": entry(1, 1)}, seen=seen) == {"a": entry(1, 1)}
    moved = Section({"a": entry(8, 3, LATE)})
    assert concluded(moved, {"a": entry(1, 1)}, seen=seen) == moved.projects
    intended = Section({"a": replace(seen["a"], intents=(Intended("dead"),))})
    assert concluded(intended, {"a": entry(1, 1)}, seen=seen) == {"a": entry(1, 1)}
    first = Section({"a": known_from(Intended("r"))})
    assert concluded(first, {"a": entry(1, 1)}) == {"a": entry(1, 1)}


def test_forgetting() -> None:
    there = {"a": entry(), "b": entry(at=LATE), "c": entry()}
    assert concluded(Section(there), {}, "a", "b", "unknown") == {"b": entry(at=LATE), "c": entry()}
    assert concluded(Section(there), {}, "b", seen=there) == {"a": entry(), "c": entry()}
    intents = (Intended("live"), Intended("dead"))
    busy = Section({"a": replace(entry(), intents=intents)})
    assert concluded(busy, {}, "a", alive="live") == {"a": known_from(intents[0])}


def test_the_last_commit_is_one_that_was_completed() -> None:
    section = Section(commit="old", completed_at=EARLY)
    assert conclude(section, Changes("r", NOON), (), {}) == section
    assert conclude(section, Changes("r", NOON, commit="old"), (), {}) == section
    assert conclude(section, Changes("r", NOON, commit="new"), (), {}) == Section(commit="new", completed_at=NOON)
