"""No station waits for another one's thousand pages; taking the next step never reads the whole queue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from core import jobs
from core.database import Database
from core.fairness import next_turn
from core.ids import new_id
from tests.support import make_agency, make_database


def test_a_source_takes_its_turns_one_after_the_other() -> None:
    assert [next_turn(None, None, None), next_turn(7, 3, None), next_turn(7, 3, 12)] == [0, 7, 13]


def test_who_comes_back_saves_up_no_turns() -> None:
    assert next_turn(900, 900, 4) == 900


@given(st.lists(st.integers(min_value=1, max_value=40), min_size=2, max_size=5))
def test_while_two_wait_none_is_served_more_than_one_step_ahead(amounts: Sequence[int]) -> None:
    turns: list[tuple[int, int]] = []
    for source, amount in enumerate(amounts):
        last: int | None = None
        for _ in range(amount):
            lowest = min((turn for turn, _ in turns), default=None)
            last = next_turn(None, lowest, last)
            turns.append((last, source))
    served: Counter[int] = Counter()
    for _, source in sorted(turns):
        served[source] += 1
        busy = [served[one] for one, amount in enumerate(amounts) if served[one] < amount]
        assert not busy or max(busy) - min(busy) <= 1


def fill(database: Database, agency: UUID, source: UUID, number: int) -> None:
    with database.write() as tx:
        for _ in range(number):
            jobs.enqueue(tx, agency, "read", new_id(), source=source)


def serve(database: Database, number: int) -> list[UUID | None]:
    sources = []
    for _ in range(number):
        with database.write() as tx:
            job = jobs.lease(tx, "a")
            assert job is not None
            jobs.finish(tx, job)
        sources.append(job.source)
    return sources


def test_a_station_that_comes_later_is_served_at_once(tmp_path: Path) -> None:
    database, big, small, late = make_database(tmp_path), new_id(), new_id(), new_id()
    with database.write() as tx:
        agency = make_agency(tx)
    fill(database, agency, big, 300)
    fill(database, agency, small, 5)
    assert Counter(serve(database, 10)) == {big: 5, small: 5}
    serve(database, 40)
    with database.write() as tx:
        at_work = jobs.lease(tx, "b")  # what is served now sets the turn at which a newcomer joins
    fill(database, agency, late, 4)
    assert at_work is not None
    assert Counter(serve(database, 8))[late] >= 3


def test_what_finishes_a_letter_comes_before_everybodys_pages(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
    fill(database, agency, new_id(), 20)
    with database.write() as tx:
        assembled = jobs.enqueue(tx, agency, "assemble", new_id(), priority=20)
        leased = jobs.lease(tx, "a")
    assert leased is not None
    assert leased.id == assembled


def explained(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The steps of the plan that read the job table or sort."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all()
        return [row[3] for row in rows]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # fifty rows fit a page: every index costs more
    return [row[0] for row in connection.exec_driver_sql("EXPLAIN " + statement, parameters).all()]


def test_taking_and_making_a_step_never_reads_the_whole_queue(tmp_path: Path) -> None:
    """Every look of lease and enqueue at the job table searches an index and sorts nothing."""
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
    fill(database, agency, new_id(), 50)
    seen: list[tuple[str, Any]] = []
    with database.write() as tx:
        connection = tx.session.connection()

        def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
            if statement.startswith("SELECT"):
                seen.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        jobs.lease(tx, "a", ("assemble", "split", "read"))
        jobs.lease(tx, "a")
        jobs.enqueue(tx, agency, "read", new_id(), source=new_id())
        jobs.due_count(tx.session, tx.now, ("assemble", "split"), 64)
        event.remove(connection, "before_cursor_execute", note)
        assert len(seen) >= 7
        plan = [step for statement, parameters in seen for step in explained(connection, statement, parameters)]
    assert [step for step in plan if re.search(r"\bSCAN job\b|Seq Scan|TEMP B-TREE|\bSort\b", step)] == []
    assert len([step for step in plan if re.search(r"SEARCH job|Index.* on (ix_)?\w*job|Index Scan", step)]) >= 8
