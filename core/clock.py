"""Time. Instants are aware UTC datetimes; legal dates are dates in the agency's time zone.

Closing a case at 23:30 UTC on 31 December happens on 1 January in Berlin, so its period starts a year later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

AGENCY_ZONE = ZoneInfo("Europe/Berlin")


class Clock(Protocol):
    """Where the present comes from. Pure functions take dates as parameters and never ask a clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class SetClock:
    """A clock that stands where it is put: for tests and for rehearsals of a future day."""

    instant: datetime

    def now(self) -> datetime:
        """The instant that was set."""
        return self.instant


def agency_date(instant: datetime, zone: ZoneInfo = AGENCY_ZONE) -> date:
    """The calendar day of `instant` at the agency."""
    return instant.astimezone(zone).date()
