"""Live state as a plan and a drift take it: projects by name, whose account it is, and which projects are unmanaged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from reconciler.diagnostics import Diagnostic
from reconciler.model.project import Shown, UnreadableProject
from reconciler.planning.blocking import unreadable_warning


@dataclass(frozen=True, slots=True)
class Live:
    """Live state as read. `projects` is by name, with None for one that was asked for and is not there.

    `nameless` are projects of which not even the name can be read. None of them is one that was asked for by its name.

    `whole` is true where the whole account was listed: only then are unmanaged projects and the account known.
    `snapshot_at` is when it was read where that is from a snapshot.
    """

    projects: Mapping[str, Shown | None]
    whole: bool
    snapshot_at: datetime | None = None
    nameless: tuple[UnreadableProject, ...] = ()

    @property
    def listed(self) -> tuple[Shown, ...]:
        """Every project that is there."""
        return (*(project for project in self.projects.values() if project is not None), *self.nameless)


def by_name(projects: Iterable[Shown]) -> dict[str, Shown | None]:
    """Live projects by name. If an archived project shares its name with another one, the other one counts.

    An archived project keeps its name, by an assumption ([A] in scale-api.md), so this should not happen.
    """
    found: dict[str, Shown | None] = {}
    for project in projects:
        if project.name is None:
            continue
        known = found.get(project.name)
        if known is None or known.archived:
            found[project.name] = project
    return found


def nameless(projects: Iterable[Shown]) -> tuple[UnreadableProject, ...]:
    """The projects that `by_name` leaves out."""
    return tuple(project for project in projects if isinstance(project, UnreadableProject) and project.name is None)


def account_of(projects: Iterable[Shown]) -> str | None:
    """What identifies an account: the time when its oldest project was created.

    None without a project, and if a project's time cannot be read, so that the oldest one is unknown.
    """
    found = list(projects)
    if any(isinstance(project, UnreadableProject) and project.created_at is None for project in found):
        return None
    return min((project.created_at for project in found if project.created_at), default=None)


def is_unmanaged(project: Shown, managed: Collection[str], own_names: Sequence[str] | None) -> bool:
    """Whether a live project that should have a manifest has none; `own_names` are patterns, None for all names."""
    name = project.name
    if name is None or name in managed or project.archived:
        return False
    return own_names is None or any(fnmatchcase(name, pattern) for pattern in own_names)


def unmanaged_in(
    live: Live, managed: Collection[str], own_names: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The names of unmanaged projects, and the warning about those that cannot be read.

    They block nothing, because no manifest is compared with them.
    """
    found = [project for project in live.listed if is_unmanaged(project, managed, own_names)]
    unread = [project for project in (*found, *live.nameless) if isinstance(project, UnreadableProject)]
    names = sorted(project.name for project in found if project.name is not None)
    return tuple(names), unreadable_warning(unread) if unread else ()
