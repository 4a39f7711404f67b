"""The keys of a document, each defined once: its name, its meaning, and the values that it takes.

What a reader reports, the JSON Schema for editors, the order of `fmt`, and the tables in the docs all come from these
definitions: `manifest/schema.py` has those of manifests, `configuration/keys.py` those of the configuration.
"""
