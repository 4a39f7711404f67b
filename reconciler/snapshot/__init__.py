"""Snapshots of live state: the files and the git refs that they are kept in.

Anybody who can push a branch may have written a snapshot. So its size is limited, everything in it is checked, and it
never causes a write to Scale.
"""
