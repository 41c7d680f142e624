"""Taking back: the state before comes back, in inboxes, file, access and index, with one commit."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from archive.models import DateCorrection, Document, Filing
from core.errors import NotFound
from core.models import AuditEvent
from inbox import acts, passing
from inbox.acts import FileInto
from inbox.errors import NotUndoable
from inbox.models import FollowUp
from inbox.undo import undo
from tests.inbox.world import World


def take_back(world: World, username: str) -> None:
    with world.database.write() as tx:
        undo(tx, world.actor(username))


def test_after_a_misfiling_the_wrong_people_lose_sight_at_once(world: World) -> None:
    ref = world.in_clearing("Scheidungsurteil")
    document = world.document_of(ref)
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), ref, FileInto(case_number="C-4"))
    assert world.who_finds("Scheidungsurteil") == {"carla", "lukas"}
    take_back(world, "paula")
    assert world.who_sees(document) == {"paula", "piet"}
    assert world.who_finds("Scheidungsurteil") == {"paula", "piet"}
    with world.database.read() as session:
        assert not session.get_one(Document, document).filed


def test_the_wrong_people_lose_sight_before_the_index_follows(world: World) -> None:
    ref = world.in_clearing("Scheidungsurteil")
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), ref, FileInto(case_number="C-4"))
    world.who_finds("Scheidungsurteil")
    take_back(world, "paula")
    world.index.apply([], [])  # the index still holds the misfiling: the outbox was not worked off
    actor = world.actor("carla")
    from search.service import SearchService

    answer = SearchService(world.database, world.blobs, world.index).answer(actor, "Scheidungsurteil", limit=10)
    assert (answer["total"], answer["results"]) == (0, [])


def test_a_move_to_the_wrong_case_is_taken_back_into_the_old_one(world: World) -> None:
    ref = world.filed("A-1", "Umzug")
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("lena"), ref, FileInto(case_number="B-2"))
    take_back(world, "lena")
    assert world.who_sees(world.document_of(ref)) == {"anna", "lena"}
    assert world.who_finds("Umzug") == {"anna", "lena"}
    with world.database.read() as session:
        active = session.scalars(select(Filing.case_file_id).where(Filing.ended_at.is_(None))).all()
    assert active == [world.cases["A-1"]]


@pytest.mark.parametrize("act", ["finish", "defer", "forward", "take"])
def test_each_act_can_be_taken_back(world: World, act: str) -> None:
    ref = world.filed("T-3")
    before = world.who_sees(world.document_of(ref))
    carla = world.actor("carla")
    with world.database.write() as tx:
        {
            "finish": lambda: acts.finish(tx, carla, ref),
            "defer": lambda: acts.defer(tx, carla, ref, date(2027, 1, 4)),
            "forward": lambda: passing.forward(tx, carla, ref, to_user="anna", to_unit=None),
            "take": lambda: passing.take(tx, carla, ref),
        }[act]()
    take_back(world, "carla")
    assert world.who_sees(world.document_of(ref)) == before
    with world.database.read() as session:
        assert all(one.done_at is not None for one in session.scalars(select(FollowUp)))


def test_unfiled_mail_forwarded_and_taken_back_is_clearings_again(world: World) -> None:
    ref = world.in_clearing("Irrläufer")
    with world.database.write() as tx:
        passing.forward(tx, world.actor("paula"), ref, to_user="anna", to_unit=None)
    assert world.who_finds("Irrläufer") == {"anna"}
    take_back(world, "paula")
    assert world.who_finds("Irrläufer") == {"paula", "piet"}


def test_nothing_is_taken_back_once_somebody_went_on(world: World) -> None:
    ref = world.in_clearing()
    with world.database.write() as tx:
        delivered = acts.file_item(tx, world.actor("paula"), ref, FileInto(case_number="C-4"))
    with world.database.write() as tx:
        acts.finish(tx, world.actor("carla"), acts.ItemRef(delivered.id, delivered.version))
    with pytest.raises(NotUndoable):
        take_back(world, "paula")
    assert world.item(ref).state == "done"


def test_only_own_acts_and_each_once(world: World) -> None:
    ref = world.filed("T-3")
    with world.database.write() as tx:
        acts.finish(tx, world.actor("carla"), ref)
    with pytest.raises(NotFound):
        take_back(world, "lukas")
    take_back(world, "carla")
    with pytest.raises(NotFound):
        take_back(world, "carla")


def test_what_was_corrected_while_filing_is_taken_back_too(world: World) -> None:
    ref = world.in_clearing()
    document = world.document_of(ref)
    wrong = FileInto(case_number="C-4", document_type="LOHNABRECHNUNG", received_on=date(2026, 11, 15))
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), ref, wrong)
    take_back(world, "paula")
    with world.database.read() as session:
        row = session.get_one(Document, document)
        assert (row.document_type, row.title) == ("SONST_SCHREIBEN", "Schreiben")
        assert (row.received_on, row.received_on_source) == (world.today, "told")
        kept = session.scalars(select(DateCorrection).order_by(DateCorrection.id)).all()
        assert [(one.old_value, one.new_value) for one in kept] == [
            (world.today, date(2026, 11, 15)),
            (date(2026, 11, 15), world.today),
        ]
        told = select(AuditEvent.case_file_id).where(AuditEvent.action == "document.date_corrected")
        assert session.scalars(told).all() == [world.cases["C-4"]] * 2
