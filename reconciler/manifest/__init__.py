"""Manifests: from the text of YAML files to desired projects, with every mistake and its place.

The only home of YAML. It reads files and nothing else of the world; it knows no live state.
"""
