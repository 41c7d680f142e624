"""The one place where adapters are chosen from settings and handed to everything above."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import select

from archive.blobs.port import BlobStore
from core.audit.anchors import Anchors
from core.clock import Clock
from core.database import Database, open_sqlite
from core.errors import ConfigurationError, EakteError, InvalidInput
from core.settings import Settings
from eakte.storage import examine_storage, open_anchors, open_blobs
from migrations.state import refuse_newer, require_current
from organisation.models import Agency


@dataclass(frozen=True, slots=True)
class Services:
    """What a process works with. Built once per process; never across a spawn."""

    settings: Settings
    database: Database
    blobs: BlobStore
    anchors: Anchors


def open_services(
    settings: Settings | None = None,
    clock: Clock | None = None,
    *,
    migrate: bool = False,
    examine: bool = True,
    older: bool = False,
) -> Services:
    """Open the stores. Raises ConfigurationError for a store that is not this version's, or not safe; Unavailable for one
    that does not answer. `examine` False: another process of this start has looked already. `older`: a database of an
    older version will do, because it is to be backed up and upgraded.
    """
    settings = settings or Settings()
    make_folders(settings)
    database = open_database(settings, clock)
    try:
        if migrate:
            from migrations.runner import upgrade  # Alembic costs half a second; only a migration needs it

            refuse_newer(database.engine)
            upgrade(database.engine)
        if older:
            refuse_newer(database.engine)
        else:
            require_current(database.engine)
        blobs = open_blobs(settings, database, make=migrate)
        anchors = open_anchors(settings, make=migrate)
        if examine:
            examine_storage(settings, database)
    except EakteError:
        database.dispose()
        raise
    return Services(settings, database, blobs, anchors)


def open_database(settings: Settings, clock: Clock | None = None) -> Database:
    """The database that the settings name: PostgreSQL, or the embedded one. Raises ConfigurationError, Unavailable."""
    if settings.database_url:
        from core.database.postgresql import (
            open_postgresql,  # its driver is no part of the embedded installation's start
        )

        return open_postgresql(settings.database_url, settings.database_password_file, settings.database_pool, clock)
    if settings.database_password_file is not None:
        raise ConfigurationError(
            "EAKTE_DATABASE_PASSWORD_FILE ist gesetzt, EAKTE_DATABASE_URL aber nicht. Bitte beide setzen oder keine.",
            "EAKTE_DATABASE_PASSWORD_FILE is set, EAKTE_DATABASE_URL is not",
        )
    return open_sqlite(settings.database_path, clock)


def agency_id(opened: Services) -> UUID:
    """The installation's agency. Raises InvalidInput before `init` or `demo load`."""
    with opened.database.read() as session:
        found = session.scalars(select(Agency.id).order_by(Agency.id).limit(1)).first()
    if found is None:
        raise InvalidInput(
            "Es ist noch keine Behörde eingerichtet. Bitte zuerst `eakte init DATEI` oder `eakte demo load` ausführen.",
            "no agency yet",
        )
    return found


def make_folders(settings: Settings) -> None:
    """Make the data folder, readable for its owner only."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in (settings.blob_folder, settings.work_folder, settings.run_folder, settings.certificate_folder):
        folder.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def exclusive(settings: Settings, name: str) -> Iterator[None]:
    """Hold the data folder's lock `name` (server, worker). Raises ConfigurationError when another process has it."""
    with (settings.run_folder / f"{name}.lock").open("a+") as file:
        _lock(file, settings.data, name)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(file: IO[str], folder: Path, name: str) -> None:
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ConfigurationError(
            f"Auf dem Datenordner {folder} läuft schon ein anderer Prozess ({name}). Bitte zuerst diesen beenden oder "
            "EAKTE_HOME auf einen anderen Ordner setzen.",
            f"another {name} process holds {folder}",
        ) from error
