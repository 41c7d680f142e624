"""Who answers for whom: leads for the units below them, deputies for people who are away or have left. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID


def led_units(own: Iterable[UUID], with_lead: set[UUID], parents: Mapping[UUID, UUID | None]) -> set[UUID]:
    """The units led: own ones, and those below whose nearest unit upwards with a lead is an own one."""
    mine = set(own)
    found = set(mine)
    for unit_id in parents:
        seen: set[UUID] = set()
        above: UUID | None = unit_id
        while above is not None and above not in with_lead and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above in mine:
            found.add(unit_id)
    return found


def letters_of(partial: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The letters that a partial absence gives away: {"ranges": ["M-S", "SCH"]} → [("m", "s"), ("sch", "sch")]."""
    ranges = [str(one).lower().partition("-") for one in partial.get("ranges", ())]
    return [(first, last or first) for first, _, last in ranges if first]


def acting_deputy(absent: UUID, away: set[UUID], deputies: Mapping[UUID, list[UUID]]) -> UUID | None:
    """Who stands in for `absent` today: the first present deputy by rank, else a present deputy of a deputy."""
    seen = {absent}
    level = list(deputies.get(absent, ()))
    while level:
        for candidate in level:
            if candidate not in away:
                return candidate
        seen.update(level)
        level = [further for one in level for further in deputies.get(one, ()) if further not in seen]
    return None
