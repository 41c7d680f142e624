"""The port that every blob store passes the same contract tests for, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import EakteError, StorageFull


class BlobMissing(EakteError):
    """A row names bytes that the store does not hold: a finding for `eakte doctor`, never an empty answer."""

    status = 503
    code = "blob_missing"


class BlobDamaged(EakteError):
    """Stored bytes no longer have the hash that names them."""

    status = 503
    code = "blob_damaged"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What was stored: SHA-256 in lower-case hex and the size in bytes."""

    sha256: str
    size: int


class BlobStore(Protocol):
    """Durable, content-addressed, write-once bytes."""

    def put_file(self, path: Path) -> StoredBlob:
        """Store the file's bytes durably, read them back, and return their address. The same bytes again: no change.

        The file may be consumed (moved). Raises StorageFull with nothing half-stored.
        """
        ...

    def put_bytes(self, data: bytes) -> StoredBlob:
        """Like `put_file` for bytes in memory."""
        ...

    def exists(self, sha256: str) -> bool:
        """Whether the bytes are there (not whether they are undamaged: see `verify`)."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """The bytes as a seekable stream. Raises BlobMissing."""
        ...

    def path(self, sha256: str) -> Path:
        """A local read-only path to the bytes. Raises BlobMissing."""
        ...

    def verify(self, sha256: str) -> bool:
        """Whether the bytes still hash to their address. Raises BlobMissing."""
        ...

    def unlink(self, sha256: str) -> None:
        """Remove the bytes; nothing happens when they are gone already. Only disposal and the orphan sweep call
        this.
        """
        ...

    def all(self, after: str = "") -> Iterator[tuple[str, float]]:
        """Every stored address behind `after`, in order, with the time it was last put (seconds since 1970)."""
        ...


__all__ = ["BlobDamaged", "BlobMissing", "BlobStore", "StorageFull", "StoredBlob"]
