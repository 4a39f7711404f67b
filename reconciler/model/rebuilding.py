"""Copies of values with parts replaced: the names of files, the commands that they suggest, and values of projects.

The table names classes instead of importing them: a command loads only the models that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from operator import is_
from typing import Any, Final, TypeVar

from reconciler.diagnostics import Location
from reconciler.frozen import copied
from reconciler.model.project import Source

Spell = Callable[..., str]
"""Completes a suggested command; its arguments are the words of `Remedy.run`."""

_Value = TypeVar("_Value")
Changes = Mapping[str, Callable[[Any], Any]]
"""What replaces a value, by the name of its class."""


def with_commands(value: _Value, spell: Spell) -> _Value:
    """The value, a tuple of diagnostics or one of those in `_PARTS`, with each suggested command as `spell` returns
    it."""
    whole: _Value = rebuilt(value, spelled(spell))
    return whole


def with_files(value: _Value, rename: Callable[[str], str]) -> _Value:
    """The value, one of those in `_PARTS` or a tuple of them, with the name of each file changed."""
    whole: _Value = rebuilt(value, renamed(rename))
    return whole


def spelled(spell: Spell) -> Changes:
    return {"Remedy": lambda remedy: replace(remedy, command=spell(*remedy.run))}


def renamed(rename: Callable[[str], str]) -> Changes:
    cached = cache(rename)

    @cache
    def at_new(place: Source | Location) -> Source | Location:
        moved: Source | Location = copied(place, {"file": cached(place.file)})
        return moved

    return {"Source": at_new, "Location": at_new}


_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Plan": ("changes", "diagnostics"),
    "ProjectChange": ("source", "desired", "before", "after", "fields", "calls", "diagnostics"),
    "DesiredProject": ("source",),
    "Drift": ("projects", "blocked", "diagnostics"),
    "ProjectDrift": ("source", "units", "diagnostics"),
    "BlockedProject": ("source", "diagnostic"),
    "Unit": ("source", "fields", "in_git"),
    "History": ("revisions", "diagnostics"),
    "Revision": ("before", "after", "fields"),
    "Blame": ("fields", "diagnostics"),
    "Relabel": ("renames", "diagnostics"),
    "Pins": ("diagnostics",),
    "Outcome": ("projects", "diagnostics"),
    "ProjectOutcome": ("source", "diagnostics", "stale_fields", "not_kept"),
    "Validation": ("diagnostics", "documents"),
    "Document": ("source",),
    "DoctorReport": ("checks", "hint"),
    "CheckResult": ("remedies",),
    "Field": ("source",),
    "Diagnostic": ("location", "used_by", "remedies"),
    **dict.fromkeys(("State", "Call", "Blamed", "Renaming", "Source", "Location", "Remedy"), ()),
}
"""The attributes to look into, by the name of a class: all with files, commands, or values of projects in them."""


def rebuilt(value: Any, changes: Changes) -> Any:
    """The value with each part, at any depth, as the function of its type returns it.

    A part in which nothing changes is not copied: most fields of a large plan have no location of their own.
    """
    if isinstance(value, tuple):
        items = tuple([rebuilt(item, changes) for item in value])
        return value if all(map(is_, items, value)) else items
    kind = type(value).__name__
    changed: dict[str, Any] = {}
    for name in _PARTS[kind]:
        old = getattr(value, name)
        if old and (new := rebuilt(old, changes)) is not old:
            changed[name] = new
    whole = copied(value, changed) if changed else value
    return changes[kind](whole) if kind in changes else whole


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
