"""One YAML file as its author wrote it: values with their spelling, anchors, comments, and blank lines.

`parse_source` gives the tree of a file that is valid YAML. `fmt` arranges it and lays it out again.
"""
