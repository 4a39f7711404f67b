"""What people read about plans, drifts, outcomes, and diagnostics. Pure: values in, text out.

`view/` decides what is shown, in which order, and in which words. `text/`, `markdown/`, and `html/` only lay it out.
Foreign text (live values, manifests, answers, names) never acts as markup or as a control character: a format escapes
all of it.
"""
