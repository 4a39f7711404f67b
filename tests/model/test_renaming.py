"""Which removed choices appear to be renamed: the paths of both."""

from __future__ import annotations

from reconciler.fieldpath import format_path, parse_path
from reconciler.model.plan import Cause, Field, Kind
from reconciler.model.renaming import old_path, rename_words, renamed_choices
from reconciler.model.values import ABSENT, MASKED, Json


def field(kind: Kind, path: str, before: Json = None) -> Field:
    added = kind is Kind.ADD
    return Field(parse_path(path), kind, ABSENT if added else before, None if added else ABSENT, Cause.PENDING)


def found(*fields: Field) -> dict[str, str]:
    return {format_path(old): format_path(new) for old, new in renamed_choices(fields).items()}


def test_the_parent_may_have_a_new_name_or_place() -> None:
    moved = Field(parse_path("ontology.Zoo.Birds"), Kind.MOVE, "ontology.Birds", "ontology.Zoo.Birds", Cause.PENDING)
    assert found(
        moved,
        field(Kind.REMOVE, "ontology.Animal"),
        field(Kind.REMOVE, "ontology.Animal.Cat"),
        field(Kind.REMOVE, "ontology.Birds.Owl"),
        field(Kind.ADD, "ontology.Animals"),
        field(Kind.ADD, "ontology.Animals.cat"),
        field(Kind.ADD, "ontology.Zoo.Birds.Owls"),
    ) == {
        "ontology.Animal": "ontology.Animals",
        "ontology.Animal.Cat": "ontology.Animals.cat",
        "ontology.Birds.Owl": "ontology.Zoo.Birds.Owls",
    }


def test_what_is_no_choice_or_sensitive_or_elsewhere_is_not_renamed() -> None:
    assert found(field(Kind.REMOVE, "params.Cat"), field(Kind.ADD, "params.cat")) == {}
    assert found(field(Kind.REMOVE, "ontology.Cat", MASKED), field(Kind.ADD, "ontology.cat")) == {}
    assert found(field(Kind.REMOVE, "ontology.A.Cat"), field(Kind.ADD, "ontology.B.cat")) == {}
    assert found(field(Kind.REMOVE, "ontology.@name"), field(Kind.ADD, "ontology.@names")) == {}


def test_where_a_moved_choice_was() -> None:
    assert old_path(field(Kind.MOVE, "ontology.B", {"path": "ontology.A.B"})) == ("ontology", "A", "B")
    assert old_path(field(Kind.MOVE, "ontology.B", "ontology.*")) is None
    assert old_path(field(Kind.MOVE, "ontology.B", 1)) is None


def test_names_that_look_alike_are_spelled_in_ascii() -> None:
    assert rename_words("a b", "A b") == '"a b" -> "A b"'
    assert rename_words("Cat", "\u0421at") == '"Cat" -> "\\u0421at"'
