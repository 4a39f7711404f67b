"""What adopting would put into the manifests: for each unit that differs, the live value as git would declare it. Pure.

A unit is what the API writes whole: one parameter, or the ontology.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.fieldpath import Pattern, covered, parse_path
from reconciler.frozen import dataclass
from reconciler.model.drift import Unit
from reconciler.model.ontology import Ontology
from reconciler.model.plan import Cause
from reconciler.model.printed import mask
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.model.record import RecordedProject
from reconciler.model.values import ABSENT, Absent, Json
from reconciler.planning.bases import base_of, parameter_in
from reconciler.planning.drift import shown_unit
from reconciler.planning.intent import Value, differences
from reconciler.planning.mask import Ignored, seen_through
from reconciler.planning.threeway import Compared, ThreeWay


@dataclass(frozen=True, slots=True)
class Proposal:
    """One unit that differs from git. `wanted` is what the manifest has to declare so that it does not.

    It is an `Ontology`, the value of a parameter, or ABSENT. `refusal` says why the unit cannot be adopted; empty if it
    can.
    """

    project: DesiredProject
    unit: Unit
    wanted: Value
    refusal: str = ""

    @property
    def is_drift(self) -> bool:
        """Whether only Scale changed it, as far as is known. To adopt anything else drops a change made in git."""
        return self.unit.cause in (Cause.DRIFT, Cause.UNKNOWN)


def proposals(
    desired: DesiredProject, live: LiveProject, known: RecordedProject | None, *, sensitive: Sequence[Pattern]
) -> Iterator[Proposal]:
    """A proposal for each unit that the manifest owns and that differs from live. The project is not blocked."""
    for compared in ThreeWay(desired, live, base_of(known, live).known).units():
        if compared.cause is not None and compared.cause is not Cause.SAME:
            unit = shown_unit(compared, compared.cause, live)
            yield Proposal(desired, unit, _wanted(desired, compared), _refusal(compared, sensitive))


def _wanted(desired: DesiredProject, compared: Compared) -> Value:
    """The live value. What is not managed in it stays as git declares it."""
    live = compared.live
    if isinstance(live, Ontology):
        return seen_through(desired, live, desired.ontology)
    key = parameter_in(compared.unit)
    declared: Json | Absent = (desired.params or {}).get(key, ABSENT)
    if live is ABSENT or declared is ABSENT:
        return live
    return Ignored.of(desired).overlay({key: live}, {key: declared}, ("params",)).get(key, ABSENT)


def _refusal(compared: Compared, sensitive: Sequence[Pattern]) -> str:
    for field in differences(compared.unit, compared.desired, compared.live):
        for side in (field.before, field.after):
            if side is not ABSENT and mask(side, field.path, sensitive) is not side:
                return "the value is sensitive, and reconciler never adds sensitive values to manifests"
    if isinstance(compared.live, Ontology) and not compared.live.choices:
        return "the ontology on Scale has no choices, and a manifest cannot declare an empty ontology"
    return ""


def is_named(unit: str, patterns: Sequence[Pattern]) -> bool:
    """Whether one of the patterns names the unit."""
    return covered(parse_path(unit), patterns)
