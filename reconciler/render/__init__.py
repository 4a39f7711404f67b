"""What people read of plans, drifts, outcomes and diagnostics. Pure: values in, text out.

`view/` decides once what is shown, in which order, with which words. `text/`, `markdown/`, `html/` and `annotations`
only lay out a view. Text by other people (live values, manifests, answers, names) never acts as markup or as a control
character: a format escapes all of it.
"""
