"""A store that may not be asked anything while a write transaction is open: others wait for its lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from archive.blobs.port import BlobStore
from core.database import RECORDS, Database, Transaction


class Watched:
    """Passes every call on to a real store, and notes which were made while this process held a write transaction."""

    def __init__(self, store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store = store
        self._open = 0
        self.asked: list[str] = []
        self.asked_inside: list[str] = []
        write = Database.write

        @contextmanager
        def counted(database: Database, lane: str | None = RECORDS) -> Iterator[Transaction]:
            with write(database, lane) as tx:
                self._open += 1
                try:
                    yield tx
                finally:
                    self._open -= 1

        monkeypatch.setattr(Database, "write", counted)

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        if self._open:
            self.asked_inside.append(name)
        return getattr(self._store, name)
