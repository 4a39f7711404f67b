"""Markdown as GitHub shows it in comments, issues and job summaries. Content never acts as markup here.

Foreign text stands in code spans, in fences and in `<code>` alone, since nothing in these is a mention, a reference, a
link or a formula (github.md, section 7 [D]); a fence is longer than any run of backticks in it.
"""
