"""desired × live → plan. Pure: what must be known of the world is handed in as a value.

A desired project looks at its live one through its mask and gives the *intent*: the fields to add, remove, change, move
and reorder. Nothing else is hashed, approved or called a change. The calls are derived from the same target state.
"""
