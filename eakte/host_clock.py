"""This host's clock against the database's: instants are the database's, but signatures, TLS and logs are this one's."""

from __future__ import annotations

from datetime import timedelta

from core.database import Database

MOST = timedelta(seconds=60)


def skew(database: Database) -> tuple[str, str] | None:
    """What is to be said in German and English when the two differ by more than MOST."""
    ahead = database.host_ahead()
    if abs(ahead) <= MOST:
        return None
    seconds = int(abs(ahead).total_seconds())
    de, en = ("vor", "ahead of") if ahead > MOST else ("nach", "behind")
    return (
        f"Die Uhr dieses Rechners geht gegenüber der Datenbank {seconds} Sekunden {de}. Bitte die Zeit beider abgleichen "
        "(NTP).",
        f"The clock of this host is {seconds} seconds {en} the database's. Please set both by NTP.",
    )
