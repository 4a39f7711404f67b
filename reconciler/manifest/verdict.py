"""Checks a document by the keys that `schema.py` defines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from reconciler.diagnostics import did_you_mean
from reconciler.keys.faults import Fault, Faults
from reconciler.keys.kinds import Table
from reconciler.manifest.codes import Code
from reconciler.manifest.located import RawPath
from reconciler.manifest.ontology import Checked, OntologyCheck
from reconciler.manifest.schema import PROJECT
from reconciler.model.values import Json
from reconciler.tasktypes.parameters import COMMON, OWN

_ANY_PARAMETER: Final = frozenset(COMMON).union(*OWN.values())


def check(
    value: Json, stand_ins: Collection[RawPath] = (), *, table: Table = PROJECT, checked: Checked | None = None
) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The values of a document by key (None if it does not fit `table`), and all its faults.

    `ontology` is the list of choices in either spelling of an ontology, and `ontology_name` is the ontology's name.
    `stand_ins` are paths that hold null because of a mistake that was already reported. `checked` is for an ontology
    that many documents share.
    """
    if table is PROJECT and isinstance(value, dict) and value and _is_strange(value):
        return None, [_no_project(next(iter(value)))]
    faults = Faults(stand_ins)
    made = table.read(value, (), faults)
    if isinstance(value, dict) and value.get("ontology") is not None and "ontology" in table.by_name:
        choices, name = OntologyCheck(faults, checked).check(value["ontology"], ("ontology",))
        if made is not None:
            made |= {"ontology": choices, "ontology_name": name}
    return made, [_with_hint(fault) for fault in faults]


def _with_hint(fault: Fault) -> Fault:
    is_parameter = len(fault.path) == 1 and fault.code == Code.UNKNOWN_KEY and fault.path[0] in _ANY_PARAMETER
    return replace(fault, label="write it below params") if is_parameter and not fault.label else fault


def _is_strange(document: dict[str, Json]) -> bool:
    """Whether no key is a project key or similar to one."""
    return document.keys().isdisjoint(PROJECT.names) and not any(did_you_mean(key, PROJECT.names) for key in document)


def _no_project(first: str) -> Fault:
    return Fault(
        Code.MISSING_KEY,
        'this is not a project: it has no "name", "type", or other project key',
        (first,),
        "Each document of a manifest is one project. If other files refer to this one, start its name with _.",
        at_key=True,
    )
