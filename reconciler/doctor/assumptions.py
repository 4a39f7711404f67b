"""What this tool assumes about the API, and what an account shows about it: one class for each assumption.

An assumption that the sandbox has a switch for has the switch's name, and holds if the account behaves like the
default. They are in the order of the switches, then those without one. Pure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import ClassVar, Final

from reconciler.diagnostics import quoted
from reconciler.doctor.evidence import (
    Assumption,
    Evidence,
    Made,
    Project,
    Seen,
    choices_in,
    entries,
    fails,
    first_number,
    has_padding,
    holds,
    is_empty,
    last_number,
    latest_params,
    ontology_versions,
    params_versions,
    unseen,
)
from reconciler.model.doctor import CheckResult, Verdict
from reconciler.model.values import Json, equal

NULL_PARAM: Final = "callback_url"
PADDED_PARAM: Final = "instruction"
"""The parameters of the project that doctor creates: one is null, and one has leading and trailing whitespace."""
_NO_PARAMS: Final = unseen("the project that was created shows no params")


def assess(seen: Seen, made: Made | None = None) -> tuple[CheckResult, ...]:
    """A result for each assumption, in the order of the classes."""
    return tuple(assumption.assess(seen, made) for assumption in Assumption.known)


def undecided(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """The assumptions that reads did not show, but writes can."""
    writable = {assumption.name for assumption in Assumption.known if assumption.writable}
    return tuple(result.check for result in results if result.status is Verdict.NOT_SEEN and result.check in writable)


class _Choices(Assumption):
    name = "choices"
    otherwise = "A plan treats such a choice like an object with only a name. No action is needed."
    unseen = "no ontology has a choice with only a name"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for words, entry in ontology_versions(seen.shown()):
            for choice in choices_in(entry.get("ontology")):
                if isinstance(choice, str):
                    yield fails(f"{words} has a choice that is a string")
                elif isinstance(choice, dict) and choice.keys() == {"choice"}:
                    yield holds(f"{words} has a choice with only a name, which is an object")


class _OntologyVersions(Assumption):
    name = "ontology-versions"
    otherwise = "Reconciler uses the values that Scale returns. No action is needed."
    unseen = "no project has an ontology"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for words, entry in ontology_versions(seen.shown()):
            extra = [key for key in ("version", "created_at") if key in entry]
            if extra:
                yield fails(f"{words} has {' and '.join(extra)}")
            yield holds(f"{words} has neither version nor created_at")


class _EqualParams(Assumption):
    name = "equal-params"
    otherwise = "An apply never sends unchanged params. No action is needed."
    unseen = "no version has the same params as the one before"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for project in seen.shown():
            for (_, earlier), (words, later) in pairwise(params_versions((project,))):
                if equal(earlier, later):
                    yield holds(f"{words} has the same params as the one before")

    def by_made(self, made: Made) -> Iterator[Evidence]:
        if made.repeated is None:
            yield unseen("setParams was not called again with the same params")
            return
        before, after = last_number(made.created), last_number(made.repeated)
        if before == after:
            yield fails("a setParams call with the same params did not create a version")
        yield holds(f"a setParams call with the same params created version {after}")


class _Stored(Assumption, ABC):
    """Values of one `kind` are stored as they are sent."""

    kind: ClassVar[str]

    @abstractmethod
    def is_in(self, params: Mapping[str, Json]) -> bool:
        """Whether params have such a value."""

    @abstractmethod
    def compared(self, stored: Mapping[str, Json], sent: Mapping[str, Json]) -> Evidence:
        """Evidence from the params that were `sent` with a create, and what was then `stored`."""

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for words, params in params_versions(seen.shown()):
            if self.is_in(params):
                yield holds(f"{words} has {self.kind}")

    def by_made(self, made: Made) -> Iterator[Evidence]:
        stored = latest_params(made.created)
        yield _NO_PARAMS if stored is None else self.compared(stored, made.sent)


class _Null(_Stored):
    name = "null"
    otherwise = "Apply reports a parameter that is null as not kept. Remove such parameters from the manifests."
    kind = "a parameter that is null"
    unseen = f"no version has {kind}"

    def is_in(self, params: Mapping[str, Json]) -> bool:
        return None in params.values()

    def compared(self, stored: Mapping[str, Json], sent: Mapping[str, Json]) -> Evidence:
        if NULL_PARAM in stored:
            if stored[NULL_PARAM] is None:
                return holds("a parameter sent as null was stored as null")
            return fails("null was replaced with a different value")
        if not any(map(is_empty, stored.values())):
            return unseen("a parameter sent as null was dropped, but so was every other empty value")
        return fails("a parameter sent as null was not stored")


class _AddedKeys(Assumption):
    name = "added-keys"
    otherwise = (
        "A plan would remove such parameters. To keep them, use reconcile: {ignore: [params.NAME]} or "
        "reconcile: {params: merge}."
    )
    unseen = "no project has params"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        versions = [
            (words, sorted(key for key in params if key.startswith("can_") or key in ("can_add_tags", "with_labels")))
            for words, params in params_versions(seen.shown())
        ]
        for words, added in versions:
            if added:
                yield unseen(f"{words} has {', '.join(added)}, which a client might have sent")
                return
        for words, _ in versions:
            yield holds(f"{words} has no parameter that the server is known to add")

    def by_made(self, made: Made) -> Iterator[Evidence]:
        stored = latest_params(made.created)
        if stored is None:
            yield _NO_PARAMS
        elif added := sorted(stored.keys() - made.sent.keys()):
            yield fails(f"the server added {', '.join(added)}")
        else:
            yield holds("the server added no parameters")


class _Strings(_Stored):
    name = "strings"
    otherwise = "Apply reports such a string as not kept. Remove the whitespace from the manifest."
    kind = "a string with leading or trailing whitespace"
    unseen = f"no version has {kind}"

    def is_in(self, params: Mapping[str, Json]) -> bool:
        return has_padding(params)

    def compared(self, stored: Mapping[str, Json], sent: Mapping[str, Json]) -> Evidence:
        if equal(stored.get(PADDED_PARAM), sent[PADDED_PARAM]):
            return holds("a string was stored with its leading and trailing whitespace")
        return fails("a string with leading and trailing whitespace was not stored as it was sent")


class _EmptyValues(_Stored):
    name = "empty-values"
    otherwise = "Apply reports a parameter with such a value as not kept. Remove such parameters from the manifests."
    kind = 'a parameter that is [], {}, or ""'
    unseen = f"no version has {kind}"

    def is_in(self, params: Mapping[str, Json]) -> bool:
        return any(map(is_empty, params.values()))

    def compared(self, stored: Mapping[str, Json], sent: Mapping[str, Json]) -> Evidence:
        gone = sorted(key for key, value in sent.items() if is_empty(value) and not equal(stored.get(key), value))
        if gone:
            return fails(f"empty values were sent but not stored: {', '.join(gone)}")
        return holds("[] and {} were stored")


class _CreateShows(Assumption):
    name = "create-shows"
    otherwise = "Reconciler always reads a project after creating it. No action is needed."
    unseen = "reads do not show the response to a create"

    def by_made(self, made: Made) -> Iterator[Evidence]:
        if isinstance(made.answer, dict) and made.answer.get("param_history"):
            yield fails("the response to a create already showed its params")
        yield holds("the response to a create showed no params")


def _whole(projects: Iterable[Project], *, by: str, versions: int) -> Iterator[Evidence]:
    """Whether histories are shown whole, which only projects with enough `versions` can show."""
    for project in projects:
        first, shown = first_number(project), len(entries(project, "param_history"))
        if first:
            yield fails(f"{by} shows {quoted(project['name'])} only from version {first} onward")
        if first == 0 and shown >= versions:
            yield holds(f"{by} shows all {shown} versions of {quoted(project['name'])}")


class _ListHistories(Assumption):
    name = "list-histories"
    otherwise = "A plan also reads each manifest's project individually, which takes longer."
    unseen = "list shows no project with more than one version"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        return _whole(seen.listed, by="list", versions=2)


class _ArchivedName(Assumption):
    name = "archived-name"
    otherwise = "A plan still blocks a new project that has the name of an archived one. Use a different name."
    unseen = "no archived project shares its name with another project, and the API has no call to archive one"
    writable = False

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        times = Counter(project["name"] for project in seen.listed)
        for project in seen.listed:
            if project.get("archived") is True and times[project["name"]] > 1:
                yield fails(f"an archived project and another project are both named {quoted(project['name'])}")


class _OntologyName(Assumption):
    name = "ontology-name"
    otherwise = "If a manifest does not name its ontology, a plan accepts any name on Scale. No action is needed."
    unseen = "no ontology lacks a name"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for words, entry in ontology_versions(seen.shown()):
            if entry.get("name") is None:
                yield holds(f"{words} has no name")

    def by_made(self, made: Made) -> Iterator[Evidence]:
        for _, entry in ontology_versions(made.seen.shown()):
            if entry.get("name") is not None:
                yield fails(f"an ontology that was sent without a name was named {quoted(entry['name'])}")
        yield from self.by_reads(made.seen)


class _GetCase(Assumption):
    name = "get-case"
    otherwise = "In manifests, use the same case as on Scale. Otherwise, a plan of a single project fails."
    unseen = "no project has a name that can be requested in a different case"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        asked = seen.other_case
        if asked is not None and asked.found is None:
            yield holds(f"a request for {quoted(asked.asked)} does not return {quoted(asked.name)}")
        elif asked is not None:
            yield fails(f"a request for {quoted(asked.asked)} returns {quoted(str(asked.found))}")


class _Histories(Assumption):
    name = "histories"
    otherwise = "If the record names a version that Scale no longer shows, the cause of a difference is unknown."
    unseen = "no project that was read individually has three versions"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        return _whole(seen.got.values(), by="get", versions=3)


class _VersionNumbers(Assumption):
    name = "version-numbers"
    otherwise = (
        "If a version has no number, a plan uses its position in the history, which is wrong if numbers are skipped."
    )
    unseen = "no project shows two versions of its params"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for project in seen.shown():
            history = entries(project, "param_history")
            numbers = [number for entry in history if type(number := entry.get("version")) is int]
            if len(numbers) < len(history):
                yield fails(f"{quoted(project['name'])} has a version of its params without a number")
            for earlier, later in pairwise(numbers):
                words = f"in {quoted(project['name'])}, version {later} of the params follows version {earlier}"
                yield holds(words) if later == earlier + 1 else fails(words)


class _NoOntology(Assumption):
    name = "no-ontology"
    otherwise = "A plan treats an empty history like a missing one. No action is needed."
    unseen = "no project lacks an ontology"

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for project in seen.shown():
            if "ontologyHistory" not in project:
                yield holds(f"{quoted(project['name'])} has no ontology and shows no ontologyHistory")
            elif not project["ontologyHistory"]:
                yield fails(f"{quoted(project['name'])} has no ontology, but shows an ontologyHistory")

    def by_made(self, made: Made) -> Iterator[Evidence]:
        return self.by_reads(Seen((made.created,)))


class _RapidStudio(Assumption):
    name = "rapid-studio"
    otherwise = "A plan does not compare rapid or studio, so it does not report differences in them."
    unseen = "the account has no projects"
    writable = False

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for project in seen.shown():
            shown = [key for key in ("rapid", "studio") if key in project]
            if shown:
                yield fails(f"{quoted(project['name'])} shows {' and '.join(shown)}")
            yield holds("no project shows rapid or studio")


class _NumConsensus(Assumption):
    name = "num-consensus"
    otherwise = "A plan never compares consensus_attempts, which only a create sends. No action is needed."
    unseen = "no project with the pipeline consensus_task shows its number of attempts"
    writable = False

    def by_reads(self, seen: Seen) -> Iterator[Evidence]:
        for project in seen.shown():
            if project.get("pipelineName") != "consensus_task":
                continue
            words = f"{quoted(project['name'])} has the pipeline consensus_task and shows"
            if "numConsensus" not in project:
                yield fails(f"{words} no numConsensus")
            elif project["numConsensus"]:
                yield holds(f"{words} numConsensus")
