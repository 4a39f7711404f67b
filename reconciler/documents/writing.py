"""The JSON documents that scripts read: plan, apply result, validation. Values only; nobody's layout.

File names are relative to `base` (the git top level, else the repository root), with `/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from reconciler import __version__
from reconciler.diagnostics import Diagnostic, Location, Severity, limited
from reconciler.fieldpath import Attribute, FieldPath, Pattern, as_patterns, format_path, parse_path
from reconciler.model.drift import Drift, ProjectDrift, Unit
from reconciler.model.outcome import Outcome, ProjectOutcome
from reconciler.model.plan import Call, CallKind, Commit, Field, Plan, ProjectChange, State, TargetInfo
from reconciler.model.printed import mask, relative
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import ABSENT, Absent, Json

FORMAT_VERSION = "1.0"

_ONTOLOGY_NAME: FieldPath = ("ontology", Attribute("name"))


def plan_document(plan: Plan, *, base: str, sensitive: Sequence[Pattern] = (), whole: bool = False) -> dict[str, Json]:
    """The plan. `whole` adds each project's `desired` and masks nothing: for a plan file, never for printing."""
    writer = _Writer(base, () if whole else sensitive)
    changes = [writer.change(change, whole=whole) for change in plan.changes]
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "timestamp": timestamp(plan.made_at),
        "applyable": plan.applyable,
        "complete": plan.complete,
        "errored": plan.errored,
        "masked": writer.masked,
        "pending_only": plan.pending_only,
        "target": _target(plan.target),
        "snapshot": _snapshot(plan.snapshot_at),
        "source": _commit(plan.commit),
        "summary": asdict(plan.summary),
        "resource_changes": changes,
        "unmanaged": list(plan.unmanaged),
        "diagnostics": _diagnostics(plan.diagnostics, base),
        "plan_hash": plan.hash,
    }


