"""Manifests with comments, empty lines and scraps put anywhere, by a seed: half of them can still be read."""

from __future__ import annotations

from random import Random
from typing import Final

SOURCES: Final = (
    """# yaml-language-server: $schema=_schema.json

# Kittens of the north.
params:   # task defaults
    instruction: "Label every cat.\\n\\nSay \\"meow\\" when done.\\n"
    plain: this is a plain
        text over lines
    folded: >-
        folded text
        over lines

        and a paragraph
    geometries: {box: {objects_to_annotate: [ Cat,Kitten ], min_width: 10}, polygon: {labels: [Fur, Paw], least: 3}}
    flow: [ # numbers
      one,   # the first
      # the second follows
      two
      # the end
    ]
    aligned: 1      # one
    aligned_too: 22 # two
    kept: |+
        kept


    next: 1
    # tail of params
  # odd
# about the ontology
ontology:
- description: Anything alive
  choice: Animal
  subchoices: [Cat, {description: "small\\ncat", choice: Kitten}]
-
  # why
  choice: X
- Background # last one
reconcile: {protect: false, ignore: [{until: 2027-03-01, path: params.frame_rate, reason: x}], params: merge}
x-b: &b {k: 1}
"type": imageannotation    # create-only
name:   kitten
# the end
""",
    """x-b: &b
    k: 1
params:
    k: 9
    <<: *b
    list: &l
    - &i
      a: 1
    - *i
    - - x
      - [ *i, "y" ]
    ? a key
    : v
    empty:
    none: [{a}, {b: }, [], {}]
# late
x-late: *b
name: p
---
type: imageannotation
# second
name: q
ontology: {choices: [{choice: A}], name: n}
""",
)
_SCRAPS: Final = (
    "  # c", "  # c", " # c", "\n# c\n", "\n# c\n", "\n      # c\n", "\n  # c\n", "\n    # c\n", "\n\n", "\n\n",
    "\n", "  ", " ", "[", "]", "{", "}", ", ", ": ", "- ", "|\n", "&a ", "*b", '"', "'", "\\", "? ", "---\n", "...\n",
    "\t", "<<: *b\n", "x-z: &b {q: 1}\n", "choice: ", "$ref: ", "\r\n", "\u00a0",
)  # fmt: skip


def mutated(random: Random) -> str:
    """One text; the comments in it are numbered."""
    text = random.choice(SOURCES)
    for number in range(random.randint(1, 3)):
        kind = random.random()
        lines = text.split("\n")
        line = random.randrange(len(lines))
        if kind < 0.3:
            lines[line] += random.choice(_SCRAPS[:11]).replace("c", f"c{number}")
        elif kind < 0.6:
            at = random.randint(0, len(lines[line]))
            scrap = random.choice(_SCRAPS).replace("# c", f"# c{number}")
            lines[line] = lines[line][:at] + scrap + lines[line][at + random.choice((0, 0, 0, 1, 2)) :]
        elif kind < 0.8:
            lines.insert(random.randrange(len(lines)), lines.pop(line))
        else:
            lines[line] = " " * random.randint(0, 6) + lines[line].lstrip()
        text = "\n".join(lines)
    return text
