"""Differences that are too deep or too many are reported as a whole."""

from __future__ import annotations

from reconciler.fieldpath import format_path
from reconciler.model.plan import Kind
from reconciler.model.values import Json
from reconciler.planning.params import params_fields


def test_more_differences_than_anybody_reads() -> None:
    before = {"k": {"many": {str(number): number for number in range(20_000)}, "few": 1}}
    after = {"k": {"many": {str(number): -1 - number for number in range(20_000)}, "few": 1}}
    [field] = params_fields(before, after)
    assert (format_path(field.path), field.kind) == ("params.k", Kind.CHANGE)


def test_a_difference_below_many_levels() -> None:
    before: Json = 1
    after: Json = 2
    for _ in range(150):
        before, after = {"a": before}, {"a": after}
    [field] = params_fields({"k": before}, {"k": after})
    assert field.kind is Kind.CHANGE
    assert 30 < len(field.path) < 60
