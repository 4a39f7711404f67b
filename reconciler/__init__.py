"""Keep Scale AI annotation projects in git: manifests in, a plan out, applied exactly once.

The names in `__all__` are for scripts and notebooks. Each is imported when it is first used:

    session = reconciler.open_session(reconciler.read_settings(Path.cwd()), target="sandbox")
    plan = reconciler.plan(session, ["kitten_*"])
    outcome = reconciler.apply_plan(session, plan)

docs/library.md shows more. All other modules are private, and may change without notice.
"""

__version__ = "0.1.0"

_HOMES = {
    "DesiredProject": "model.project",
    "Diagnostic": "diagnostics",
    "Drift": "model.drift",
    "LiveProject": "model.project",
    "Outcome": "model.outcome",
    "Plan": "model.plan",
    "ReconcilerError": "errors",
    "Session": "operations.session",
    "Settings": "settings",
    "Snapshot": "model.snapshot",
    "UnreadableProject": "model.project",
    "Validation": "model.validation",
    "apply_plan": "operations.apply",
    "drift": "operations.drift",
    "format_path": "fieldpath",
    "live_projects": "operations.live",
    "open_session": "operations.session",
    "plan": "operations.plan",
    "read_plan_file": "documents.savedplan",
    "read_settings": "settings",
    "save_snapshot": "operations.snapshot",
    "validate": "operations.validate",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
