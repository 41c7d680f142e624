"""Rules of responsibility for any tree and any set of deputies: property-based."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from organisation.responsibility import acting_deputy, led_units

IDS = [UUID(int=number) for number in range(1, 9)]
ONE = st.sampled_from(IDS)
SOME = st.sets(ONE)
TREES = st.fixed_dictionaries({one: st.none() | ONE for one in IDS})  # may hold circles: wrong data must not hang
DEPUTIES = st.dictionaries(ONE, st.lists(ONE, max_size=3, unique=True))


def above(unit: UUID, parents: dict[UUID, UUID | None]) -> list[UUID]:
    """The unit and all units over it."""
    way = [unit]
    while (following := parents[way[-1]]) is not None and following not in way:
        way.append(following)
    return way


@given(SOME, SOME, TREES)
def test_a_unit_is_led_by_the_nearest_lead_upwards_alone(
    own: set[UUID], others: set[UUID], parents: dict[UUID, UUID | None]
) -> None:
    with_lead = own | others
    led = led_units(own, with_lead, parents)
    for unit in IDS:
        nearest = next((one for one in above(unit, parents) if one in with_lead), None)
        assert (unit in led) == (nearest in own)


@given(st.lists(SOME, min_size=2, max_size=3), TREES)
def test_every_unit_below_a_lead_is_led_by_somebody(holders: list[set[UUID]], parents: dict[UUID, UUID | None]) -> None:
    with_lead = set().union(*holders)
    led = set().union(*(led_units(own, with_lead, parents) for own in holders))
    assert led == {unit for unit in IDS if with_lead.intersection(above(unit, parents))}


@given(ONE, SOME, DEPUTIES)
def test_whoever_stands_in_is_there_and_reachable(
    absent: UUID, away: set[UUID], deputies: dict[UUID, list[UUID]]
) -> None:
    away = away | {absent}
    reachable, level = {absent}, [absent]
    while level:
        level = [one for found in level for one in deputies.get(found, ()) if one not in reachable]
        reachable.update(level)
    found = acting_deputy(absent, away, deputies)
    if found is None:
        assert reachable <= away
    else:
        assert found in reachable - away


@given(ONE, DEPUTIES)
def test_the_first_deputy_comes_first(absent: UUID, deputies: dict[UUID, list[UUID]]) -> None:
    named = [one for one in deputies.get(absent, ()) if one != absent]
    assert acting_deputy(absent, {absent}, deputies) == (named[0] if named else None)
