"""What this tool assumes about the API, and whether an account confirms it: a table with a row for each assumption.

If the sandbox has a switch for an assumption, the assumption has the switch's name, and holds if the account
behaves like the default of the switch. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.doctor import seeing
from reconciler.doctor.evidence import Evidence, Made, Seen, unseen
from reconciler.model.doctor import CheckResult, Verdict


@dataclass(frozen=True, slots=True)
class Assumption:
    """`otherwise` is what it means for a user if the assumption does not hold. `unseen` is why no evidence shows it.

    `by_reads` returns evidence from what reads showed, and `by_made` from a project that was made for it. If `by_made`
    is None, only the reads of that project show it. `writable` is false if no write can decide it.
    """

    name: str
    otherwise: str
    unseen: str
    by_reads: Callable[[Seen], Iterable[Evidence]]
    by_made: Callable[[Made], Iterable[Evidence]] | None = None
    writable: bool = True


def assess(seen: Seen, made: Made | None = None) -> tuple[CheckResult, ...]:
    """A result for each assumption, in the order of the table. What `made` shows is preferred, because it is newest."""
    return tuple(_assessed(assumption, seen, made) for assumption in ASSUMPTIONS)


def undecided(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """The assumptions that reads did not show, but writes can."""
    writable = {assumption.name for assumption in ASSUMPTIONS if assumption.writable}
    return tuple(result.check for result in results if result.status is Verdict.NOT_SEEN and result.check in writable)


def _assessed(assumption: Assumption, seen: Seen, made: Made | None) -> CheckResult:
    verdict, evidence = _decided(assumption.by_reads(seen), assumption.unseen)
    if made is not None and made.created:
        tried = _decided(
            assumption.by_made(made) if assumption.by_made else assumption.by_reads(made.seen), assumption.unseen
        )
        if tried[0] is not Verdict.NOT_SEEN or verdict is Verdict.NOT_SEEN:
            verdict, evidence = tried
    otherwise = f" {assumption.otherwise}" if verdict is Verdict.DOES_NOT_HOLD else ""
    return CheckResult(assumption.name, verdict, f"{evidence[0].upper()}{evidence[1:]}.{otherwise}")


def _decided(evidence: Iterable[Evidence], nothing: str) -> Evidence:
    """The first evidence against the assumption, else the first for it, else the first that is inconclusive."""
    first: dict[Verdict, Evidence] = {}
    for found in evidence:
        if found[0] is Verdict.DOES_NOT_HOLD:
            return found
        first.setdefault(found[0], found)
    return first.get(Verdict.HOLDS) or first.get(Verdict.NOT_SEEN) or unseen(nothing)


ASSUMPTIONS: Final = (
    Assumption(
        "choices",
        "A plan treats both spellings alike, so nothing changes.",
        "no ontology has a choice with only a name",
        seeing.see_choices,
    ),
    Assumption(
        "ontology-versions",
        "The versions are used instead of positions, so nothing changes.",
        "no project has an ontology",
        seeing.see_ontology_versions,
    ),
    Assumption(
        "equal-params",
        "No apply sends the same params again, so nothing changes.",
        "no version has the same params as the one before",
        seeing.see_equal_params,
        seeing.see_equal_params_made,
    ),
    Assumption(
        "null",
        "An apply reports a parameter that the manifest sets to null as not kept. Leave the parameter out.",
        "no version has a parameter that is null",
        seeing.see_null,
        seeing.see_null_made,
    ),
    Assumption(
        "added-keys",
        "A plan would remove such parameters. To keep them, use reconcile: {ignore: [params.NAME]}, or params: merge.",
        "no project has params",
        seeing.see_added_keys,
        seeing.see_added_keys_made,
    ),
    Assumption(
        "strings",
        "An apply reports such a string as not kept. Remove the whitespace from the manifest.",
        "no version has a string with whitespace around it",
        seeing.see_strings,
        seeing.see_strings_made,
    ),
    Assumption(
        "empty-values",
        "An apply reports such a value as not kept. Leave the parameter out.",
        'no version has a parameter that is [], {} or ""',
        seeing.see_empty_values,
        seeing.see_empty_values_made,
    ),
    Assumption(
        "create-shows",
        "Reconciler always reads a project again after creating it, so nothing changes.",
        "reads do not show the answer to a create",
        seeing.see_create_shows,
        seeing.see_create_shows_made,
    ),
    Assumption(
        "list-histories",
        "A plan also reads each manifest's project individually, which takes longer.",
        "list shows no project with more than one version",
        seeing.see_list_histories,
    ),
    Assumption(
        "archived-name",
        "A plan already blocks creating a project with an archived project's name. Give the manifest a different name.",
        "no archived project shares its name with another project, and the API cannot archive one to test this",
        seeing.see_archived_name,
        writable=False,
    ),
    Assumption(
        "ontology-name",
        "A manifest whose ontology has no name accepts any name on Scale, so nothing changes.",
        "there is no ontology without a name",
        seeing.see_ontology_name,
        seeing.see_ontology_name_made,
    ),
    Assumption(
        "get-case",
        "A plan for only such a name fails. Spell names in manifests as they are on Scale.",
        "no project name can be tried in a different case",
        seeing.see_get_case,
    ),
    Assumption(
        "histories",
        "An old version that the record names may not be visible. The cause of its differences is then unknown.",
        "no project that was read by get has three versions",
        seeing.see_histories,
    ),
    Assumption(
        "version-numbers",
        "A plan uses the position in the history for a missing number. If numbers skip, it shows a wrong next version.",
        "no project shows two versions of its params",
        seeing.see_version_numbers,
    ),
    Assumption(
        "no-ontology",
        "A plan treats an empty history the same way, so nothing changes.",
        "there is no project without an ontology",
        seeing.see_no_ontology,
        seeing.see_no_ontology_made,
    ),
    Assumption(
        "rapid-studio",
        "A plan does not compare them, so it does not report a manifest that differs from them.",
        "there is no project",
        seeing.see_rapid_studio,
        writable=False,
    ),
    Assumption(
        "num-consensus",
        "consensus_attempts is sent with a create and never compared, so nothing changes.",
        "no project shows the pipeline consensus_task and how many attempts it has",
        seeing.see_num_consensus,
        writable=False,
    ),
)
"""In the order of the sandbox's switches; assumptions without a switch are at the end."""
