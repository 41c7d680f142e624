"""Makes a backup of a running installation: anchors, then the rows of one instant, then every byte those rows name.

The order makes it consistent: bytes are stored before the row that names them is committed, so whatever the rows of that
instant name is there; the chain can only be longer than its anchors. Bytes that a disposal destroyed between the instant
and their turn are left out by name; bytes that are missing for no such reason are reported.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.models import Blob
from core.audit.anchors import write_heads
from core.errors import Unavailable
from eakte.backup.copying import BlobCopier
from eakte.backup.encryption import Recipients
from eakte.backup.repository import ANCHORS, BLOBS, FILES, FORMAT, MANIFEST, TABLES, Repository, Snapshot
from eakte.backup.tables import Fingerprint, dump, durable_tables
from eakte.bootstrap import Services
from migrations.state import refuse_newer

_YIELD = 10_000
_ATTEMPTS = 3


@dataclass(slots=True)
class Made:
    """A backup and what it could not take along."""

    name: str
    rows: int
    blobs: int
    copied: int
    missing: list[str] = field(default_factory=list)


def make_backup(
    services: Services,
    repository: Repository,
    recipients: Recipients,
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Back up the installation while it runs. `progress` hears of bytes looked at so far and in all.

    Raises Unavailable when disposals never let the rows and the bytes agree.
    """
    repository.prepare()
    for _ in range(_ATTEMPTS):
        made = _attempt(services, repository, recipients, progress)
        if made is not None:
            return made
    raise Unavailable(
        "Während der Sicherung wurde mehrmals Schriftgut vernichtet. Bitte nach der Aussonderung noch einmal sichern.",
        "disposal during each attempt",
    )


def _attempt(
    services: Services, repository: Repository, recipients: Recipients, progress: Callable[[int, int], None] | None
) -> Made | None:
    now = services.database.clock.now()
    folder = repository.begin(now)
    anchors = write_heads(services.anchors.all())
    found: dict[str, Fingerprint] = {}
    with services.database.read() as session:
        blobs = _list_blobs(session, folder / BLOBS)
        with (folder / TABLES).open("wb") as target:
            recipients.encrypt(_zipped(dump(session, durable_tables(session.connection()), found)), target)
    copier = BlobCopier(services.blobs, repository, recipients)
    for done, _ in enumerate(copier.take(Snapshot(folder).blobs()), start=1):
        if progress:
            progress(done, blobs)
    if any(_destroyed_since(services, sha) for sha in copier.missing):
        shutil.rmtree(folder)
        return None
    with (folder / FILES).open("wb") as target:
        recipients.encrypt(iter([_files(anchors, services.settings.certificate_folder)]), target)
    rows = sum(mark.rows for mark in found.values())
    revision = refuse_newer(services.database.engine)
    _write_manifest(folder, found, blobs, copier.missing, now, revision)
    return Made(repository.finish(folder), rows, blobs, copier.copied, copier.missing)


def _list_blobs(session: Session, path: Path) -> int:
    """Write the hashes of the bytes that this instant's rows name."""
    wanted = select(Blob.sha256).where(Blob.tombstoned_at.is_(None)).order_by(Blob.sha256)
    count = 0
    with path.open("w", encoding="ascii") as file:
        for sha in session.scalars(wanted, execution_options={"yield_per": _YIELD}):
            file.write(f"{sha}\n")
            count += 1
    return count


def _zipped(lines: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=6, wbits=31)
    for line in lines:
        piece = packer.compress(line)
        if piece:
            yield piece
    yield packer.flush()


def _files(anchors: bytes, certificates: Path) -> bytes:
    """The audit anchors as they were before the rows were read, and the certificates as they are now."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        _add(tar, ANCHORS, anchors)
        for path in sorted(certificates.glob("*")):
            _add(tar, f"certificates/{path.name}", path.read_bytes())
    return held.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


def _destroyed_since(services: Services, sha: str) -> bool:
    with services.database.read() as session:
        kept = select(Blob.sha256).where(Blob.sha256 == sha, Blob.tombstoned_at.is_(None))
        return session.scalar(kept) is None


def _write_manifest(
    folder: Path, found: dict[str, Fingerprint], blobs: int, missing: list[str], now: datetime, revision: str | None
) -> None:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "version": version("eakte"),
        "revision": revision,
        "tables": {name: mark.as_json() for name, mark in found.items()},
        "blobs": blobs,
        "missing": missing,
        "files": {name: digest((folder / name).open("rb")) for name in (TABLES, FILES, BLOBS)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def digest(file: IO[bytes]) -> str:
    """SHA-256 of a file, which is closed."""
    with file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
