"""The three-way comparison: for each unit, its base (what the last apply left), live, and desired.

A unit is what the API writes whole: one parameter, or the ontology. Plan and drift both use this comparison, so they
cannot disagree about the cause of a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from reconciler.fieldpath import format_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Ontology
from reconciler.model.plan import Cause
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode, Version
from reconciler.model.record import RecordedProject
from reconciler.model.values import ABSENT, Json, equal
from reconciler.planning.bases import ONTOLOGY, base_version, parameter_in
from reconciler.planning.intent import Value
from reconciler.planning.mask import Ignored, readable, seen_through, wanted_ontology, wanted_params


@dataclass(frozen=True, slots=True)
class Compared:
    """One unit. `since` is the version that is its base. If there is no base, `since` is None and `base` is ABSENT.

    `cause` is None if all three values are equal, or without a base, if live equals desired.
    """

    unit: str
    base: Value
    live: Value
    desired: Value
    cause: Cause | None
    since: Version | None


class ThreeWay:
    """Compares the units of a project. `known` is its entry in the record.

    A live ontology that cannot be read counts as one without choices: nothing is compared with it (`blocking`).
    """

    def __init__(self, desired: DesiredProject, live: LiveProject, known: RecordedProject | None) -> None:
        self._desired = desired
        self._live = live
        self._known = known if known is not None and known.written else None

    def unit(self, unit: str) -> Compared:
        live, desired = self._current(unit), self._declared(unit)
        since = base_version(unit, self._live, self._known) if self._known is not None else None
        if since is None or (unit == ONTOLOGY and not isinstance(since.content, Ontology)):
            return Compared(unit, ABSENT, live, desired, None if equal(live, desired) else Cause.UNKNOWN, None)
        base = self.at(since, unit)
        return Compared(unit, base, live, desired, _cause(base, live, desired), since)

    def units(self) -> Iterator[Compared]:
        """Every unit that the manifest owns, if it appears in the manifest, in live, or in a version since the base."""
        if self._desired.params is not None:
            ignored = Ignored.of(self._desired)
            merged = self._desired.mask.params is ParamsMode.MERGE
            for key in self._keys():
                foreign = merged and key not in self._desired.params
                if not foreign and not ignored.patterns.covers(("params", key)):
                    yield self.unit(format_path(("params", key)))
        ignores_ontology = any(ignore.pattern.text == ONTOLOGY for ignore in self._desired.mask.ignore)
        if self._desired.ontology is not None and not ignores_ontology:
            yield self.unit(ONTOLOGY)

    def at(self, version: Version, unit: str) -> Value:
        """The value of a unit in a version. What the manifest does not own in it is taken from live."""
        if unit == ONTOLOGY:
            return seen_through(self._desired, version.content, self._live.ontology)
        key = parameter_in(unit)
        value, live = _value(version.content, key), self._current(unit)
        if value is ABSENT or live is ABSENT:
            return value
        return Ignored.of(self._desired).overlay({key: value}, {key: live}, ("params",)).get(key, ABSENT)

    def _current(self, unit: str) -> Value:
        if unit == ONTOLOGY:
            return readable(self._live.ontology) or Ontology(())
        return self._live.params.get(parameter_in(unit), ABSENT)

    def _declared(self, unit: str) -> Value:
        if unit == ONTOLOGY:
            return readable(wanted_ontology(self._desired, self._live.ontology)) or Ontology(())
        return self._params.get(parameter_in(unit), ABSENT)

    @cached_property
    def _params(self) -> Mapping[str, Json]:
        return wanted_params(self._desired, self._live)

    def _keys(self) -> dict[str, None]:
        keys = dict.fromkeys([*self._params, *self._live.params])
        if self._known is not None:
            # Keys that were added or removed since the oldest base of a unit.
            bases = (self._known.params_version, *self._known.older.values())
            oldest = min((number for number in bases if number is not None), default=0)
            for version in self._live.params_history:
                if version.number >= oldest and isinstance(version.content, Mapping):
                    keys |= dict.fromkeys(version.content)
        return keys


def _value(params: Json, key: str) -> Value:
    return params.get(key, ABSENT) if isinstance(params, Mapping) else ABSENT


def _cause(base: Value, live: Value, desired: Value) -> Cause | None:
    if equal(live, desired):
        return None if equal(base, live) else Cause.SAME
    if equal(base, live):
        return Cause.PENDING
    return Cause.DRIFT if equal(base, desired) else Cause.CONFLICT
