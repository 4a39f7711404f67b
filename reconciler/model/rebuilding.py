"""Copies of values with the names of files, or the commands that they suggest, replaced.

The tables name classes instead of importing them: a command loads only the models that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from operator import is_
from typing import Any, Final, TypeVar

from reconciler.diagnostics import Location, Remedy
from reconciler.model.project import Source

Spell = Callable[..., str]
"""Completes a suggested command; its arguments are the words of `Remedy.run`."""

_Value = TypeVar("_Value")
Attributes = Mapping[str, tuple[str, ...]]
"""The attributes to look into, by the name of a class."""

Leaves = Mapping[str, Callable[[Any], Any]]
"""What replaces a value, by the name of its class."""


def with_commands(value: _Value, spell: Spell) -> _Value:
    """The value, a tuple of diagnostics or one of those in `_WITH_REMEDIES`, with each suggested command as `spell`
    returns it."""

    def spelled(remedy: Remedy) -> Remedy:
        return replace(remedy, command=spell(*remedy.run))

    whole: _Value = rebuilt(value, _WITH_REMEDIES, {"Remedy": spelled})
    return whole


def with_files(value: _Value, rename: Callable[[str], str]) -> _Value:
    """The value, one of those in `_WITH_FILES` or a tuple of them, with the name of each file changed."""
    cached = cache(rename)

    @cache
    def renamed(place: Source | Location) -> Source | Location:
        return replace(place, file=cached(place.file))

    shown: _Value = rebuilt(value, _WITH_FILES, {"Source": renamed, "Location": renamed})
    return shown


_WITH_FILES: Final[Attributes] = {
    "Plan": ("changes", "diagnostics"),
    "ProjectChange": ("source", "desired", "fields", "diagnostics"),
    "DesiredProject": ("source",),
    "Drift": ("projects", "blocked", "diagnostics"),
    "ProjectDrift": ("source", "units", "diagnostics"),
    "BlockedProject": ("source", "diagnostic"),
    "Unit": ("source", "fields", "in_git"),
    "History": ("diagnostics",),
    "Blame": ("diagnostics",),
    "Relabel": ("diagnostics",),
    "Pins": ("diagnostics",),
    "Outcome": ("projects", "diagnostics"),
    "ProjectOutcome": ("source", "diagnostics", "stale_fields", "not_kept"),
    "Validation": ("diagnostics", "documents"),
    "Document": ("source",),
    "Field": ("source",),
    "Diagnostic": ("location", "used_by"),
}
"""The attributes that name files, or that contain values that do."""

_WITH_REMEDIES: Final[Attributes] = {
    "Plan": ("changes", "diagnostics"),
    "ProjectChange": ("diagnostics",),
    "Drift": ("projects", "blocked", "diagnostics"),
    "ProjectDrift": ("diagnostics",),
    "BlockedProject": ("diagnostic",),
    "History": ("diagnostics",),
    "Blame": ("diagnostics",),
    "Relabel": ("diagnostics",),
    "Pins": ("diagnostics",),
    "Outcome": ("projects", "diagnostics"),
    "ProjectOutcome": ("diagnostics",),
    "DoctorReport": ("checks", "hint"),
    "CheckResult": ("remedies",),
    "Diagnostic": ("remedies",),
}
"""The attributes that contain remedies."""


def rebuilt(value: Any, attributes: Attributes, leaves: Leaves) -> Any:
    """The value with what is in its `attributes` replaced, at any depth, by what the function of its type returns.

    A part in which nothing changes is not copied: most fields of a large plan have no location of their own.
    """
    if isinstance(value, tuple):
        items = tuple([rebuilt(item, attributes, leaves) for item in value])
        return value if all(map(is_, items, value)) else items
    if (leaf := leaves.get(type(value).__name__)) is not None:
        return leaf(value)
    changed: dict[str, Any] = {}
    for name in attributes[type(value).__name__]:
        old = getattr(value, name)
        if old and (new := rebuilt(old, attributes, leaves)) is not old:
            changed[name] = new
    return replace(value, **changed) if changed else value


def relative(file: str, base: str) -> str:
    """`file` relative to the folder `base`. Both are absolute, with `/`; a file that is not is returned as it is.

    For documents: nothing is escaped here.
    """
    if not file.startswith("/"):
        return file
    if file.startswith(f"{base}/") and "//" not in file and not file.endswith("/"):
        return file[len(base) + 1 :]
    wanted, here = _parts(file), _parts(base)
    shared = 0
    while shared < min(len(wanted), len(here)) and wanted[shared] == here[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + wanted[shared:]) or "."


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
