"""The published schemas of documents, made from their shapes. To write them: UPDATE_SCHEMAS=1 pytest tests/schemas."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from types import ModuleType
from typing import Any, Final

from reconciler.documents import drift, history, parts, pins, plan, result, savedplan, validation
from reconciler.documents.parts import Shape

SHAPES: Final[dict[str, tuple[str, type[Shape]]]] = {
    "plan": ("A plan", savedplan.SavedPlanShape),
    "result": ("The result of an apply", result.ResultShape),
    "drift": ("What drifted", drift.DriftShape),
    "history": ("The history of a project", history.HistoryShape),
    "blame": ("What introduced each live value", history.BlameShape),
    "relabel": ("The renames between two versions", history.RelabelShape),
    "pins": ("The versions that applies recorded", pins.PinsShape),
    "validate": ("What reconciler validate found", validation.ValidationShape),
}
_IGNORE: Final = "Ignore keys that are not listed here."


def document_schema(name: str) -> Any:
    """The JSON Schema of a document. What only a file of plan --out has is not required."""
    title, shape = SHAPES[name]
    made = shape.model_json_schema(by_alias=True, mode="validation")
    if shape is savedplan.SavedPlanShape:
        made["description"] = plan.PlanShape.__doc__
        made["$defs"]["SavedChangeShape"] |= {
            "required": plan.ChangeShape.model_json_schema()["required"],
            "description": plan.ChangeShape.__doc__,
        }
    words = _words()
    for definition, body in [(shape.__name__, made), *made["$defs"].items()]:
        for key, inner in body.get("properties", {}).items():
            if (reported := words.get((definition, key))) is not None:
                inner["description"] = reported
        if "enum" in body:
            body.pop("description", None)
    made["description"] = f"{made['description']} {_IGNORE}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_plain(made)}


def _plain(schema: Any, *, names: bool = False) -> Any:
    """The schema without pydantic's titles and defaults, its definitions named without "Shape"."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if isinstance(schema, str) and schema.startswith("#/$defs/"):
        return schema.removesuffix("Shape")
    if not isinstance(schema, dict):
        return schema
    return {
        (key.removesuffix("Shape") if names else key): _plain(inner, names=not names and key in ("properties", "$defs"))
        for key, inner in schema.items()
        if names or key not in ("title", "default")
    }


@cache
def _words() -> dict[tuple[str, str], str]:
    """What is said below each key of each shape; keys as they are in documents."""
    found: dict[tuple[str, str], str] = {}
    modules: tuple[ModuleType, ...] = (parts, plan, savedplan, result, drift, history, pins, validation)
    for module in modules:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                shape = getattr(module, node.name)
                for name, text in _documented(node):
                    key = shape.model_fields[name].alias or name
                    for each in _with_heirs(shape):
                        found[each.__name__, key] = text
    return found


def _documented(node: ast.ClassDef) -> list[tuple[str, str]]:
    pairs = zip(node.body, node.body[1:], strict=False)
    return [
        (one.target.id, " ".join(after.value.value.split()))
        for one, after in pairs
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
    ]  # fmt: skip


def _with_heirs(shape: type[Shape]) -> list[type[Shape]]:
    return [shape, *(heir for each in shape.__subclasses__() for heir in _with_heirs(each))]
