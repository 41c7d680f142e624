"""The port that every blob store passes the same contract tests for, and its errors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from core.errors import Conflict, EakteError, StorageFull

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1024 * 1024


class BlobMissing(EakteError):
    """A row names bytes that the store does not hold: a finding for `eakte doctor`, never an empty answer."""

    status = 503
    code = "blob_missing"


class BlobDamaged(EakteError):
    """Stored bytes no longer have the hash that names them, or did not arrive as they were sent."""

    status = 503
    code = "blob_damaged"


class BlobLocked(Conflict):
    """The store's own lock forbids the removal. Nothing was removed."""

    code = "blob_locked"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What was stored: SHA-256 in lower-case hex and the size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Lock:
    """Until when bytes may not be removed (None: no such day), and whether a hold keeps them beyond any day."""

    until: datetime | None
    hold: bool = False


class BlobStore(Protocol):
    """Durable, content-addressed, write-once bytes.

    A store that cannot answer raises Unavailable after bounded retries, in every method; nothing waits for ever.
    """

    @property
    def locks(self) -> bool:
        """Whether `lock` binds: the store itself then refuses to remove locked bytes. False: `lock` does nothing."""
        ...

    def put_file(self, path: Path) -> StoredBlob:
        """Store the file's bytes durably, read them back, and return their address. The same bytes again: no change.

        The file may be consumed (moved). Raises StorageFull with nothing half-stored, BlobDamaged when what reads back
        is not what was sent.
        """
        ...

    def put_bytes(self, data: bytes) -> StoredBlob:
        """Like `put_file` for bytes in memory."""
        ...

    def exists(self, sha256: str) -> bool:
        """Whether the bytes are there (not whether they are undamaged: see `verify`). Decides, where a listing does not."""
        ...

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """The bytes, or `length` of them from `start`, as a stream to read forwards and to close. Raises BlobMissing."""
        ...

    def local_copy(self, sha256: str) -> AbstractContextManager[Path]:
        """A read-only file with the bytes, for as long as the context lasts: for tools and children that want a path.

        Raises BlobMissing. A store over a network also raises BlobDamaged: what it hands out was compared.
        """
        ...

    def verify(self, sha256: str) -> bool:
        """Whether the bytes still hash to their address. Raises BlobMissing."""
        ...

    def unlink(self, sha256: str) -> None:
        """Remove the bytes with all their versions; nothing happens when they are gone already. Only disposal and the
        orphan sweep call this, through `archive.blobs.claims`. Raises BlobLocked.
        """
        ...

    def lock(self, sha256: str, lock: Lock) -> None:
        """Keep the bytes from being removed, also by those who hold this store's keys. A day is never shortened here; a
        hold is set or lifted as told. Raises BlobMissing. Where `locks` is false this does nothing.
        """
        ...

    def locked(self, sha256: str) -> Lock:
        """The lock as the store has it. Raises BlobMissing."""
        ...

    def all(self, after: str = "") -> Iterator[tuple[str, float]]:
        """Every stored address behind `after`, in order, with the time it was stored by the store's clock (seconds since
        1970); a store that can renews it when the bytes are put again.

        May lag behind: an address that is absent here is not lost, one that is listed may be gone. `exists` decides.
        """
        ...

    def strangers(self) -> Iterator[str]:
        """Names of what lies in the store and is not ours."""
        ...

    def tidy(self, grace: float) -> int:
        """Remove what dead processes left half-stored more than `grace` seconds ago; returns how many."""
        ...

    def ready(self) -> bool:
        """Whether the store answers now. Never raises."""
        ...


class Window(io.RawIOBase):
    """A stream to read forwards over `read`, of at most `length` bytes; `close` is called once at the end."""

    def __init__(self, read: Callable[[int], bytes], close: Callable[[], object], length: int | None = None) -> None:
        super().__init__()
        self._read, self._close, self._left = read, close, length

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """See io.RawIOBase."""
        view = memoryview(buffer).cast("B")
        wanted = len(view) if self._left is None else min(len(view), self._left)
        data = self._read(wanted) if wanted else b""
        view[: len(data)] = data
        if self._left is not None:
            self._left -= len(data)
        return len(data)

    def close(self) -> None:
        """Close what lies below, once."""
        if not self.closed:
            self._close()
        super().close()


def missing(sha256: str) -> BlobMissing:
    """The error for bytes that should be there."""
    return BlobMissing(
        "Die Bytes dieses Schriftstücks fehlen im Speicher. Bitte die Administration verständigen.",
        f"blob {sha256} is missing",
    )


def unfaithful(sha256: str) -> BlobDamaged:
    """The error for bytes that did not arrive as they were sent."""
    return BlobDamaged(
        "Die Bytes kamen nicht unverändert auf dem Speicher an. Nichts wurde angenommen.",
        f"blob {sha256} does not read back",
    )


def full() -> StorageFull:
    """The error for a store without room."""
    return StorageFull(
        "Der Speicher ist voll. Die Sendung wurde nicht angenommen. Bitte behalten Sie sie und verständigen Sie die "
        "Administration.",
        "The storage is full. Nothing was accepted.",
    )


__all__ = [
    "CHUNK", "BlobDamaged", "BlobLocked", "BlobMissing", "BlobStore", "Lock", "StorageFull", "StoredBlob", "Window",
    "full", "missing", "unfaithful",
]  # fmt: skip
