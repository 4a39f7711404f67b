"""Whether a write landed, as the project's history shows it: versions are numbered, and none is ever removed.

Pure: it compares what was read before a write with what was read after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject, Version
from reconciler.model.values import Json, equal

PARTS: Final = {CallKind.CREATE: "params", CallKind.SET_PARAMS: "params", CallKind.SET_ONTOLOGY: "ontology"}
"""The part of a project that a call adds a version to."""


@dataclass(frozen=True, slots=True)
class Landing:
    """The result of one write.

    `own` has the versions that it made, which can be several if it was sent more than once. `others` has the other new
    versions. `exact` is false if the content of `own` is not what was sent: it counts as ours only because it is the
    one new version. For a create, it is the version of the parameters. `created` is whether the project exists.
    """

    own: tuple[Version, ...] = ()
    others: tuple[Version, ...] = ()
    exact: bool = True
    created: bool = False

    @property
    def landed(self) -> bool:
        return self.created or bool(self.own)


def landing_of(
    sent: Sequence[Call], before: LiveProject | None, after: LiveProject | None, *, answered: bool
) -> Landing:
    """Whether a write landed, as the histories show it.

    `sent` are the calls as they were sent, `before` is the project before the first one. `answered` is whether the API
    confirmed the last one. If it did, the only new version is ours even if its content is different. If not, a version
    is ours if its content is what was sent, and at most as many versions are ours as calls were sent. If another writer
    sends the same content at the same time, the history cannot distinguish the two.
    """
    if after is None or not sent:
        return Landing()
    last = sent[-1]
    if last.kind is CallKind.CREATE:
        return _created(last, after, answered=answered)
    landing = later(sent, before, after, most=len(sent))
    if answered and not landing.own and len(landing.others) == 1:
        return Landing(landing.others, exact=False)
    return landing


def later(sent: Sequence[Call], before: LiveProject | None, after: LiveProject, *, most: int) -> Landing:
    """The versions added between two reads. Up to `most` versions that one of the calls would make are ours."""
    kind = sent[-1].kind
    previous = before.params if before is not None and PARTS[kind] == "params" else None
    own: list[Version] = []
    others: list[Version] = []
    for version in new_versions(PARTS[kind], before, after):
        ours = len(own) < most and any(_is_sent(call, version, previous) for call in sent)
        (own if ours else others).append(version)
        previous = version.content
    return Landing(tuple(own), tuple(others))


def is_older(one: LiveProject, other: LiveProject) -> bool:
    """Whether a read shows less than another one. The API may answer reads from replicas, and a replica may lag."""
    return any(new_versions(part, one, other) and not new_versions(part, other, one) for part in ("params", "ontology"))


def new_versions(part: str, before: LiveProject | None, after: LiveProject) -> Sequence[Version]:
    """The versions of "params" or "ontology" that were added between two reads.

    Versions of params are numbered ([D]). That versions of an ontology are numbered is an assumption. Without numbers,
    they are positions, which mean nothing if the history shows only its end. If a number now has a
    different ontology, the overlap of the two reads is found by content: the longest end of the first history with
    which the second history begins.
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
    return equal(one.content, other.content)


def _is_sent(call: Call, version: Version, previous: Json) -> bool:
    """Whether the version is what the call would make from the previous one."""
    if call.kind is CallKind.SET_ONTOLOGY:
        return _is_ontology(call, version)
    if call.kind is CallKind.CREATE:
        return False  # `_created` recognizes a create, by the first version
    sent = {key: value for key, value in call.body.items() if key != "patch"}
    if call.body["patch"] and isinstance(previous, dict):
        sent = {**previous, **sent}
    return isinstance(version.content, Mapping) and equal(version.content, sent)


def _is_ontology(call: Call, version: Version) -> bool:
    sent, landed = read_ontology(call.body["ontology"], call.body.get("name")), version.content
    if not isinstance(sent, Ontology) or not isinstance(landed, Ontology):
        return False
    return sent.choices == landed.choices and sent.name in (None, landed.name)


def _created(call: Call, after: LiveProject, *, answered: bool) -> Landing:
    """A name can be taken only once, so only one create can have made the project, even if several were sent."""
    sent = call.body.get("params", {})
    first, *rest = after.params_history or (None,)
    exact = after.type == call.body["type"] and equal(first.content if first else {}, sent)
    if exact or answered:
        own = (first,) if first is not None else ()
        return Landing(own, tuple(version for version in rest if version), exact=exact, created=True)
    return Landing((), tuple(after.params_history))
