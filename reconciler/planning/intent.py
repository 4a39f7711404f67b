"""The intent: what live state must become, and the calls that change it.

Both the planner and the applier call `compare`, each with live state at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from reconciler.fieldpath import format_path, parse_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Ontology
from reconciler.model.plan import Call, CallKind, Cause, Field, Kind, State
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.model.values import ABSENT, Absent, Json, canonical_json, digest, equal
from reconciler.planning.mask import readable, wanted_ontology, wanted_params
from reconciler.planning.ontology import ontology_fields
from reconciler.planning.params import params_fields

Value = Json | Absent
"""A parameter's value, or an `Ontology`, which is never absent: it may have no choices."""


@dataclass(frozen=True, slots=True)
class Intent:
    """`fields` are the differences, `calls` the smallest requests that change `before` into `after`.

    If live matches the manifest, both are empty, and `after` is `before`. `before` is None for a create. `dropped`
    names the keys of live choices that the calls cannot send. `identities` holds the identities of the fields, if
    known.
    """

    before: State | None
    after: State
    fields: tuple[Field, ...] = ()
    calls: tuple[Call, ...] = ()
    dropped: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over the path, kind, before, and after of all fields, in any order."""
        return _digest(sorted(self.identities or map(identity_of, self.fields)))


def compare(desired: DesiredProject, live: LiveProject | None) -> Intent:
    """Compare live with what the manifest owns. A live ontology that cannot be read counts as none."""
    if live is None:
        return _creation(desired)
    params = wanted_params(desired, live)
    fields: list[Field] = []
    calls: list[Call] = []
    if not equal(live.params, params):
        fields += params_fields(live.params, params)
        calls.append(_set_params(desired.name, live.params, params))
    before, after = readable(live.ontology), readable(wanted_ontology(desired, live.ontology))
    dropped: tuple[str, ...] = ()
    if after is not None and after != before:
        now = before or Ontology(())
        if found := list(ontology_fields(now, after)):
            fields += found
            calls.append(_set_ontology(desired, after))
            dropped = now.dropped
    state = State.of(live)
    if not fields:
        return Intent(state, state)
    wanted = State.spelled(live.type, params, after)
    return Intent(state, wanted, tuple(fields), tuple(calls), dropped)


def differences(unit: str, before: Value, after: Value) -> Iterator[Field]:
    """The differences between two values of a unit: two ontologies, or two values of a parameter."""
    if isinstance(before, Ontology) and isinstance(after, Ontology):
        yield from ontology_fields(before, after)
        return
    key = str(parse_path(unit)[1])
    yield from params_fields(*({} if side is ABSENT else {key: side} for side in (before, after)))


def plan_hash(intents: Mapping[str, str], empty: str) -> str:
    """SHA-256 over all intents that are not `empty`, by project name."""
    return _digest([name, digest] for name, digest in sorted(intents.items()) if digest != empty)


def _digest(items: Iterable[Json]) -> str:
    return digest(list(items))


EMPTY_HASH = _digest([])


def identity_of(field: Field) -> str:
    """What is hashed and approved about a field: path, kind, before, after. Only equal fields have equal texts."""
    sides = [[] if side is ABSENT else [side] for side in (field.before, field.after)]
    return canonical_json([format_path(field.path), field.kind.value, *sides])


def _creation(desired: DesiredProject) -> Intent:
    params = wanted_params(desired, None)
    body: dict[str, Json] = {"type": desired.type, "name": desired.name, **desired.create_only}
    fields = [
        Field((key,), Kind.ADD, after=value) for key, value in {"type": desired.type, **desired.create_only}.items()
    ]
    calls = []
    if params:
        body["params"] = dict(params)
        fields += params_fields({}, params)
    calls.append(Call(CallKind.CREATE, desired.name, body))
    ontology = desired.ontology
    pending = [replace(field, cause=Cause.PENDING) for field in fields]
    identities = [identity_of(field) for field in fields]
    if ontology is not None:
        created, theirs = _created(ontology)
        pending += created
        identities += theirs
        calls.append(_set_ontology(desired, ontology))
    after = State.spelled(desired.type, params, ontology)
    return Intent(None, after, tuple(pending), tuple(calls), identities=tuple(identities))


@lru_cache(maxsize=16)
def _created(ontology: Ontology) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """The fields of a new ontology and their identities. Projects that share a large ontology share these, too."""
    fields = tuple(replace(field, cause=Cause.PENDING) for field in ontology_fields(Ontology(()), ontology))
    return fields, tuple(map(identity_of, fields))


def _set_params(name: str, live: Mapping[str, Json], params: Mapping[str, Json]) -> Call:
    """The call. `patch: true` sets single top-level keys; only `patch: false` removes keys ([D] in scale-api.md)."""
    patch = live.keys() <= params.keys()
    sent = {key: value for key, value in params.items() if not (patch and equal(live.get(key, ABSENT), value))}
    return Call(CallKind.SET_PARAMS, name, {**sent, "patch": patch})


def _set_ontology(desired: DesiredProject, ontology: Ontology) -> Call:
    body: dict[str, Json] = {"ontology": ontology.spelled}
    if desired.ontology is not None and desired.ontology.name is not None:
        body["name"] = ontology.name
    return Call(CallKind.SET_ONTOLOGY, desired.name, body)
