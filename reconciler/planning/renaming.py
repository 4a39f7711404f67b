"""Choices and labels that have a new name.

A rename that a manifest declares is marked in the fields. Choices that only look renamed are a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.diagnostics import Diagnostic, listed, warning, yaml_text
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered
from reconciler.model.guards import RENAMED_CHOICE
from reconciler.model.ontology import texts_in, walk
from reconciler.model.plan import Action, Field, Kind, ProjectChange, Rename
from reconciler.model.project import DesiredProject, LiveProject, address_of
from reconciler.model.renaming import rename_words, renamed_choices
from reconciler.model.values import ABSENT, Absent, Json

_EXAMPLES: Final = 3

_NAMES: Final = ("choice", "name", "label", "value")
"""The keys of a label's name, by task type."""


def with_renames(fields: Iterable[Field], desired: DesiredProject) -> Iterator[Field]:
    """The fields. Each declared rename is marked: a removal whose new name is in the manifest, and the addition of that
    name in the same list."""
    if not desired.renames:
        yield from fields
        return
    fields = list(fields)
    declared = {old: _last(old, desired.renames) for old in desired.renames}
    choices = {choice.choice for _, _, choice in walk(desired.ontology.choices)} if desired.ontology else set()
    added = {(_list_of(field), name): field for field in fields if (name := _named(field, Kind.ADD)) is not None}
    marks: dict[int, Rename] = {}
    for field in fields:
        old = _named(field, Kind.REMOVE)
        if old is None or old not in declared:
            continue
        rename = Rename(old, declared[old])
        addition = added.get((_list_of(field), rename.new))
        if addition is not None:
            marks.setdefault(id(addition), rename)
        if addition is not None or (field.path[0] == "ontology" and rename.new in choices):
            marks[id(field)] = rename
    for field in fields:
        yield replace(field, renamed=marks[id(field)]) if id(field) in marks else field


def _last(old: str, renames: Mapping[str, str]) -> str:
    """The name that a name has after all renames."""
    seen, name = {old}, renames[old]
    while name in renames and name not in seen:
        seen.add(name)
        name = renames[name]
    return name


def _list_of(field: Field) -> FieldPath:
    """What a name is unique in: the whole ontology, or a list of labels."""
    return ("ontology",) if field.path[0] == "ontology" else field.path[:-1]


def _named(field: Field, kind: Kind) -> str | None:
    """The name of a choice or label, if the whole choice or label is added or removed."""
    last = field.path[-1]
    if field.kind is not kind or isinstance(last, Attribute) or len(field.path) < 2:
        return None
    if field.path[0] == "ontology":
        return str(last)
    return name_of(field.before if kind is Kind.REMOVE else field.after) if isinstance(last, int) else None


def name_of(label: Json | Absent) -> str | None:
    """The name of a label: a string, or an object with its name."""
    if isinstance(label, dict):
        label = next((label[key] for key in _NAMES if isinstance(label.get(key), str)), ABSENT)
    return label if isinstance(label, str) else None


def never_named(renames: Mapping[str, str], live: LiveProject) -> list[str]:
    """The old names that no version had. Empty if the history does not show every version.

    A name between two renames (`A: B`, `B: C`) may never have been on Scale. A label may be any string in the
    parameters.
    """
    histories = (live.params_history, live.ontology_history)
    is_cut = live.origins is not None or any(history and history[0].number > 0 for history in histories)
    if is_cut or any(version.content is None for history in histories for version in history):
        return []
    left = dict.fromkeys(old for old in renames if old not in renames.values())
    for content in (live.params, live.ontology, *(version.content for history in histories for version in history)):
        for text in texts_in(content) if left else ():
            left.pop(text, None)
    return list(left)


def warn_of_renamed(change: ProjectChange, sensitive: Sequence[Pattern]) -> list[Diagnostic]:
    """A warning about the choices that an update removes while it adds similar ones: one, however many there are.

    A rename that the manifest declares is not reported.
    """
    if change.action is not Action.UPDATE:
        return []
    shown = [field for field in change.fields if not covered(field.path, sensitive)] if sensitive else change.fields
    pairs = [(str(old[-1]), str(new[-1])) for old, new in renamed_choices(shown).items()]
    if not pairs:
        return []
    [first, *others] = pairs
    if others:
        summary = f"{address_of(change.name)}: {len(pairs):,} choices appear to be renamed"
        renamed = f"Probably renamed: {listed([rename_words(*pair) for pair in pairs], _EXAMPLES)}.\n"
    else:
        summary, renamed = f"{address_of(change.name)}: a choice appears to be renamed: {rename_words(*first)}", ""
    snippets = "".join(
        f"\n    {{choice: {yaml_text(old)}, display: {yaml_text(new)}}}" for old, new in pairs[:_EXAMPLES]
    )
    declared = ", ".join(f"{yaml_text(old)}: {yaml_text(new)}" for old, new in pairs[:_EXAMPLES])
    detail = (
        f"{renamed}Scale cannot rename a choice, so work in flight is not updated, and finished tasks keep the old "
        f"{'names' if others else 'name'}. To change what labelers see, keep "
        f"{'each choice' if others else 'the choice'} and give it a display:{snippets}\n"
        f"To rename {'the choices' if others else 'the choice'} anyway, declare the new "
        f"{'names' if others else 'name'} in the manifest:\n"
        f"    reconcile: {{renames: {{{declared}}}}}"
    )
    return [warning(RENAMED_CHOICE, summary, detail=detail)]
