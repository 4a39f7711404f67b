"""What is wrong with a configuration file, with locations. Every mistake is collected before any is raised."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from reconciler.configuration import Configuration
from reconciler.configuration.keys import BUILT_IN, configuration_keys
from reconciler.diagnostics import Diagnostic, did_you_mean, error, few_suggestions, nearest, quoted
from reconciler.errors import DiagnosedError
from reconciler.keys import Fault, Faults, name_of

MOST_MESSAGES: Final = 1_000
"""Mistakes that are shown. The rest are counted."""

_KINDS: Final = ("sandbox", "endpoint")


def read_tables(configuration: Configuration) -> dict[str, Any]:
    """The values of a configuration file, by key.

    Raises:
        DiagnosedError: with every mistake in the file.
    """
    faults = Faults(most=MOST_MESSAGES)
    tables = configuration.tables
    with few_suggestions():
        values: dict[str, Any] = configuration_keys(configuration.file.parent).read(tables, (), faults)
        if isinstance(tables, dict):
            faults += _across_keys(tables)
    if faults:
        raise DiagnosedError(f"{configuration.file.name} has mistakes", _diagnostics(configuration, faults))
    return values


def _diagnostics(configuration: Configuration, faults: Faults) -> list[Diagnostic]:
    found = []
    for fault in faults[:MOST_MESSAGES]:
        location = configuration.locate(fault.path, at_key=fault.at_key)
        found.append(error(fault.code, fault.summary, detail=fault.detail, label=fault.label, location=location))
    if (more := len(faults) - MOST_MESSAGES) > 0:
        summary = f"{more:,} more {'mistake is' if more == 1 else 'mistakes are'} not shown"
        found.append(error("more-mistakes", summary, location=configuration.locate((), at_key=True)))
    return found


def _across_keys(tables: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong between keys."""
    targets = tables.get("targets", {})
    if not isinstance(targets, dict):
        return
    for name, table in targets.items():
        if isinstance(table, dict):
            yield from _kind(name, table)
            yield from _overlay(name, table.get("overlay"), tables.get("manifests", "projects"))
    target = tables.get("target")
    known = {*BUILT_IN, *targets}
    if isinstance(target, str) and target not in known:
        yield Fault(
            "unknown-target", f"there is no target {quoted(target)}", ("target",), label=did_you_mean(target, known)
        )


def _kind(name: str, table: Mapping[str, Any]) -> Iterator[Fault]:
    shown = name_of(("targets", name))
    if "sandbox" in table and "endpoint" in table:
        summary = f"{shown} has both a sandbox and an endpoint"
        yield Fault("two-kinds", summary, ("targets", name, "sandbox"), "Keep one of them.", at_key=True)
    elif name not in BUILT_IN and not any(key in _KINDS or nearest(key, _KINDS) for key in table):
        yield Fault("missing-key", f"{shown} needs an endpoint or a sandbox", ("targets", name), at_key=True)


def _overlay(name: str, overlay: Any, manifests: Any) -> Iterator[Fault]:
    """The files of an overlay must not be found as manifests."""
    if not isinstance(overlay, str) or not overlay or not isinstance(manifests, str):
        return
    path = PurePosixPath(os.path.relpath(overlay, manifests))
    if ".." not in path.parts and not any(part.startswith("_") for part in path.parts):
        yield Fault(
            "overlay-among-manifests",
            f"the overlay {quoted(overlay)} is among the manifests",
            ("targets", name, "overlay"),
            "Its files would be read as manifests of their own. Give its folder a name that starts with _.",
        )
