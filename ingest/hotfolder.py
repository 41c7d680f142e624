"""Hot folders: `<root>/<station>/` is watched; a file is complete when size and time stay unchanged for 5 s.

The source is released only after the ledger row is committed: moved to `done/`, or to `error/` with a `.txt` that
says why. A crash in between leaves the file where it is; taking it in again finds the same delivery. Whatever is wrong
with one file, the next one is taken.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive.blobs.port import BlobDamaged, BlobMissing, BlobStore
from core.database import Database
from core.errors import EakteError, InvalidInput, StorageFull, TooLarge, Unavailable
from core.log import logger
from ingest.errors import SourceVanished
from ingest.ledger import Delivery, note_refusal, readable, receive
from organisation.models import ScanStation

STABLE_SECONDS = 5.0
DONE, ERROR = "done", "error"
_BROKEN = "broken"
_LONGEST_NAME, _LONGEST_SUFFIX = 240, 20  # bytes; file systems take 255
_log = logger(__name__)
Shape = tuple[int, int]


@dataclass(slots=True)
class HotFolder:
    """Watches all stations' folders. `poll` is called again and again; it keeps only what it saw last.

    `work` is the folder for temporary files on the blobs' file system.
    """

    root: Path
    database: Database
    store: BlobStore
    agency_id: UUID
    limit: int
    work: Path
    _seen: dict[Path, tuple[Shape, float]] = field(default_factory=dict)
    _noted: dict[Path, str] = field(default_factory=dict)
    _strange: set[str] = field(default_factory=set)

    def poll(self, now: float | None = None) -> int:
        """Take in every file that has become complete; returns how many were accepted. `now` is a monotonic time."""
        moment = time.monotonic() if now is None else now
        accepted = 0
        for station_id, folder in self._stations():
            for path in _files(folder):
                if self._complete(path, moment):
                    accepted += self._take(station_id, path)
        self._forget_vanished()
        return accepted

    def _stations(self) -> Iterator[tuple[UUID, Path]]:
        query = select(ScanStation.code, ScanStation.id).where(
            ScanStation.agency_id == self.agency_id, ScanStation.revoked_at.is_(None)
        )
        with self.database.read() as session:
            stations = session.execute(query).all()
        self._tell_strangers({code for code, _ in stations})
        for code, station_id in stations:
            folder = self.root / code
            if folder.is_dir():
                yield station_id, folder

    def _tell_strangers(self, codes: Collection[str]) -> None:
        """Once for each folder that nobody looks into, as long as it is there; `eakte doctor` says so too."""
        strange = set(unwatched(self.root, codes))
        for name in sorted(strange - self._strange):
            _log.warning("hotfolder_unknown_station", folder=name)
        self._strange = strange

    def _complete(self, path: Path, moment: float) -> bool:
        try:
            shape = _shape(path)
        except OSError:
            return False
        known = self._seen.get(path)
        if known is None or known[0] != shape:
            self._seen[path] = (shape, moment)
            return False
        return moment - known[1] >= STABLE_SECONDS

    def _take(self, station_id: UUID, path: Path) -> int:
        """Whether the file was accepted (1) or not (0). Never raises for what is wrong with one file."""
        try:
            self._receive(station_id, path)
        except (Unavailable, StorageFull, BlobMissing, BlobDamaged) as error:
            self._note_once(station_id, path, error.reason)
            return 0  # stays where it is and is tried again
        except (SourceVanished, FileNotFoundError):
            return 0  # gone or growing again: noted when it is missed
        except (EakteError, OSError) as error:
            self._refuse(station_id, path, error)
            return 0
        except Exception as error:  # whatever is wrong with this file: it stays, and the next one is taken
            if self._noted.get(path) != _BROKEN:
                self._noted[path] = _BROKEN
                _log.error("hotfolder_broken", error=type(error).__name__, exc_info=error)
            return 0
        self._move(path, DONE, None)
        return 1

    def _receive(self, station_id: UUID, path: Path) -> None:
        if path.is_symlink():
            raise InvalidInput("Die Datei ist nur ein Verweis. Bitte die Datei selbst ablegen.", "symbolic link")
        if path.stat().st_size > self.limit:
            raise TooLarge("Die Datei ist zu groß. Bitte in kleineren Stapeln scannen.", "file too large")
        with self._copy(path) as copy:
            name, since = readable(path.name), datetime.fromtimestamp(path.lstat().st_ctime, UTC)
            delivery = Delivery("hotfolder", station_id, source_name=name, there_since=since)
            receive(self.database, self.store, self.agency_id, copy, delivery)

    @contextmanager
    def _copy(self, path: Path) -> Iterator[Path]:
        """The bytes as they stood still: a file that grows while it is copied is not complete after all."""
        handle, name = tempfile.mkstemp(dir=self.work, prefix="hot-")
        os.close(handle)
        copy = Path(name)
        try:
            _copy_file(path, copy)
            if _shape(path) != self._seen[path][0]:
                raise SourceVanished
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def _refuse(self, station_id: UUID, path: Path, error: EakteError | OSError) -> None:
        if isinstance(error, EakteError):
            why, code = error.de, error.reason
        else:
            why, code = "Die Datei ist nicht lesbar. Bitte die Rechte prüfen und noch einmal ablegen.", "unreadable"
        self._note_once(station_id, path, code)
        self._move(path, ERROR, why)

    def _move(self, path: Path, folder: str, why: str | None) -> None:
        """Out of the way of the next poll. A file that changed meanwhile stays: it is a new one."""
        try:
            if _shape(path) != self._seen.pop(path)[0]:
                return
            _rename(path, _free_name(path.parent / folder, path.name), why)
            self._noted.pop(path, None)
        except OSError as error:
            _log.warning("hotfolder_not_moved", error=type(error).__name__)

    def _note_once(self, station_id: UUID, path: Path, code: str) -> None:
        """One event per file and reason, however often it is tried."""
        if self._noted.get(path) != code:
            self._noted[path] = code
            note_refusal(self.database, self.agency_id, station_id, code)

    def _forget_vanished(self) -> None:
        for path in [path for path in self._seen if not path.exists() and not path.is_symlink()]:
            del self._seen[path]
            self._noted.pop(path, None)
            self._note_vanished(path)

    def _note_vanished(self, path: Path) -> None:
        with self.database.read() as session:
            query = select(ScanStation.id).where(
                ScanStation.agency_id == self.agency_id, ScanStation.code == path.parent.name
            )
            station_id = session.scalar(query)
        if station_id is not None:
            note_refusal(self.database, self.agency_id, station_id, "vanished")


def unwatched(root: Path, codes: Collection[str]) -> list[str]:
    """Folders below the root that belong to no station of these: nobody takes in what is laid there."""
    try:
        return sorted(
            readable(one.name) for one in root.iterdir()
            if one.is_dir() and not one.name.startswith(".") and one.name not in codes
        )  # fmt: skip
    except OSError:
        return []


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and _is_file(path))
    except OSError as error:
        _log.warning("hotfolder_unreadable", error=type(error).__name__)
        return []


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _shape(path: Path) -> Shape:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _copy_file(path: Path, target: Path) -> None:
    """Never through a link, also one laid in the place of the file a moment ago."""
    with (
        os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as source,
        target.open("wb") as copy,
    ):
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise SourceVanished
        shutil.copyfileobj(source, copy)


def _rename(path: Path, destination: Path, why: str | None) -> None:
    """With the reason beside it from the first moment; a file that cannot be moved leaves none, however often tried."""
    if why is not None:
        _reason_file(destination).write_text(why + "\n", "utf-8")
    try:
        path.rename(destination)
    except OSError:
        if why is not None:
            _reason_file(destination).unlink(missing_ok=True)
        raise


def _free_name(folder: Path, name: str) -> Path:
    """A name that is not taken; cut where no room would be left for the number and for the file with the reason."""
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():  # who may only write here would have it moved to where we may write
        raise NotADirectoryError(errno.ENOTDIR, "a link in the place of a folder")
    wanted = Path(name)
    suffix = wanted.suffix if len(os.fsencode(wanted.suffix)) <= _LONGEST_SUFFIX else ""
    stem = name.removesuffix(suffix)
    while len(os.fsencode(stem + suffix)) > _LONGEST_NAME:
        stem = stem[:-1]
    candidate, number = folder / (stem + suffix), 1
    while candidate.exists() or _reason_file(candidate).exists():
        candidate = folder / f"{stem}-{number}{suffix}"
        number += 1
    return candidate


def _reason_file(path: Path) -> Path:
    return path.with_name(path.name + ".txt")
