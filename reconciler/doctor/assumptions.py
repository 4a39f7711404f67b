"""What this tool assumes about the API, and whether an account confirms it: one row of a table for each assumption.

An assumption that the sandbox has a switch for has the switch's name, and holds if the account behaves as the switch's
default. Pure: evidence in, results out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from reconciler.doctor.evidence import (
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
from reconciler.model.doctor import AssumptionResult, Verdict
from reconciler.model.values import equal

NULL_PARAM: Final = "callback_url"
PADDED_PARAM: Final = "instruction"
"""The parameters of a project made to learn from that are null, and a string with whitespace around it."""

_ADDED: Final = ("can_add_tags", "with_labels")


@dataclass(frozen=True, slots=True)
class Assumption:
    """`otherwise` says what it means for a user if it does not hold, `unseen` what is missing if nothing shows it.

    `by_reads` gives evidence from what reads showed. `by_made` gives it from a project that was made; if it is None,
    the reads of that project are all that shows it. `writable` is false if no write can decide it.
    """

    name: str
    otherwise: str
    unseen: str
    by_reads: Callable[[Seen], Iterable[Evidence]]
    by_made: Callable[[Made], Iterable[Evidence]] | None = None
    writable: bool = True


def assess(seen: Seen, made: Made | None = None) -> tuple[AssumptionResult, ...]:
    """A result for each assumption, in the order of the table. What `made` shows comes first, because it is newest."""
    return tuple(_assessed(assumption, seen, made) for assumption in ASSUMPTIONS)


def undecided(results: Iterable[AssumptionResult]) -> tuple[str, ...]:
    """The assumptions that were not seen and that writes can decide."""
    writable = {assumption.name for assumption in ASSUMPTIONS if assumption.writable}
    return tuple(
        result.assumption for result in results if result.verdict is Verdict.NOT_SEEN and result.assumption in writable
    )


def _assessed(assumption: Assumption, seen: Seen, made: Made | None) -> AssumptionResult:
    verdict, evidence = _decided(assumption.by_reads(seen), assumption.unseen)
    if made is not None:
        tried = _decided(
            assumption.by_made(made) if assumption.by_made else assumption.by_reads(made.seen), assumption.unseen
        )
        if tried[0] is not Verdict.NOT_SEEN or verdict is Verdict.NOT_SEEN:
            verdict, evidence = tried
    otherwise = f" {assumption.otherwise}" if verdict is Verdict.DOES_NOT_HOLD else ""
    return AssumptionResult(assumption.name, verdict, f"{evidence[0].upper()}{evidence[1:]}.{otherwise}")


def _decided(evidence: Iterable[Evidence], nothing: str) -> Evidence:
    """The first evidence against, else the first for, else the first that decides nothing."""
    first: dict[Verdict, Evidence] = {}
    for found in evidence:
        if found[0] is Verdict.DOES_NOT_HOLD:
            return found
        first.setdefault(found[0], found)
    return first.get(Verdict.HOLDS) or first.get(Verdict.NOT_SEEN) or unseen(nothing)


def _choices(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        for choice in choices_in(entry.get("ontology")):
            if isinstance(choice, str):
                yield fails(f"in {words} a choice reads as a string")
            elif isinstance(choice, dict) and choice.keys() == {"choice"}:
                yield holds(f"in {words} a choice with nothing but its name reads as an object")


def _ontology_versions(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        extra = [key for key in ("version", "created_at") if key in entry]
        if extra:
            yield fails(f"{words} has {' and '.join(extra)}")
        yield holds(f"{words} has neither version nor created_at")


def _equal_params(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        for (_, earlier), (words, later) in pairwise(params_versions((project,))):
            if equal(earlier, later):
                yield holds(f"{words} has the same params as the one before")


def _equal_params_made(made: Made) -> Iterator[Evidence]:
    if made.repeated is None:
        yield unseen("the same params were not sent a second time")
        return
    before, after = last_number(made.created), last_number(made.repeated)
    if before == after:
        yield fails("a setParams of the same params made no version")
    yield holds(f"a setParams of the same params made version {after}")


def _null(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if None in params.values():
            yield holds(f"{words} has a parameter that is null")


def _null_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
    elif NULL_PARAM in stored:
        kept = stored[NULL_PARAM] is None
        yield holds("a parameter sent as null was stored") if kept else fails("null was replaced by another value")
    elif not any(map(is_empty, stored.values())):
        yield unseen("a parameter sent as null was dropped like every other empty value")
    else:
        yield fails("a parameter sent as null was not stored")


def _added_keys(seen: Seen) -> Iterator[Evidence]:
    versions = [
        (words, sorted(key for key in params if key.startswith("can_") or key in _ADDED))
        for words, params in params_versions(seen.shown())
    ]
    for words, added in versions:
        if added:
            yield unseen(f"{words} has {', '.join(added)}; reads cannot show whether someone sent that")
            return
    for words, _ in versions:
        yield holds(f"{words} has no parameter that a server is known to add")


def _added_keys_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
        return
    added = sorted(stored.keys() - made.sent.keys())
    yield fails(f"the server added {', '.join(added)}") if added else holds("the server added no parameter")


def _strings(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if has_padding(dict(params)):
            yield holds(f"{words} has a string with whitespace around it")


def _strings_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
    elif equal(stored.get(PADDED_PARAM), made.sent[PADDED_PARAM]):
        yield holds("a string was stored with the whitespace around it")
    else:
        yield fails("a string was not stored with the whitespace around it")


def _empty_values(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if any(map(is_empty, params.values())):
            yield holds(f'{words} has a parameter that is [], {{}} or ""')


def _empty_values_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
        return
    gone = sorted(key for key, value in made.sent.items() if is_empty(value) and not equal(stored.get(key), value))
    yield fails(f"sent empty and not stored: {', '.join(gone)}") if gone else holds("[] and {} were stored")


def _create_shows(seen: Seen) -> Iterator[Evidence]:
    return iter(())


def _create_shows_made(made: Made) -> Iterator[Evidence]:
    if isinstance(made.answer, dict) and made.answer.get("param_history"):
        yield fails("the answer to a create showed its params already")
    yield holds("the answer to a create showed no params")


def _list_histories(seen: Seen) -> Iterator[Evidence]:
    return _whole(seen.listed, by="list", versions=2)


def _histories(seen: Seen) -> Iterator[Evidence]:
    return _whole(seen.got.values(), by="get", versions=3)


def _whole(projects: Iterable[Project], *, by: str, versions: int) -> Iterator[Evidence]:
    """Whether histories are shown whole; it takes some `versions` to tell."""
    for project in projects:
        first, shown = first_number(project), len(entries(project, "param_history"))
        if first:
            yield fails(f'{by} shows "{project["name"]}" from version {first} on')
        if first == 0 and shown >= versions:
            yield holds(f'{by} shows all {shown} versions of "{project["name"]}"')


def _archived_name(seen: Seen) -> Iterator[Evidence]:
    times = Counter(project["name"] for project in seen.listed)
    for project in seen.listed:
        if project.get("archived") is True and times[project["name"]] > 1:
            yield fails(f'an archived project and another one are both named "{project["name"]}"')


def _ontology_name(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        if entry.get("name") is None:
            yield holds(f"{words} has no name")


def _ontology_name_made(made: Made) -> Iterator[Evidence]:
    for _, entry in ontology_versions(made.seen.shown()):
        if entry.get("name") is not None:
            yield fails(f'an ontology set without a name was named "{entry["name"]}"')
    yield from _ontology_name(made.seen)


def _get_case(seen: Seen) -> Iterator[Evidence]:
    asked = seen.other_case
    if asked is not None and asked.found is None:
        yield holds(f'a get of "{asked.asked}" does not find "{asked.name}"')
    elif asked is not None:
        yield fails(f'a get of "{asked.asked}" finds "{asked.found}"')


def _version_numbers(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        history = entries(project, "param_history")
        numbers = [number for entry in history if type(number := entry.get("version")) is int]
        if len(numbers) < len(history):
            yield fails(f'"{project["name"]}" has a version of its params without a number')
        for earlier, later in pairwise(numbers):
            words = f'in "{project["name"]}" version {later} of the params follows version {earlier}'
            yield holds(words) if later == earlier + 1 else fails(words)


def _no_ontology(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        if "ontologyHistory" not in project:
            yield holds(f'"{project["name"]}" has no ontology and shows no ontologyHistory')
        elif not project["ontologyHistory"]:
            yield fails(f'"{project["name"]}" shows an ontologyHistory without an ontology')


def _no_ontology_made(made: Made) -> Iterator[Evidence]:
    return _no_ontology(Seen((made.created,)))


def _rapid_studio(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        shown = [key for key in ("rapid", "studio") if key in project]
        if shown:
            yield fails(f'"{project["name"]}" shows {" and ".join(shown)}')
        yield holds("no project shows rapid or studio")


def _num_consensus(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        if project.get("pipelineName") != "consensus_task":
            continue
        words = f'"{project["name"]}" is of the pipeline consensus_task and shows'
        if "numConsensus" not in project:
            yield fails(f"{words} no numConsensus")
        elif project["numConsensus"]:
            yield holds(f"{words} numConsensus")


_NO_PARAMS: Final = unseen("the project that was made shows no params")

ASSUMPTIONS: Final = (
    Assumption(
        "choices",
        "Both spellings are the same to a plan, so nothing changes.",
        "no ontology has a choice with nothing but its name",
        _choices,
    ),
    Assumption(
        "ontology-versions",
        "They are used instead of positions, so nothing changes.",
        "no project has an ontology",
        _ontology_versions,
    ),
    Assumption(
        "equal-params",
        "No apply sends such a call, so nothing changes.",
        "no version has the same params as the one before",
        _equal_params,
        _equal_params_made,
    ),
    Assumption(
        "null",
        "After its apply, a manifest that sets a parameter to null is reported as not kept: leave the parameter out.",
        "no version has a parameter that is null",
        _null,
        _null_made,
    ),
    Assumption(
        "added-keys",
        "A plan would remove them again: ignore them with reconcile: {ignore: [params.NAME]}, or use params: merge.",
        "no project has params",
        _added_keys,
        _added_keys_made,
    ),
    Assumption(
        "strings",
        "After its apply, a manifest with such a string is reported as not kept: remove the whitespace there too.",
        "no version has a string with whitespace around it",
        _strings,
        _strings_made,
    ),
    Assumption(
        "empty-values",
        "After its apply, a manifest with such a value is reported as not kept: leave the parameter out.",
        'no version has a parameter that is [], {} or ""',
        _empty_values,
        _empty_values_made,
    ),
    Assumption(
        "create-shows",
        "What a create made is read again in any case, so nothing changes.",
        "no read shows what a create answers",
        _create_shows,
        _create_shows_made,
    ),
    Assumption(
        "list-histories",
        "A plan gets the projects of the manifests one by one in addition to the list, which takes longer.",
        "list shows no project with more than one version",
        _list_histories,
    ),
    Assumption(
        "archived-name",
        "A plan still blocks a create with an archived project's name: give the manifest another name.",
        "no archived project shares its name, and no call can archive one to try it",
        _archived_name,
        writable=False,
    ),
    Assumption(
        "ontology-name",
        "A manifest whose ontology has no name accepts any name on Scale, so nothing changes.",
        "there is no ontology without a name",
        _ontology_name,
        _ontology_name_made,
    ),
    Assumption(
        "get-case",
        "A plan of such a name alone ends with an error: spell names in manifests as Scale has them.",
        "there is no project to ask for in other upper and lower case",
        _get_case,
    ),
    Assumption(
        "histories",
        "An old version that the record names may not be visible: the cause of its differences is then unknown.",
        "no project that was got has three versions",
        _histories,
    ),
    Assumption(
        "version-numbers",
        "The position in the history replaces a missing number. After a jump, a plan shows a wrong next number.",
        "no project shows two versions of its params",
        _version_numbers,
    ),
    Assumption(
        "no-ontology",
        "An empty history is the same to a plan, so nothing changes.",
        "there is no project without an ontology",
        _no_ontology,
        _no_ontology_made,
    ),
    Assumption(
        "rapid-studio",
        "They are not compared: a manifest that differs from them is not reported.",
        "there is no project",
        _rapid_studio,
        writable=False,
    ),
    Assumption(
        "num-consensus",
        "consensus_attempts is sent with a create and never compared, so nothing changes.",
        "no project shows the pipeline consensus_task and how many attempts it has",
        _num_consensus,
        writable=False,
    ),
)
"""In the order of the sandbox's switches; assumptions without a switch are at the end."""
