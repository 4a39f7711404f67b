"""What is shown of an adopt: the live values that the manifests declare now, in which files, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.diagnostics import count, listed
from reconciler.model.adoption import Adopted
from reconciler.model.plan import Cause
from reconciler.render.view.drift import view_drift
from reconciler.render.view.keeping import adoptions
from reconciler.render.view.parts import Command, Reader, Sentence, View, names
from reconciler.render.view.risks import units_of


def view_adoption(found: Adopted, reader: Reader) -> View:
    """What is shown of an adopt, in the form of a drift."""
    view = view_drift(found.drift, reader)
    projects = tuple(
        replace(project, asides=(*project.asides, f"written to {listed(found.places.get(project.name, ()), 5)}"))
        for project in view.projects
    )
    return replace(
        view, title="Adopted from", projects=projects, closing=tuple(_closing(found, reader)), last=_last(found)
    )


def view_proposal(found: Adopted, reader: Reader) -> View:
    """What is shown of an adoption in a pull request, in the form of a drift, with what it leaves."""
    view = view_drift(found.drift, reader)
    adopts = f"adopts {count(found.adopted, 'change')} in {count(found.files, 'file')}"
    headline = adopts if found.files else "nothing to adopt"
    return replace(view, headline=headline, footnotes=tuple(_conflicts(found, reader)))


def _closing(found: Adopted, reader: Reader) -> Iterator[Sentence]:
    invocation = reader.invocation.of(found.drift.target.name)
    yield from _conflicts(found, reader)
    if found.reverted:
        undo = Command(invocation, "apply", "--", *dict.fromkeys(name for name, _ in found.reverted))
        these = "this change" if len(found.reverted) == 1 else "these changes"
        yield (f"To undo {these} on Scale (", *units_of(found.reverted), "): ", undo)
    if found.skipped:
        were, them = ("was", "it") if found.skipped == 1 else ("were", "them")
        yield (f"{count(found.skipped, 'change')} {were} skipped: drift will show {them} again.",)
    if found.files:
        yield ("Review the manifests with git diff, and commit them. The next apply records what they declare.",)


def _conflicts(found: Adopted, reader: Reader) -> Iterator[Sentence]:
    invocation = reader.invocation.of(found.drift.target.name)
    if found.conflicts:
        are = "1 unit is" if len(found.conflicts) == 1 else f"{len(found.conflicts):,} units are"
        yield (f"{are} not adopted, because git has changed {'it' if len(found.conflicts) == 1 else 'them'} too: ",
               *units_of(found.conflicts), ".")  # fmt: skip
        units = ((name, unit, Cause.CONFLICT) for name, unit in found.conflicts)
        for dropping, shown in adoptions(units, invocation):
            yield ("To adopt the live values, and drop what git changed in ", *names(dropping), ": ", shown)


def _last(found: Adopted) -> str:
    units = sum(len(project.units) for project in found.drift.projects)
    if not units:
        if found.reverted or found.skipped:
            return "Nothing was adopted."
        return "Nothing to adopt." if found.conflicts or found.drift.errored else "Nothing to adopt. No drift."
    adopted = units - found.ignored
    words = []
    if adopted:
        words.append(f"Adopted {count(adopted, 'change')} to {count(len(found.drift.projects), 'project')}")
    if found.ignored:
        words.append(f"{'ignored' if adopted else 'Ignored'} {count(found.ignored, 'change')}")
    return f"{' and '.join(words)} in {count(found.files, 'file')}."
