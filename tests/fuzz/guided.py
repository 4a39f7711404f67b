"""`python -m tests.fuzz.guided [N] [SEED]`: N manifests, bred by what code they reach (libFuzzer, through atheris).

Each is loaded as `projects/p.yaml` of a repository with files to refer to, and formatted where it has no error. The
first inputs are the bad and good manifests of the tests. An input that breaks a promise is saved and named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

import yaml
from yaml.events import StreamEndEvent

try:
    import atheris
except ImportError:
    print("atheris has no wheel for this Python or system: no guided fuzzing here", file=sys.stderr)  # noqa: T201
    raise SystemExit(0) from None

with atheris.instrument_imports(include=["reconciler.manifest"]):
    from reconciler.manifest.formatting import FileKind, NotProvenError, formatted
    from reconciler.manifest.parsing import Parser, best_parser, open_events
    from reconciler.manifest.rawtext import prepare
    from reconciler.manifest.reading import read
    from reconciler.manifest.scalars import Words
    from tests.fuzz.promises import SECONDS, check_repository

ROOT: Final = Path(__file__).parents[2]
_SHARED: Final = {
    "shared.yaml": "k: {a: 1}\no: [A, {choice: B}]\nm: {b: {$unset: true}}\n",
    "projects/t.md": "Label every cat.\n",
    "projects/_defaults.yaml": "params: {c: 1}\n",
}
_PIECES: Final = (
    "name: p", "type: chat", "params:", "ontology:", "reconcile:", "ignore:", "subchoices:", "choice: ", "$ref: ",
    "$file: ", "$literal: ", "$unset: true", "../shared.yaml#/k", "t.md", "<<: ", "&a ", "*a", "- ", "? ", ": ",
    "|-\n", ">+\n", "---\n", "...\n", "%YAML 1.2\n", "\\ud83d\\ude00", "until: 2027-01-31", "geometries:",
    "objects_to_annotate:", "annotation_attributes:", "\u2028", "\u00a0", "{[", "]}", "  # c", "\n# c\n",
)  # fmt: skip


class Guided:
    """`reported` counts the results of the inputs, of which there will be `number`."""

    def __init__(self, folder: Path, number: int) -> None:
        self.root = folder / "repository"
        self.number = number
        self.reported: Counter[str] = Counter()
        self.slowest = 0.0
        for name, text in _SHARED.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")

    def one(self, data: bytes) -> None:
        begun = time.monotonic()
        (self.root / "projects/p.yaml").write_bytes(data)
        self.reported["inputs"] += 1
        self.reported["diagnostics"] += check_repository(self.root, overlay=None)
        if not read("", data, Words(), best_parser()).broken:
            self.reported["formatted"] += 1
            kind = FileKind.MANIFEST if len(data) % 2 else FileKind.OTHER
            try:
                once = formatted(data, kind)
            except NotProvenError:
                # Read by the pure parser alone: in another form libyaml may take it, for something else.
                assert _libyaml_refuses(data)
                self.reported["unchanged"] += 1
            else:
                assert formatted(once, kind) == once
        self.slowest = max(self.slowest, time.monotonic() - begun)
        assert self.slowest < 2 * SECONDS
        if self.reported["inputs"] == self.number:  # libFuzzer ends the process itself
            self.say()

    def say(self) -> None:
        reported = ", ".join(f"{number:,} {what}" for what, number in self.reported.items())
        print(f"{reported}, every promise kept; the slowest took {self.slowest:.2f} s", flush=True)  # noqa: T201


def _libyaml_refuses(data: bytes) -> bool:
    next_event = open_events(Parser.C, prepare("", data, Parser.C).source.parsed)
    try:
        while not isinstance(next_event(), StreamEndEvent):
            pass
    except yaml.YAMLError:
        return True
    return False


def _prepare(folder: Path) -> list[str]:
    """What libFuzzer starts from, as its arguments."""
    corpus = folder / "corpus"
    corpus.mkdir()
    bad = ROOT / "tests/manifest/bad"
    for number, file in enumerate([*ROOT.glob("projects/*.yaml"), *bad.rglob("*.yaml")]):
        shutil.copy(file, corpus / f"{number}")
    pieces = folder / "pieces"
    quoted = ("".join(f"\\x{byte:02x}" for byte in piece.encode()) for piece in _PIECES)
    pieces.write_text("".join(f'"{piece}"\n' for piece in quoted))
    return [f"-dict={pieces}", f"-artifact_prefix={os.getcwd()}/fuzz-", str(corpus)]


def fuzz(folder: Path, number: int, seed: int) -> None:
    """Never returns."""
    limits = ["-max_len=3000", "-timeout=10", "-rss_limit_mb=500", "-verbosity=0", "-print_final_stats=1"]
    arguments = [f"-runs={number}", f"-seed={seed}", *limits, *_prepare(folder)]
    atheris.Setup([sys.argv[0], *arguments], Guided(folder, number).one)
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        fuzz(Path(sys.argv[3]), int(sys.argv[1]), int(sys.argv[2]))
    chosen = [*sys.argv[1:], *("100000", "1")[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "tests.fuzz.guided", *chosen, os.path.realpath(temporary)]
        raise SystemExit(subprocess.run(command, check=False).returncode)
