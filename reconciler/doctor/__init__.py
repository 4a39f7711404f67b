"""Checks of the setup, and which assumptions about the API an account confirms."""
