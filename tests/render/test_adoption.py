"""What is shown of an adopt."""

from __future__ import annotations

import pytest

from reconciler.model.adoption import Adopted
from reconciler.model.drift import Drift, ProjectDrift, Unit
from reconciler.model.plan import Cause
from reconciler.render.text.plan import lay_out_view
from reconciler.render.view.adoption import view_adoption
from reconciler.render.view.parts import Reader
from tests.render import plans

PROJECT = ProjectDrift(
    "p", plans.source("p.yaml"), tuple(Unit(f"params.{key}", Cause.DRIFT, 1, 1, 2) for key in ("a", "b"))
)


@pytest.mark.parametrize(
    ("ignored", "conflicts", "last"),
    [
        (0, 0, "Adopted 2 changes to 1 project in 1 file."),
        (1, 0, "Adopted 1 change to 1 project and ignored 1 change in 1 file."),
        (2, 2, "Ignored 2 changes in 1 file."),
    ],
)
def test_the_last_line_counts_what_was_adopted_and_ignored(ignored: int, conflicts: int, last: str) -> None:
    found = Adopted(
        Drift(plans.TARGET, plans.NOW, projects=(PROJECT,)),
        places={"p": ("projects/p.yaml",)},
        files=1,
        ignored=ignored,
        conflicts=tuple(("q", f"params.{number}") for number in range(conflicts)),
    )
    text = lay_out_view(view_adoption(found, Reader(plans.BASE, plans.NOW)), colour=False)
    assert text.endswith(f"\n{last}\n")
    assert ("2 units are not adopted, because git has changed them too: q: params.0 and q: params.1." in text) == (
        conflicts > 0
    )


def test_nothing_to_adopt() -> None:
    found = Adopted(Drift(plans.TARGET, plans.NOW), conflicts=(("q", "params.x"),))
    text = lay_out_view(view_adoption(found, Reader(plans.BASE, plans.NOW)), colour=False)
    assert "1 unit is not adopted, because git has changed it too: q: params.x." in text
    assert text.endswith("\nNothing to adopt.\n")
