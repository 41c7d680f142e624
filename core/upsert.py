"""Rows that may be there already: brought up to date (reference data, loaded again and again), or passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Base, Transaction

Row = TypeVar("Row", bound=Base)
_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def upsert(tx: Transaction, model: type[Row], key: dict[str, Any], values: dict[str, Any]) -> Row:
    """The row with this key, carrying these values; other columns of a row that was there stay. Idempotent."""
    row = tx.session.scalar(select(model).filter_by(**key))
    if row is None:
        row = model(**key)
        tx.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    tx.session.flush()
    return row


def insert_missing(tx: Transaction, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows; one whose key is taken is passed over, also when another transaction takes it at this moment."""
    if rows:
        insert = _INSERT[tx.session.get_bind().dialect.name](model)
        tx.session.execute(insert.on_conflict_do_nothing(), rows)
