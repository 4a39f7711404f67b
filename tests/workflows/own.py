"""action.yml and the workflows of this repository: those that `init` writes, on the action beside them.

`python -m tests.workflows.own` writes them; a test sees that they are current.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.operations.init import Placeholders, template
from reconciler.operations.pin import Pin
from reconciler.operations.surroundings import WORKFLOWS, Surroundings, workflow_file

PIN = Pin(f"scale-reconciler @ git+https://git.example.org/reconciler.git@{'0123456789' * 4}", hashed=False)
"""What the jobs that `init` writes in tests would install."""

ROOT = Path(__file__).parents[2]
_PLACE = Surroundings(ROOT, ROOT, "", None, "projects", "main", guessed=False, suffix="", enterprise="")


def own_files() -> dict[Path, str]:
    """Each file with what it should hold."""
    sources = {workflow_file(command): f"workflows/reconciler-{command}.yml" for command in WORKFLOWS}
    sources["action.yml"] = "action/action.yml"
    placeholders = Placeholders(_PLACE, '"$GITHUB_ACTION_PATH"', action="./", locks="/reconciler/initial/action")
    return {ROOT / name: template(source, placeholders) for name, source in sources.items()}


def main() -> None:
    for file, text in own_files().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
