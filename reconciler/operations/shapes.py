"""What reads show of the form of a project: which fields it has, how much of a history, how versions are numbered.

Pure: one function for each assumption, from what was seen to a verdict with its evidence.
"""

from __future__ import annotations

from itertools import pairwise

from reconciler.operations.evidence import Made, Seen, Told, entries, fails, first_number, holds, unseen


def list_histories(seen: Seen) -> Told:
    """list shows each history whole."""
    told = unseen("list shows no project with more than one version")
    for project in seen.listed:
        first, shown = first_number(project), len(entries(project, "param_history"))
        if first:
            return fails(f'list shows "{project["name"]}" from version {first} on')
        if first == 0 and shown > 1:
            told = holds(f'list shows all {shown} versions of "{project["name"]}"')
    return told


def histories(seen: Seen) -> Told:
    """get shows each history whole."""
    told = unseen("no project that was got has three versions")
    for project in seen.got.values():
        first, shown = first_number(project), len(entries(project, "param_history"))
        if first:
            return fails(f'get shows "{project["name"]}" from version {first} on')
        if first == 0 and shown > 2:
            told = holds(f'get shows all {shown} versions of "{project["name"]}"')
    return told


def version_numbers(seen: Seen) -> Told:
    """The versions of params are numbered, each one higher than the one before."""
    told = unseen("no project shows two versions of its params")
    for project in seen.shown():
        history = entries(project, "param_history")
        numbers = [number for entry in history if type(number := entry.get("version")) is int]
        if len(numbers) < len(history):
            return fails(f'"{project["name"]}" has a version of its params without a number')
        for earlier, later in pairwise(numbers):
            if later != earlier + 1:
                return fails(f'in "{project["name"]}" version {later} of the params follows version {earlier}')
            told = holds(f'in "{project["name"]}" version {later} of the params follows version {earlier}')
    return told


def no_ontology(seen: Seen) -> Told:
    """`ontologyHistory` is missing where no ontology was ever set."""
    told = unseen("there is no project without an ontology")
    for project in seen.shown():
        if "ontologyHistory" not in project:
            told = holds(f'"{project["name"]}" has no ontology and shows no ontologyHistory')
        elif not project["ontologyHistory"]:
            return fails(f'"{project["name"]}" shows an ontologyHistory without an ontology')
    return told


def no_ontology_made(made: Made) -> Told:
    return no_ontology(Seen((made.created,)))


def rapid_studio(seen: Seen) -> Told:
    """`rapid` and `studio` are not readable."""
    told = unseen("there is no project")
    for project in seen.shown():
        if shown := [key for key in ("rapid", "studio") if key in project]:
            return fails(f'"{project["name"]}" shows {" and ".join(shown)}')
        told = holds("no project shows rapid or studio")
    return told


def num_consensus(seen: Seen) -> Told:
    """`consensus_attempts` reads as `numConsensus`."""
    told = unseen("no project shows the pipeline consensus_task and how many attempts it has")
    for project in seen.shown():
        if project.get("pipelineName") == "consensus_task":
            if "numConsensus" not in project:
                return fails(f'"{project["name"]}" is of the pipeline consensus_task and shows no numConsensus')
            if project["numConsensus"]:
                told = holds(f'"{project["name"]}" is of the pipeline consensus_task and shows numConsensus')
    return told
