"""Copies bytes into the repository, each once, encrypted, checked against its hash on the way.

A file gets its name only after a batch has been written out: after a power cut whatever has its name is whole, and the next
backup may trust it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import IO, Final

from archive.blobs.port import BlobMissing, BlobStore
from eakte.backup.encryption import Recipients
from eakte.backup.repository import Repository

_BATCH = 1_000
_HANDS: Final = 4
"""A store over a network lets each reader wait for some milliseconds: so several read at a time."""
_CHUNK = 1024 * 1024


class BlobCopier:
    """`missing` holds what is not there or no longer has its hash; `copied` counts what was new."""

    def __init__(self, store: BlobStore, repository: Repository, recipients: Recipients) -> None:
        self._store, self._repository, self._recipients = store, repository, recipients
        self.copied = 0
        self.missing: list[str] = []

    def take(self, hashes: Iterable[str]) -> Iterator[str]:
        """Copy the blobs that the repository lacks; yields each hash once it has been seen to."""
        waiting = iter(hashes)
        with ThreadPoolExecutor(_HANDS, thread_name_prefix="copy") as hands:
            while some := list(islice(waiting, _BATCH)):
                written = []
                for sha256, outcome in zip(some, hands.map(self._copy, some), strict=True):
                    if outcome is _Outcome.WRITTEN:
                        written.append(_part(self._repository, sha256))
                    elif outcome is _Outcome.MISSING:
                        self.missing.append(sha256)
                    yield sha256
                self._give_names(written)

    def _copy(self, sha256: str) -> _Outcome:
        if self._repository.blob(sha256).exists():
            return _Outcome.THERE
        part = _part(self._repository, sha256)
        part.parent.mkdir(exist_ok=True, mode=0o700)
        hashed = hashlib.sha256()
        try:
            with self._store.open(sha256) as source, part.open("wb") as file:
                self._recipients.encrypt(_pieces(source, hashed), file)
        except BlobMissing:
            return _Outcome.MISSING
        if hashed.hexdigest() != sha256:
            part.unlink()
            return _Outcome.MISSING
        return _Outcome.WRITTEN

    def _give_names(self, written: Sequence[Path]) -> None:
        """Write everything out, then give the files their names."""
        if not written:
            return
        os.sync()
        for part in written:
            part.replace(part.with_suffix(".age"))
        self.copied += len(written)


class _Outcome(Enum):
    THERE, WRITTEN, MISSING = range(3)


def _part(repository: Repository, sha256: str) -> Path:
    return repository.blob(sha256).with_suffix(".part")


def _pieces(source: IO[bytes], hashed: hashlib._Hash) -> Iterator[bytes]:
    while piece := source.read(_CHUNK):
        hashed.update(piece)
        yield piece
