"""The state that a project should have: what git owns comes from the manifest, everything else from live.

Both the fields and the calls are derived from this one state, so ignored, merged and unmanaged values need no special
case anywhere else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from reconciler.fieldpath import FieldPath, Pattern, Patterns, format_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Choice, Ontology, Unreadable, walk
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode
from reconciler.model.values import ABSENT, Absent, Json
from reconciler.planning.alignment import align


def wanted_params(desired: DesiredProject, live: LiveProject | None) -> Mapping[str, Json]:
    """All parameters that the project should have.

    A value declared at an ignored path is used if its container is created: the project, its first parameters, an
    object, or a list item.
    """
    if desired.params is None:
        return live.params if live is not None else {}
    if live is None:
        return desired.params
    wanted = _wanted(desired, desired.params, live)
    units = desired.mask.units
    if units is None:
        return wanted
    written = {key for key in {**live.params, **wanted} if format_path(("params", key)) in units}
    kept = {key: value for key, value in live.params.items() if key not in written}
    return kept | {key: value for key, value in wanted.items() if key in written}


def _wanted(desired: DesiredProject, declared: Mapping[str, Json], live: LiveProject) -> Mapping[str, Json]:
    if live.params_version is None:
        return declared
    merged = desired.mask.params is ParamsMode.MERGE
    ignored = Ignored.of(desired)
    if not ignored.patterns:
        return {**live.params, **declared} if merged else declared
    wanted = ignored.overlay(declared, live.params, ("params",))
    if merged:
        wanted |= {key: value for key, value in live.params.items() if key not in declared}
    return wanted


def wanted_ontology(desired: DesiredProject, live: Ontology | Unreadable | None) -> Ontology | Unreadable | None:
    """The ontology that the project should have: the live one if git does not own it."""
    if desired.ontology is None or (desired.mask.units is not None and "ontology" not in desired.mask.units):
        return live
    return seen_through(desired, desired.ontology, live)


def seen_through(desired: DesiredProject, ontology: Ontology, live: Ontology | Unreadable | None) -> Ontology:
    """A declared or earlier ontology, with live values for what the manifest does not own: these never differ."""
    is_named = desired.ontology is not None and desired.ontology.name is not None
    if not isinstance(live, Ontology):
        return ontology if is_named else Ontology(ontology.choices)
    name = ontology.name if is_named else live.name
    ignored = {ignore.pattern.text for ignore in desired.mask.ignore}
    if not live.choices or not ontology.choices:
        return Ontology(ontology.choices, name)
    if "ontology" in ignored:
        return live
    ignored &= {"ontology.**.@description", "ontology.**.@display"}
    choices = ontology.choices
    if ignored:
        known = {choice.choice: choice for _, _, choice in walk(live.choices)}
        choices = tuple(_with_live_attributes(choice, known, ignored) for choice in choices)
    return Ontology(choices, name)


def readable(ontology: Ontology | Unreadable | None) -> Ontology | None:
    return ontology if isinstance(ontology, Ontology) else None


def _with_live_attributes(choice: Choice, known: Mapping[str, Choice], ignored: set[str]) -> Choice:
    twin = known.get(choice.choice)
    choice = replace(choice, subchoices=tuple(_with_live_attributes(sub, known, ignored) for sub in choice.subchoices))
    if twin is None:
        return choice
    if "ontology.**.@description" in ignored:
        choice = replace(choice, description=twin.description)
    if "ontology.**.@display" in ignored:
        choice = replace(choice, display=twin.display)
    return choice


@dataclass(frozen=True)
class Ignored:
    """The ignored paths below `params`."""

    patterns: Patterns

    @classmethod
    def of(cls, desired: DesiredProject) -> Ignored:
        return _ignored(tuple(ignore.pattern for ignore in desired.mask.ignore))

    def overlay(self, declared: Mapping[str, Json], live: Mapping[str, Json], path: FieldPath) -> dict[str, Json]:
        """The declared object, with live's values, or their absence, at the ignored paths."""
        wanted: dict[str, Json] = {}
        for key, value in declared.items():
            kept = self._resolve(value, live.get(key, ABSENT), (*path, key))
            if kept is not ABSENT:
                wanted[key] = kept
        for key, value in live.items():
            if key not in declared and self.patterns.covers((*path, key)):
                wanted[key] = value
        return wanted

    def _resolve(self, declared: Json, live: Json | Absent, path: FieldPath) -> Json | Absent:
        """The value at a path. `live` is ABSENT if the live value does not exist but its container does."""
        if self.patterns.covers(path):
            return live
        if not self.patterns.reaches_below(path):
            return declared
        if isinstance(declared, dict) and isinstance(live, dict):
            return self.overlay(declared, live, path)
        if isinstance(declared, list) and isinstance(live, list):
            return self._overlay_items(declared, live, path)
        return declared

    def _overlay_items(self, declared: list[Json], live: list[Json], path: FieldPath) -> list[Json]:
        """The declared items, each with live's ignored values. Fully ignored live items keep their position."""
        wanted: list[Json] = []
        kept_alone: list[tuple[int, Json]] = []
        placed: list[tuple[int, int]] = []
        for old, new in align(live, declared).pairs:
            if new is None:
                assert old is not None
                if self.patterns.covers((*path, old)):
                    kept_alone.append((old, live[old]))
            elif old is not None:
                placed.append((old, len(wanted)))
                wanted.append(self._resolve(declared[new], live[old], (*path, new)))
            elif not self.patterns.covers((*path, new)):
                wanted.append(declared[new])
        placed.sort()
        for old, item in reversed(kept_alone):
            neighbour = bisect_left(placed, (old, 0)) - 1
            wanted.insert(placed[neighbour][1] + 1 if neighbour >= 0 else 0, item)
        return wanted

    def held_in(self, value: Json, path: FieldPath) -> Iterator[FieldPath]:
        """The ignored paths that exist at or below `path`, only the highest one in each branch."""
        if self.patterns.covers(path):
            yield path
        elif self.patterns.reaches_below(path):
            if isinstance(value, dict):
                for key, inner in value.items():
                    yield from self.held_in(inner, (*path, key))
            elif isinstance(value, list):
                for position, inner in enumerate(value):
                    yield from self.held_in(inner, (*path, position))


@lru_cache(maxsize=8)
def _ignored(patterns: tuple[Pattern, ...]) -> Ignored:
    """Compiled once for all units of a project, and shared by projects that inherit the same patterns."""
    return Ignored(Patterns(pattern for pattern in patterns if pattern.parts[0] == "params"))
