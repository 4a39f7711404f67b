"""Plans and drift as a page: one HTML file that needs no network, and no script to show everything.

What is foreign leaves `escape` before it comes here, and is escaped again as HTML by the templates: it stands in texts
alone, never in markup. The style sheet and the script stand in the page, which lets nothing else in.
"""

from reconciler.render.html.drift import render_drift_page
from reconciler.render.html.plan import render_page

__all__ = ["render_drift_page", "render_page"]
