"""What an apply remembers: per project the versions that it last wrote or found equal. No content; Scale keeps that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Intended:
    """What a run was about to write, recorded before its first write.

    `params_version` and `ontology_version` are the versions that it went on from, None where there was none. The
    hashes are SHA-256 of the content that it was about to bring there, None where it was not going to write that part.
    """

    params_version: int | None = None
    ontology_version: int | None = None
    params_hash: str | None = None
    ontology_hash: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedProject:
    """One project of the record.

    `file` is the manifest's, relative to the git top level, with `/`. `commit` is the one whose manifest the versions
    carry out, None without one or where a file differed from it. `recorded_at` is RFC 3339 in UTC. `older` has, for
    each unit (`params.KEY`, `ontology`) that was left drifting, the version that still is its base. `not_kept` has,
    for each path that Scale did not keep when it was last written, the SHA-256 of the value that was declared.
    `written` is false for a project that is known from an intent alone: no run is known to have finished it.
    `ontology_hash` is the SHA-256 of the choices that are the base of the ontology, None where there are none or they
    are not known: an ontology's version may be a mere position, which does not tell what it stood for.
    """

    file: str
    params_version: int | None = None
    ontology_version: int | None = None
    commit: str | None = None
    recorded_at: str = ""
    older: Mapping[str, int | None] = field(default_factory=dict)
    not_kept: Mapping[str, str] = field(default_factory=dict)
    intended: Intended | None = None
    written: bool = True
    ontology_hash: str | None = None


Section = Mapping[str, RecordedProject]
"""The projects of one endpoint and account, by name."""


@dataclass(frozen=True, slots=True)
class Record:
    """Sections by (endpoint, account). An account of None was not known, and matches any."""

    sections: Mapping[tuple[str, str | None], Section] = field(default_factory=dict)

    def section(self, endpoint: str, account: str | None) -> Section:
        """The projects known for that endpoint and account; empty where there are none."""
        key = self.key(endpoint, account)
        return self.sections[key] if key is not None else {}

    def key(self, endpoint: str, account: str | None) -> tuple[str, str | None] | None:
        """The section that holds for it: of that very account, else of one that was not known."""
        if (endpoint, account) in self.sections:
            return endpoint, account
        near = [key for key in self.sections if key[0] == endpoint and (account is None or key[1] is None)]
        return max(near, key=lambda key: self._latest(key)) if near else None

    def _latest(self, key: tuple[str, str | None]) -> str:
        return max((project.recorded_at for project in self.sections[key].values()), default="")
