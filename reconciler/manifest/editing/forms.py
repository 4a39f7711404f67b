"""A new ontology in the form in which the old one is declared. What does not change stays as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.ontology import Choice, Ontology, read_ontology, spell, walk
from reconciler.model.values import Json


def in_form(old: Json, ontology: Ontology) -> Json:
    """The declaration of an ontology, in the form of the old declaration."""
    choices = old.get("choices", []) if isinstance(old, dict) else old
    before = read_ontology(choices)
    forms: dict[str, tuple[Choice, Json]] = {}
    if isinstance(before, Ontology):
        forms = {choice.choice: (choice, form) for choice, form in zip(_each(before), _forms(choices), strict=True)}
    new = [_in_form(choice, forms) for choice in ontology.choices]
    if not isinstance(old, dict):
        return new if ontology.name is None else {"name": ontology.name, "choices": new}
    named = {} if ontology.name is None else {"name": ontology.name}
    return {key: value for key, value in {**old, **named, "choices": new}.items() if key != "name" or named}


def _each(ontology: Ontology) -> list[Choice]:
    return [choice for _, _, choice in walk(ontology.choices)]


def _forms(choices: Sequence[Json]) -> list[Json]:
    """Each choice as it is written, in the order of `walk`."""
    found: list[Json] = []
    for form in choices:
        found.append(form)
        if isinstance(form, dict):
            found += _forms(form.get("subchoices") or [])
    return found


def _in_form(choice: Choice, forms: Mapping[str, tuple[Choice, Json]]) -> Json:
    """A choice as it was written, except for what changed."""
    before, form = forms.get(choice.choice, (None, None))
    below = [_in_form(each, forms) for each in choice.subchoices]
    if before is None:
        spelled = spell(choice)
        return {**spelled, "subchoices": below} if below and isinstance(spelled, dict) else spelled
    if not isinstance(form, dict):
        spelled = spell(choice)
        if not isinstance(spelled, dict):
            return form
        return {**spelled, "subchoices": below} if below else spelled
    new = dict(form)
    for name in ("display", "description"):
        value = getattr(choice, name)
        if value != getattr(before, name):
            new.pop(name, None)
            if value is not None:
                new[name] = value
    if below:
        new["subchoices"] = below
    elif before.subchoices:
        new.pop("subchoices", None)
    if "subchoices" in new and "subchoices" not in form:
        new["subchoices"] = new.pop("subchoices")
    return new
