"""Column types that keep their meaning on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def only_where(condition: str) -> dict[str, Any]:
    """The keywords of a partial index that is one on every database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant as integer microseconds since 1970 UTC: SQLite would drop the zone of a datetime.

    Refuses naive values instead of guessing their zone.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store as an integer; raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: instants need a zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read back as an aware UTC datetime."""
        return None if value is None else _EPOCH + int(value) * _MICROSECOND
