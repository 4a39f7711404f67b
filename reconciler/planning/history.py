"""A project's versions as a timeline: what changed in each, what made it, and the state at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from reconciler.diagnostics import count
from reconciler.errors import UsageError
from reconciler.instants import in_utc, read_instant, readable
from reconciler.model.history import Part, Range, Revision
from reconciler.model.ontology import Ontology
from reconciler.model.plan import Field, State
from reconciler.model.project import DesiredProject, LiveProject, Source, Version, address_of
from reconciler.planning.makers import Makers, histories
from reconciler.planning.ontology import ontology_fields
from reconciler.planning.params import params_fields
from reconciler.planning.renaming import with_renames

NAMED: Final = {Part.PARAMS: "params", Part.ONTOLOGY: "the ontology"}


def timeline(live: LiveProject, makers: Makers, renames: Mapping[str, str]) -> tuple[Revision, ...]:
    """Every version, each compared with the one before it, in the order of their times.

    If an ontology's version has no timestamp, the ontology's versions come last. `renames` are those that the manifest
    declares.
    """
    spanning = partial(_spanning, live, makers, renames)
    revisions = [
        # What changed in the first version of a cut history is unknown.
        spanning(part, before, version, known=before is not None or version.number == 0)
        for part, history in histories(live).items()
        for before, version in zip((None, *history), history, strict=False)
    ]
    if all(revision.at is not None for revision in revisions):
        revisions.sort(key=lambda revision: in_utc(revision.at or datetime.min))
    return tuple(revisions)


def span_of(live: LiveProject) -> dict[Part, tuple[int, int]]:
    """The first and the last version of each part that has any."""
    return {part: (history[0].number, history[-1].number) for part, history in histories(live).items() if history}


def between(live: LiveProject, asked: Range, makers: Makers, renames: Mapping[str, str]) -> tuple[Revision, ...]:
    """What changed from one version to another one.

    A range without a part names versions of the parameters. The ontology is then compared as it was at these times, or
    if its versions have no timestamps, by the same numbers if it has them.

    Raises:
        UsageError: a version is not in the history, or cannot be read.
    """
    spanning = partial(_spanning, live, makers, renames)
    if asked.part is not None:
        return (spanning(asked.part, *ends(live, asked.part, asked)),)
    if not live.params_history and live.ontology_history:
        return between(live, replace(asked, part=Part.ONTOLOGY), makers, renames)
    first, last = ends(live, Part.PARAMS, asked)
    found = [spanning(Part.PARAMS, first, last)]
    ontologies = live.ontology_history
    if ontologies and not untimed(ontologies) and first.at is not None and last.at is not None:
        until = None if asked.last is None else last.at
        pair = _at(ontologies, first.at), ontologies[-1] if until is None else _at(ontologies, until)
    else:
        numbers = {version.number: version for version in ontologies}
        pair = numbers.get(first.number), numbers.get(last.number)
        if asked.last is None and ontologies:
            pair = pair[0], ontologies[-1]
    old, new = pair
    if new is not None and (old is not None or not untimed(ontologies)):
        found.append(spanning(Part.ONTOLOGY, old, new))
    return tuple(found)


def state_at(live: LiveProject, moment: datetime, makers: Makers) -> tuple[Revision, ...]:
    """The versions of a time, each shown whole. Parts whose versions have no timestamps are left out.

    Raises:
        UsageError: the project did not exist yet, or the history starts later.
    """
    found: list[Revision] = []
    for part, version in versions_at(live, moment).items():
        state = _state(live, version)
        fields = None if state is None else tuple(fields_between(part, None, version))
        made = makers.of(part, version.number)
        found.append(Revision(part, version.number, version.at, made, after=state, fields=fields))
    return tuple(found)


def versions_at(live: LiveProject, moment: datetime) -> dict[Part, Version]:
    """The versions of a time. Parts that had none yet, or whose versions have no timestamps, are left out.

    Raises:
        UsageError: the project was created later, or the history that Scale shows starts later.
    """
    found = {}
    for part, history in histories(live).items():
        if not history or untimed(history):
            continue
        version = _at(history, moment)
        if version is None:
            _check_shown(part, history, moment)
        else:
            found[part] = version
    created = read_instant(live.created_at) if live.created_at and not found else None
    if created is not None and moment < created:
        raise no_version(live, moment, f"The project was created at {readable(created)}. ")
    return found


def no_version(live: LiveProject, moment: datetime, why: str = "") -> UsageError:
    return UsageError(f"{address_of(live.name)} had no version at {readable(moment)}", f"{why}Choose a later time.")


def version_of(live: LiveProject, part: Part, number: int) -> Version:
    """A version by its number. UsageError if it is not in the history, or cannot be read."""
    history = histories(live)[part]
    version = next((version for version in history if version.number == number), None)
    if version is None:
        raise _absent(part, history, number)
    if version.content is None:
        raise UsageError(f"version {number} of {NAMED[part]} cannot be read", "Choose a different version.")
    return version


def untimed(history: Sequence[Version]) -> bool:
    """Whether a version has no timestamp."""
    return any(version.at is None for version in history)


def _at(history: Sequence[Version], moment: datetime) -> Version | None:
    """The version that was the latest at a time, None if there was none."""
    before = [version for version in history if version.at is not None and in_utc(version.at) <= moment]
    return before[-1] if before else None


def _check_shown(part: Part, history: Sequence[Version], moment: datetime) -> None:
    """Check that there was no version of a part yet at a time before the first one that is shown."""
    first = history[0]
    if first.number > 0 and first.at is not None:
        raise UsageError(
            f"the history of {NAMED[part]} does not go back to {readable(moment)}",
            f"Scale shows only the latest versions. The oldest one is version {first.number}, created at "
            f"{readable(first.at)}. Choose a later time.",
        )


def ends(live: LiveProject, part: Part, asked: Range) -> tuple[Version, Version]:
    """The two versions of a range. UsageError if one is not in the history of the part, or cannot be read."""
    history = histories(live)[part]
    last = history[-1].number if asked.last is None and history else asked.last
    pair = version_of(live, part, asked.first), version_of(live, part, asked.first if last is None else last)
    if last is not None and asked.first > last:
        raise UsageError(f"the range {asked.first}..{last} ends before it begins", f"Write {last}..{asked.first}.")
    return pair


def _absent(part: Part, history: Sequence[Version], number: int) -> UsageError:
    summary = f"{NAMED[part]} has no version {number}"
    if not history:
        return UsageError(summary, f"Scale shows no versions of {NAMED[part]}.")
    only = "" if history[0].number == 0 else " Older versions are no longer available."
    return UsageError(summary, f"Scale shows {shown_words(history)}.{only}")


def shown_words(history: Sequence[Version]) -> str:
    """`only version 3`, or `3 versions, from 1 to 3`."""
    first, last = history[0].number, history[-1].number
    return f"only version {first}" if len(history) == 1 else f"{count(len(history), 'version')}, from {first} to {last}"


def _spanning(
    live: LiveProject,
    makers: Makers,
    renames: Mapping[str, str],
    part: Part,
    before: Version | None,
    version: Version,
    *,
    known: bool = True,
) -> Revision:
    """A version, compared with an earlier one. What changed is not `known` if one of the two is not shown, or cannot be
    read."""
    known = known and version.content is not None and (before is None or before.content is not None)
    declared = DesiredProject(
        live.name,
        live.type,
        Source("", 1),
        ontology=version.content if isinstance(version.content, Ontology) else None,
        renames=renames,
    )
    return Revision(
        part,
        version.number,
        version.at,
        makers.of(part, version.number),
        since=before.number if before is not None else None,
        before=_state(live, before) if known and before is not None else None,
        after=_state(live, version),
        fields=tuple(with_renames(fields_between(part, before, version), declared)) if known else None,
    )


def fields_between(part: Part, before: Version | None, after: Version) -> Iterator[Field]:
    """What changed between two versions that can be read. Without a version before, everything is added."""
    if part is Part.PARAMS:
        return params_fields(before.content if before is not None else {}, after.content)
    return ontology_fields(before.content if before is not None else Ontology(()), after.content)


def _state(live: LiveProject, version: Version) -> State | None:
    """The state of one part in a version. None if the version cannot be read."""
    content = version.content
    if content is None:
        return None
    if isinstance(content, Ontology):
        return State.spelled(live.type, {}, content)
    return State.spelled(live.type, content, None)
