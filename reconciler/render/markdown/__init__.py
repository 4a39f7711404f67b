"""Views as Markdown for GitHub's comments, issues, and job summaries. Foreign text never acts as markup here.

Foreign text is only in code spans, in fences, and in `<code>`, because nothing in these is a mention, a reference, a
link, or a formula; a fence is longer than any run of backticks in it.
"""
