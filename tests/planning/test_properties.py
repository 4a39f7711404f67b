"""What holds for any manifest and any live state."""

from __future__ import annotations

import pytest
from hypothesis import given

from reconciler.model.project import DesiredProject, LiveProject, ParamsMode
from reconciler.model.values import Json, canonical_json, equal
from reconciler.planning.intent import EMPTY_HASH, compare, identity_of
from reconciler.planning.mask import Ignored
from reconciler.planning.params import params_fields
from reconciler.planning.planner import plan_project
from tests import strategies
from tests.planning.api_model import carry_out

pytestmark = pytest.mark.untraced


@given(strategies.desired_projects(), strategies.live_projects())
def test_calls_give_exactly_after_and_the_next_plan_is_empty(desired: DesiredProject, live: LiveProject) -> None:
    change = plan_project(desired, live)
    then = live
    for call in change.calls:
        then = carry_out(call, then)
    assert change.after is not None
    assert equal(then.params, change.after.params)
    following = plan_project(desired, then)
    assert following.calls == ()
    assert following.hash == EMPTY_HASH
    assert bool(change.fields) == bool(change.calls)


@given(strategies.desired_projects())
def test_a_create_is_followed_by_an_empty_plan(desired: DesiredProject) -> None:
    then = None
    for call in plan_project(desired, None).calls:
        then = carry_out(call, then)
    assert then is not None
    assert plan_project(desired, then).calls == ()


@given(strategies.desired_projects(), strategies.live_projects())
def test_what_is_not_owned_stays(desired: DesiredProject, live: LiveProject) -> None:
    after = compare(desired, live).after
    if desired.params is None:
        assert equal(after.params, live.params)
        return
    if desired.mask.params is ParamsMode.MERGE:
        assert all(equal(after.params[key], live.params[key]) for key in live.params if key not in desired.params)
    if live.params_version is not None:
        ignored = Ignored.of(desired)
        for key in live.params.keys() | after.params.keys():
            if ignored.patterns.covers(("params", key)):
                assert (key in live.params) == (key in after.params)
                assert equal(live.params.get(key), after.params.get(key))


@given(strategies.params, strategies.params)
def test_there_are_fields_exactly_where_values_differ(before: dict[str, Json], after: dict[str, Json]) -> None:
    fields = list(params_fields(before, after))
    assert bool(fields) != equal(before, after)
    assert len({identity_of(field) for field in fields}) == len(fields)


@given(strategies.params, strategies.params, strategies.params)
def test_different_targets_have_different_fields(
    before: dict[str, Json], one: dict[str, Json], other: dict[str, Json]
) -> None:
    same_fields = {identity_of(f) for f in params_fields(before, one)} == {
        identity_of(f) for f in params_fields(before, other)
    }
    assert same_fields == equal(one, other)


@given(strategies.values, strategies.values)
def test_equal_values_and_only_those_have_one_canonical_text(left: Json, right: Json) -> None:
    assert (canonical_json(left) == canonical_json(right)) == equal(left, right)
