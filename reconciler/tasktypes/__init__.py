"""The known parameters of each task type: facts for the editor schema and for the checks of params.

Pure data. A fact is a fragment of JSON Schema whose `$comment` says how well it is known (see `facts.py`). The set of
parameters is open, because Scale adds parameters and values, so a value is never refused because of a fact.
"""
