"""Restores a backup into an empty installation and proves that it is the one that was backed up.

Bytes first, each by its hash; then all rows in one transaction, whose fingerprints must be the manifest's; then the anchors
and certificates, the index, and the same examination as `eakte doctor`. Killed midway, nothing of the rows is there.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Table, exists, select, update

from archive.models import Blob
from core.database import SCHEMA
from core.errors import ConfigurationError
from core.settings import Settings
from eakte.backup.encryption import Identity
from eakte.backup.loading import Loader
from eakte.backup.making import digest
from eakte.backup.repository import FILES, TABLES, Repository, Snapshot
from eakte.backup.tables import durable_tables
from eakte.bootstrap import Services, open_services
from eakte.doctor import Finding, examine
from eakte.searching import rebuild_index
from migrations.runner import target_metadata
from migrations.state import known_revisions


@dataclass(slots=True)
class Restored:
    """What was put back and what is wrong with it."""

    name: str
    rows: int
    blobs: int
    documents: int
    missing: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Nothing is missing and nothing disagrees."""
        return not self.missing and not self.findings


def restore(
    services: Services,
    repository: Repository,
    identity: Identity,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Put a snapshot back. Raises ConfigurationError when the target is not empty or the backup is not what it says."""
    snapshot = repository.snapshot(name)
    manifest = snapshot.manifest()
    _require_fitting(services, manifest["revision"])
    _require_unchanged(snapshot)
    missing = _restore_blobs(services, repository, snapshot, identity, manifest["blobs"], progress)
    rows = _restore_rows(services, snapshot, identity, manifest["tables"])
    _restore_files(services.settings, snapshot, identity)
    documents = rebuild_index(services)
    return Restored(snapshot.name, rows, manifest["blobs"] - len(missing), documents, missing, examine(services))


def rehearse(
    services: Services,
    repository: Repository,
    identity: Identity,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Restore into a throw-away embedded installation in the work folder; the running one is not touched."""
    with TemporaryDirectory(dir=services.settings.work_folder, prefix="rehearsal-") as folder:
        target = open_services(services.settings.embedded(Path(folder)), services.database.clock, migrate=True)
        try:
            return restore(target, repository, identity, name, progress)
        finally:
            target.database.dispose()


def _require_fitting(services: Services, revision: str) -> None:
    if revision != known_revisions()[-1]:
        raise ConfigurationError(
            f"Die Sicherung hat den Datenbankstand {revision}. Bitte mit der Version wiederherstellen, die sie gemacht hat, "
            "und danach `eakte db upgrade` ausführen.",
            "the backup has another schema revision",
        )
    with services.database.read() as session:
        filled = [t.name for t in durable_tables(target_metadata()) if session.scalar(select(exists(select(t))))]
    if filled:
        raise ConfigurationError(
            "In diesem Datenordner liegt schon eine Installation. Wiederhergestellt wird nur in einen leeren: bitte "
            "EAKTE_HOME auf einen neuen Ordner setzen.",
            f"tables are not empty: {', '.join(filled[:3])}",
        )


def _require_unchanged(snapshot: Snapshot) -> None:
    for name, wanted in snapshot.manifest()["files"].items():
        path = snapshot.folder / name
        if not path.exists() or digest(path.open("rb")) != wanted:
            raise ConfigurationError(
                f"Die Datei {name} der Sicherung {snapshot.name} fehlt oder ist verändert. Bitte eine andere nehmen.",
                f"{name} of the backup changed",
            )


def _restore_blobs(
    services: Services,
    repository: Repository,
    snapshot: Snapshot,
    identity: Identity,
    count: int,
    progress: Callable[[int, int], None] | None,
) -> list[str]:
    """Bytes back into the store; returns those the backup does not hold."""
    missing: list[str] = []
    for done, sha in enumerate(snapshot.blobs(), start=1):
        path = repository.blob(sha)
        if path.exists():
            _restore_blob(services, identity, path, sha)
        else:
            missing.append(sha)
        if progress:
            progress(done, count)
    return missing


def _restore_blob(services: Services, identity: Identity, path: Path, sha: str) -> None:
    part = services.settings.work_folder / f"restore-{sha}"
    try:
        with part.open("wb") as file:
            identity.decrypt(path, file)
        stored = services.blobs.put_file(part)
    finally:
        part.unlink(missing_ok=True)
    if stored.sha256 != sha:
        raise ConfigurationError(
            "Bytes der Sicherung haben nicht den Hash, unter dem sie liegen. Bitte eine andere Sicherung nehmen.",
            f"blob {sha} of the backup has another hash",
        )


def _restore_rows(services: Services, snapshot: Snapshot, identity: Identity, told: dict[str, object]) -> int:
    tables: dict[str, Table] = {table.name: table for table in durable_tables(target_metadata())}
    with services.database.write(SCHEMA) as tx:
        loader = Loader(tx.session, tables)
        try:
            identity.decrypt(snapshot.folder / TABLES, loader)
        except ConfigurationError:
            if loader.failure is not None:
                raise loader.failure from None
            raise
        loader.finish()
        if {name: mark.as_json() for name, mark in loader.found.items()} != told:
            raise ConfigurationError(
                "Die Zeilen der Sicherung sind nicht die, die gesichert wurden.", "fingerprints of the tables differ"
            )
        # The bytes were stored anew: no lock is on them yet, and no removal under way.
        anew = update(Blob).values(locked_until=None, held=False, lock_due_at=None, removing_at=None)
        tx.session.execute(anew)
    return sum(mark.rows for mark in loader.found.values())


def _restore_files(settings: Settings, snapshot: Snapshot, identity: Identity) -> None:
    held = io.BytesIO()
    identity.decrypt(snapshot.folder / FILES, held)
    held.seek(0)
    with tarfile.open(fileobj=held) as tar:
        for member in tar:
            source = tar.extractfile(member)
            place = settings.anchor_file if member.name == "anchors/audit.jsonl" else None
            place = place or settings.certificate_folder / Path(member.name).name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(source.read() if source else b"")
