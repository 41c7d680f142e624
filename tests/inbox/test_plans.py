"""The lists that people and workers wait for are found by index on PostgreSQL, whatever the tables grow to.

Each table is filled with copies of one row, most of them long done, so that reading it whole is the dearer plan; then
every statement of a list is explained, and one that reads such a table whole fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from archive import reading
from archive.models import Document, DocumentVersion, Filing
from core import jobs, outbox
from core.actor import Actor, system_actor
from core.audit import record_act, sealing
from core.database import FREE, Transaction
from core.ids import new_id
from inbox import repository as inbox
from inbox.models import InboxItem
from inbox.repository import Box
from ingest import mailroom
from ingest import repository as ledger
from ingest.models import MailItem, Receipt
from organisation.models import ScanStation
from retention import erasure
from tests.inbox.world import TODAY, World, copy_world
from tests.support import NOON

pytestmark = pytest.mark.postgresql

GROWN = 6_000
LONG_AGO = int((NOON - timedelta(days=400)).timestamp() * 1_000_000)
# What differs from the row that is copied `n` times; ids are always new.
COPIES = {
    "job": "'subject_id', gen_random_uuid(), 'state', 'done'",
    "outbox_event": "'processed_at', n",
    "audit_event": "'chain_no', n + 100000, 'case_file_id', gen_random_uuid(), 'object_id', gen_random_uuid()",
    "document": "'mail_item_id', null, 'filed', true",
    "filing": "'ordinal', n + 1000, 'ended_at', n",
    "inbox_item": "'state', 'done'",
    "receipt": f"'idempotency_key', n::text, 'sha256', n::text, 'accepted_at', {LONG_AGO} + n",
    "mail_item": "'state', 'filed', 'receipt_id', (SELECT id FROM receipt WHERE sha256 = n::text)",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(template: tuple[World, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = copy_world(*template, tmp_path_factory.mktemp("grown"))
    world.filed("A-1")
    world.in_clearing()
    with world.database.write() as tx:
        jobs.enqueue(tx, world.agency, "read", new_id())
        record_act(tx, system_actor(world.agency), "test.done", "thing", new_id(), case_file_id=new_id())
        _receive(tx, world)
    with world.database.write() as tx:
        connection = tx.session.connection()
        for table, other in COPIES.items():
            connection.exec_driver_sql(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(one) || jsonb_build_object("
                f"'id', gen_random_uuid(), {other}))).* "
                f"FROM (SELECT * FROM {table} LIMIT 1) one, generate_series(1, {GROWN}) n"
            )
        connection.exec_driver_sql("ANALYZE")
    yield world
    world.database.dispose()


def _receive(tx: Transaction, world: World) -> None:
    station = ScanStation(id=new_id(), agency_id=world.agency, code="S9", unit_id=world.unit_id("POST"))
    tx.session.add(station)
    tx.session.flush()
    receipt = Receipt(
        id=new_id(), agency_id=world.agency, sha256="0", size=1, channel="api", station_id=station.id,
        idempotency_key="k", source_name="", received_on=TODAY, received_on_source="today", accepted_at=tx.now,
        state="split", page_count=1,
    )  # fmt: skip
    tx.session.add(receipt)
    tx.session.flush()
    tx.session.add(
        MailItem(
            id=new_id(), agency_id=world.agency, receipt_id=receipt.id, item_no=1, page_count=1, state="quarantined"
        )
    )


def _paula(world: World) -> Actor:
    return world.actor("paula")


READ: dict[str, Callable[[World, Session], object]] = {
    "Postkorb": lambda w, s: inbox.rows(s, w.actor("anna"), inbox.in_box(w.actor("anna"), Box("own")), TODAY, 50),
    "Postkorb, counted": lambda w, s: inbox.count(s, w.actor("anna"), inbox.mine(w.actor("anna")), TODAY),
    "clearing": lambda w, s: inbox.rows(s, _paula(w), inbox.in_box(_paula(w), Box("clearing")), TODAY, 50),
    "deferred": lambda w, s: inbox.put_aside(s, w.actor("anna"), inbox.mine(w.actor("anna")), TODAY),
    "case file": lambda w, _: reading.open_case(w.database, w.actor("anna"), "A-1"),
    "job, any due": lambda _, s: jobs.any_due(s, NOON),
    "outbox": lambda _, s: outbox.unprocessed(s, outbox.INDEX),
    "mailroom, day": lambda w, s: mailroom.day_balance(s, _paula(w), TODAY),
    "mailroom, quarantine": lambda w, s: mailroom.open_entries(s, _paula(w), 50),
    "ledger, same bytes": lambda w, s: ledger.first_receipt_of(s, w.agency, "0"),
}
WRITE: dict[str, Callable[[Transaction], object]] = {
    "job lease": lambda tx: jobs.lease(tx, "worker"),
    "sweeping": jobs.sweep,
    "heartbeat": lambda tx: jobs.heartbeat(tx, "worker", [new_id()]),
    "sealing": sealing._seal_block,
    "destruction, deliveries": lambda tx: erasure._end_deliveries(tx, [new_id()]),
}


@pytest.mark.parametrize("name", READ)
def test_lists_are_read_by_index(world: World, name: str) -> None:
    with statements(world) as seen, world.database.read() as session:
        READ[name](world, session)
    check(world, seen)


@pytest.mark.parametrize("name", WRITE)
def test_workers_find_their_work_by_index(world: World, name: str) -> None:
    class Back(Exception):
        pass

    def once() -> None:
        with world.database.write(FREE) as tx:
            WRITE[name](tx)
            raise Back

    with statements(world) as seen, pytest.raises(Back):
        once()
    check(world, seen)


def test_a_list_without_an_index_would_be_noticed(world: World) -> None:
    with statements(world) as seen, world.database.read() as session:
        session.connection().exec_driver_sql("SELECT id FROM inbox_item WHERE urgency = 'immediate'")
    with pytest.raises(AssertionError):
        check(world, seen)


@contextmanager
def statements(world: World) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the grown tables inside."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if any(f" {table}" in statement for table in COPIES) and not statement.startswith("INSERT"):
            seen.append((statement, parameters))

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


def check(world: World, seen: list[tuple[str, Any]]) -> None:
    """None of the statements reads a grown table whole."""
    assert seen
    with world.database.write(FREE) as tx:
        for statement, parameters in seen:
            if isinstance(parameters, list):
                continue  # rows changed by their key, many at once
            found = (
                tx.session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            )
            plan = found if isinstance(found, list) else json.loads(found)
            whole = set(_read_whole(plan[0]["Plan"])) & set(COPIES)
            assert not whole, (whole, statement, plan)


def _read_whole(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for part in node.get("Plans", ()):
        yield from _read_whole(part)


def test_the_tables_are_grown(world: World) -> None:
    with world.database.read() as session:
        for model in (Document, Filing, InboxItem, Receipt, MailItem):
            assert session.query(model).count() > GROWN
        assert session.query(DocumentVersion).count() < GROWN
