"""JSON Schema as an independent validator reads it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

DOCS = Path(__file__).parents[2] / "docs" / "schemas"


@cache
def published(name: str) -> Any:
    """A schema of docs/schemas, which is a schema itself."""
    schema = json.loads((DOCS / f"{name}.json").read_text())
    validator_for(schema).check_schema(schema)
    return schema


def mistakes(schema: Any, document: Any) -> list[str]:
    """Where the document breaks the schema, and how."""
    validator = validator_for(schema, Draft202012Validator)(schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]
