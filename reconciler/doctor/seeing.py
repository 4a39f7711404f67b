"""What an account shows about each assumption: evidence from reads, and from a project that was created.

Pure. There is one function for each row of the table of assumptions, and a second one if a project that was created
shows it differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
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
from reconciler.model.values import equal

NULL_PARAM: Final = "callback_url"
PADDED_PARAM: Final = "instruction"
"""The parameters of the project that doctor creates: one is null, and one has whitespace around it."""

_ADDED: Final = ("can_add_tags", "with_labels")
_NO_PARAMS: Final = unseen("the project that was created shows no params")


def see_choices(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        for choice in choices_in(entry.get("ontology")):
            if isinstance(choice, str):
                yield fails(f"{words} has a choice that is a string")
            elif isinstance(choice, dict) and choice.keys() == {"choice"}:
                yield holds(f"{words} has a choice with only a name, which is an object")


def see_ontology_versions(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        extra = [key for key in ("version", "created_at") if key in entry]
        if extra:
            yield fails(f"{words} has {' and '.join(extra)}")
        yield holds(f"{words} has neither version nor created_at")


def see_equal_params(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        for (_, earlier), (words, later) in pairwise(params_versions((project,))):
            if equal(earlier, later):
                yield holds(f"{words} has the same params as the one before")


def see_equal_params_made(made: Made) -> Iterator[Evidence]:
    if made.repeated is None:
        yield unseen("the same params were not sent a second time")
        return
    before, after = last_number(made.created), last_number(made.repeated)
    if before == after:
        yield fails("a setParams with the same params made no version")
    yield holds(f"a setParams with the same params made version {after}")


def see_null(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if None in params.values():
            yield holds(f"{words} has a parameter that is null")


def see_null_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
    elif NULL_PARAM in stored:
        kept = stored[NULL_PARAM] is None
        yield holds("a parameter sent as null was stored") if kept else fails("null was replaced by a different value")
    elif not any(map(is_empty, stored.values())):
        yield unseen("a parameter sent as null was dropped like every other empty value")
    else:
        yield fails("a parameter sent as null was not stored")


def see_added_keys(seen: Seen) -> Iterator[Evidence]:
    versions = [
        (words, sorted(key for key in params if key.startswith("can_") or key in _ADDED))
        for words, params in params_versions(seen.shown())
    ]
    for words, added in versions:
        if added:
            yield unseen(f"{words} has {', '.join(added)}; reads cannot show whether someone sent this")
            return
    for words, _ in versions:
        yield holds(f"{words} has no parameter that a server is known to add")


def see_added_keys_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
        return
    added = sorted(stored.keys() - made.sent.keys())
    yield fails(f"the server added {', '.join(added)}") if added else holds("the server added no parameter")


def see_strings(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if has_padding(dict(params)):
            yield holds(f"{words} has a string with whitespace around it")


def see_strings_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
    elif equal(stored.get(PADDED_PARAM), made.sent[PADDED_PARAM]):
        yield holds("a string was stored with the whitespace around it")
    else:
        yield fails("a string was not stored with the whitespace around it")


def see_empty_values(seen: Seen) -> Iterator[Evidence]:
    for words, params in params_versions(seen.shown()):
        if any(map(is_empty, params.values())):
            yield holds(f'{words} has a parameter that is [], {{}} or ""')


def see_empty_values_made(made: Made) -> Iterator[Evidence]:
    stored = latest_params(made.created)
    if stored is None:
        yield _NO_PARAMS
        return
    gone = sorted(key for key, value in made.sent.items() if is_empty(value) and not equal(stored.get(key), value))
    yield fails(f"empty values were sent but not stored: {', '.join(gone)}") if gone else holds("[] and {} were stored")


def see_create_shows(seen: Seen) -> Iterator[Evidence]:
    return iter(())


def see_create_shows_made(made: Made) -> Iterator[Evidence]:
    if isinstance(made.answer, dict) and made.answer.get("param_history"):
        yield fails("the answer to a create already showed its params")
    yield holds("the answer to a create showed no params")


def see_list_histories(seen: Seen) -> Iterator[Evidence]:
    return _whole(seen.listed, by="list", versions=2)


def see_histories(seen: Seen) -> Iterator[Evidence]:
    return _whole(seen.got.values(), by="get", versions=3)


def _whole(projects: Iterable[Project], *, by: str, versions: int) -> Iterator[Evidence]:
    """Whether histories are shown whole, which only projects with enough `versions` can show."""
    for project in projects:
        first, shown = first_number(project), len(entries(project, "param_history"))
        if first:
            yield fails(f'{by} shows "{project["name"]}" only from version {first} on')
        if first == 0 and shown >= versions:
            yield holds(f'{by} shows all {shown} versions of "{project["name"]}"')


def see_archived_name(seen: Seen) -> Iterator[Evidence]:
    times = Counter(project["name"] for project in seen.listed)
    for project in seen.listed:
        if project.get("archived") is True and times[project["name"]] > 1:
            yield fails(f'an archived project and another one are both named "{project["name"]}"')


def see_ontology_name(seen: Seen) -> Iterator[Evidence]:
    for words, entry in ontology_versions(seen.shown()):
        if entry.get("name") is None:
            yield holds(f"{words} has no name")


def see_ontology_name_made(made: Made) -> Iterator[Evidence]:
    for _, entry in ontology_versions(made.seen.shown()):
        if entry.get("name") is not None:
            yield fails(f'an ontology set without a name was named "{entry["name"]}"')
    yield from see_ontology_name(made.seen)


def see_get_case(seen: Seen) -> Iterator[Evidence]:
    asked = seen.other_case
    if asked is not None and asked.found is None:
        yield holds(f'a get of "{asked.asked}" does not find "{asked.name}"')
    elif asked is not None:
        yield fails(f'a get of "{asked.asked}" finds "{asked.found}"')


def see_version_numbers(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        history = entries(project, "param_history")
        numbers = [number for entry in history if type(number := entry.get("version")) is int]
        if len(numbers) < len(history):
            yield fails(f'"{project["name"]}" has a version of its params without a number')
        for earlier, later in pairwise(numbers):
            words = f'in "{project["name"]}", version {later} of the params follows version {earlier}'
            yield holds(words) if later == earlier + 1 else fails(words)


def see_no_ontology(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        if "ontologyHistory" not in project:
            yield holds(f'"{project["name"]}" has no ontology and shows no ontologyHistory')
        elif not project["ontologyHistory"]:
            yield fails(f'"{project["name"]}" has no ontology, but shows an ontologyHistory')


def see_no_ontology_made(made: Made) -> Iterator[Evidence]:
    return see_no_ontology(Seen((made.created,)))


def see_rapid_studio(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        shown = [key for key in ("rapid", "studio") if key in project]
        if shown:
            yield fails(f'"{project["name"]}" shows {" and ".join(shown)}')
        yield holds("no project shows rapid or studio")


def see_num_consensus(seen: Seen) -> Iterator[Evidence]:
    for project in seen.shown():
        if project.get("pipelineName") != "consensus_task":
            continue
        words = f'"{project["name"]}" has the pipeline consensus_task and shows'
        if "numConsensus" not in project:
            yield fails(f"{words} no numConsensus")
        elif project["numConsensus"]:
            yield holds(f"{words} numConsensus")
