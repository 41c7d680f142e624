"""Runs the one Alembic history of all rooms, without an ini file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData

from core.database import SCHEMA, Base

MODEL_MODULES = (
    "core.models",
    "organisation.models",
    "archive.models",
    "archive.accesslog.models",
    "inbox.models",
    "ingest.models",
    "retention.models",
)


def target_metadata() -> MetaData:
    """The tables of all rooms."""
    for module in MODEL_MODULES:
        import_module(module)
    return Base.metadata


def configuration(connection: Connection) -> Config:
    """Alembic configuration bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to `revision`. Does nothing when it is there; all of it or nothing.

    Two at once run one after the other: the second finds the work done.
    """
    with engine.execution_options(eakte_write=True, eakte_lane=SCHEMA).begin() as connection:
        command.upgrade(configuration(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back: for tests, never needed in operation."""
    with engine.execution_options(eakte_write=True, eakte_lane=SCHEMA).begin() as connection:
        command.downgrade(configuration(connection), revision)


@contextmanager
def at_revision(connection: Connection, revision: str) -> Iterator[None]:
    """The schema of an older version while the block runs, then the newest again with what was written meanwhile.

    For a connection that is in a SCHEMA transaction, on a database without rows.
    """
    command.downgrade(configuration(connection), revision)
    yield
    command.upgrade(configuration(connection), "head")
