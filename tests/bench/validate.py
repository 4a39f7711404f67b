"""Time and peak memory of a validation, beside the floor: the same bytes, parsed by the fastest YAML parser at hand.

The floor reads every file and loads it with PyYAML's loader on libyaml. The validation is the whole of `reconciler
validate`, checks included. A second pair is 5,000 manifests that share one ontology of 2,000 choices, beside the same
manifests without it. Each side runs in a process of its own; the sides take turns, and the best of the turns counts.
Usage: python tests/bench/validate.py [N]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.accounts import make_account

_TURNS = 3
_SHARERS = 5_000
_CHOICES = 2_000


def floor(folder: Path) -> None:
    import yaml

    files = sorted((folder / "projects").glob("*.yaml"))
    assert [yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) for file in files]


def validation(folder: Path) -> None:
    from reconciler.collection import collector_paused
    from reconciler.operations.validate import validate
    from reconciler.settings import read_settings
    from tests.render.shown import render_validation

    with collector_paused():  # as the console script does
        found = validate(read_settings(folder), ())
        assert found.valid
        render_validation(found.diagnostics, manifests=found.manifests, base=str(folder))


def _side(name: str, folder: Path) -> None:
    begun = time.perf_counter()
    {"floor": floor, "validation": validation}[name](folder)
    seconds = time.perf_counter() - begun
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "megabytes": int(line.split()[1]) / 1024}))  # noqa: T201


def _compared(what: str, sides: list[tuple[str, str, Path]]) -> None:
    best: dict[str, dict[str, float]] = {}
    for _ in range(_TURNS):
        for label, name, folder in sides:
            command = [sys.executable, "-m", "tests.bench.validate", name, str(folder)]
            done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            best[label] = min(best.get(label, done), done, key=lambda each: each["seconds"])
    (_, first), (_, second) = best.items()
    print(what)  # noqa: T201
    for label, figures in best.items():
        print(f"  {label}: {figures['seconds']:.2f} s, {figures['megabytes']:.0f} MB")  # noqa: T201
    print(f"  ratio {second['seconds'] / first['seconds']:.2f}")  # noqa: T201


def _share(root: Path, *, shared: bool) -> Path:
    (root / "projects").mkdir(parents=True)
    (root / "reconciler.toml").write_text('[checks]\nchoice-without-label = "off"\n')
    choices = (f"- choice: C{number}\n  description: number {number}\n" for number in range(_CHOICES))
    (root / "shared.yaml").write_text("".join(choices))
    ontology = "{$ref: ../shared.yaml}" if shared else "[C1, C2, C3]"
    for number in range(_SHARERS):
        (root / "projects" / f"p{number}.yaml").write_text(
            f"name: p{number}\ntype: imageannotation\nparams:\n  instruction: Box every thing.\n  geometries:\n"
            "    box: {objects_to_annotate: [C1, C2], min_width: 10, min_height: 10}\n"
            "    polygon: {objects_to_annotate: [C3], min_vertices: 3, max_vertices: 40}\n"
            f"  padding: 20\n  attachment_type: image\nontology: {ontology}\n"
        )
    return root


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        account = Path(temporary) / "account"
        make_account(number, account)
        sides = [("floor", "floor", account), ("validation", "validation", account)]
        _compared(f"{number:,} manifests", sides)
        alone, shared = _share(Path(temporary) / "alone", shared=False), _share(Path(temporary) / "shared", shared=True)
        sides = [("without", "validation", alone), ("with", "validation", shared)]
        _compared(f"{_SHARERS:,} manifests with and without one ontology of {_CHOICES:,} choices", sides)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _side(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
