"""Hot folders: `<root>/<station>/` is watched; a file is complete when size and time stay unchanged for 5 s.

The source is released only after the ledger row is committed: moved to `done/`, or to `error/` with a `.txt` that
says why. A crash in between leaves the file where it is; taking it in again finds the same delivery.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive.blobs.port import BlobStore
from core.actor import Actor, ActorKind
from core.audit import record_act
from core.database import Database
from core.errors import EakteError, StorageFull, TooLarge, Unavailable
from ingest.ledger import Delivery, receive
from organisation.models import ScanStation

STABLE_SECONDS = 5.0
DONE, ERROR = "done", "error"


@dataclass(slots=True)
class HotFolder:
    """Watches all stations' folders. `poll` is called again and again; it keeps only what it saw last."""

    root: Path
    database: Database
    store: BlobStore
    agency_id: UUID
    limit: int
    _seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict)

    def poll(self, now: float | None = None) -> int:
        """Take in every file that has become complete; returns how many were accepted. `now` is a monotonic time."""
        moment = time.monotonic() if now is None else now
        accepted = 0
        for station_id, folder in self._stations():
            for path in sorted(folder.iterdir()):
                if path.is_file() and not path.name.startswith(".") and self._complete(path, moment):
                    accepted += self._take(station_id, path)
        self._forget_vanished()
        return accepted

    def _stations(self) -> Iterator[tuple[UUID, Path]]:
        query = select(ScanStation.code, ScanStation.id).where(
            ScanStation.agency_id == self.agency_id, ScanStation.revoked_at.is_(None)
        )
        with self.database.read() as session:
            stations = session.execute(query).all()
        for code, station_id in stations:
            folder = self.root / code
            if folder.is_dir():
                yield station_id, folder

    def _complete(self, path: Path, moment: float) -> bool:
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        shape = (status.st_size, status.st_mtime_ns)
        known = self._seen.get(path)
        if known is None or known[0] != shape:
            self._seen[path] = (shape, moment)
            return False
        return moment - known[1] >= STABLE_SECONDS

    def _take(self, station_id: UUID, path: Path) -> int:
        try:
            if path.stat().st_size > self.limit:
                raise TooLarge("Die Datei ist zu groß. Bitte in kleineren Stapeln scannen.", "file too large")
            delivery = Delivery("hotfolder", station_id, source_name=path.name)
            receive(self.database, self.store, self.agency_id, path, delivery)
        except (Unavailable, StorageFull):
            return 0  # stays where it is and is tried again
        except FileNotFoundError:
            self._note(station_id, "vanished")
            return 0
        except EakteError as error:
            self._move(path, ERROR, error.de)
            self._note(station_id, error.reason)
            return 0
        self._move(path, DONE, None)
        return 1

    def _move(self, path: Path, folder: str, why: str | None) -> None:
        target = path.parent / folder
        target.mkdir(exist_ok=True)
        destination = target / path.name
        number = 1
        while destination.exists():
            destination = target / f"{path.stem}-{number}{path.suffix}"
            number += 1
        if why is not None:
            destination.with_name(destination.name + ".txt").write_text(why + "\n", "utf-8")
        shutil.move(path, destination)
        self._seen.pop(path, None)

    def _note(self, station_id: UUID, code: str) -> None:
        actor = Actor(ActorKind.STATION, self.agency_id, station_id=station_id)
        with self.database.write() as tx:
            record_act(tx, actor, "receipt.refused", "scan_station", station_id, code=code)

    def _forget_vanished(self) -> None:
        for path in [path for path in self._seen if not path.exists()]:
            del self._seen[path]
            self._note_vanished(path)

    def _note_vanished(self, path: Path) -> None:
        with self.database.read() as session:
            query = select(ScanStation.id).where(
                ScanStation.agency_id == self.agency_id, ScanStation.code == path.parent.name
            )
            station_id = session.scalar(query)
        if station_id is not None:
            self._note(station_id, "vanished")
