"""The outbox notes once what happens to one thing in one transaction."""

from __future__ import annotations

from pathlib import Path

from core import outbox
from core.ids import new_id
from tests.support import make_agency, make_database


def test_what_a_transaction_has_just_noted_is_not_noted_twice(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    one, other = new_id(), new_id()
    with database.write() as tx:
        agency = make_agency(tx)
        for thing in (one, other, one):
            outbox.emit(tx, agency, "document.changed", thing)
        outbox.emit(tx, agency, "document.destroyed", one)
    with database.read() as session:
        noted = [(row.topic, row.object_id) for row in outbox.unprocessed(session, outbox.INDEX)]
    assert noted == [("document.changed", one), ("document.changed", other), ("document.destroyed", one)]


def test_the_next_transaction_notes_again(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    thing = new_id()
    with database.write() as tx:
        agency = make_agency(tx)
    for _ in range(2):
        with database.write() as tx:
            outbox.emit(tx, agency, "document.changed", thing)
    with database.read() as session:
        assert len(outbox.unprocessed(session, outbox.INDEX)) == 2
