"""Restores a backup into an empty installation and proves that it is the one that was backed up.

Bytes first, each by its hash, anchors and certificates; then, in one transaction, all rows, whose fingerprints must be the
manifest's, and what brings the rows of an older version to the schema of this one; then the index and the same examination
as `eakte doctor`. Killed midway, nothing of the rows is there.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from archive.models import Blob
from core.audit.anchors import add_missing, read_heads
from core.database import SCHEMA
from core.errors import ConfigurationError
from eakte.backup.encryption import Identity
from eakte.backup.loading import Loader
from eakte.backup.making import digest
from eakte.backup.repository import ANCHORS, FILES, TABLES, Repository, Snapshot
from eakte.backup.scratch import throwaway
from eakte.backup.tables import durable_tables
from eakte.bootstrap import Services
from eakte.doctor import Finding, examine
from eakte.searching import rebuild_index
from migrations.runner import at_revision
from migrations.state import known_revisions


@dataclass(frozen=True, slots=True)
class Source:
    """What is restored from: a repository, the key to it, and the snapshot's name (None: the newest)."""

    repository: Repository
    identity: Identity
    name: str | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot. Raises ConfigurationError when there is none."""
        return self.repository.snapshot(self.name)


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


def restore(services: Services, source: Source, progress: Callable[[int, int], None] | None = None) -> Restored:
    """Put a snapshot back. Raises ConfigurationError when the target is not empty or the backup is not what it says."""
    snapshot = source.snapshot
    manifest = snapshot.manifest()
    _require_fitting(services, manifest["revision"])
    _require_unchanged(snapshot)
    missing = _restore_blobs(services, source, manifest["blobs"], progress)
    _restore_files(services, source)
    rows = _restore_rows(services, source, manifest)
    documents = rebuild_index(services)
    return Restored(snapshot.name, rows, manifest["blobs"] - len(missing), documents, missing, examine(services))


def rehearse(services: Services, source: Source, progress: Callable[[int, int], None] | None = None) -> Restored:
    """Restore into a throw-away installation on a database of the same kind; the running one is not touched."""
    with throwaway(services) as target:
        return restore(target, source, progress)


def _require_fitting(services: Services, revision: str) -> None:
    if revision not in known_revisions():
        raise ConfigurationError(
            f"Die Sicherung {revision} stammt von einer neueren Version der E-Akte. Bitte mit der neueren Version "
            "wiederherstellen.",
            "the backup belongs to a newer version",
        )
    with services.database.read() as session:
        tables = durable_tables(session.connection())
        filled = [t.name for t in tables if session.scalar(select(exists(select(t))))]
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
    services: Services, source: Source, count: int, progress: Callable[[int, int], None] | None
) -> list[str]:
    """Bytes back into the store; returns those the backup does not hold."""
    missing: list[str] = []
    for done, sha in enumerate(source.snapshot.blobs(), start=1):
        path = source.repository.blob(sha)
        if path.exists():
            restore_blob(services, source.identity, path, sha)
        else:
            missing.append(sha)
        if progress:
            progress(done, count)
    return missing


def restore_blob(services: Services, identity: Identity, path: Path, sha: str) -> None:
    """Bytes of the backup at `path` into the store, where they heal what is damaged. Raises ConfigurationError."""
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


def _restore_rows(services: Services, source: Source, manifest: dict[str, Any]) -> int:
    with services.database.write(SCHEMA) as tx:
        with at_revision(tx.session.connection(), manifest["revision"]):
            found = _load(tx.session, source)
        if found != manifest["tables"]:
            raise ConfigurationError(
                "Die Zeilen der Sicherung sind nicht die, die gesichert wurden.", "fingerprints of the tables differ"
            )
        # The bytes were stored anew: no lock is on them yet, and no removal under way.
        anew = update(Blob).values(locked_until=None, held=False, lock_due_at=None, removing_at=None)
        tx.session.execute(anew)
    return sum(int(mark["rows"]) for mark in found.values())


def _load(session: Session, source: Source) -> dict[str, dict[str, int | str]]:
    """Put the rows in; what was put in, as the manifest says it."""
    loader = Loader(session, {table.name: table for table in durable_tables(session.connection())})
    try:
        source.identity.decrypt(source.snapshot.folder / TABLES, loader)
    except ConfigurationError:
        if loader.failure is not None:
            raise loader.failure from None
        raise
    loader.finish()
    return {name: mark.as_json() for name, mark in loader.found.items()}


def _restore_files(services: Services, source: Source) -> None:
    held = io.BytesIO()
    source.identity.decrypt(source.snapshot.folder / FILES, held)
    held.seek(0)
    with tarfile.open(fileobj=held) as tar:
        for member in tar:
            content = tar.extractfile(member)
            data = content.read() if content else b""
            if member.name == ANCHORS:
                add_missing(services.anchors, read_heads(data))
                continue
            place = services.settings.certificate_folder / Path(member.name).name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(data)
