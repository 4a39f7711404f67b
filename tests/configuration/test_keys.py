"""The schema of the configuration, read by a JSON Schema validator, and where mistakes are found."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reconciler.configuration.keys import configuration_schema
from reconciler.diagnostics import Diagnostic
from reconciler.errors import DiagnosedError
from reconciler.settings import read_settings
from tests.schemas.checking import mistakes, published

DOCS = Path(__file__).parents[2] / "docs"


def found(folder: Path, text: str, *, file: str = "reconciler.toml") -> list[tuple[str, str]]:
    """The code and `LINE:COLUMN` of each mistake."""
    (folder / file).write_text(text)
    with pytest.raises(DiagnosedError) as caught:
        read_settings(folder)
    return [(each.code, _at(each)) for each in caught.value.diagnostics]


def _at(diagnostic: Diagnostic) -> str:
    location = diagnostic.location
    assert location is not None
    return f"{location.line}:{location.column}"


def test_the_published_schema_is_the_one_that_is_printed() -> None:
    assert published("configuration") == configuration_schema()


def test_what_the_docs_show_passes() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text(), re.DOTALL)
    tables = tomllib.loads(example)
    for waiver in tables["waivers"]:
        waiver["until"] = waiver["until"].isoformat()
    assert mistakes(configuration_schema(), tables) == []


@pytest.mark.parametrize(
    "tables",
    [
        {"manifest": "x"},
        {"targets": {"x": {"parallelism": 0}}},
        {"guards": {"near_name": "wran"}},
        {"checks": {"like-choices": "quiet"}},
        {"waivers": [{"guard": "vanished"}]},
    ],
)
def test_what_a_schema_can_catch_is_caught(tables: dict[str, Any]) -> None:
    assert mistakes(configuration_schema(), tables)


def test_a_mistake_is_found_in_its_own_table(tmp_path: Path) -> None:
    text = "[targets.production]\nparallelism = 8\n[targets.sandbox]\nparallelism = 0\n"
    assert found(tmp_path, text) == [("out-of-range", "4:15")]
    text = '[targets."a b"]\nendpoint = "https://x"\nwrites = 1\n'
    assert found(tmp_path, text) == [("wrong-type", "3:10")]


def test_a_mistake_in_a_pyproject_is_not_found_in_the_table_of_another_tool(tmp_path: Path) -> None:
    text = '[project]\ntarget = "x"\n[tool.reconciler]\ntarget = "y"\n[tool.reconciler.guards]\nmax_creates = -1\n'
    assert found(tmp_path, text, file="pyproject.toml") == [("out-of-range", "6:15"), ("unknown-target", "4:10")]


def test_a_mistake_in_an_inline_table_is_found_at_its_value(tmp_path: Path) -> None:
    assert found(tmp_path, "x = 1\nguards = {max_creates = -1}\n")[1] == ("out-of-range", "2:25")
    assert found(tmp_path, "guards.max_creates = -1\n") == [("out-of-range", "1:22")]


def test_targets_that_are_not_tables(tmp_path: Path) -> None:
    assert found(tmp_path, 'targets = ["x"]\n') == [("wrong-type", "1:11")]
    assert found(tmp_path, "waivers = [1]\n") == [("wrong-type", "1:12")]


def test_guards_have_underscores_or_hyphens(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text('[guards]\nmax-creates = 3\nnear_name = "warn"\n')
    guards = read_settings(tmp_path).guards
    assert (guards.max_creates, guards.near_name) == (3, "warn")
    text = "[guards]\nmax_creates = 3\nmax-creates = 3\n"
    assert found(tmp_path, text) == [("duplicate-key", "3:1")]
    assert mistakes(configuration_schema(), tomllib.loads(text)) == []
