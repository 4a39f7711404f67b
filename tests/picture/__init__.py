"""The pictures in README, from real runs. `python -m tests.picture` writes them.

docs/run.svg is a run in a terminal; a test sees that it is current. docs/page.png is a page in Debian's chromium: fonts
differ from machine to machine, so no test compares it.
"""
