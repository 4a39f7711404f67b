"""Repositories of bad and good manifests, by a seed: pieces of YAML, good manifests damaged, plain bytes."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

NAMES: Final = (
    "projects/p.yaml", "projects/_defaults.yaml", "projects/sub/q.yaml", "projects/sub/_defaults.yaml",
    "projects/t.md", "shared.yaml", "over/p.yaml", "over/sub/q.yaml", "over/_defaults.yaml",
)  # fmt: skip

_LINES: Final = (
    "name: p\n", "name: q\n", "type: chat\n", "type: imageannotation\n", "params:\n", "params: {}\n", "  a: 1\n",
    "  instruction: {$file: t.md}\n", "  b: {$ref: ../shared.yaml#/k}\n", "ontology: {$ref: ../shared.yaml}\n",
    "ontology:\n", "  - Cat\n", "  - {choice: Dog, subchoices: {$ref: ../shared.yaml#/o}}\n", "  - choice: Fox\n",
    "names: [p*]\n", "reconcile: {ignore: [params.x, {path: params.y, until: 2027-01-31}]}\n", "---\n", "...\n",
    "  c: {$unset: true}\n", "studio: {$unset: true}\n", "k: [1, {$ref: projects/p.yaml#/params}]\n", "o: [A, B]\n",
    "{$ref: shared.yaml}\n", "- *a\n", "x-a: &a [1]\n", "  <<: {d: 1}\n", "  <<: *a\n", "# c\n", "reconcile:\n",
    "  ignore: {$unset: true}\n", "  protect: yes\n", "params: {a: {$literal: {$ref: x}}}\n", "$ref: ../shared.yaml\n",
    "ontology: {name: N, choices: {$ref: ../shared.yaml#/o}}\n", "params: {$ref: ../shared.yaml#/m}\n",
    "m: {a: {$unset: true}, b: {$file: ../x}}\n", "  geometries: {box: {objects_to_annotate: [Cat]}}\n",
    "  links: {l: {to_allowed_labels: [Dog]}}\n", "  text: |\n    a\n   b\n", "  fold: >-\n   a\n\n   b\n",
)  # fmt: skip
_SCRAPS: Final = (
    "\t", "'", '"', "[", "]", "{", "}", ": ", ":", ", ", "- ", "? ", "*a", "&a ", "!t ", "%YAML 1.1\n", "| ", "> ",
    "\u2028", "\u00a0", "\x00", "\x85", "\ufeff", "\r", "\\ud83d", "😀", "{{ x }}", "<<<<<<< HEAD\n", "1e999", ".nan",
    "0x", "~", "#", "@", "`", "$", "$ref: ", "x-", " " * 40, "[" * 60, "a: {b: " * 20,
)  # fmt: skip


def write_repository(root: Path, random: Random) -> None:
    """Write or remove each of NAMES below `root`."""
    for name in NAMES:
        file = root / name
        if random.random() < 0.85:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_content(name, random))
        else:
            file.unlink(missing_ok=True)


def _content(name: str, random: Random) -> bytes:
    kind = random.random()
    if kind < 0.05:
        return random.randbytes(random.randint(0, 80))
    text = "".join(random.choice(_LINES) for _ in range(random.randint(0, 9)))
    if name.endswith(("p.yaml", "q.yaml")) and random.random() < 0.8:
        text = f"name: p{random.randint(0, 2)}\ntype: chat\n{text}"
    if kind < 0.5:
        for _ in range(random.randint(1, 4)):
            at = random.randint(0, len(text))
            cut = random.choice((0, 0, 1, 3))
            text = text[:at] + random.choice(_SCRAPS) + text[at + cut :]
    return text.encode("utf-8", "surrogatepass")
