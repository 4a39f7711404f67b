"""Carries out a plan: intent → calls. Each call is fenced before and verified after. Emits events; prints nothing."""
