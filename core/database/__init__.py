"""The database session and the unit of work: the only place that commits. One port, an adapter for each database.

`port` says what a transaction promises; `sqlite` and `postgresql` keep it, each in its own way (ADR 0013). Which one an
installation has is decided in `eakte.bootstrap`; nothing else asks.
"""

from core.database.model import Base
from core.database.port import AUDIT, FREE, LEASES, RECORDS, SCHEMA, Database, Transaction
from core.database.sqlite import open_sqlite

__all__ = ["AUDIT", "FREE", "LEASES", "RECORDS", "SCHEMA", "Base", "Database", "Transaction", "open_sqlite"]
