"""Views as a page: one HTML file that needs no network and shows everything without a script.

Foreign text is escaped by `escape` and then again by the templates, and is never part of the markup. The style sheet
and the script are in the page. The page's policy allows nothing else.
"""
