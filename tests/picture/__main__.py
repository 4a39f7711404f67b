"""`python -m tests.picture` writes docs/run.svg and docs/page.png. The second needs chromium."""

from __future__ import annotations

from tests.picture import page, recording

recording.FILE.write_text(recording.picture(), "utf-8")
page.take(page.FILE)