def outcome_document(outcome: Outcome, *, base: str) -> dict[str, Json]:
    """The apply result."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "started_at": timestamp(outcome.started_at),
        "finished_at": timestamp(outcome.finished_at),
        "target": _target(outcome.target),
        "source": _commit(outcome.commit),
        "plan_hash": outcome.plan_hash,
        "previous_commit": outcome.previous_commit,
        "interrupted_by": outcome.interrupted_by,
        "summary": asdict(outcome.summary),
        "projects": [_project_outcome(project, base) for project in outcome.projects],
        "diagnostics": _diagnostics(outcome.diagnostics, base),
    }


def drift_document(drift: Drift, *, base: str, sensitive: Sequence[Pattern] = ()) -> dict[str, Json]:
    """What drifted. Clean projects are counted, not listed."""
    writer = _Writer(base, sensitive)
    baseline = drift.baseline
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "timestamp": timestamp(drift.made_at),
        "target": _target(drift.target),
        "snapshot": _snapshot(drift.snapshot_at),
        "complete": drift.complete,
        "live_count": drift.live_count,
        "record": {"commit": baseline.commit, "recorded_at": baseline.recorded_at} if baseline else None,
        "summary": asdict(drift.summary),
        "projects": [
            writer.drifted(project, drift.made_at)
            for project in drift.projects
            if project.units or project.transient or project.diagnostics
        ],
        "blocked": [
            {
                "name": project.name,
                "path": project.path,
                "source": _source(project.source, base),
                "diagnostic": diagnostic_document(project.diagnostic, base),
            }
            for project in drift.blocked
        ],
        "unmanaged": list(drift.unmanaged),
        "vanished": list(drift.vanished),
        "diagnostics": _diagnostics(drift.diagnostics, base),
    }


def validation_document(
    diagnostics: Sequence[Diagnostic],
    *,
    base: str,
    resolved: Sequence[tuple[DesiredProject, Mapping[FieldPath, Source]]] | None = None,
    sensitive: Sequence[Pattern] = (),
) -> dict[str, Json]:
    """What `validate` found; with `resolved` also each project as composed, and where each leaf of it was written."""

    def count(severity: Severity) -> int:
        return sum(diagnostic.severity is severity for diagnostic in diagnostics)

    return {
        "format_version": FORMAT_VERSION,
        "summary": {
            "errors": count(Severity.ERROR),
            "warnings": count(Severity.WARNING),
            "notes": count(Severity.NOTE),
        },
        "diagnostics": _diagnostics(diagnostics, base),
        **(_resolved(resolved, _Writer(base, sensitive)) if resolved is not None else {}),
    }


def _resolved(
    projects: Sequence[tuple[DesiredProject, Mapping[FieldPath, Source]]], writer: _Writer
) -> dict[str, Json]:
    written: list[Json] = [
        {
            "name": project.name,
            "source": {"file": relative(project.source.file, writer.base), "line": project.source.line},
            "project": {
                key: writer.composed(key, value) for key, value in project.document.items() if not key.startswith("x-")
            },
            "sources": {
                format_path(path): f"{relative(source.file, writer.base)}:{source.line}"
                for path, source in sources.items()
            },
        }
        for project, sources in projects
    ]
    return {"masked": writer.masked, "projects": written}


def _diagnostics(diagnostics: Iterable[Diagnostic], base: str) -> list[Json]:
    return [diagnostic_document(diagnostic, base) for diagnostic in limited(diagnostics)]


def diagnostic_document(diagnostic: Diagnostic, base: str) -> dict[str, Json]:
    location = diagnostic.location
    detail = "\n".join(part for part in (diagnostic.label, diagnostic.detail) if part)
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": detail,
        "file": relative(location.file, base) if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
        **({"used_by": [_source(user, base) for user in diagnostic.used_by]} if diagnostic.used_by else {}),
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Writer:
    """Writes values, masked; remembers whether anything was."""

    def __init__(self, base: str, sensitive: Sequence[Pattern]) -> None:
        self.base = base
        self.sensitive = as_patterns(sensitive)
        self.masked = False

    def change(self, change: ProjectChange, *, whole: bool) -> dict[str, Json]:
        document: dict[str, Json] = {
            "address": f"project.{change.name}",
            "type": "project",
            "name": change.name,
            "change": {
                "actions": [change.action.value],
                "before": self._state(change.before),
                "after": self._state(change.after),
            },
            "action_reason": change.reason.value if change.reason else None,
            "source": {**_source(change.source, self.base), "commit": change.commit},
            "fields": [self._field(field) for field in change.fields],
            "calls": [
                {"call": call.kind.value, "method": "POST", "path": call.path, "body": self._body(call)}
                for call in change.calls
            ],
            "expected": asdict(change.expected),
            "held_by": [held.guard for held in change.held_by],
            "waived_by": [asdict(waived) for waived in change.waived_by],
            "kept": [{"path": unit, "base_version": version} for unit, version in change.kept.items()],
            "hash": change.hash,
            "diagnostics": _diagnostics(change.diagnostics, self.base),
        }
        if whole:
            document["holds"] = [asdict(held) for held in change.held_by]
            document["outside"] = [{"path": unit, "base_version": version} for unit, version in change.outside.items()]
            document["desired"] = _desired(change.desired)
        return document

    def drifted(self, project: ProjectDrift, now: datetime) -> dict[str, Json]:
        return {
            "name": project.name,
            "source": _source(project.source, self.base),
            "units": [self._unit(unit, now) for unit in project.units],
            "transient": [
                {"path": transient.path, "versions": list(transient.versions)} for transient in project.transient
            ],
            "diagnostics": _diagnostics(project.diagnostics, self.base),
        }

    def _unit(self, unit: Unit, now: datetime) -> dict[str, Json]:
        path = parse_path(unit.path)
        return {
            "path": unit.path,
            "class": unit.field_class.value,
            "base": self._side(unit.base, path),
            "desired": self._side(unit.desired, path),
            "live": self._side(unit.live, path),
            "absent": [side for side in ("base", "desired", "live") if getattr(unit, side) is ABSENT],
            "version": unit.version,
            "created_at": timestamp(unit.at) if unit.at else None,
            "age_seconds": max(0, int((now - unit.at).total_seconds())) if unit.at else None,
            "source": _source(unit.source, self.base) if unit.source else None,
        }

    def _state(self, state: State | None) -> Json:
        if state is None:
            return None
        document = {
            "type": state.type,
            "params": self._value(state.params, ("params",)),
            "ontology": self._value(state.ontology, ("ontology",)),
        }
        if state.ontology_name is not None:
            document["ontology_name"] = self._value(state.ontology_name, _ONTOLOGY_NAME)
        return document

    def _field(self, field: Field) -> dict[str, Json]:
        return {
            "path": format_path(field.path),
            "kind": field.kind.value,
            "before": self._side(field.before, field.path),
            "after": self._side(field.after, field.path),
            "class": field.field_class.value,
            "source": _source(field.source, self.base) if field.source else None,
        }

    def _body(self, call: Call) -> dict[str, Json]:
        """setParams has the parameters at the top level; the other two have them, or the ontology, under its name."""
        prefix: FieldPath = ("params",) if call.kind is CallKind.SET_PARAMS else ()
        paths = {key: (*prefix, key) for key in call.body}
        if call.kind is CallKind.SET_ONTOLOGY:
            paths["name"] = _ONTOLOGY_NAME
        return {key: self._value(value, paths[key]) for key, value in call.body.items()}

    def _side(self, value: Json | Absent, path: FieldPath) -> Json:
        """A side that is absent is null, and hides nothing."""
        return None if value is ABSENT else self._value(value, path)

    def _value(self, value: Json, path: FieldPath) -> Json:
        if not self.sensitive:
            return value
        masked = mask(value, path, self.sensitive)
        self.masked = self.masked or masked != value
        return masked

    def composed(self, key: str, value: Json) -> Json:
        """The value of a key of a composed project."""
        if key == "ontology" and isinstance(value, dict):
            paths: dict[str, FieldPath] = {"name": _ONTOLOGY_NAME, "choices": ("ontology",)}
            return {inner: self._value(below, paths[inner]) for inner, below in value.items()}
        return self._value(value, (key,))


def _desired(desired: DesiredProject) -> dict[str, Json]:
    return {
        "type": desired.type,
        "create_only": dict(desired.create_only),
        "managed": [part for part in ("params", "ontology") if getattr(desired, part) is not None],
        "params": None if desired.params is None else dict(desired.params),
        "ontology": desired.ontology,
        "ontology_name": desired.ontology_name,
        "params_mode": desired.mask.params.value,
        "ignore": [
            {
                "path": ignore.pattern.text,
                "reason": ignore.reason,
                "until": ignore.until.isoformat() if ignore.until else None,
            }
            for ignore in desired.mask.ignore
        ],
        "protect": desired.protect,
        "units": None if desired.mask.units is None else sorted(desired.mask.units),
    }


def _project_outcome(project: ProjectOutcome, base: str) -> dict[str, Json]:
    return {
        "name": project.name,
        "action": project.action.value,
        "status": project.status.value,
        "reason": project.reason,
        "params_version": project.params_version,
        "ontology_version": project.ontology_version,
        "calls": [{"call": call.call.value, "result": call.result.value} for call in project.calls],
        "hash": project.hash,
        "source": _source(project.source, base) if project.source else None,
        "diagnostics": _diagnostics(project.diagnostics, base),
    }


def _target(target: TargetInfo) -> dict[str, Json]:
    return {"name": target.name, "endpoint": target.endpoint, "account": target.account}


def _snapshot(taken_at: datetime | None) -> Json:
    """Where live is from a snapshot, when that was taken."""
    return {"timestamp": timestamp(taken_at)} if taken_at is not None else None


def _commit(commit: Commit) -> dict[str, Json]:
    return {"commit": commit.commit, "dirty": commit.dirty}


def _source(source: Source | Location, base: str) -> dict[str, Json]:
    return {"file": relative(source.file, base), "line": source.line}
