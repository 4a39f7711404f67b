"""Views as text for a terminal and a log. The last line of each text is fixed, for scripts."""
