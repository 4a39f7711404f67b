"""action.yml and the workflows of this repository: those that `init` writes, on the action beside them.

`python -m tests.workflows.own` writes them; a test sees that they are current.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.operations.init import template

ROOT = Path(__file__).parents[2]
_PIP = "reconciler/bin/python -I -m pip install --quiet"
_INSTALL = (
    f'{_PIP} --require-hashes --requirement "$GITHUB_ACTION_PATH/action.lock"\n'
    f'{_PIP} --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"'
)
_PATHS = '["projects/**", "reconciler.toml"]'


def own_files() -> dict[Path, str]:
    """Each file with what it should hold."""
    sources = {".github/workflows/" + name: "workflows/" + name for name in ("plan.yml", "apply.yml", "drift.yml")}
    sources["action.yml"] = "action.yml"
    return {
        ROOT / name: template(source, action="./", install=_INSTALL, paths=_PATHS) for name, source in sources.items()
    }


def main() -> None:
    for file, text in own_files().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
