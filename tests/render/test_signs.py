from __future__ import annotations

from reconciler.model.plan import Kind
from reconciler.render.signs import MEANING, OF_KIND, Sign


def test_every_kind_has_a_sign_and_every_sign_a_meaning() -> None:
    assert [*OF_KIND] == [*Kind]
    assert [*MEANING] == [*Sign]
