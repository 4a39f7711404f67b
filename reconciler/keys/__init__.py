"""The keys of a document, each defined once: its name, its meaning, and the values that it takes.

What a reader reports, the JSON Schema for editors, the order of `fmt`, and the tables in the docs all come from these
definitions: `manifest/schema.py` has those of manifests, `configuration/keys.py` those of the configuration.
"""

from reconciler.keys.faults import Fault, Faults, Path, RefusedError, kind_of, name_of
from reconciler.keys.kinds import (
    DIALECT,
    Day,
    Each,
    Kind,
    ListOf,
    Maybe,
    Number,
    OneOf,
    Schema,
    Slots,
    Text,
    Truth,
)
from reconciler.keys.table import Key, Table

__all__ = [
    "DIALECT",
    "Day",
    "Each",
    "Fault",
    "Faults",
    "Key",
    "Kind",
    "ListOf",
    "Maybe",
    "Number",
    "OneOf",
    "Path",
    "RefusedError",
    "Schema",
    "Slots",
    "Table",
    "Text",
    "Truth",
    "kind_of",
    "name_of",
]
