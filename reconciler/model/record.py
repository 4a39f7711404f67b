"""What applies record: for each project, the versions that the last one wrote or found equal. Never content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from reconciler.frozen import dataclass

EMPTY_ACCOUNT: Final = "empty"
"""The account of a section that was made while the account had no project."""

ONTOLOGY: Final = "ontology"
"""The unit that is not a parameter."""

NO_LOG: Final = "no-record"
"""The code of the warning that there is no log of applies."""


@dataclass(frozen=True, slots=True)
class Run:
    """An apply that is under way, as it is named in its intent.

    `clone` is the ID of the clone that it runs in, None if the clone has none. `until` is the time until which its
    intent holds. Both times are RFC 3339 in UTC.
    """

    id: str
    host: str
    clone: str | None
    started_at: str
    until: str


@dataclass(frozen=True, slots=True)
class Intended:
    """What one run was about to write to a project, recorded before its first write.

    `params_version` and `ontology_version` are the versions that it started from, None if there was none. The
    hashes are SHA-256 of the content that it was about to write, None if it was not going to write that part. `older`
    has, for each unit (`params.KEY`, `ontology`) that the run left drifting, the version that is this unit's base.
    """

    run: str
    params_version: int | None = None
    ontology_version: int | None = None
    params_hash: str | None = None
    ontology_hash: str | None = None
    older: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedProject:
    """One project of the record.

    `file` is the manifest's, relative to the git top level, with `/`. `commit` is the one whose manifest the versions
    carry out, None if there is none or if a file differed from it. `recorded_at` is RFC 3339 in UTC. `created_at` is
    the project's, as the API spells it, None in entries without it. `older` has, for each unit (`params.KEY`,
    `ontology`) that was left drifting, the version that is still its base. `not_kept` has, for each path that Scale did
    not keep when it was last written, the SHA-256 of the value that was declared. `ontology_hash` is the SHA-256 of the
    choices that are the base of the ontology, None if there are none or they are not known: an ontology's version may
    be only a position, which does not identify its content.

    `intents` are those of runs that did not finish the project since it was entered, oldest first. `written` is false
    for a project that is known from intents alone.
    """

    file: str
    params_version: int | None = None
    ontology_version: int | None = None
    commit: str | None = None
    recorded_at: str = ""
    created_at: str | None = None
    older: Mapping[str, int | None] = field(default_factory=dict)
    not_kept: Mapping[str, str] = field(default_factory=dict)
    intents: tuple[Intended, ...] = ()
    written: bool = True
    ontology_hash: str | None = None

    def base(self, unit: str) -> int | None:
        """The version that is the base of a unit."""
        return self.older.get(unit, self.ontology_version if unit == ONTOLOGY else self.params_version)

    def is_of(self, created_at: str | None) -> bool:
        """Whether this may be the project that was created at that time, and not another one with its name."""
        return None in (self.created_at, created_at) or self.created_at == created_at


Entries = Mapping[str, RecordedProject]
"""Recorded projects by name."""


@dataclass(frozen=True, slots=True)
class Section:
    """What is recorded about one account. `runs` are the applies under way, by ID.

    `commit` is the last commit that an apply completed, at `completed_at` (RFC 3339 in UTC); None if none did.
    """

    projects: Entries = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    commit: str | None = None
    completed_at: str | None = None


SectionKey = tuple[str, str | None]
"""Endpoint and account. The account is None only in records of the format 1.0, where it was not known."""


@dataclass(frozen=True, slots=True)
class Record:
    """One section for each endpoint and account."""

    sections: Mapping[SectionKey, Section] = field(default_factory=dict)

    def at(self, endpoint: str) -> Iterator[tuple[SectionKey, Section]]:
        """The sections of an endpoint."""
        return ((key, section) for key, section in self.sections.items() if key[0] == endpoint)

    def find(self, endpoint: str, account: str | None, created: Mapping[str, str | None]) -> SectionKey | None:
        """The section of an account; None if there is none, or if it cannot be recognized.

        `account` is None if the account was not listed. `created` has the `created_at` of the live projects that were
        read, by name. A section is that of its account; else the one that recorded a project with one of these times,
        which a rename in the dashboard does not change; else, for an account that was listed, the one that was made
        while the account was empty, if a project that it intends has appeared.
        """
        if account is not None and (endpoint, account) in self.sections:
            return endpoint, account
        here = dict(self.at(endpoint))
        moments = set(created.values()) - {None}
        alike = [
            key for key, section in here.items() if moments & {one.created_at for one in section.projects.values()}
        ]
        if alike:
            return alike[0] if len(alike) == 1 else None
        if account is None:
            return None
        empty = here.get((endpoint, EMPTY_ACCOUNT))
        if empty is not None and any(
            name in created and entry.created_at is None for name, entry in empty.projects.items()
        ):
            return endpoint, EMPTY_ACCOUNT
        return (endpoint, None) if list(here) == [(endpoint, None)] else None
