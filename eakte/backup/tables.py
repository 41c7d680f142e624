"""Rows as lines of text and back, by the types of their columns: the same on every database.

A table begins with `{"table": name, "columns": [names]}`; each row follows as a JSON array. The fingerprint of a table is
the sum of its rows' SHA-256 (modulo 2^256): equal sets of rows have equal fingerprints, in whatever order they come.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKeyConstraint,
    Inspector,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    inspect,
    select,
)
from sqlalchemy.orm import Session

from core.columns import UtcDateTime
from migrations.runner import target_metadata

# What ends with the process or the session that made it, and must not come back to life; and the mark of a bucket: what is
# restored is another installation and has a bucket of its own.
TRANSIENT = frozenset({"lease", "login_session", "installation"})
_NOT_OURS = TRANSIENT | {"alembic_version"}
_CHUNK = 2_000
_SPACE = 1 << 256


@dataclass(slots=True)
class Fingerprint:
    """How many rows a table has, and which."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        """Count one encoded row."""
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line).digest())) % _SPACE

    def as_json(self) -> dict[str, int | str]:
        """For the manifest."""
        return {"rows": self.rows, "fingerprint": f"{self.total:064x}"}


def durable_tables(connection: Connection) -> list[Table]:
    """The tables a backup holds, each after those it refers to: as this database has them, which may be an older schema.

    A column has the type that this version knows it by, otherwise the database's own.
    """
    seen, known, found = inspect(connection), target_metadata(), MetaData()
    for name in sorted(set(seen.get_table_names()) - _NOT_OURS):
        _describe(seen, name, known.tables.get(name), found)
    return found.sorted_tables


def _describe(seen: Inspector, name: str, known: Table | None, found: MetaData) -> None:
    keys = set(seen.get_pk_constraint(name)["constrained_columns"])
    columns = [
        Column(
            column["name"],
            known.c[column["name"]].type if known is not None and column["name"] in known.c else column["type"],
            primary_key=column["name"] in keys,
        )
        for column in seen.get_columns(name)
    ]
    references = [
        ForeignKeyConstraint(
            key["constrained_columns"], [f"{key['referred_table']}.{column}" for column in key["referred_columns"]]
        )
        for key in seen.get_foreign_keys(name)
    ]
    Table(name, found, *columns, *references)


def dump(session: Session, tables: Iterable[Table], found: dict[str, Fingerprint]) -> Iterator[bytes]:
    """Every row of the tables as lines; `found` gets each table's fingerprint. One consistent state: the session's."""
    for table in tables:
        mark = found[table.name] = Fingerprint()
        yield _line({"table": table.name, "columns": [column.name for column in table.columns]})
        for row in session.execute(select(table), execution_options={"yield_per": _CHUNK}):
            line = encode_row(row)
            mark.add(line)
            yield line


def encode_row(row: Sequence[Any]) -> bytes:
    """One row as a line of JSON."""
    return _line([_encode(value) for value in row])


def decoder(columns: Sequence[Column[Any]]) -> Callable[[bytes], dict[str, Any]]:
    """What turns a line back into the values of these columns."""
    parsers = [(column.name, _parser(column)) for column in columns]

    def decode(line: bytes) -> dict[str, Any]:
        values = json.loads(line)
        return {
            name: value if value is None else parse(value) for (name, parse), value in zip(parsers, values, strict=True)
        }

    return decode


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def _parser(column: Column[Any]) -> Callable[[Any], Any]:
    kind = column.type
    if isinstance(kind, LargeBinary):
        return b64decode
    if isinstance(kind, Uuid):
        return UUID
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(kind, Date):
        return date.fromisoformat
    return _same


def _same(value: Any) -> Any:
    return value
