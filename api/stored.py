"""How many objects are stored, and how many bytes: from the table of blobs, never by listing the store.

Everything that was ever kept would take minutes to count in a large installation. So it is counted by address, some
thousand rows at a time: each answer goes on where the last one ended, for a fraction of a second. A small installation is
counted whole each time. A large one shows its last full round; until the first has ended, an estimate: addresses are
hashes, so the part that was counted tells what share of the whole it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from archive.models import Blob

STEP = 10_000
SECONDS = 0.1
KEPT, RELEASED = "kept", "released"
Totals = Mapping[str, tuple[float, float]]
"""State → (objects, bytes). kept: somebody needs them; released: they go after the grace time, or once a lock is over."""
_NOTHING: Totals = {KEPT: (0.0, 0.0), RELEASED: (0.0, 0.0)}


@dataclass
class Stored:
    """A count that goes on with each answer. Not to be asked by two threads at once."""

    _round: Totals | None = None
    _counted: Totals = field(default_factory=lambda: _NOTHING)
    _last: str = ""

    def count(self, session: Session) -> Totals:
        """The totals of the last full round, after counting on for SECONDS (one step at least)."""
        until = time.perf_counter() + SECONDS
        while not self._step(session) and time.perf_counter() < until:
            pass
        if self._round is not None:
            return self._round
        share = int(self._last, 16) / 16 ** len(self._last)
        return {state: (objects / share, size / share) for state, (objects, size) in self._counted.items()}

    def _step(self, session: Session) -> bool:
        """Count the next rows; whether a round has ended with them."""
        part = select(Blob).where(Blob.sha256 > self._last).order_by(Blob.sha256).limit(STEP).subquery()
        there, free = part.c.removed_at.is_(None), part.c.tombstoned_at.is_not(None)
        states = {KEPT: there & ~free, RELEASED: there & free}
        sums = [
            func.coalesce(func.sum(case((where, value), else_=0)), 0)
            for where in states.values()
            for value in (1, part.c.size)
        ]
        rows, last, *found = session.execute(select(func.count(), func.max(part.c.sha256), *sums)).one()
        pairs = zip(states, zip(found[::2], found[1::2], strict=True), strict=True)
        self._counted = {
            state: (self._counted[state][0] + float(objects), self._counted[state][1] + float(size))
            for state, (objects, size) in pairs
        }
        if rows == STEP:
            self._last = last
            return False
        self._round, self._counted, self._last = self._counted, _NOTHING, ""
        return True
