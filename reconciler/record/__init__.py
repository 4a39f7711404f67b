"""What is kept of a target: its record, with how the entries of two runs are merged, and its snapshot.

Nothing here asks Scale, or decides what is drift.
"""
