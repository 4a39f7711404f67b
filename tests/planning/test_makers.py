"""What made each version, from the log of the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.model.history import Maker, Part, Step
from reconciler.model.project import LiveProject
from reconciler.model.record import Intended, RecordedProject
from reconciler.planning.bases import content_hash
from reconciler.planning.makers import makers_of
from tests.building import AT, live
from tests.ontologies import hash_of

A, B = "a" * 40, "b" * 40
APART = timedelta(hours=1)


def entry(version: int | None, *intents: Intended, **more: object) -> RecordedProject:
    known = RecordedProject("projects/p.yaml", params_version=version, commit=A, intents=intents)
    return replace(known, **more)  # type: ignore[arg-type]


def intent(run: str, start: int | None, content: object, **more: object) -> Intended:
    begun = Intended(run, params_version=start, params_hash=content_hash(content))
    return replace(begun, **more)  # type: ignore[arg-type]


def steps(*entries: RecordedProject | None, **commits: tuple[str, bool]) -> list[Step]:
    """One step an hour. `commits` are those that the intents announce."""
    return [Step(f"s{n}", AT + n * APART, one, commits) for n, one in enumerate(entries)]


def of(project: LiveProject, log: list[Step], part: Part = Part.PARAMS) -> str:
    """One letter for each version: Apply, Scale, or Before the record."""
    letters = {Maker.APPLY: "A", Maker.SCALE: "S", Maker.UNKNOWN: "B"}
    makers = makers_of(project, log)
    history = project.params_history if part is Part.PARAMS else project.ontology_history
    return "".join(letters[makers.of(part, version.number).by] for version in history)


VERSIONS = live({"a": 0}, {"a": 1}, {"a": 2}, {"a": 3}, apart=APART)


def test_a_create_and_an_update_and_an_edit_between_them() -> None:
    first, second = intent("r1", None, {"a": 0}), intent("r2", 1, {"a": 2})
    log = steps(
        entry(None, first, written=False), entry(0), entry(0, second), entry(2, commit=B), r1=(A, False), r2=(B, False)
    )
    assert of(VERSIONS, log) == "ASAS"
    made = makers_of(VERSIONS, log).of(Part.PARAMS, 2)
    assert (made.commit, made.apply and (made.apply.run, made.apply.record)) == (B, ("r2", "s3"))


def test_the_order_of_the_log_counts_within_a_second() -> None:
    log = [replace(step, at=AT) for step in steps(entry(0), entry(0, intent("r1", 1, {"a": 2})), entry(2))]
    assert of(VERSIONS, log) == "BSAS"


def test_what_an_apply_only_found_is_from_before_the_record() -> None:
    assert of(VERSIONS, steps(entry(1))) == "BBSS"
    assert of(VERSIONS, []) == "BBBB"
    assert of(VERSIONS, steps(None)) == "BBBB"
    later = intent("r2", 1, {"a": 2})
    assert of(VERSIONS, steps(entry(1), entry(1, later), entry(2))) == "BBAS"


def test_a_run_that_was_killed_made_what_it_announced() -> None:
    """The next run enters the project from a later commit."""
    killed = intent("r1", 0, {"a": 1})
    log = steps(entry(0), entry(0, killed), entry(1, commit=B), r1=(A, False))
    assert of(VERSIONS, log) == "BASS"
    made = makers_of(VERSIONS, log).of(Part.PARAMS, 1)
    assert (made.commit, made.apply and made.apply.record) == (A, "s1")
    dirty = steps(entry(0), entry(0, killed), entry(1, commit=B), r1=(A, True))
    assert makers_of(VERSIONS, dirty).of(Part.PARAMS, 1).commit is None
    unfinished = steps(entry(0), entry(0, killed), r1=(A, False))
    assert of(VERSIONS, unfinished) == "BASS"
    another = entry(0, killed, not_kept={"params.z": "hash"})  # the intent is still there
    assert of(VERSIONS, steps(entry(0), entry(0, killed), another, entry(1))) == "BASS"
    lost = intent("r1", 0, {"a": 9})
    assert of(VERSIONS, steps(entry(0), entry(0, lost), entry(0))) == "BSSS"


def test_a_write_that_was_sent_twice() -> None:
    twice = live({"a": 0}, {"a": 1}, {"a": 1}, {"a": 1}, apart=APART)
    log = steps(entry(0), entry(0, intent("r1", 0, {"a": 1})), entry(2))
    assert of(twice, log) == "BAAS"


def test_a_value_that_scale_did_not_keep() -> None:
    announced = intent("r1", 0, {"a": "trimmed "})
    kept = {"params.a": "hash"}
    assert of(VERSIONS, steps(entry(0), entry(0, announced), entry(1, not_kept=kept))) == "BASS"
    # Without such a note, the version must follow soon: here it was made at the time of the intent.
    assert of(VERSIONS, steps(entry(0), entry(0, announced), entry(1))) == "BASS"
    late = live({"a": 0}, {"a": 1}, apart=2 * APART)
    assert of(late, steps(entry(0), entry(0, announced), entry(1))) == "BS"
    untimed = replace(late, params_history=tuple(replace(one, at=None) for one in late.params_history))
    assert of(untimed, steps(entry(0), entry(0, announced), entry(1))) == "BS"
    assert of(live({"a": 0}), steps(entry(0), entry(0, announced), entry(1))) == "B"


def test_another_project_that_had_the_name() -> None:
    created = replace(VERSIONS, created_at="2026-01-02")
    mine, other = {"created_at": "2026-01-02"}, {"created_at": "2025-01-01"}
    theirs = intent("r0", None, {"a": 0})
    log = steps(entry(None, theirs, written=False), entry(3, **other), None, entry(1, **mine))
    assert of(created, log) == "BBSS"
    again = intent("r1", None, {"a": 0})
    log = steps(entry(5, **other), entry(5, again, **other), entry(0, **mine), r1=(A, False))
    assert of(created, log) == "ASSS"


def test_an_ontology_has_makers_of_its_own() -> None:
    project = live({"a": 0}, ontologies=(["Cat"], ["Cat", "Dog"], None))
    begun = Intended("r1", params_version=0, ontology_version=0, ontology_hash=hash_of(["Cat", "Dog"]))
    log = steps(entry(0, ontology_version=0), entry(0, begun, ontology_version=0), entry(0, ontology_version=1))
    assert of(project, log, Part.ONTOLOGY) == "BAS"
    assert of(project, log) == "B"
