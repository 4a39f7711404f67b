"""Scale's Projects API emulated, after `scale-api.md` alone.

It imports nothing else of this package, so that it cannot repeat a client's mistake. One file is one account and one
world: live and test keys, which see two worlds at Scale, see the same one here. `assumptions` holds everything
that rests on an assumption about the API. `app` answers requests, `store` keeps the state, `server` speaks HTTP.
"""
