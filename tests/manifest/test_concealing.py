"""Files without their sensitive values, however these are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.fieldpath import parse_pattern
from reconciler.manifest.concealing import concealed
from reconciler.manifest.loading import load_manifests
from reconciler.manifest.located import LINE_END
from tests.manifest.rooms import write

HEAD = "name: a\ntype: imageannotation\n"
M = "(sensitive value)"
CASES = {
    "plain": ("params: {s: hush, n: 1}  # s\n", f"params: {{s: {M}, n: 1}}  # s\n"),
    "number": ("params:\n  s: 0o17\n  n: 15\n", f"params:\n  s: {M}\n  n: 15\n"),
    "yes or no": ("params:\n  s: true\n", f"params:\n  s: {M}\n"),
    "escapes": ('params:\n  s: "h\\u0075sh\\\\"\n', f"params:\n  s: {M}\n"),
    "a pair of escapes before": (
        'params: {n: "\\ud83d\\ude00", s: "hush"}\n', f'params: {{n: "\\ud83d\\ude00", s: {M}}}\n',
    ),
    "single quotes": ("params:\n  s: 'hu''sh'\n", f"params:\n  s: {M}\n"),
    "CRLF": ("params:\r\n  s: hush\r\n  n: 1\r\n", f"params:\r\n  s: {M}\r\n  n: 1\r\n"),
    "a block": ("params:\n  s: |\n    hush\n\n    hush\n  n: 1\n", f"params:\n  s: {M}\n{M}\n\n{M}\n  n: 1\n"),
    "a folded word": ('params:\n  s: "hu\n    sh"\n', f"params:\n  s: {M}\n{M}\n"),
    "below a mapping": ("params:\n  m: {t: hush, u: 1}\n", f"params:\n  m: {{t: {M}, u: 1}}\n"),
    "a whole mapping": ("params:\n  s:\n    t: hush\n  n: 1\n", f"params:\n  s:\n    {M}\n  n: 1\n"),
    "items": (
        "params:\n  l:\n  - {k: hush}\n  - k: hush\n    n: 1\n",
        f"params:\n  l:\n  - {{k: {M}}}\n  - k: {M}\n    n: 1\n",
    ),
    "literal": ("params:\n  s: {$literal: {$file: hush}}\n", f"params:\n  s: {M}\n"),
    "a directive": ("params:\n  s: {$file: s.md}\n", "params:\n  s: {$file: s.md}\n"),
    "choices": (
        "ontology:\n- A\n- {choice: B, description: hush}\n- C\n",
        f"ontology:\n- A\n- {{choice: B, description: {M}}}\n- {M}\n",
    ),
    "a named ontology": ("ontology: {name: hush, choices: [C]}\n", f"ontology: {{name: {M}, choices: [{M}]}}\n"),
    "nothing": ("params:\n  n: 1\n", "params:\n  n: 1\n"),
}  # fmt: skip
PATTERNS = [
    parse_pattern(path)
    for path in ("params.s", "params.m.t", "params.l[*].k", "ontology.**.@description", "ontology.C", "ontology.@name")
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_values_are_replaced_where_they_are(tmp_path: Path, case: str, mark: bytes) -> None:
    text, expected = CASES[case]
    file = str(tmp_path / "projects/a.yaml")
    data = mark + (HEAD + text).encode()
    write(tmp_path, {"projects/a.yaml": data, "projects/s.md": "hush\n"})
    found = concealed({file: data}, _projects(tmp_path), PATTERNS)[file].decode()
    assert found == HEAD + expected
    assert len(LINE_END.findall(found)) == len(LINE_END.findall(HEAD + text))
    assert concealed({file: data}, (), [])[file] == data


def test_values_in_other_files_and_those_that_an_overlay_overrides(tmp_path: Path) -> None:
    files = {
        "projects/a.yaml": f"{HEAD}params:\n  m: {{$ref: m.yaml#/x}}\n  s: hush\n",
        "projects/m.yaml": "x: {t: hush}\ny: {t: 1}\n",
        "projects/_defaults.yaml": "params: {s: hush}\n",
        "projects/b.yaml": f"{HEAD.replace('name: a', 'name: b')}params:\n  s: {{$file: s.md}}\n",
        "projects/s.md": "hush\n\nhush",
        "over/a.yaml": "params: {s: hush}\n",
    }
    (tmp_path / "projects").mkdir()
    files["projects/_m.yaml"] = files.pop("projects/m.yaml")
    files["projects/a.yaml"] = files["projects/a.yaml"].replace("m.yaml", "_m.yaml")
    write(tmp_path, files)
    data = {str(tmp_path / name): text.encode() for name, text in files.items()}
    found = concealed(data, _projects(tmp_path, tmp_path / "over"), PATTERNS)
    assert not [file for file, text in found.items() if b"hush" in text]
    assert found[str(tmp_path / "projects/_m.yaml")] == f"x: {{t: {M}}}\ny: {{t: 1}}\n".encode()
    assert found[str(tmp_path / "projects/s.md")] == f"{M}\n\n{M}".encode()


def _projects(root: Path, overlay: Path | None = None) -> list:  # type: ignore[type-arg]
    entries = load_manifests(root / "projects", root=root, overlay=overlay).entries
    return [entry.project for entry in entries if entry.project is not None]
