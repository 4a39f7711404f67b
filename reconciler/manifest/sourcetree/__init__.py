"""One YAML file as its author wrote it: values with their spelling, anchors, comments, and blank lines.

`parse_source` returns the tree of a valid YAML file. `fmt` rearranges the tree and writes it out again.
"""
