"""Views as text for a terminal and a log. The last line of each is fixed for scripts."""
