"""Many cases, and cases of many documents, as bare rows; and what one statement or one transaction costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event, insert

from archive.models import CaseFile, Document, Filing
from archive.numbers import number_key
from core.ids import new_id
from tests.retention.world import World


def add_cases(world: World, numbers: Sequence[str], **more: Any) -> list[UUID]:
    """Closed benefits files without anything in them."""
    with world.database.write() as tx:
        rows = [
            {
                "id": new_id(), "agency_id": world.agency, "file_number": number, "number_key": number_key(number),
                "file_plan_unit": "LEIST", "org_unit_id": world.unit, "state": "closed",
                "closed_on": date(2010, 5, 5), "created_at": tx.now, **more,
            }
            for number in numbers
        ]  # fmt: skip
        tx.session.execute(insert(CaseFile), rows)
    return [row["id"] for row in rows]


def fill(world: World, case: UUID, count: int) -> list[UUID]:
    """That many documents filed in a case: rows without bytes, received day after day."""
    with world.database.write() as tx:
        documents = [
            {
                "id": new_id(), "agency_id": world.agency, "title": f"Schreiben {number}", "document_type": "ATTEST",
                "filed": True, "received_on": date(2009, 1, 1) + timedelta(days=number % 300),
                "received_on_source": "told", "created_at": tx.now, "org_unit_id": world.unit,
            }
            for number in range(count)
        ]  # fmt: skip
        tx.session.execute(insert(Document), documents)
        filings = [
            {
                "id": new_id(), "agency_id": world.agency, "document_id": row["id"], "case_file_id": case,
                "page_from": 1, "page_to": 1, "ordinal": number, "filed_at": tx.now,
            }
            for number, row in enumerate(documents, 1)
        ]  # fmt: skip
        tx.session.execute(insert(Filing), filings)
    return [row["id"] for row in documents]


@dataclass
class Costs:
    """The most rows that one statement answered, and how many rows were written. Counted in the driver of SQLite."""

    answered: int = 0
    written: int = 0
    _current: tuple[int, int] = (0, 0)

    def row(self, cursor: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Called by the driver for each row."""
        seen = self._current[1] + 1 if self._current[0] == id(cursor) else 1
        self._current = id(cursor), seen
        self.answered = max(self.answered, seen)
        return row

    def statement(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        """Called after each statement."""
        self._current = (0, 0)
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self.written += max(cursor.rowcount, 0)


@contextmanager
def costs(world: World) -> Iterator[Costs]:
    """What happens in the world's database meanwhile."""
    counted, engine = Costs(), world.database.engine

    def count(connection: Any, _record: Any) -> None:
        connection.row_factory = counted.row

    event.listen(engine, "connect", count)
    event.listen(engine, "after_cursor_execute", counted.statement)
    engine.dispose()
    try:
        yield counted
    finally:
        event.remove(engine, "connect", count)
        event.remove(engine, "after_cursor_execute", counted.statement)
        engine.dispose()
