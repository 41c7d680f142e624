"""`eakte upgrade`: from an older version's database to this one's, tried out beforehand on a copy.

Backup - rehearsal (the backup is restored into a throw-away installation, upgraded there and examined) - the real database,
in one transaction - index - examination. Up to the real database's commit nothing of the installation has changed and the
old version can start again; killed there, the database is either the old or the new one, and a second call goes on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from archive.models import Blob
from core import leases
from core.errors import ConfigurationError, EakteError
from core.log import logger
from eakte.backup.encryption import Recipients
from eakte.backup.making import make_backup
from eakte.backup.restoring import Restored, Source, rehearse
from eakte.bootstrap import Services
from eakte.doctor import Finding, examine
from eakte.searching import open_index, rebuild_index
from migrations.runner import upgrade as migrate
from migrations.state import known_revisions, refuse_newer

_ROOM = 1.2
"""The rehearsal's bytes, and its database and index on top."""
_log = logger(__name__)
Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


@dataclass(slots=True)
class Upgraded:
    """From which revision to which; the backup made before and how its rehearsal went; what is wrong afterwards."""

    before: str
    after: str
    snapshot: str
    rehearsal: Restored
    rehearsal_seconds: float
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the rehearsal was equal and nothing is wrong now."""
        return self.rehearsal.equal and not self.findings


def upgrade(
    services: Services, recipients: Recipients, source: Source, progress: Progress, *, rehearse_only: bool = False
) -> Upgraded:
    """Rehearse the upgrade and, unless told otherwise or the rehearsal went wrong, do it. `source` names the repository that
    the backup goes to. Nobody else may be working when it is done.

    Raises ConfigurationError when it cannot begin, and when a migration fails: then nothing has changed.
    """
    before = _revision(services)
    _require_room(services)
    if not rehearse_only:
        _require_stopped(services)
    made = make_backup(services, source.repository, recipients, lambda done, of: progress("Sichern", done, of))
    if made.missing:
        raise ConfigurationError(
            f"Im Speicher fehlen {len(made.missing)} Dateien oder sind verändert: `eakte doctor` nennt sie. Es wurde nichts "
            "geändert; bitte erst das klären.",
            "bytes are missing: nothing was upgraded",
        )
    started = time.monotonic()
    exact = Source(source.repository, source.identity, made.name)
    with _unchanged_on_failure("Die Probe der Aktualisierung ist gescheitert", before):
        rehearsal = rehearse(services, exact, lambda done, of: progress("Probe", done, of))
    done = Upgraded(before, before, made.name, rehearsal, time.monotonic() - started)
    if rehearse_only or not rehearsal.equal:
        return done
    failed = f"Die Aktualisierung der Datenbank ist gescheitert; die Sicherung {made.name} liegt bereit"
    with _unchanged_on_failure(failed, before):
        migrate(services.database.engine)
    done.after = known_revisions()[-1]
    if not open_index(services).current():
        progress("Suchindex bauen", 0, 0)
        rebuild_index(services)
    done.findings = examine(services)
    return done


def _revision(services: Services) -> str:
    found = refuse_newer(services.database.engine)
    if found is None:
        raise ConfigurationError(
            "Hier ist noch keine Datenbank. Eine neue legt `eakte db upgrade` an.", "there is no database yet"
        )
    return found


def _require_room(services: Services) -> None:
    with services.database.read() as session:
        size = int(session.scalar(select(func.coalesce(func.sum(Blob.size), 0))) or 0)
    folder: Path = services.settings.work_folder
    needed, free = int(size * _ROOM) + services.settings.disk_reserve, shutil.disk_usage(folder).free
    if free < needed:
        raise ConfigurationError(
            f"Für die Probe fehlt Platz in {folder}: gebraucht werden {needed >> 20} MB, frei sind {free >> 20} MB. "
            "Es wurde nichts geändert.",
            f"the rehearsal needs {needed >> 20} MB in {folder}, {free >> 20} MB are free",
        )


def _require_stopped(services: Services) -> None:
    with services.database.read() as session:
        working = leases.alive(session, "worker/", services.database.clock.now())
    if working:
        raise ConfigurationError(
            f"Es arbeiten noch {working} Arbeitsprozesse an dieser Datenbank. Bitte auf allen Rechnern Arbeitsprozesse und "
            "Server beenden (sie schließen Angefangenes ab) und dann noch einmal aufrufen. Es wurde nichts geändert.",
            "workers are still alive: stop them on all hosts first",
        )


@contextmanager
def _unchanged_on_failure(what: str, before: str) -> Iterator[None]:
    """A migration can fail in any way, and whatever it was, its transaction is rolled back."""
    try:
        yield
    except EakteError:
        raise
    except Exception as error:  # see above
        raise _failed(what, before, error) from error


def _failed(what: str, before: str, error: Exception) -> ConfigurationError:
    """The first line of a database's complaint names tables and constraints; what follows may hold values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    reason = f"{type(cause).__name__}: {(str(cause).splitlines() or [''])[0]}"
    _log.error("upgrade_failed", reason=reason)
    return ConfigurationError(
        f"{what} ({reason}). Die Datenbank ist unverändert auf dem Stand {before}: Die alte Version kann wieder starten.",
        f"the upgrade failed ({reason}); the database is unchanged at revision {before}",
    )
