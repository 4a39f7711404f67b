"""What a rollback puts into a manifest: what the manifest owns of old versions. And what it leaves, with the reason.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from reconciler.diagnostics import Diagnostic, Remedy, Severity, error, listed, warning
from reconciler.errors import UsageError
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered, format_path
from reconciler.frozen import dataclass
from reconciler.instants import readable
from reconciler.model.history import Part
from reconciler.model.ontology import Ontology
from reconciler.model.plan import unit_of
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode, Version, address_of
from reconciler.model.values import ABSENT
from reconciler.planning.adoption import Proposal, proposals
from reconciler.planning.bases import ONTOLOGY, parameter_in, unit_words
from reconciler.planning.history import NAMED, no_version, shown_words, untimed, version_of, versions_at
from reconciler.planning.intent import compare
from reconciler.planning.mask import wanted_ontology, wanted_params
from reconciler.planning.ontology import ontology_fields
from reconciler.planning.params import params_fields

_MOST: Final = 20
_CODE: Final = "not-rolled-back"
_IGNORED: Final = (
    "Reason: reconcile.ignore covers {them}, at least in part. To roll {them} back, remove what covers {them} from "
    "reconcile.ignore."
)
_UNNAMED: Final = (
    "Reason: the manifest has no ontology name. To manage the name, write ontology: {name: …, choices: …}."
)
_NOT_MANAGED: Final = (
    "Reason: with reconcile.params: merge, parameters that the manifest does not have are not managed. To manage "
    "{them}, add {them} to the manifest."
)
_NOT_REMOVED: Final = (
    "Reason: the old version does not have {them}, and with reconcile.params: merge, a manifest cannot remove a "
    "parameter. To remove {them}, use reconcile.params: exact."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The versions to go back to: numbers, or those of a time."""

    params: int | None = None
    ontology: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rollback:
    """`versions` are those that the project goes back to. `reference` is the live project with their content: the
    manifest must not differ from it. `units` are the edits; those with a refusal cannot be made.
    """

    project: DesiredProject
    live: LiveProject
    versions: Mapping[Part, Version]
    reference: LiveProject
    units: tuple[Proposal, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def edits(self) -> tuple[Proposal, ...]:
        return tuple(each for each in self.units if not each.refusal)


def rollback_of(desired: DesiredProject, live: LiveProject, asked: Asked, *, sensitive: Sequence[Pattern]) -> Rollback:
    """The rollback of a project.

    Raises:
        UsageError: a version is not in the history, cannot be read, or cannot be declared, or the manifest does not
            manage the part.
    """
    versions, notes = _versions(desired, live, asked)
    reference = _with_content(desired, live, versions)
    units = tuple(
        unit
        for unit in proposals(desired, reference, None, sensitive=sensitive)
        if (Part.ONTOLOGY if unit.unit.path == ONTOLOGY else Part.PARAMS) in versions
        and not _is_stuck(desired, live, unit)
    )
    notes += [_refused(desired, unit) for unit in units if unit.refusal]
    if desired.create_only:
        notes.append(_create_only(desired))
    return Rollback(desired, live, versions, reference, units, tuple(notes))


def left(made: Rollback, after: DesiredProject) -> Iterator[Diagnostic]:
    """What differs from the old versions once the new manifest `after` is applied."""
    reasons: dict[str, list[str]] = {}
    refused = {each.unit.path for each in made.units if each.refusal}
    for path in _remaining(made, after):
        if unit_of(path) not in refused:
            reasons.setdefault(_reason(made, after, path), []).append(format_path(path))
    address = address_of(after.name)
    for reason, paths in reasons.items():
        are, them = ("is", "it") if len(paths) == 1 else ("are", "them")
        detail = reason.replace("{them}", them)
        yield warning(_CODE, f"{listed(paths, _MOST)} of {address} {are} not rolled back", detail=detail)
    version = made.versions.get(Part.ONTOLOGY)
    if version is not None and (dropped := version.content.dropped):
        keys = listed(dropped)
        yield warning(
            _CODE,
            f"{keys} in the choices of {address} cannot be rolled back",
            detail=f"The API returns {keys}, but no request can write {'it' if len(dropped) == 1 else 'them'}.",
        )


def _versions(desired: DesiredProject, live: LiveProject, asked: Asked) -> tuple[dict[Part, Version], list[Diagnostic]]:
    managed = [part for part, content in _declared(desired).items() if content is not None]
    notes: list[Diagnostic] = []
    if asked.at is not None:
        versions = _versions_at(desired, live, asked.at, managed, notes)
    else:
        numbers = {Part.PARAMS: asked.params, Part.ONTOLOGY: asked.ontology}
        for part, number in numbers.items():
            if number is not None and part not in managed:
                raise _unmanaged(desired, part)
        versions = {part: version_of(live, part, number) for part, number in numbers.items() if number is not None}
    ontology = versions.get(Part.ONTOLOGY)
    if ontology is not None and not ontology.content.choices:
        raise UsageError(
            f"version {ontology.number} of the ontology of {address_of(live.name)} has no choices",
            "A manifest cannot declare an empty ontology. Choose a different version.",
        )
    return versions, notes


def _declared(desired: DesiredProject) -> dict[Part, object]:
    return {Part.PARAMS: desired.params, Part.ONTOLOGY: desired.ontology}


def _versions_at(
    desired: DesiredProject, live: LiveProject, moment: datetime, managed: Sequence[Part], notes: list[Diagnostic]
) -> dict[Part, Version]:
    """The versions of a time. `notes` gets a warning for each part that is managed and has none."""
    if not managed:
        raise _unmanaged(desired, Part.PARAMS)
    versions = {
        part: version_of(live, part, version.number)
        for part, version in versions_at(live, moment).items()
        if part in managed
    }
    missing = [part for part in managed if part not in versions]
    if Part.ONTOLOGY in missing and untimed(live.ontology_history):
        missing.remove(Part.ONTOLOGY)
        if len(live.ontology_history) > 1 or not _is_live(desired, live):
            notes.append(_not_placed(live))
    if missing and not versions:
        raise no_version(live, moment)
    for part in missing:
        summary = f"{NAMED[part]} of {address_of(live.name)} had no version at {readable(moment)}"
        notes.append(warning(_CODE, summary, detail=f"The rollback does not change {NAMED[part]} in the manifest."))
    return versions


def _is_live(desired: DesiredProject, live: LiveProject) -> bool:
    """Whether the manifest declares the ontology that is live."""
    return all(field.path[0] != ONTOLOGY for field in compare(desired, live).fields)


def _with_content(desired: DesiredProject, live: LiveProject, versions: Mapping[Part, Version]) -> LiveProject:
    """The live project with the content of the versions. The other part is as git declares it."""
    params, ontology = versions.get(Part.PARAMS), versions.get(Part.ONTOLOGY)
    return replace(
        live,
        params=params.content if params is not None else wanted_params(desired, live),
        params_version=params.number if params is not None else live.params_version,
        ontology=ontology.content if ontology is not None else wanted_ontology(desired, live.ontology),
    )


def _is_stuck(desired: DesiredProject, live: LiveProject, unit: Proposal) -> bool:
    """Whether the unit is a live parameter that would have to be removed, which a merging manifest cannot declare."""
    if desired.mask.params is not ParamsMode.MERGE or unit.wanted is not ABSENT:
        return False
    return parameter_in(unit.unit.path) in live.params


def _remaining(made: Rollback, after: DesiredProject) -> Iterator[FieldPath]:
    params, ontology = made.versions.get(Part.PARAMS), made.versions.get(Part.ONTOLOGY)
    if params is not None:
        for field in params_fields(wanted_params(after, made.live), params.content):
            yield field.path
    if ontology is not None:
        wanted = wanted_ontology(after, made.live.ontology)
        for field in ontology_fields(wanted if isinstance(wanted, Ontology) else Ontology(()), ontology.content):
            yield field.path


def _reason(made: Rollback, after: DesiredProject, path: FieldPath) -> str:
    if path == ("ontology", Attribute("name")) and after.ontology is not None and after.ontology.name is None:
        return _UNNAMED
    is_ignored = covered(path, [ignore.pattern for ignore in after.mask.ignore])
    if path[0] == "params" and after.mask.params is ParamsMode.MERGE and not is_ignored:
        if path[1] not in (after.params or {}):
            return _NOT_MANAGED
        return _IGNORED if path[1] in made.reference.params else _NOT_REMOVED
    return _IGNORED


def _unmanaged(desired: DesiredProject, part: Part) -> UsageError:
    return UsageError(
        f"{NAMED[part]} of {address_of(desired.name)} {'are' if part is Part.PARAMS else 'is'} not in the manifest",
        f"A rollback changes only what the manifest declares. Add {part} to the manifest first.",
    )


def _not_placed(live: LiveProject) -> Diagnostic:
    first = live.ontology_history[0].number
    return warning(
        _CODE,
        f"the ontology of {address_of(live.name)} is not rolled back",
        detail="Scale does not report when the versions of the ontology were created, so it can be rolled back only by "
        f"number. Scale shows {shown_words(live.ontology_history)}.",
        remedies=(
            Remedy("To list the versions:", ("history", "--", live.name)),
            Remedy(f"To roll back to version {first}:", ("rollback", "--to-ontology", str(first), "--", live.name)),
        ),
    )


def _refused(desired: DesiredProject, unit: Proposal) -> Diagnostic:
    return error(
        _CODE,
        f"{unit_words(unit.unit.path)} of {address_of(desired.name)} cannot be rolled back",
        detail=f"Reason: {unit.refusal}. Change the manifest by hand.",
    )


def _create_only(desired: DesiredProject) -> Diagnostic:
    keys = listed(list(desired.create_only))
    one = len(desired.create_only) == 1
    return Diagnostic(
        Severity.NOTE,
        _CODE,
        f"{keys} of {address_of(desired.name)} {'is' if one else 'are'} not rolled back",
        f"{'This key is' if one else 'These keys are'} set when a project is created, and "
        f"{'has' if one else 'have'} no versions.",
    )
