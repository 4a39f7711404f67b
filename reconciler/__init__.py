"""Keep Scale AI annotation projects in git: manifests in, a plan out, applied exactly once."""

__version__ = "0.1.0"
