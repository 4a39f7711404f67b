"""Bad manifests, one or more for every code, with the places of the messages: `tests/manifest/bad/`.

`CODE.yaml` or `CODE--WORDS.yaml` is loaded as `projects/p.yaml`; its first lines say what is expected, with lines as
they count in the file itself. A folder of such a name is a repository, whose `expected` says it. What no file in git
can be (a device, 10 MB) is made here.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.codes import Code
from reconciler.operations.validate import validate
from reconciler.settings import read_settings
from tests.manifest.rooms import HEAD
from tests.render.shown import render_validation

BAD = Path(__file__).parent / "bad"
TODAY = date(2027, 1, 20)
CASES = sorted(path.name for path in BAD.iterdir())


def _unreadable(root: Path) -> str:
    os.mkfifo(root / "projects" / "p.yaml")
    return "projects/p.yaml:1:1 error unreadable"


def _too_large(root: Path) -> str:
    (root / "projects" / "p.yaml").write_text(HEAD + "params:\n  instruction: {$file: t.md}\n")
    (root / "projects" / "t.md").write_bytes(b"x" * 10_000_001)
    return "projects/p.yaml:4:24 error file-too-large"


def _not_checked_out(root: Path) -> str:
    (root / "projects" / "p.yaml").write_bytes(b"\0GITCRYPT\0" + bytes(range(40)))
    return "projects/p.yaml:1:1 error not-checked-out"


MADE: dict[Code, Callable[[Path], str]] = {
    Code.UNREADABLE: _unreadable,
    Code.FILE_TOO_LARGE: _too_large,
    Code.NOT_CHECKED_OUT: _not_checked_out,
}


def _reported(root: Path) -> list[str]:
    def line(diagnostic: Diagnostic) -> str:
        location = diagnostic.location
        assert location is not None
        place = f"{os.path.relpath(location.file, root)}:{location.line}:{location.column}"
        return f"{place} {diagnostic.severity} {diagnostic.code}"

    return [line(diagnostic) for diagnostic in validate(read_settings(root), (), today=TODAY).diagnostics]


@pytest.mark.parametrize("case", CASES)
def test_bad_manifests_are_reported_where_they_are_bad(tmp_path: Path, case: str) -> None:
    path = BAD / case
    if path.is_dir():
        shutil.copytree(path, tmp_path, dirs_exist_ok=True)
        expected = (path / "expected").read_text().splitlines()
    else:
        (tmp_path / "projects").mkdir()
        data = path.read_bytes()
        (tmp_path / "projects" / "p.yaml").write_bytes(data)
        wanted = re.findall(rb"^# expect (\d+:\d+ \w+ [a-z0-9-]+)$", data, re.MULTILINE)
        expected = [f"projects/p.yaml:{each.decode()}" for each in wanted]
    assert expected
    assert _reported(tmp_path) == expected
    assert case.removesuffix(".yaml").split("--")[0] in {line.split()[-1] for line in expected}


@pytest.mark.parametrize("code", MADE)
def test_bad_files_that_git_cannot_hold(tmp_path: Path, code: Code) -> None:
    (tmp_path / "projects").mkdir()
    assert [MADE[code](tmp_path)] == _reported(tmp_path)


def test_every_code_has_a_case() -> None:
    cased = {case.removesuffix(".yaml").split("--")[0] for case in CASES} | set(MADE)
    assert cased == set(Code)


PAGE = (Path(__file__).parents[2] / "docs" / "diagnostics.md").read_text()
ENTRIES = dict(re.findall(r"^### ([a-z0-9-]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES = [
    (code, kind, example)
    for code, entry in ENTRIES.items()
    for kind, example in re.findall(r"^(Wrong|Right):\n\n```yaml\n(.*?)```$", entry, re.MULTILINE | re.DOTALL)
]


def test_every_code_is_explained() -> None:
    assert set(ENTRIES) == {*Code, "renamed-choice", "old-name-unknown", "taxonomy-service"}


TEN = re.findall(
    r"^\*\*(\d+)\. [^\n]*\*\*\n\n```yaml\n(.*?)```\n\n```console\n(.*?)```\n\noctoDNS, ", PAGE, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("number", "text", "said"), TEN, ids=[number for number, _, _ in TEN])
def test_the_ten_mistakes_say_what_the_page_shows(tmp_path: Path, number: str, text: str, said: str) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/kittens.yaml").write_text(text)
    found = validate(read_settings(tmp_path), (), today=TODAY)
    assert render_validation(found.diagnostics, manifests=1, base=str(tmp_path), colour=False) == said


def test_there_are_ten_of_them() -> None:
    assert [number for number, _, _ in TEN] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("code", "kind", "example"), EXAMPLES, ids=[f"{code}-{kind}" for code, kind, _ in EXAMPLES])
def test_examples_are_what_they_are_said_to_be(tmp_path: Path, code: str, kind: str, example: str) -> None:
    (tmp_path / "projects").mkdir()
    files = re.split(r"^# ([\w./-]+\.(?:yaml|YAML|yml|toml|md))\n", example, flags=re.MULTILINE)
    if len(files) == 1:
        whole = re.match(r"(?:name|type):", example)
        files = ["", "projects/p.yaml", example if whole else f"name: p\ntype: chat\n{example}"]
    for name, text in zip(files[1::2], files[2::2], strict=True):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    codes = [line.split()[-1] for line in _reported(tmp_path)]
    assert (code in codes) == (kind == "Wrong"), codes
    assert kind == "Wrong" or not [line for line in _reported(tmp_path) if " error " in line]
