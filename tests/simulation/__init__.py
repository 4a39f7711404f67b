"""Whole applies on a virtual clock: the real applier and client, a modelled server, a network that fails by a seed."""
