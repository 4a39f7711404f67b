"""The keys of a document, each defined once: its name, its meaning, and the values that it takes.

The checks of a document, the JSON Schema for editors, the order of keys in `fmt`, and the tables in the docs all come
from these definitions. `manifest/schema.py` defines the keys of manifests, `configuration/keys.py` those of the
configuration.
"""
