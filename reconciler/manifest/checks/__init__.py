"""Checks of params and ontologies. `rules.py` has the table of them."""
