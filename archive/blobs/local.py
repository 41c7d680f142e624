"""Blobs on a local disk: temporary file, fsync, atomic link, fsync of the folder, read back, read-only.

The order is borg's: write - fsync - rename - fsync directory. A blob file is complete or absent at every moment.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from archive.blobs.port import Lock, StoredBlob, Window, full, missing, unfaithful


class LocalBlobStore:
    """Content-addressed files below `folder`; temporary files live in `work`, on the same file system.

    A disk has no lock of its own: files are read-only, and whoever owns the folder could still remove them.
    """

    locks = False

    def __init__(self, folder: Path, work: Path, reserve: int = 0) -> None:
        self._folder = folder
        self._work = work
        self._reserve = reserve
        folder.mkdir(parents=True, exist_ok=True)
        work.mkdir(parents=True, exist_ok=True)

    def put_bytes(self, data: bytes) -> StoredBlob:
        """See BlobStore."""
        with self._room_for(len(data)):
            handle, name = tempfile.mkstemp(dir=self._work, prefix="blob-")
            path = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                return self._store(path)
            finally:
                path.unlink(missing_ok=True)

    def put_file(self, path: Path) -> StoredBlob:
        """See BlobStore. A file in the work folder is moved, any other is copied first."""
        if path.parent == self._work:
            with self._room_for(0):
                return self._store(path)
        with self._room_for(path.stat().st_size):
            handle, name = tempfile.mkstemp(dir=self._work, prefix="blob-")
            os.close(handle)
            copy = Path(name)
            try:
                shutil.copyfile(path, copy)
                return self._store(copy)
            finally:
                copy.unlink(missing_ok=True)

    def exists(self, sha256: str) -> bool:
        """See BlobStore."""
        return self._address(sha256).is_file()

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """See BlobStore."""
        file = self._existing(sha256).open("rb")
        if length is None and not start:
            return file
        file.seek(start)
        return io.BufferedReader(Window(file.read, file.close, length))

    @contextmanager
    def local_copy(self, sha256: str) -> Iterator[Path]:
        """See BlobStore. The stored file itself: nothing is copied."""
        yield self._existing(sha256)

    def verify(self, sha256: str) -> bool:
        """See BlobStore."""
        return _hash(self._existing(sha256))[0] == sha256

    def unlink(self, sha256: str) -> None:
        """See BlobStore."""
        path = self._address(sha256)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_folder(path.parent)

    def all(self, after: str = "") -> Iterator[tuple[str, float]]:
        """See BlobStore. One folder at a time is read, none before the one that holds `after`."""
        for outer in _names(self._folder, after[:2]):
            for inner in _names(self._folder / outer, after[2:4] if outer == after[:2] else ""):
                for path in sorted((self._folder / outer / inner).glob("*")):
                    with suppress(FileNotFoundError):
                        if path.name > after:
                            yield path.name, path.stat().st_mtime

    def lock(self, sha256: str, lock: Lock) -> None:  # noqa: ARG002 the port's
        """See BlobStore: nothing here, only that the bytes are there."""
        self._existing(sha256)

    def locked(self, sha256: str) -> Lock:
        """See BlobStore: none."""
        self._existing(sha256)
        return Lock(None)

    def strangers(self) -> Iterator[str]:
        """See BlobStore."""
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and path != self._address(path.name):
                yield str(path.relative_to(self._folder))

    def tidy(self, grace: float) -> int:  # noqa: ARG002 the port's
        """See BlobStore. Half-stored files lie in the work folder, which the housekeeping empties as a whole."""
        return 0

    def ready(self) -> bool:
        """See BlobStore."""
        return self._folder.is_dir()

    def _store(self, temporary: Path) -> StoredBlob:
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        sha256, size = _hash(temporary)
        target = self._address(sha256)
        if target.is_file() and _hash(target)[0] == sha256:
            os.utime(target)  # the grace of an orphan begins anew: whoever stored it is about to claim it
        else:
            _make_folder(target.parent)
            temporary.chmod(0o444)
            temporary.replace(target)
            _sync_folder(target.parent)
            if _hash(target)[0] != sha256:
                raise unfaithful(sha256)
        return StoredBlob(sha256, size)

    def _existing(self, sha256: str) -> Path:
        path = self._address(sha256)
        if not path.is_file():
            raise missing(sha256)
        return path

    def _address(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    @contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        if shutil.disk_usage(self._work).free < size + self._reserve:
            raise full()
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise full() from error
            raise


def _hash(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _names(folder: Path, first: str) -> list[str]:
    """The two-letter folders from `first` on, in order; none when the folder itself is gone."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(one for one in os.listdir(folder) if len(one) == 2 and one >= first)
    return []


def _make_folder(folder: Path) -> None:
    """With those above it, each made durable by its parent; one that is there costs no fsync."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
