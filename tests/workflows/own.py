"""action.yml and the workflows of this repository: those that `init` writes, on the action beside them.

`python -m tests.workflows.own` writes them; a test sees that they are current.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.operations.init import template
from reconciler.operations.pin import Pin

PIN = Pin(f"scale-reconciler @ git+https://git.example.org/reconciler.git@{'0123456789' * 4}", hashed=False)
"""What the jobs that `init` writes in tests would install."""

ROOT = Path(__file__).parents[2]
_PATHS = '["projects/**", "reconciler.toml"]'


def own_files() -> dict[Path, str]:
    """Each file with what it should hold."""
    sources = {".github/workflows/" + name: "workflows/" + name for name in ("plan.yml", "apply.yml", "drift.yml")}
    sources["action.yml"] = "action/action.yml"
    beside = {"action": "./", "locks": "/reconciler/initial/action", "package": '"$GITHUB_ACTION_PATH"'}
    return {ROOT / name: template(source, paths=_PATHS, **beside) for name, source in sources.items()}


def main() -> None:
    for file, text in own_files().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
