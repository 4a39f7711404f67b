"""Talk with GitHub: what event this run is for, one comment per pull request and target, one issue per target's drift.

Every fact about GitHub is from github.md, with its marks. The token is sent to the API's own origin and nowhere else,
and appears in no message.
"""
