"""Puts a dump's rows back, table by table, inside one transaction; a row waits for the one of its own table it refers to."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from core.errors import ConfigurationError
from eakte.backup.tables import Fingerprint, decoder

_BATCH = 1_000


class Loader:
    """Takes the decrypted, compressed dump piece by piece, as a stream is written to."""

    def __init__(self, session: Session, tables: dict[str, Table]) -> None:
        self._session = session
        self._tables = tables
        self._unzip = zlib.decompressobj(wbits=31)
        self._rest = b""
        self._table: _TableLoader | None = None
        self.found: dict[str, Fingerprint] = {}
        self.failure: Exception | None = None

    def write(self, data: bytes, /) -> int:
        """See `encryption.Sink`. Keeps the first failure, because the stream's library would hide its kind."""
        try:
            *lines, self._rest = (self._rest + self._unzip.decompress(data)).split(b"\n")
            for line in lines:
                self._take(line + b"\n")
        except Exception as error:  # of any kind: the library turns all into its own, and `failure` is raised then
            self.failure = self.failure or error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is written before a table ends or a batch is full."""

    def finish(self) -> None:
        """The dump is over. Raises ConfigurationError when it was cut off."""
        if self._table is not None:
            self._table.finish()
        if self._rest or not self._unzip.eof:
            raise ConfigurationError("Die Sicherung der Datenbank ist unvollständig.", "the dump is cut off")

    def _take(self, line: bytes) -> None:
        if line.startswith(b"{"):
            if self._table is not None:
                self._table.finish()
            self._table = self._begin(json.loads(line))
        elif self._table is not None:
            self._table.add(line)

    def _begin(self, header: dict[str, Any]) -> _TableLoader:
        table = self._tables.get(header["table"])
        if table is None or sorted(header["columns"]) != sorted(table.columns.keys()):
            raise ConfigurationError(
                "Die Sicherung passt nicht zu dieser Version. Bitte mit der Version wiederherstellen, die sie gemacht hat.",
                "the dump has other tables than this version",
            )
        mark = self.found[table.name] = Fingerprint()
        return _TableLoader(self._session, table, header["columns"], mark)


class _TableLoader:
    """Inserts one table's rows in batches."""

    def __init__(self, session: Session, table: Table, columns: Sequence[str], mark: Fingerprint) -> None:
        self._session, self._table, self._mark = session, table, mark
        self._decode: Callable[[bytes], dict[str, Any]] = decoder([table.c[name] for name in columns])
        self._batch: list[dict[str, Any]] = []
        self._waiting: list[dict[str, Any]] = []
        self._own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
        self._key = next(column.name for column in table.primary_key)
        self._there: set[Any] = set()

    def add(self, line: bytes) -> None:
        self._mark.add(line)
        row = self._decode(line)
        if self._ready(row):
            self._put(row)
        else:
            self._waiting.append(row)

    def finish(self) -> None:
        while self._waiting:
            ready = [row for row in self._waiting if self._ready(row)]
            if not ready:
                raise ConfigurationError(
                    "Die Sicherung der Datenbank ist in sich nicht schlüssig.",
                    f"rows of {self._table.name} refer to rows that are not there",
                )
            self._waiting = [row for row in self._waiting if not self._ready(row)]
            for row in ready:
                self._put(row)
        self._flush()

    def _ready(self, row: dict[str, Any]) -> bool:
        return all(row[name] is None or row[name] in self._there for name in self._own)

    def _put(self, row: dict[str, Any]) -> None:
        if self._own:
            self._there.add(row[self._key])
        self._batch.append(row)
        if len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            self._session.execute(insert(self._table), self._batch)
            self._batch = []
