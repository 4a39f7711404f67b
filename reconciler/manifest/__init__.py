"""Turns the text of YAML files into desired projects, and reports every mistake with its location.

Only this package reads YAML. It reads files but no other input, and does not know live state.
"""
