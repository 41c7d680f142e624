"""How long stored bytes are locked: the longest need counts, a hold beyond any day, nothing after the end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.dates import RetentionEnd, Undecidable
from retention.locks import ROLLING, WAY_IN, Keeping, Need, keeping

TODAY = date(2026, 11, 25)
OPEN = Undecidable("case_open", "Die Akte ist nicht geschlossen.", "zdA-Verfügung")


def ends(day: date) -> RetentionEnd:
    return RetentionEnd(day, day + timedelta(days=1), "S1", "§ 1", "closed_on")


@pytest.mark.parametrize(
    ("needs", "until", "held"),
    [
        ([], None, False),
        ([Need()], TODAY + WAY_IN, False),
        ([Need(OPEN)], TODAY + ROLLING, False),
        ([Need(ends(date(2036, 12, 31)))], date(2036, 12, 31), False),
        ([Need(ends(TODAY))], TODAY, False),
        ([Need(ends(TODAY - timedelta(days=1)))], None, False),
        ([Need(ends(TODAY - timedelta(days=1)), held=True)], None, True),
        ([Need(OPEN), Need(ends(date(2036, 12, 31)))], date(2036, 12, 31), False),
        ([Need(OPEN), Need(ends(TODAY + timedelta(days=5)))], TODAY + ROLLING, False),
        ([Need(), Need(OPEN, held=True)], TODAY + ROLLING, True),
    ],
)
def test_locks(needs: list[Need], until: date | None, held: bool) -> None:
    found = keeping(needs, TODAY)
    assert (found.until, found.held) == (until, held)


NEEDS = st.lists(
    st.builds(
        Need,
        st.one_of(
            st.none(), st.just(OPEN), st.builds(ends, st.dates(date(2000, 1, 1), date(2100, 1, 1)))
        ),
        st.booleans(),
    ),
    max_size=5,
)  # fmt: skip


@given(NEEDS, NEEDS)
def test_another_need_never_shortens_a_lock(some: list[Need], more: list[Need]) -> None:
    def last(found: Keeping) -> date:
        return found.until or date.min

    assert last(keeping(some + more, TODAY)) == max(last(keeping(some, TODAY)), last(keeping(more, TODAY)))
    assert keeping(some + more, TODAY).held == any(need.held for need in some + more)


@given(NEEDS)
def test_a_rolling_lock_is_renewed_before_it_is_over(needs: list[Need]) -> None:
    found = keeping(needs, TODAY)
    assert found.look_again_on > TODAY
    for need in needs:
        if not isinstance(need.outcome, RetentionEnd):
            assert found.until is not None
            assert found.look_again_on < (TODAY + (WAY_IN if need.outcome is None else ROLLING))
