"""A throw-away installation for rehearsals: bytes and index in the work folder, a database of the same kind as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.settings import Settings
from eakte.bootstrap import Services, open_services
from ingest.cleaning import in_use


@contextmanager
def throwaway(services: Services) -> Iterator[Services]:
    """An empty installation that is gone after the block. Raises ConfigurationError where no database may be made for it."""
    with (
        TemporaryDirectory(dir=services.settings.work_folder, prefix="rehearsal-") as folder,
        in_use(Path(folder)),  # examining a large store writes nothing for hours
        _database(services, Path(folder)) as settings,
    ):
        target = open_services(settings, services.database.clock, migrate=True)
        try:
            yield target
        finally:
            target.database.dispose()


@contextmanager
def _database(services: Services, folder: Path) -> Iterator[Settings]:
    ours = services.settings
    if not ours.database_url:
        yield ours.embedded(folder)
        return
    from core.database.postgresql_scratch import another_database  # its driver is no part of an embedded installation

    with another_database(services.database.engine, ours.database_url) as url:
        told = {"database_url": url, "database_password_file": ours.database_password_file}
        yield ours.embedded(folder).model_copy(update=told)
