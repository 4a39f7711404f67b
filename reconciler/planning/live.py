"""Live state as plan and drift use it: projects by name, their account, and which of them are unmanaged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from reconciler.diagnostics import Diagnostic
from reconciler.frozen import dataclass
from reconciler.model.project import Shown, UnreadableProject
from reconciler.planning.blocking import unreadable_warning


@dataclass(frozen=True, slots=True)
class Live:
    """Live state as read. `projects` is by name, with None for a project that was requested and does not exist.

    `nameless` holds the projects whose name cannot be read. None of them was requested by name.

    `whole` is whether the whole account was listed: only then are unmanaged projects and the account known.
    `snapshot_at` is when the snapshot was taken, None if live state was read from Scale.
    """

    projects: Mapping[str, Shown | None]
    whole: bool
    snapshot_at: datetime | None = None
    nameless: tuple[UnreadableProject, ...] = ()

    @property
    def listed(self) -> tuple[Shown, ...]:
        """Every project that exists."""
        return (*(project for project in self.projects.values() if project is not None), *self.nameless)


def by_name(projects: Iterable[Shown]) -> dict[str, Shown | None]:
    """Live projects by name. If an archived project shares its name with another one, the other one is used.

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

    None if there is no project, or if a project's time cannot be read, because the oldest one is then unknown.
    """
    found = list(projects)
    if any(isinstance(project, UnreadableProject) and project.created_at is None for project in found):
        return None
    return min((project.created_at for project in found if project.created_at), default=None)


def is_unmanaged(project: Shown, managed: Collection[str], own_names: Sequence[str] | None) -> bool:
    """Whether a live project that should have a manifest has none. `own_names` are patterns, None for all names."""
    name = project.name
    if name is None or name in managed or project.archived:
        return False
    return own_names is None or any(fnmatchcase(name, pattern) for pattern in own_names)


def unmanaged_in(
    live: Live, managed: Collection[str], own_names: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The names of unmanaged projects, and the warning about those that cannot be read.

    Unreadable projects block nothing here, because no manifest is compared with them.
    """
    found = [project for project in live.listed if is_unmanaged(project, managed, own_names)]
    unread = [project for project in (*found, *live.nameless) if isinstance(project, UnreadableProject)]
    names = sorted(project.name for project in found if project.name is not None)
    return tuple(names), unreadable_warning(unread) if unread else ()
