"""GitHub: the event of a run, one comment per pull request and target, and one issue per target's drift.

Facts about GitHub have marks: [D] from its documentation, [S] from its source code, [P] reported by others. The token
is sent only to the API's own origin, and appears in no message.
"""
