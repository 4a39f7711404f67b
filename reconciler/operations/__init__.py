"""One module a use case: each wires the rooms together in the order that README tells, and decides nothing itself."""
