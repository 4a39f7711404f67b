"""The commands that keep what was changed on Scale."""

from __future__ import annotations

import shlex

import pytest

from reconciler.fieldpath import covered, format_path, parse_path, parse_pattern
from reconciler.model.invocation import Invocation
from reconciler.model.plan import Cause
from reconciler.render.view.keeping import adoptions

RUN = Invocation(names=("birds_*",))


def commands(*units: tuple[str, str, Cause]) -> list[str]:
    return [str(command) for _, command in adoptions(units, RUN)]


def test_drift_and_conflicts_have_commands_of_their_own() -> None:
    drift, conflict = Cause.DRIFT, Cause.CONFLICT
    found = commands(("a", "params.x", drift), ("a", "ontology", conflict), ("b", "ontology", drift))
    assert found == ["reconciler adopt a b", "reconciler adopt a --path ontology"]


def test_projects_share_a_command_only_if_their_units_are_the_same() -> None:
    found = commands(
        *(("a", path, Cause.CONFLICT) for path in ("params.x", "params.y")),
        *((name, "params.x", Cause.CONFLICT) for name in "bc"),
    )
    assert found == ["reconciler adopt a --path params.x --path params.y", "reconciler adopt b c --path params.x"]


def test_many_projects() -> None:
    names = [f"p{number}" for number in range(12)]
    assert commands(*((name, "ontology", Cause.UNKNOWN) for name in names)) == ["reconciler adopt 'birds_*'"]
    [shared] = commands(*((name, "ontology", Cause.CONFLICT) for name in names))
    assert shared == f"reconciler adopt {' '.join(names[:10])} --path ontology"
    assert len(commands(*((name, f"params.{name}", Cause.CONFLICT) for name in names))) == 3


@pytest.mark.parametrize("key", ["*", "**", "a.b", "it's", 'say "hi"', "[0]", " ", "", "-x", "@x", "$HOME", "é"])
def test_a_path_names_exactly_its_unit_in_a_shell(key: str) -> None:
    unit = format_path(("params", key))
    [command] = commands(("p", unit, Cause.CONFLICT))
    words = shlex.split(command)
    pattern = parse_pattern(words[words.index("--path") + 1])
    assert parse_path(unit) == ("params", key)
    assert covered(("params", key), [pattern])
    assert not covered(("params", "other"), [pattern])
