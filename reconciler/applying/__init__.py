"""Carries a plan out: intent → calls, each fenced before and verified after. Emits events; prints nothing."""
