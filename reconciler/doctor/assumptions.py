"""What this tool assumes about the API, and whether an account confirms it: one row of a table for each assumption.

An assumption that the sandbox has a switch for has the switch's name, and holds if the account behaves as the switch's
default. Pure: evidence in, results out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.doctor.evidence import (
    Evidence,
    Made,
    Seen,
    unseen,
)
from reconciler.doctor.seeing import (
    see_added_keys,
    see_added_keys_made,
    see_archived_name,
    see_choices,
    see_create_shows,
    see_create_shows_made,
    see_empty_values,
    see_empty_values_made,
    see_equal_params,
    see_equal_params_made,
    see_get_case,
    see_histories,
    see_list_histories,
    see_no_ontology,
    see_no_ontology_made,
    see_null,
    see_null_made,
    see_num_consensus,
    see_ontology_name,
    see_ontology_name_made,
    see_ontology_versions,
    see_rapid_studio,
    see_strings,
    see_strings_made,
    see_version_numbers,
)
from reconciler.model.doctor import AssumptionResult, Verdict


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


ASSUMPTIONS: Final = (
    Assumption(
        "choices",
        "Both spellings are the same to a plan, so nothing changes.",
        "no ontology has a choice with nothing but its name",
        see_choices,
    ),
    Assumption(
        "ontology-versions",
        "They are used instead of positions, so nothing changes.",
        "no project has an ontology",
        see_ontology_versions,
    ),
    Assumption(
        "equal-params",
        "No apply sends such a call, so nothing changes.",
        "no version has the same params as the one before",
        see_equal_params,
        see_equal_params_made,
    ),
    Assumption(
        "null",
        "After its apply, a manifest that sets a parameter to null is reported as not kept: leave the parameter out.",
        "no version has a parameter that is null",
        see_null,
        see_null_made,
    ),
    Assumption(
        "added-keys",
        "A plan would remove them again: ignore them with reconcile: {ignore: [params.NAME]}, or use params: merge.",
        "no project has params",
        see_added_keys,
        see_added_keys_made,
    ),
    Assumption(
        "strings",
        "After its apply, a manifest with such a string is reported as not kept: remove the whitespace there too.",
        "no version has a string with whitespace around it",
        see_strings,
        see_strings_made,
    ),
    Assumption(
        "empty-values",
        "After its apply, a manifest with such a value is reported as not kept: leave the parameter out.",
        'no version has a parameter that is [], {} or ""',
        see_empty_values,
        see_empty_values_made,
    ),
    Assumption(
        "create-shows",
        "What a create made is read again in any case, so nothing changes.",
        "no read shows what a create answers",
        see_create_shows,
        see_create_shows_made,
    ),
    Assumption(
        "list-histories",
        "A plan gets the projects of the manifests one by one in addition to the list, which takes longer.",
        "list shows no project with more than one version",
        see_list_histories,
    ),
    Assumption(
        "archived-name",
        "A plan still blocks a create with an archived project's name: give the manifest another name.",
        "no archived project shares its name, and no call can archive one to try it",
        see_archived_name,
        writable=False,
    ),
    Assumption(
        "ontology-name",
        "A manifest whose ontology has no name accepts any name on Scale, so nothing changes.",
        "there is no ontology without a name",
        see_ontology_name,
        see_ontology_name_made,
    ),
    Assumption(
        "get-case",
        "A plan of only such a name ends with an error: spell names in manifests as Scale has them.",
        "no project has a name that can be asked for in a different case",
        see_get_case,
    ),
    Assumption(
        "histories",
        "An old version that the record names may not be visible: the cause of its differences is then unknown.",
        "no project that was got has three versions",
        see_histories,
    ),
    Assumption(
        "version-numbers",
        "The position in the history replaces a missing number. After a jump, a plan shows a wrong next number.",
        "no project shows two versions of its params",
        see_version_numbers,
    ),
    Assumption(
        "no-ontology",
        "An empty history is the same to a plan, so nothing changes.",
        "there is no project without an ontology",
        see_no_ontology,
        see_no_ontology_made,
    ),
    Assumption(
        "rapid-studio",
        "They are not compared: a manifest that differs from them is not reported.",
        "there is no project",
        see_rapid_studio,
        writable=False,
    ),
    Assumption(
        "num-consensus",
        "consensus_attempts is sent with a create and never compared, so nothing changes.",
        "no project shows the pipeline consensus_task and how many attempts it has",
        see_num_consensus,
        writable=False,
    ),
)
"""In the order of the sandbox's switches; assumptions without a switch are at the end."""
