"""The shape of a project document, as models that stand at the border only: `verdict.py` asks them and translates what
they refuse; what they take becomes a `DesiredProject`."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reconciler.fieldpath import Attribute, Pattern, parse_pattern
from reconciler.manifest.codes import Code

IGNORABLE: Final = ("ontology", "ontology.**.@description", "ontology.**.@display")
"""What can be ignored beside anything below `params`."""

LONGEST_NAME: Final = 1_000
"""Characters of a project's name."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _refuse(code: Code, summary: str, detail: str = "", label: str = "") -> PydanticCustomError:
    return PydanticCustomError(
        "reconciler", "{summary}", {"code": code, "summary": summary, "detail": detail, "label": label}
    )


def _name(name: str) -> str:
    if name in ("", ".", ".."):
        what = f'"{name}"' if name else "empty"
        raise _refuse(Code.BAD_NAME, f"a project's name cannot be {what}", "The API's addresses cannot carry it.")
    if len(name) > LONGEST_NAME:
        raise _refuse(
            Code.BAD_NAME, f"a project's name has at most {LONGEST_NAME:,} characters; this one has {len(name):,}"
        )
    if not name.isprintable():
        control = next((character for character in name if unicodedata.category(character) == "Cc"), None)
        if control is not None:
            raise _refuse(Code.BAD_NAME, f"a project's name holds the control character U+{ord(control):04X}")
    return name


def _type(task_type: str) -> str:
    if not task_type:
        raise _refuse(Code.BAD_VALUE, "a project's type is not empty")
    return task_type


def _pattern(text: str) -> Pattern:
    try:
        pattern = parse_pattern(text)
    except ValueError as problem:
        raise _refuse(Code.BAD_IGNORE, f"this path cannot be read: {problem}") from None
    if text in IGNORABLE:
        return pattern
    if pattern.parts[0] != "params" or len(pattern.parts) == 1:
        raise _refuse(
            Code.BAD_IGNORE,
            f'nothing can be ignored at "{text}"',
            "What can be ignored is anything below params, or ontology, ontology.**.@description, "
            "ontology.**.@display. A part that a manifest leaves out is not managed at all.",
        )
    if any(isinstance(part, Attribute) for part in pattern.parts):
        raise _refuse(
            Code.BAD_IGNORE, "parameters have no @ attributes", 'A key that starts with @ is quoted: params."@key".'
        )
    return pattern


def _until(text: str) -> date:
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise _refuse(Code.BAD_DATE, f"there is no day {text}") from None
    raise _refuse(Code.BAD_DATE, f'"{text}" is no day', "A day is written YYYY-MM-DD, as in 2027-03-01.")


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)


class IgnoreDocument(_Document):
    """An `ignore` as an object; a bare string is its path."""

    path: Annotated[str, AfterValidator(_pattern)]
    reason: str | None = None
    until: Annotated[str, AfterValidator(_until)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class ReconcileDocument(_Document):
    params: Literal["exact", "merge"] = "exact"
    ignore: Annotated[list[IgnoreDocument], Field(default_factory=list)]
    protect: bool = False


class _Values(_Document):
    """What a project, its defaults and its overlays share. `params` is checked beside the model, by `check`."""

    model_config = ConfigDict(extra="allow")

    rapid: bool | None = None
    studio: bool | None = None
    pipeline: Literal["standard_task", "consensus_task"] | None = None
    consensus_attempts: Annotated[int, Field(gt=0)] | None = None
    params: Any = None
    reconcile: Annotated[ReconcileDocument, Field(default_factory=ReconcileDocument)]


class ProjectDocument(_Values):
    """One YAML document. `ontology` is checked by `OntologyCheck`."""

    name: Annotated[str, AfterValidator(_name)]
    type: Annotated[str, AfterValidator(_type)]
    ontology: Any = None


class DefaultsDocument(_Values):
    """A `_defaults.yaml`: values for what manifests below it leave out."""

    type: Annotated[str, AfterValidator(_type)] | None = None
    names: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None


class OverlayDocument(_Values):
    """What a target lays over a manifest."""

    type: Annotated[str, AfterValidator(_type)] | None = None
    ontology: Any = None


PROJECT_KEYS: Final = (
    "name",
    "type",
    "rapid",
    "studio",
    "pipeline",
    "consensus_attempts",
    "params",
    "ontology",
    "reconcile",
)
"""In the order in which they are written."""
DEFAULTS_KEYS: Final = ("names", *(key for key in PROJECT_KEYS if key not in ("name", "ontology")))
OVERLAY_KEYS: Final = PROJECT_KEYS[1:]
RECONCILE_KEYS: Final = tuple(ReconcileDocument.model_fields)
IGNORE_KEYS: Final = tuple(IgnoreDocument.model_fields)
