"""What each task type takes, as far as it is known: facts for the editor's schema and for checks that know the field.

Pure data. A fact is a fragment of JSON Schema whose `$comment` says how well it is known (see `facts.py`). The set of
parameters is open: Scale adds fields and values, so nothing here is ever a reason to refuse one.
"""
