"""Figures of backup and restore: `python -m bench.backup [--documents 10000] [--full]`.

An archive as in `bench.search` with three files per document (master, rendition, words; 60 KB of incompressible bytes each
for the first two), backed up while somebody writes, backed up again (nothing new), and restored into a throw-away
installation whose rows must have the same fingerprints and whose bytes must have their hashes. Embedded, or with `--full` on
PostgreSQL, MinIO and OpenSearch as throw-away processes, both the source and the target. Prints one JSON object; seconds are
wall time. Ends with status 1 when the first backup takes more than 120 s or the restore is not equal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from archive.blobs.claims import DOCUMENT, claim_each
from archive.blobs.port import StoredBlob
from archive.models import Document, DocumentVersion, Page
from bench.search import Archive, fill, make_pages
from bench.servers import Servers, real_servers
from core import outbox
from core.database import Database
from core.settings import Settings
from eakte.backup.encryption import Identity, Recipients, make_identity
from eakte.backup.making import make_backup
from eakte.backup.repository import Repository
from eakte.backup.restoring import Source, restore
from eakte.bootstrap import Services, open_services

LIMIT_SECONDS = 120
_FILE_BYTES = 60_000
_BATCH = 200
_WRITERS = 8
_T = TypeVar("_T")


def measure(folder: Path, documents: int, seed: int, servers: Servers | None) -> dict[str, float | int | bool]:
    """All figures as one JSON object."""
    services = _empty(folder / "home", servers, 0)
    archive = Archive(services.database, services.blobs)
    fill(archive, make_pages(seed), documents, max(1, documents // 25))
    _add_bytes(services, random.Random(seed))
    (folder / "public").write_text(make_identity(folder / "secret"))
    recipients, repository = Recipients(folder / "public"), Repository(folder / "backups")
    found: dict[str, float | int | bool] = {"documents": documents, "servers": servers is not None}
    with _writing(services.database) as written:
        made = _timed(found, "backup_seconds", lambda: make_backup(services, repository, recipients))
    found |= {"rows": made.rows, "files": made.blobs, "transactions_meanwhile": written[0]}
    found["megabytes"] = sum(path.stat().st_size for path in repository.root.rglob("*") if path.is_file()) // 1_000_000
    again = _timed(found, "next_backup_seconds", lambda: make_backup(services, repository, recipients))
    target = _empty(folder / "restored", servers, 1)
    restored = _timed(
        found, "restore_seconds", lambda: restore(target, Source(repository, Identity(folder / "secret")))
    )
    found |= {"copied_again": again.copied, "missing": len(restored.missing) + len(made.missing)}
    found["met"] = (
        float(found["backup_seconds"]) <= LIMIT_SECONDS and not found["missing"] and restored.rows == again.rows
    )
    return found


def _empty(home: Path, servers: Servers | None, number: int) -> Services:
    """An installation without anything in it: embedded, or on the servers with stores of its own."""
    settings = Settings().embedded(home)
    if servers is not None:
        told: dict[str, Any] = {
            name.removeprefix("EAKTE_").lower(): value for name, value in servers.fresh(number).items()
        }
        settings = Settings(home=home, **told)
    return open_services(settings, migrate=True)


def _size(services: Services, sha256: str) -> int:
    with services.blobs.local_copy(sha256) as path:
        return path.stat().st_size


def _add_bytes(services: Services, dice: random.Random) -> None:
    """Master and rendition for every document, and the claim on the words it has already."""
    with services.database.read() as session:
        texts = select(DocumentVersion.document_id, Page.text_sha256).join(Page, Page.version_id == DocumentVersion.id)
        documents = [(one, str(sha)) for one, sha in session.execute(texts)]
    words = {sha: StoredBlob(sha, _size(services, sha)) for sha in {sha for _, sha in documents}}
    with ThreadPoolExecutor(_WRITERS) as pool:
        for start in range(0, len(documents), _BATCH):
            some = documents[start : start + _BATCH]
            stored = list(pool.map(services.blobs.put_bytes, [dice.randbytes(_FILE_BYTES) for _ in some * 2]))
            with services.database.write() as tx:
                files = zip(some, stored[::2], stored[1::2], strict=True)
                wanted = {one: {"words": words[sha], "scan_master": a, "rendition": b} for (one, sha), a, b in files}
                claim_each(tx, DOCUMENT, wanted)


@contextmanager
def _writing(database: Database) -> Iterator[list[int]]:
    """Somebody writes all the time, as in an office; the list counts the transactions."""
    stop, count = threading.Event(), [0]
    with database.read() as session:
        document, agency = session.execute(select(Document.id, Document.agency_id).limit(1)).one()

    def write() -> None:
        while not stop.wait(0.05):
            with database.write() as tx:
                outbox.emit(tx, agency, "document.changed", document)
            count[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield count
    finally:
        stop.set()
        writer.join()


def _timed(found: dict[str, float | int | bool], name: str, act: Callable[[], _T]) -> _T:
    os.sync()
    began = time.perf_counter()
    done = act()
    found[name] = round(time.perf_counter() - began, 1)
    return done


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--full", action="store_true", help="on the real servers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, real_servers() if given.full else nullcontext() as servers:
        found = measure(Path(folder), given.documents, given.seed, servers)
    print(json.dumps(found, indent=1))
    return 0 if found["met"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
