"""Whether a write landed, as the project's history tells it: versions are numbered, and none is ever taken away.

Pure: it compares what was read before a write with what was read after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject, Version
from reconciler.model.values import Json, equal
from reconciler.planning.normalize import UnreadableOntologyError, read_choices

PARTS: Final = {CallKind.CREATE: "params", CallKind.SET_PARAMS: "params", CallKind.SET_ONTOLOGY: "ontology"}
"""The part of a project whose history a call adds a version to."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What became of one write.

    `own` is the version that it made, None where none of the new ones is it. `others` are the new versions that
    somebody else made. `exact` is false where `own` is taken for ours by its place alone, its content being another
    one than was sent. A create's own version is that of its parameters, and `created` tells whether it is there.
    """

    own: Version | None = None
    others: tuple[Version, ...] = ()
    exact: bool = True
    created: bool = False

    @property
    def landed(self) -> bool:
        return self.created or self.own is not None


def judge(call: Call, before: LiveProject | None, after: LiveProject | None, *, answered: bool) -> Landing:
    """What the histories say of `call`. `answered` is whether the API said that it took it.

    With an answer, the only new version is ours whatever it holds; without one, only a version that holds what was
    sent is. That nobody else sends the very same at the very same time is taken for granted: the history could not
    tell the two apart.
    """
    if after is None:
        return Landing()
    if call.kind is CallKind.CREATE:
        return _created(call, after, answered=answered)
    new = new_versions(PARTS[call.kind], before, after)
    current = _current(call.kind, before)
    own: int | None = None
    for position, version in enumerate(new):
        previous = new[position - 1].content if position else current
        if _is_sent(call, version, previous):
            own = position
            break
    exact = own is not None
    if own is None and answered and len(new) == 1:
        own = 0
    others = tuple(version for position, version in enumerate(new) if position != own)
    return Landing(new[own] if own is not None else None, others, exact=exact)


def new_versions(part: str, before: LiveProject | None, after: LiveProject) -> Sequence[Version]:
    """The versions of "params" or "ontology" that came between two reads.

    Those of params are numbered ([D]). That an ontology's are is an assumption; without numbers they are positions,
    which say nothing should the history show only its end. Where the same number stands for another ontology than
    before, what both reads show is told by its content: the longest end of the one that the other begins with.
    """
    if part == "params":
        last = before.params_version if before is not None else None
        return [version for version in after.params_history if last is None or version.number > last]
    known = before.ontology_history if before is not None else ()
    shown = after.ontology_history
    earlier = {version.number: version for version in known}
    if all(_same(version, earlier.get(version.number, version)) for version in shown):
        return [version for version in shown if not known or version.number > known[-1].number]
    lengths = range(min(len(known), len(shown)), 0, -1)
    both = (length for length in lengths if all(map(_same, known[-length:], shown[:length])))
    return shown[next(both, 0) :]


def _same(one: Version, other: Version) -> bool:
    return one.name == other.name and equal(one.content, other.content)


def _current(kind: CallKind, before: LiveProject | None) -> Json:
    return before.params if before is not None and kind is CallKind.SET_PARAMS else None


def _is_sent(call: Call, version: Version, previous: Json) -> bool:
    """Whether the version is what the call makes of the one before it."""
    if call.kind is CallKind.SET_ONTOLOGY:
        return _is_ontology(call, version)
    sent = {key: value for key, value in call.body.items() if key != "patch"}
    if call.body["patch"] and isinstance(previous, dict):
        sent = {**previous, **sent}
    return isinstance(version.content, Mapping) and equal(version.content, sent)


def _is_ontology(call: Call, version: Version) -> bool:
    if "name" in call.body and call.body["name"] != version.name:
        return False
    try:
        return read_choices(version.content) == read_choices(call.body["ontology"])
    except UnreadableOntologyError:
        return False


def _created(call: Call, after: LiveProject, *, answered: bool) -> Landing:
    sent = call.body.get("params", {})
    first, *later = after.params_history or (None,)
    exact = after.type == call.body["type"] and equal(first.content if first else {}, sent)
    if exact or answered:
        return Landing(first, tuple(version for version in later if version), exact=exact, created=True)
    return Landing(None, tuple(after.params_history))
