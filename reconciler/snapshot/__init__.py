"""Snapshots of live state: their one text, the files and the git refs that they are kept in.

A snapshot is data that anybody with a branch may have written: it is read bounded and strictly, and nothing is ever
written to Scale on its word.
"""
