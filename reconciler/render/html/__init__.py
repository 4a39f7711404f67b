"""Views as a page: one HTML file that needs no network, and no script to show everything.

Other people's text is escaped by `escape` and then again by the templates: it is only in texts, never in markup. The
style sheet and the script are in the page, which lets nothing else in.
"""
