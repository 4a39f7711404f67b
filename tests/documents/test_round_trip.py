"""What is written is read again as it was, for every document of which nothing is masked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.documents import record, snapshot
from reconciler.documents.drift import DriftShape, read_drift_file
from reconciler.documents.result import read_result_file, write_result_file
from reconciler.documents.savedplan import read_plan_file, write_plan_file
from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift, Transient, Undeclared, Unit
from reconciler.model.ontology import Unreadable
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import (
    Action,
    Call,
    CallKind,
    Cause,
    Commit,
    Expected,
    Field,
    Held,
    Kind,
    Plan,
    ProjectChange,
    Reason,
    State,
    Summary,
    TargetInfo,
    Waived,
)
from reconciler.model.printed import printed
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Source, UnreadableProject
from reconciler.model.project import Version as LiveVersion
from reconciler.model.record import Intended, Record, RecordedProject, Run, Section
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import ABSENT, to_json
from tests.ontologies import ontology
from tests.strategies import TEXTS, ontologies, params, values

BASE = "/r"
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

texts = st.one_of(TEXTS, st.sampled_from(["\ud800", "a\nb", "\nc", "\u2028"]))
names = TEXTS.filter(bool)
numbers = st.none() | st.integers(0, 99)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
seconds = moments.map(lambda at: at.replace(microsecond=0))
hashes = st.sampled_from(["a" * 64, "b" * 64])
files = st.sampled_from(["/r/projects/p.yaml", "/r/a b.yml", "/elsewhere/x.yaml", "/r/\udcff.yaml"])
lines = st.integers(1, 9)
sources = st.builds(Source, files, lines)
spans = st.builds(Location, files, lines, lines, lines, st.none() | texts)
spans_without_text = st.builds(Location, files, lines, lines, lines)
users = st.builds(Location, files, lines, st.just(1), st.just(2))
targets = st.builds(TargetInfo, texts, texts, st.none() | texts)
commits = st.builds(Commit, st.none() | hashes.map(lambda text: text[:40]), st.booleans())
units = st.sampled_from(["params.a", 'params."a b"', "ontology"])
older = st.dictionaries(units, numbers, max_size=2)


def several(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def diagnostic(
    *severities: Severity, place: st.SearchStrategy[Location] = spans_without_text
) -> st.SearchStrategy[Any]:
    return st.builds(
        Diagnostic, st.sampled_from(severities), texts, texts, texts, st.none() | place, texts, several(users)
    )


every = several(diagnostic(*Severity))
mild = several(diagnostic(Severity.WARNING, Severity.NOTE, place=spans))
paths = st.one_of(
    st.tuples(st.just("params"), TEXTS), st.tuples(st.just("params"), TEXTS, st.integers(0, 9)),
    st.tuples(st.just("ontology"), TEXTS, st.builds(Attribute, st.just("description"))),
)  # fmt: skip
causes = st.sampled_from([cause for cause in Cause if cause is not Cause.SAME])


@st.composite
def fields(draw: st.DrawFn) -> Field:
    kind = draw(st.sampled_from(Kind))
    before = ABSENT if kind is Kind.ADD else draw(values)
    after = ABSENT if kind is Kind.REMOVE else draw(values)
    moved_by = draw(st.none() | st.tuples(st.integers(0, 9), st.none() | moments))
    return Field(draw(paths), kind, before, after, draw(causes), draw(st.none() | sources), moved_by)


states = st.builds(State, texts, params, st.none() | ontologies(), st.none() | TEXTS.filter(bool))
masks = st.builds(
    Mask,
    st.sampled_from(ParamsMode),
    several(st.builds(
        Ignore, st.sampled_from(["params.a", "ontology.**.@display"]).map(parse_pattern),
        st.none() | texts, st.none() | st.just(date(2027, 3, 1)),
    )),
    st.none() | st.frozensets(units),
)  # fmt: skip


@st.composite
def changes(draw: st.DrawFn, name: str) -> ProjectChange:
    action = draw(st.sampled_from(Action))
    source, expected = draw(sources), draw(st.builds(Expected, numbers, numbers, st.none() | texts))
    common: dict[str, Any] = {
        "name": name, "action": action, "source": source, "hash": draw(hashes), "commit": draw(st.none() | hashes),
        "waived_by": draw(several(st.builds(Waived, texts, texts))), "outside": draw(older), "diagnostics": draw(mild),
        "reason": draw(st.none() | st.sampled_from(Reason)),
    }  # fmt: skip
    blocked = action is Action.NO_OP and draw(st.booleans())
    kept = draw(older)
    if action is Action.NO_OP and not blocked and not kept:
        expected = Expected(*draw(st.tuples(numbers, numbers, st.none() | texts)), draw(st.none() | hashes))
        bare = DesiredProject(name, "", source)
        return ProjectChange(desired=bare, before=None, after=None, expected=expected, **common)
    if blocked:
        common["diagnostics"] = (*common["diagnostics"], Diagnostic(Severity.ERROR, "x", "s"))
    desired = DesiredProject(
        name,
        draw(texts),
        source,
        draw(st.dictionaries(st.just("studio"), values, max_size=1)),
        draw(st.none() | params),
        draw(st.none() | st.builds(ontology, ontologies(), st.none() | texts)),
        draw(masks),
        draw(st.booleans()),
    )
    calls = st.builds(Call, st.sampled_from(CallKind), st.just(name), params)
    return ProjectChange(
        desired=desired,
        before=None if action is Action.CREATE else draw(states),
        after=draw(states),
        expected=expected,
        fields=draw(several(fields())),
        calls=draw(several(calls)),
        held_by=draw(several(st.builds(Held, texts, texts, texts))),
        kept=kept,
        blocked=blocked,
        **common,
    )


plans = st.builds(
    Plan,
    targets,
    commits,
    seconds,
    st.tuples(changes("p"), changes('q "\u00e9"')),
    several(texts),
    mild,
    st.booleans(),
    numbers,
    texts,
    st.integers(0, 9),
    hashes,
    st.builds(Summary, *[st.integers(0, 9)] * 9),
    st.booleans(),
    st.none() | seconds,
)


@SETTINGS
@given(plans)
def test_a_plan(tmp_path: Path, plan: Plan) -> None:
    write_plan_file(printed(plan, base=BASE), tmp_path / "plan.json")
    assert read_plan_file(tmp_path / "plan.json", base=Path(BASE)) == plan


project_outcomes = st.builds(
    ProjectOutcome, texts, st.sampled_from(Action), st.sampled_from(Status), texts, numbers, numbers,
    several(st.builds(CallOutcome, st.sampled_from(CallKind), st.sampled_from(CallResult))),
    every, hash=hashes, source=st.none() | sources,
)  # fmt: skip
outcomes = st.builds(
    Outcome, targets, commits, hashes, seconds, seconds, several(project_outcomes), numbers,
    every, st.none() | texts, st.booleans(),
)  # fmt: skip


@SETTINGS
@given(outcomes)
def test_a_result(tmp_path: Path, outcome: Outcome) -> None:
    write_result_file(printed(outcome, base=BASE), tmp_path / "result.json")
    assert read_result_file(tmp_path / "result.json", base=Path(BASE)) == outcome


sides = st.just(ABSENT) | values
drifting = st.builds(
    Unit, units, st.sampled_from(Cause), sides, sides, sides, numbers, st.none() | moments,
    source=st.none() | sources,
)  # fmt: skip
transients = st.builds(Transient, units, several(st.integers(0, 9)))
drifted = st.builds(ProjectDrift, texts, sources, st.tuples(drifting), several(transients), every)
drifts = st.builds(
    Drift, targets, seconds, st.none() | st.builds(Baseline, st.none() | texts, texts), several(drifted),
    several(st.builds(BlockedProject, texts, texts, diagnostic(*Severity), sources)), several(texts),
    several(st.builds(Undeclared, texts, st.none() | texts)), several(texts), every, numbers,
    st.booleans(), st.none() | seconds, st.integers(0, 9),
)  # fmt: skip


@SETTINGS
@given(drifts)
def test_a_drift(tmp_path: Path, drift: Drift) -> None:
    document = to_json(DriftShape.document(printed(drift, base=BASE)))
    (tmp_path / "drift.json").write_bytes(document.encode("utf-8", "surrogatepass"))
    assert read_drift_file(tmp_path / "drift.json", base=Path(BASE)) == drift


@st.composite
def snapshot_projects(draw: st.DrawFn) -> SnapshotProject:
    versions = draw(several(st.builds(
        LiveVersion, st.integers(0, 9), st.none() | moments, st.none() | params, digest=st.none() | hashes
    )))  # fmt: skip
    if versions and versions[-1].content is None:
        versions = versions[:-1]
        versions = versions if versions and versions[-1].content is not None else ()
    choices = draw(several(st.builds(
        LiveVersion, st.integers(0, 9), st.none() | moments,
        st.none() | st.builds(ontology, ontologies(), st.none() | TEXTS), digest=st.none() | hashes,
    )))  # fmt: skip
    now, latest = (versions or (None,))[-1], (choices or (None,))[-1]
    problem = draw(st.none() | st.builds(Unreadable, st.just("ontologyHistory[0].name"), TEXTS))
    live = LiveProject(
        name=draw(names), type=draw(TEXTS), params=now.content if now else {},
        params_version=now.number if now else None, params_at=now.at if now else None,
        ontology=problem or (latest.content if latest else None),
        ontology_version=latest.number if latest else None, ontology_at=latest.at if latest else None,
        pipeline=draw(st.none() | TEXTS), archived=draw(st.booleans()),
        taxonomy=draw(st.booleans()), created_at=draw(st.none() | TEXTS),
        params_history=versions, ontology_history=choices,
        origins=draw(st.dictionaries(units, st.tuples(st.integers(0, 9), st.none() | moments), max_size=2)),
    )  # fmt: skip
    return SnapshotProject(live, draw(st.sampled_from([(), ("params.a[*].b",)])))


unreadable = st.builds(UnreadableProject, st.none() | names, TEXTS, TEXTS, st.none() | TEXTS, st.booleans())
snapshots = st.builds(
    Snapshot, targets, seconds, st.none() | hashes.map(lambda text: text[:40]), several(snapshot_projects()),
    several(unreadable),
)  # fmt: skip


@SETTINGS
@given(snapshots)
def test_a_snapshot(taken: Snapshot) -> None:
    assert snapshot.decode(snapshot.encode(taken), place="it") == taken


intents = st.builds(Intended, texts, numbers, numbers, st.none() | hashes, st.none() | hashes, older)
recorded = st.builds(
    RecordedProject, texts, numbers, numbers, st.none() | texts, texts, st.none() | texts, older,
    st.dictionaries(TEXTS, hashes, max_size=2), several(intents), st.booleans(), st.none() | hashes,
)  # fmt: skip
runs = st.builds(Run, texts, texts, st.none() | texts, texts, texts)
sections = st.builds(
    Section,
    st.dictionaries(texts, recorded, max_size=2),
    several(runs).map(lambda found: {run.id: run for run in found}),
    st.none() | texts,
    st.none() | texts,
)
records = st.builds(Record, st.dictionaries(st.tuples(TEXTS, st.none() | TEXTS), sections, max_size=2))


@SETTINGS
@given(records)
def test_a_record(kept: Record) -> None:
    assert record.decode(record.encode(kept)) == kept


def test_times_of_runs_are_whole_seconds(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, microsecond=5, tzinfo=UTC)
    plan = Plan(TargetInfo("t", "e"), Commit(), at, summary=Summary(), hash="a" * 64)
    write_plan_file(plan, tmp_path / "plan.json")
    assert read_plan_file(tmp_path / "plan.json", base=Path(BASE)).made_at == at - timedelta(microseconds=5)
