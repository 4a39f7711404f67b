"""The record of a target: its text, how two runs' entries become one, and where it is kept.

Nothing here asks Scale, or decides what is drift.
"""
