"""Scale's Projects API, emulated as `scale-api.md` describes it.

It imports nothing else from this package, so that it cannot repeat a client's mistake. One file is one account. On
Scale, live and test keys see different projects; here, they see the same ones. All assumptions about the API are in
`assumptions`. `app` answers requests, `store` keeps the state, and `server` speaks HTTP.
"""
