"""Copies bytes into the repository, each once, encrypted, checked against its hash on the way.

A file gets its name only after a batch has been written out: after a power cut whatever has its name is whole, and the next
backup may trust it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive.blobs.port import BlobMissing, BlobStore
from eakte.backup.encryption import Recipients
from eakte.backup.repository import Repository

_BATCH = 1_000
_CHUNK = 1024 * 1024


class BlobCopier:
    """`missing` holds what is not there or no longer has its hash; `copied` counts what was new."""

    def __init__(self, store: BlobStore, repository: Repository, recipients: Recipients) -> None:
        self._store, self._repository, self._recipients = store, repository, recipients
        self._written: list[Path] = []
        self.copied = 0
        self.missing: list[str] = []

    def take(self, sha256: str) -> None:
        """Copy one blob unless the repository has it."""
        target = self._repository.blob(sha256)
        if target.exists():
            return
        target.parent.mkdir(exist_ok=True, mode=0o700)
        part = target.with_suffix(".part")
        hashed = hashlib.sha256()
        try:
            with self._store.open(sha256) as source, part.open("wb") as file:
                self._recipients.encrypt(_pieces(source, hashed), file)
        except BlobMissing:
            self.missing.append(sha256)
            return
        if hashed.hexdigest() != sha256:
            part.unlink()
            self.missing.append(sha256)
            return
        self._written.append(part)
        if len(self._written) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write everything out, then give the files their names."""
        os.sync()
        for part in self._written:
            part.replace(part.with_suffix(".age"))
        self.copied += len(self._written)
        self._written = []


def _pieces(source: IO[bytes], hashed: hashlib._Hash) -> Iterator[bytes]:
    while piece := source.read(_CHUNK):
        hashed.update(piece)
        yield piece
