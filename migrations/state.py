"""Whether a database is at the schema of this version: a look at every start, so without loading Alembic.

A revision's file is named after it (`0002_more.py` is revision 0002) and revisions follow each other in that order; a
test holds both against Alembic's own reading.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from core.errors import ConfigurationError


def known_revisions() -> list[str]:
    """The revisions of this version, oldest first."""
    return sorted(file.stem.partition("_")[0] for file in (Path(__file__).parent / "versions").glob("[0-9]*_*.py"))


def require_current(engine: Engine) -> None:
    """Raise ConfigurationError unless the schema is exactly the one that this version needs."""
    if refuse_newer(engine) == known_revisions()[-1]:
        return
    raise ConfigurationError(
        "Die Datenbank ist nicht auf dem Stand dieser Version. Bitte `eakte db upgrade` ausführen.",
        "the database schema is behind: run `eakte db upgrade`",
    )


def refuse_newer(engine: Engine) -> str | None:
    """The revision of the database, None for an empty one. Raises ConfigurationError for one that is not known here."""
    here = _installed(engine)
    if here is not None and here not in known_revisions():
        raise ConfigurationError(
            "Die Datenbank gehört zu einer neueren Version der E-Akte. Bitte die neuere Version starten.",
            "the database belongs to a newer version",
        )
    return here


def _installed(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
