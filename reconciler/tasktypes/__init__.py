"""What each task type takes, as far as it is known: facts for the editor's schema and for the checks of params.

Pure data. A fact is a fragment of JSON Schema whose `$comment` says how well it is known (see `facts.py`). The set of
parameters is open, because Scale adds parameters and values, so nothing is refused because of a fact.
"""
