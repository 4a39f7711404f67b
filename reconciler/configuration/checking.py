"""Finds the mistakes in a configuration file, with locations. All are collected before any is raised."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from reconciler.configuration import Configuration
from reconciler.configuration.keys import BUILT_IN, configuration_keys
from reconciler.diagnostics import (
    MOST_OF_A_FILE,
    Severity,
    did_you_mean,
    error,
    few_suggestions,
    left_out,
    nearest,
    quoted,
)
from reconciler.errors import DiagnosedError
from reconciler.keys.faults import Fault, Faults, name_of

_KINDS: Final = ("sandbox", "endpoint")


def read_tables(configuration: Configuration) -> dict[str, Any]:
    """The values of a configuration file, by key.

    Raises:
        DiagnosedError: with the mistakes in the file. Only those that are shown are located, because that takes time.
    """
    faults = Faults()
    tables = configuration.tables
    with few_suggestions():
        values: dict[str, Any] = configuration_keys(configuration.file.parent).read(tables, (), faults)
        if isinstance(tables, dict):
            faults += _across_keys(tables)
    if faults:
        diagnostics = []
        for fault in faults[:MOST_OF_A_FILE]:
            location = configuration.locate(fault.path, at_key=fault.at_key)
            diagnostics.append(error(fault.code, fault.summary, fault.detail, location, fault.label))
        if (more := len(faults) - MOST_OF_A_FILE) > 0:
            diagnostics.append(left_out(configuration.file.as_posix(), [Severity.ERROR] * more))
        raise DiagnosedError(f"{configuration.file.name} has mistakes", diagnostics)
    return values


def _across_keys(tables: Mapping[str, Any]) -> Iterator[Fault]:
    """The mistakes that involve several keys."""
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
    """Reports an overlay whose files would also be read as manifests."""
    if not isinstance(overlay, str) or not overlay or not isinstance(manifests, str):
        return
    path = PurePosixPath(os.path.relpath(overlay, manifests))
    if ".." not in path.parts and not any(part.startswith("_") for part in path.parts):
        yield Fault(
            "overlay-among-manifests",
            f"the overlay {quoted(overlay)} is inside the manifest folder",
            ("targets", name, "overlay"),
            "Its files would be read as separate manifests. Rename the folder so that its name starts with _.",
        )
