"""What may be printed: sensitive values are masked, file names are relative, and remedies are whole commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Attribute, FieldPath, Pattern, as_patterns, covered, parse_path
from reconciler.model.plan import Call, CallKind, Field, Kind, ProjectChange, State
from reconciler.model.rebuilding import Changes, Spell, rebuilt, relative, renamed, spelled
from reconciler.model.values import ABSENT, MASKED, Absent, Json

if TYPE_CHECKING:
    from reconciler.model.adoption import Adopted
    from reconciler.model.drift import Drift, Unit
    from reconciler.model.history import Blame, Blamed, History, Pins, Relabel, Renaming
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.model.validation import Validation

Printable = TypeVar("Printable", bound="Plan | Drift | Outcome | Adopted | History | Blame | Relabel")
_Printable = TypeVar(
    "_Printable", bound="Plan | Drift | Outcome | Adopted | History | Blame | Relabel | Pins | Validation"
)

ONTOLOGY_NAME: Final[FieldPath] = ("ontology", Attribute("name"))


def printed(
    value: _Printable, *, base: str, sensitive: Sequence[Pattern] = (), spell: Spell | None = None
) -> _Printable:
    """The value with every file relative to the folder `base`, and with what `sensitive` covers masked.

    `spell` completes the commands that its diagnostics suggest. The words of an outcome are masked on entry; its values
    are those of stale projects.
    """
    masks = _Masks(sensitive)
    changes = {**renamed(partial(relative, base=base)), **(spelled(spell) if spell is not None else {})}
    shown: Any = rebuilt(value, {**changes, **masks.changes} if sensitive else changes)
    if masks.used and hasattr(shown, "masked"):
        shown = replace(shown, masked=True)
    whole: _Printable = shown
    return whole


class _Masks:
    """Masks values, and notes whether any value was masked."""

    def __init__(self, sensitive: Sequence[Pattern]) -> None:
        self.sensitive = as_patterns(sensitive)
        self.used = False
        self.changes: Changes = {
            "State": self.state,
            "Field": self.field,
            "Call": self.call,
            "Unit": self.unit,
            "Blamed": self.blamed,
            "Renaming": self.renaming,
        }

    def value(self, value: Json | Absent, path: FieldPath) -> Json:
        masked = value if value is ABSENT else mask(value, path, self.sensitive)
        self.used = self.used or masked is not value
        return masked

    def state(self, state: State) -> State:
        values = {"params": state.params, "ontology": state.ontology}
        shown = {part: self.value(value, (part,)) for part, value in values.items()}
        if state.ontology_name is not None:
            values["ontology_name"] = state.ontology_name
            shown["ontology_name"] = self.value(state.ontology_name, ONTOLOGY_NAME)
        return replace(state, **shown, masked=_masked_places(values, shown))

    def field(self, field: Field) -> Field:
        before, after = self.value(field.before, field.path), self.value(field.after, field.path)
        is_of_identities = field.kind is Kind.REORDER and field.path[0] != "ontology"
        if is_of_identities and self.sensitive.reaches_below((*field.path, 0)):
            # Items are identified by one of their values, which a pattern may cover.
            before = after = MASKED
            self.used = True
        renamed = field.renamed
        if renamed is not None and self.sensitive and self._may_cover(field.path):
            renamed = None
        unchanged = before is field.before and after is field.after and renamed is field.renamed
        return field if unchanged else replace(field, before=before, after=after, renamed=renamed)

    def _may_cover(self, path: FieldPath) -> bool:
        """Whether a pattern may cover the other name of a choice or label that is renamed at `path`."""
        above = path[:1] if path[0] == "ontology" else path[:-1]
        return self.sensitive.covers(above) or self.sensitive.reaches_below(above)

    def call(self, call: Call) -> Call:
        """setParams has the parameters at the top level; the other two have them, or the ontology, under its name."""
        prefix: FieldPath = ("params",) if call.kind is CallKind.SET_PARAMS else ()
        paths = {key: (*prefix, key) for key in call.body}
        if call.kind is CallKind.SET_ONTOLOGY:
            paths["name"] = ONTOLOGY_NAME
        return replace(call, body={key: self.value(value, paths[key]) for key, value in call.body.items()})

    def blamed(self, field: Blamed) -> Blamed:
        """A value. If it is a choice that is masked, or is below one, its path ends with that one."""
        path, value = field.path, self.value(field.value, field.path)
        if value is not field.value and path[0] == "ontology":
            length = next(length for length in range(2, len(path) + 1) if self.sensitive.covers(path[:length]))
            if not isinstance(path[length - 1], Attribute):
                path = (*path[: length - 1], MASKED)
        return field if value is field.value else replace(field, value=value, path=path)

    def renaming(self, one: Renaming) -> Renaming:
        old, new = self.value(one.old, one.old_path), self.value(one.new, one.path)
        return one if old is one.old and new is one.new else replace(one, old=old, new=new)

    def unit(self, unit: Unit) -> Unit:
        path = parse_path(unit.path)
        base, desired, live = (self.value(side, path) for side in (unit.base, unit.desired, unit.live))
        return replace(unit, base=base, desired=desired, live=live)


def _masked_places(value: Json, shown: Json) -> Json:
    """True for each masked value, in the structure of `value`, without the members of objects that have none."""
    if shown is MASKED:
        return True
    if isinstance(value, dict):
        if shown is value:
            return {}
        places = {key: _masked_places(inner, shown[key]) for key, inner in value.items()}
        return {key: place for key, place in places.items() if place not in (False, {}, [])}
    if isinstance(value, list | tuple):
        if shown is value:
            return []
        return [_masked_places(*both) for both in zip(value, shown, strict=True)]
    return False


def masked_document(document: Mapping[str, Json], sensitive: Sequence[Pattern]) -> dict[str, Json]:
    """A composed manifest with its sensitive values masked."""

    def masked(key: str, value: Json) -> Json:
        if key == "ontology" and isinstance(value, dict):
            paths: dict[str, FieldPath] = {"name": ONTOLOGY_NAME, "choices": ("ontology",)}
            return {inner: mask(below, paths[inner], sensitive) for inner, below in value.items()}
        return mask(value, (key,), sensitive)

    return {key: masked(key, value) for key, value in document.items()}


def mask(value: Json, path: FieldPath, sensitive: Sequence[Pattern]) -> Json:
    """`value`, which is at `path`, with everything that a pattern covers replaced by a string that says so.

    If nothing is covered, this is `value` itself. In an ontology, the parts of a path are the names of choices.
    """
    if not sensitive:
        return value
    if covered(path, sensitive):
        return MASKED
    return _mask_below(value, path, sensitive)


def _mask_below(value: Json, path: FieldPath, sensitive: Sequence[Pattern]) -> Json:
    if not as_patterns(sensitive).reaches_below(path):
        return value
    if isinstance(value, dict):
        masked: Json = {key: mask(item, _step(path, key), sensitive) for key, item in value.items()}
        if path[0] == "ontology":
            masked |= _masked_move(value, sensitive)
        changed = any(masked[key] is not item for key, item in value.items())
    elif isinstance(value, list | tuple):
        masked = [mask(item, _item(path, position, item), sensitive) for position, item in enumerate(value)]
        changed = any(new is not old for new, old in zip(masked, value, strict=True))
    else:
        return value
    return masked if changed else value


def _step(path: FieldPath, key: str) -> FieldPath:
    """The path of a member. In an ontology, an object is a choice: its members are attributes, or its subchoices."""
    if path[:1] != ("ontology",):
        return (*path, key)
    return path if key in ("subchoices", "choices") else (*path, Attribute(key))


def _item(path: FieldPath, position: int, item: Json) -> FieldPath:
    if path[:1] != ("ontology",):
        return (*path, position)
    name = item.get("choice") if isinstance(item, dict) else item
    return (*path, name) if isinstance(name, str) else path


def _masked_move(value: dict[str, Json], sensitive: Sequence[Pattern]) -> dict[str, Json]:
    """Where a choice moved from or to is shown as a path, whose names may be what a pattern covers."""
    try:
        path = parse_path(value.get("path", ""))
    except (TypeError, ValueError):
        return {}
    return {"path": MASKED} if len(path) > 1 and covered(path, sensitive) else {}


def with_masked_words(diagnostic: Diagnostic, change: ProjectChange, sensitive: Sequence[Pattern]) -> Diagnostic:
    """A diagnostic with a server's words, which may repeat what was sent: without the texts that are sensitive in this
    project, declared or live."""
    if not sensitive:
        return diagnostic
    desired = change.desired
    declared = State.spelled(desired.type, desired.params or {}, desired.ontology)
    texts: set[str] = set()
    for state in (declared, change.before):
        if state is not None:
            for value, part in ((state.params, "params"), (state.ontology, "ontology")):
                texts.update(_masked_texts(value, mask(value, (part,), sensitive)))
    summary, detail = diagnostic.summary, diagnostic.detail
    # A single character would mask everything.
    for text in sorted((text for text in texts if len(text) > 1), key=len, reverse=True):
        summary, detail = summary.replace(text, MASKED), detail.replace(text, MASKED)
    return replace(diagnostic, summary=summary, detail=detail)


def _masked_texts(value: Json, shown: Json) -> Iterator[str]:
    """The texts in `value` that are masked in `shown`."""
    if shown is value:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _masked_texts(inner, MASKED if shown is MASKED else shown[key])
