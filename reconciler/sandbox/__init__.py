"""Scale's Projects API, emulated as `scale-api.md` describes it.

It imports nothing else of this package, so that it cannot repeat a client's mistake. One file is one account. At Scale,
live and test keys lead to two worlds; here, they lead to the same one. Everything that is assumed about the API is in
`assumptions`. `app` answers requests, `store` keeps the state, and `server` speaks HTTP.
"""
