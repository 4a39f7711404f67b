"""The record of a target: how the entries of two runs are merged, and where the record is kept.

Nothing here asks Scale, or decides what is drift.
"""
