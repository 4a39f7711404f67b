"""desired × live → plan. Pure: everything that it needs to know is passed in as a value.

A desired project is compared with its live one through its mask. The result is the *intent*: the fields to add, remove,
change, move, and reorder. Only these are hashed, approved, and called changes. The calls are derived from the same
target state.
"""
