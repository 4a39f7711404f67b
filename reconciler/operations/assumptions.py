"""What this tool assumes about the API, and how an account bears it out: one entry of a table for each.

An assumption that the sandbox has a switch for has the switch's name, and holds where the account behaves as the
switch's default.
Pure: evidence in, findings out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from reconciler.model.doctor import Finding, Verdict
from reconciler.model.values import equal
from reconciler.operations.evidence import (
    Made,
    Seen,
    Told,
    choices_in,
    fails,
    has_padding,
    holds,
    is_empty,
    last_number,
    latest_params,
    ontology_versions,
    params_versions,
    unseen,
)
from reconciler.operations.shapes import (
    histories,
    list_histories,
    no_ontology,
    no_ontology_made,
    num_consensus,
    rapid_studio,
    version_numbers,
)

NULL_PARAM = "callback_url"
PADDED_PARAM = "instruction"
"""The parameters that a project made to learn from has null, and a string with blanks around it."""

_ADDED = ("can_add_tags", "with_labels")


@dataclass(frozen=True, slots=True)
class Assumption:
    """`otherwise` says what it means for a user where it does not hold.

    `by_made` is None where what the reads of a project that was made show is all that can be told of it. `writable` is
    false where no write can decide it.
    """

    name: str
    otherwise: str
    by_reads: Callable[[Seen], Told]
    by_made: Callable[[Made], Told] | None = None
    writable: bool = True


def judge(seen: Seen, made: Made | None = None) -> tuple[Finding, ...]:
    """A finding for each assumption, in the order of the table. What `made` shows comes first: it is the newest."""
    return tuple(_judged(assumption, seen, made) for assumption in ASSUMPTIONS)


def undecided(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """The assumptions that were not seen and that writes can decide."""
    writable = {assumption.name for assumption in ASSUMPTIONS if assumption.writable}
    return tuple(
        finding.assumption
        for finding in findings
        if finding.verdict is Verdict.NOT_SEEN and finding.assumption in writable
    )


def _judged(assumption: Assumption, seen: Seen, made: Made | None) -> Finding:
    told = assumption.by_reads(seen)
    if made is not None:
        tried = assumption.by_made(made) if assumption.by_made else assumption.by_reads(made.seen)
        if tried[0] is not Verdict.NOT_SEEN or told[0] is Verdict.NOT_SEEN:
            told = tried
    verdict, evidence = told
    otherwise = f" {assumption.otherwise}" if verdict is Verdict.DOES_NOT_HOLD else ""
    return Finding(assumption.name, verdict, f"{evidence[0].upper()}{evidence[1:]}.{otherwise}")


def _choices(seen: Seen) -> Told:
    told = unseen("no ontology has a choice with nothing but its name")
    for words, entry in ontology_versions(seen.shown()):
        for choice in choices_in(entry.get("ontology")):
            if isinstance(choice, str):
                return fails(f"in {words} a choice reads as a string")
            if isinstance(choice, dict) and choice.keys() == {"choice"}:
                told = holds(f"in {words} a choice with nothing but its name reads as an object")
    return told


def _ontology_versions(seen: Seen) -> Told:
    told = unseen("no project has an ontology")
    for words, entry in ontology_versions(seen.shown()):
        extra = [key for key in ("version", "created_at") if key in entry]
        if extra:
            return fails(f"{words} carries {' and '.join(extra)}")
        told = holds(f"{words} carries neither version nor created_at")
    return told


def _equal_params(seen: Seen) -> Told:
    for project in seen.shown():
        versions = params_versions((project,))
        for (_, earlier), (words, later) in pairwise(versions):
            if equal(earlier, later):
                return holds(f"{words} has the same params as the one before")
    return unseen("no version has the same params as the one before")


def _equal_params_made(made: Made) -> Told:
    if made.repeated is None:
        return unseen("the same params were not sent a second time")
    before, after = last_number(made.created), last_number(made.repeated)
    if before == after:
        return fails("a setParams of the very same params made no version")
    return holds(f"a setParams of the very same params made version {after}")


def _null(seen: Seen) -> Told:
    for words, params in params_versions(seen.shown()):
        if None in params.values():
            return holds(f"{words} has a parameter that is null")
    return unseen("no version has a parameter that is null")


def _null_made(made: Made) -> Told:
    stored = latest_params(made.created)
    if stored is None:
        return _no_params()
    if NULL_PARAM in stored:
        kept = stored[NULL_PARAM] is None
        return holds("a parameter sent as null was stored") if kept else fails("null was replaced by another value")
    if not any(map(is_empty, stored.values())):
        return unseen("a parameter sent as null was dropped like every other empty value")
    return fails("a parameter sent as null was not stored")


def _added_keys(seen: Seen) -> Told:
    told = unseen("no project has params")
    for words, params in params_versions(seen.shown()):
        added = sorted(key for key in params if key.startswith("can_") or key in _ADDED)
        if added:
            return unseen(f"{words} has {', '.join(added)}; reads cannot tell whether somebody sent that")
        told = holds(f"{words} has no parameter that a server is known to add")
    return told


def _added_keys_made(made: Made) -> Told:
    stored = latest_params(made.created)
    if stored is None:
        return _no_params()
    added = sorted(stored.keys() - made.sent.keys())
    return fails(f"the server added {', '.join(added)}") if added else holds("the server added no parameter")


def _strings(seen: Seen) -> Told:
    for words, params in params_versions(seen.shown()):
        if has_padding(dict(params)):
            return holds(f"{words} has a string with white space around it")
    return unseen("no version has a string with white space around it")


def _strings_made(made: Made) -> Told:
    stored = latest_params(made.created)
    if stored is None:
        return _no_params()
    if equal(stored.get(PADDED_PARAM), made.sent[PADDED_PARAM]):
        return holds("a string was stored with the white space around it")
    return fails("a string was not stored with the white space around it")


def _empty_values(seen: Seen) -> Told:
    for words, params in params_versions(seen.shown()):
        if any(map(is_empty, params.values())):
            return holds(f'{words} has a parameter that is [], {{}} or ""')
    return unseen('no version has a parameter that is [], {} or ""')


def _empty_values_made(made: Made) -> Told:
    stored = latest_params(made.created)
    if stored is None:
        return _no_params()
    gone = sorted(key for key, value in made.sent.items() if is_empty(value) and not equal(stored.get(key), value))
    return fails(f"sent empty and not stored: {', '.join(gone)}") if gone else holds("[] and {} were stored")


def _create_shows(seen: Seen) -> Told:
    return unseen("no read can tell what a create answers")


def _create_shows_made(made: Made) -> Told:
    shown = made.answer.get("param_history") if isinstance(made.answer, dict) else None
    if shown:
        return fails("the answer to a create showed its params already")
    return holds("the answer to a create showed no params")


def _archived_name(seen: Seen) -> Told:
    times = Counter(project["name"] for project in seen.listed)
    for project in seen.listed:
        if project.get("archived") is True and times[project["name"]] > 1:
            return fails(f'an archived project and another one are both named "{project["name"]}"')
    return unseen("no archived project shares its name, and no call can archive one to try it")


def _ontology_name(seen: Seen) -> Told:
    for words, entry in ontology_versions(seen.shown()):
        if entry.get("name") is None:
            return holds(f"{words} has no name")
    return unseen("there is no ontology without a name")


def _ontology_name_made(made: Made) -> Told:
    for _, entry in ontology_versions(made.seen.shown()):
        if entry.get("name") is not None:
            return fails(f'an ontology set without a name was named "{entry["name"]}"')
    return _ontology_name(made.seen)


def _get_case(seen: Seen) -> Told:
    asked = seen.other_case
    if asked is None:
        return unseen("there is no project to ask for in other upper and lower case")
    if asked.found is None:
        return holds(f'a get of "{asked.asked}" does not find "{asked.name}"')
    return fails(f'a get of "{asked.asked}" finds "{asked.found}"')


def _no_params() -> Told:
    return unseen("the project that was made shows no params")


ASSUMPTIONS = (
    Assumption("choices", "Both spellings are one to a plan, so nothing changes.", _choices),
    Assumption("ontology-versions", "They are used in place of positions, so nothing changes.", _ontology_versions),
    Assumption(
        "equal-params",
        "No apply sends such a call, so nothing changes.",
        _equal_params,
        _equal_params_made,
    ),
    Assumption(
        "null",
        "A manifest that sets a parameter to null is told as not kept after its apply: leave the parameter out.",
        _null,
        _null_made,
    ),
    Assumption(
        "added-keys",
        "A plan would remove them again: ignore them with reconcile: {ignore: [params.NAME]}, or use params: merge.",
        _added_keys,
        _added_keys_made,
    ),
    Assumption(
        "strings",
        "A manifest with such a string is told as not kept after its apply: take the white space off there too.",
        _strings,
        _strings_made,
    ),
    Assumption(
        "empty-values",
        "A manifest with such a value is told as not kept after its apply: leave the parameter out.",
        _empty_values,
        _empty_values_made,
    ),
    Assumption(
        "create-shows",
        "What a create made is read again in any case, so nothing changes.",
        _create_shows,
        _create_shows_made,
    ),
    Assumption(
        "list-histories",
        "A plan gets the projects of the manifests one by one beside the list, which takes longer.",
        list_histories,
    ),
    Assumption(
        "archived-name",
        "A plan still blocks a create with an archived project's name: give the manifest another name.",
        _archived_name,
        writable=False,
    ),
    Assumption(
        "ontology-name",
        "A manifest that names no version of its ontology takes whatever name is there, so nothing changes.",
        _ontology_name,
        _ontology_name_made,
    ),
    Assumption(
        "get-case",
        "A plan of such a name alone ends with an error: spell names in manifests as Scale has them.",
        _get_case,
    ),
    Assumption(
        "histories",
        "An old version that the record names may not be seen: its differences are then of class unknown.",
        histories,
    ),
    Assumption(
        "version-numbers",
        "A missing number is the place in the history, and a jump makes a plan tell a wrong next number: no more.",
        version_numbers,
    ),
    Assumption(
        "no-ontology", "An empty history is the same to a plan, so nothing changes.", no_ontology, no_ontology_made
    ),
    Assumption(
        "rapid-studio",
        "They are not compared: a manifest that says otherwise is not told as different.",
        rapid_studio,
        writable=False,
    ),
    Assumption(
        "num-consensus",
        "consensus_attempts is sent with a create and never compared, so nothing changes.",
        num_consensus,
        writable=False,
    ),
)
"""In the order of the sandbox's switches; those that it has none for at the end."""
