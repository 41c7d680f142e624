"""Reference data that is loaded again and again."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select

from core.database import Base, Transaction

Row = TypeVar("Row", bound=Base)


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
