"""Until when stored bytes are locked against removal. Pure.

A lock protects against mistakes and stolen keys, not against the law: it is a governance lock that disposal may break
after four eyes, so it may be longer than the period, and must never be shorter.

- Bytes on the way in (batch, item, letter that is not filed): some days, renewed for as long as that lasts.
- A case that is open, or whose end can't be decided: a rolling period, renewed long before it is over.
- A case whose end is decided: to that last day. Once it is past, nothing is renewed.
- A hold keeps bytes beyond any day. Several needs: the longest counts, and any hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from retention.dates import Outcome, RetentionEnd

WAY_IN: Final = timedelta(days=7)
ROLLING: Final = timedelta(days=180)
_LOOK: Final = {WAY_IN: timedelta(days=3), ROLLING: timedelta(days=90)}


@dataclass(frozen=True, slots=True)
class Need:
    """Why bytes are needed: on the way in (`outcome` None), or by a case with its end and whether a hold stands."""

    outcome: Outcome | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """The last day of the lock (None: no lock), whether a hold stands, and when to look again at the latest."""

    until: date | None
    held: bool
    look_again_on: date


def keeping(needs: Sequence[Need], on: date) -> Keeping:
    """The lock for bytes with these needs, decided on a day. Without a need, and after every end, there is none."""
    until: date | None = None
    look = on + _LOOK[ROLLING]
    for need in needs:
        last, again = _need(need, on)
        look = min(look, again)
        if last is not None and last >= on:
            until = last if until is None else max(until, last)
    return Keeping(until, any(need.held for need in needs), look)


def _need(need: Need, on: date) -> tuple[date | None, date]:
    """The last day that one need asks for, and when it has to be renewed."""
    if isinstance(need.outcome, RetentionEnd):
        return need.outcome.retention_end, on + _LOOK[ROLLING]
    period = WAY_IN if need.outcome is None else ROLLING
    return on + period, on + _LOOK[period]
