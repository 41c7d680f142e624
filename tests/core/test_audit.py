"""The audit chain names what was done to it: every kind of tampering, at the right place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from core.actor import Actor, ActorKind, system_actor
from core.audit import LOOK_WINDOW, Seen, look, record_act
from core.audit.anchors import AnchorFile
from core.audit.hashing import inclusion_path, leaf_hash, merkle_root, path_sides, root_from_path
from core.audit.sealing import event_fields, seal
from core.audit.verify import Verdict, verify
from core.clock import SetClock
from core.database import Database
from core.errors import Unavailable
from core.ids import new_id
from core.models import AuditEvent
from tests.databases import break_audit, lift_triggers
from tests.support import NOON, make_agency, make_database, raw


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "anchors" / "audit.jsonl"


@pytest.fixture
def sealed(tmp_path: Path, anchor: Path) -> Database:
    """A database with 12 sealed events in three blocks; the append-only triggers are gone, as for an attacker."""
    database = make_database(tmp_path)
    with database.write() as tx:
        agency = make_agency(tx)
    case = new_id()
    for block in range(3):
        with database.write() as tx:
            for number in range(4):
                record_act(tx, system_actor(agency), f"test.{block}.{number}", "thing", new_id(), case_file_id=case)
        seal(database, AnchorFile(anchor))
    with database.write() as tx:
        lift_triggers(tx.session)
    return database


def check(database: Database, anchor: Path) -> Verdict:
    return verify(database, AnchorFile(anchor))


def tamper(database: Database, *statements: str) -> None:
    with database.write() as tx:
        for statement in statements:
            raw(tx.session, statement)


def test_untouched_chain_is_sound(sealed: Database, anchor: Path) -> None:
    verdict = check(sealed, anchor)
    assert verdict.ok
    assert verdict.checked == 12


@pytest.mark.parametrize("column", ["action", "actor_kind", "object_type", "category", "details", "at"])
def test_a_changed_field_is_named(sealed: Database, anchor: Path, column: str) -> None:
    value = {"details": "'{\"x\":1}'", "at": "1"}.get(column, "'x'")
    tamper(sealed, f"UPDATE audit_event SET {column}={value} WHERE chain_no=7")
    assert [(p.position, p.kind) for p in check(sealed, anchor).problems] == [(7, "changed")]


def test_changed_event_with_recomputed_hash_is_found(sealed: Database, anchor: Path) -> None:
    tamper(sealed, "UPDATE audit_event SET action='x' WHERE chain_no=7")
    with sealed.write() as tx:
        forged = tx.session.scalars(select(AuditEvent).where(AuditEvent.chain_no == 7)).one()
        forged.leaf_hash = leaf_hash(event_fields(forged))
    assert [(p.position, p.kind) for p in check(sealed, anchor).problems] == [(5, "reordered")]


def test_a_removed_event_is_named(sealed: Database, anchor: Path) -> None:
    tamper(sealed, "DELETE FROM audit_event WHERE chain_no=6")
    assert [(p.position, p.kind) for p in check(sealed, anchor).problems] == [(6, "missing")]


def test_reordered_events_are_named(sealed: Database, anchor: Path) -> None:
    tamper(
        sealed,
        "UPDATE audit_event SET chain_no=-1 WHERE chain_no=2",
        "UPDATE audit_event SET chain_no=2 WHERE chain_no=3",
        "UPDATE audit_event SET chain_no=3 WHERE chain_no=-1",
    )
    assert {p.position for p in check(sealed, anchor).problems} == {2, 3}


def test_a_cut_tail_is_named(sealed: Database, anchor: Path) -> None:
    tamper(sealed, "DELETE FROM audit_event WHERE chain_no>8", "DELETE FROM audit_block WHERE block_no=3")
    assert [(p.position, p.kind) for p in check(sealed, anchor).problems] == [(12, "cut_tail")]


def test_a_removed_middle_block_is_named(sealed: Database, anchor: Path) -> None:
    tamper(sealed, "DELETE FROM audit_event WHERE chain_no BETWEEN 5 AND 8", "DELETE FROM audit_block WHERE block_no=2")
    problems = {(p.position, p.kind) for p in check(sealed, anchor).problems}
    assert (5, "missing") in problems


def test_a_rewritten_history_disagrees_with_the_anchor(sealed: Database, anchor: Path) -> None:
    lines = anchor.read_text().splitlines()
    head = json.loads(lines[1])
    head["hash"] = "00" * 32
    anchor.write_text("\n".join([lines[0], json.dumps(head), lines[2]]) + "\n")
    assert [(p.position, p.kind) for p in check(sealed, anchor).problems] == [(8, "anchor_mismatch")]


def test_a_lost_anchor_line_is_written_again(sealed: Database, anchor: Path) -> None:
    lines = anchor.read_text().splitlines()
    anchor.write_text("\n".join(lines[:2]) + '\n{"block_no": 3, "la')
    seal(sealed, AnchorFile(anchor))
    assert [head["block_no"] for head in AnchorFile(anchor).all()] == [1, 2, 3]
    assert check(sealed, anchor).ok


def test_the_chain_is_read_in_many_short_transactions(
    sealed: Database, anchor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    read = sealed.read

    @contextmanager
    def counted() -> Iterator[Session]:
        with read() as session:
            rows.append(0)
            event.listen(session, "loaded_as_persistent", lambda *_: rows.append(rows.pop() + 1))
            yield session

    monkeypatch.setattr(sealed, "read", counted)
    assert check(sealed, anchor).checked == 12
    assert sum(rows) == 15, "twelve events and three blocks, each read once"
    assert max(rows) == 5, "a transaction reads one block with its events"


def test_a_block_sealed_while_the_chain_is_read_is_no_finding(
    sealed: Database, anchor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, late = sealed.read, iter([True])

    @contextmanager
    def beside_a_sealer() -> Iterator[Session]:
        with read() as session:
            yield session
        if next(late, False):
            with sealed.write() as tx:
                agency = tx.session.scalars(select(AuditEvent.agency_id)).first()
                assert agency is not None
                record_act(tx, system_actor(agency), "test.late", "thing", None)
            with monkeypatch.context() as plain:
                plain.setattr(sealed, "read", read)
                seal(sealed, AnchorFile(anchor))

    monkeypatch.setattr(sealed, "read", beside_a_sealer)
    verdict = check(sealed, anchor)
    assert verdict.ok, verdict.problems
    assert verdict.checked == 13


def test_the_database_refuses_to_change_or_delete_sealed_events(tmp_path: Path, anchor: Path) -> None:
    database = make_database(tmp_path)
    with database.write() as tx:
        record_act(tx, system_actor(make_agency(tx)), "test.act", "thing", None)
    seal(database, AnchorFile(anchor))
    for statement in ("DELETE FROM audit_event", "UPDATE audit_event SET action='x'"):
        with pytest.raises(DatabaseError, match="audit events"), database.write() as tx:
            raw(tx.session, statement)


def look_details(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.read() as session:
        rows = session.execute(select(AuditEvent.action, AuditEvent.details).order_by(AuditEvent.id))
        return [(action, details) for action, details in rows]


def test_looks_collapse_for_five_minutes_per_actor_object_kind_and_session(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    database = make_database(tmp_path, clock)
    thing, other = Seen("document", new_id()), Seen("document", new_id())
    with database.write() as tx:
        agency = make_agency(tx)
    people = [Actor(ActorKind.USER, agency, user_id=new_id(), session_id=new_id()) for _ in range(2)]
    again = replace(people[0], session_id=new_id())
    for _ in range(2):
        look(database, people[0], "page", [thing, thing, other])
    assert len(look_details(database)) == 2
    look(database, people[0], "text", [thing])
    look(database, people[1], "page", [thing])
    look(database, again, "page", [thing])
    assert len(look_details(database)) == 5
    clock.instant += LOOK_WINDOW
    look(database, people[0], "page", [thing])
    assert len(look_details(database)) == 6


def test_a_prefetched_look_is_marked_and_never_hides_the_persons_own(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    thing = Seen("document", new_id())
    with database.write() as tx:
        person = Actor(ActorKind.USER, make_agency(tx), user_id=new_id(), session_id=new_id())
    ahead = replace(person, prefetching=True)
    for who in (ahead, ahead, person, person, ahead):
        look(database, who, "page", [thing])
    assert look_details(database) == [("look.page", {"prefetched": True}), ("look.page", {})]


def test_a_look_that_cannot_be_logged_is_refused(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.write() as tx:
        person = Actor(ActorKind.USER, make_agency(tx), user_id=new_id())
        break_audit(tx.session)
    with pytest.raises(Unavailable):
        look(database, person, "page", [Seen("document", new_id())])


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_every_inclusion_path_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    assert root_from_path(leaves[index], inclusion_path(leaves, index)) == merkle_root(leaves)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.none(), max_size=8))
def test_leaf_hash_does_not_depend_on_order(fields: dict[str, object]) -> None:
    assert leaf_hash(fields) == leaf_hash(dict(reversed(fields.items())))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_a_path_proves_the_place_of_its_leaf(count: int) -> None:
    leaves = [leaf_hash({"n": n}) for n in range(count)]
    for index in range(count):
        path = inclusion_path(leaves, index)
        assert [side for side, _ in path] == path_sides(count, index)
        assert root_from_path(leaves[index], path) == merkle_root(leaves)
