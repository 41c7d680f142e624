"""Mail that belongs to no case: a person ends it with a reason; nothing is lost, and it can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from archive.access import require_document, visible_pages
from archive.models import Document
from core.actor import Role
from core.errors import InvalidInput, NotFound
from core.models import AuditEvent
from inbox import acts
from inbox.acts import DISMISSALS, FileInto, ItemRef
from inbox.repository import dismissal_of
from inbox.undo import undo
from search.service import SearchService
from tests.inbox.world import WORKERS, World


def dismiss(world: World, username: str, ref: ItemRef, kind: str = "advertising", reason: str = "Prospekt") -> None:
    with world.database.write() as tx:
        acts.dismiss(tx, world.actor(username), ref, kind, reason)


def readers(world: World, ref: ItemRef) -> set[str]:
    """Everybody who may read the document by its address."""
    document_id, found = world.document_of(ref), set()
    with world.database.read() as session:
        for name in WORKERS:
            actor = world.actor(name)
            if visible_pages(session, actor, document_id, world.today) is None:
                require_document(session, actor, document_id, world.today)
                found.add(name)
    return found


def test_dismissed_mail_leaves_clearing_and_search_with_its_reason(world: World) -> None:
    kind = "misdirected"
    ref = world.in_clearing("Sonderangebot")
    assert world.who_finds("Sonderangebot") == {"paula", "piet"}
    dismiss(world, "paula", ref, kind, " Stadtwerke ")
    assert world.who_sees(world.document_of(ref)) == set()
    assert world.who_finds("Sonderangebot") == set()
    with world.database.read() as session:
        item = dismissal_of(session, world.document_of(ref))
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "inbox.dismissed")).one()
    assert item is not None
    assert item.reasons[-1] == {"code": f"dismissed_{kind}", "text": f"{DISMISSALS[kind]}: Stadtwerke"}
    assert event.object_id == ref.item_id
    assert event.details["kind"] == kind
    assert "Stadtwerke" not in str(event.details)


def test_search_is_silent_before_the_index_follows(world: World) -> None:
    ref = world.in_clearing("Sonderangebot")
    world.who_finds("Sonderangebot")
    dismiss(world, "paula", ref)
    answer = SearchService(world.database, world.blobs, world.index).answer(
        world.actor("paula"), "Sonderangebot", limit=10
    )
    assert answer["total"] == 0


def test_only_who_clears_such_mail_reads_it_afterwards(world: World) -> None:
    general, unit = world.in_clearing(), world.in_clearing(scope="unit", unit="T1")
    restricted = world.in_clearing(scope="restricted", unit="T1")
    for username, ref in (("paula", general), ("anna", unit), ("lena", restricted)):
        dismiss(world, username, ref)
    assert readers(world, general) == {"paula", "piet"}
    assert readers(world, unit) == {"lena", "anna", "bert"}
    assert readers(world, restricted) == {"lena"}
    with world.database.read() as session, pytest.raises(NotFound):
        require_document(session, world.actor("carla"), world.document_of(general), world.today)


def test_the_post_room_loses_sight_of_it(world: World) -> None:
    ref, paula = world.in_clearing(), world.actor("paula")
    post_room = replace(paula, held=frozenset(one for one in paula.held if one[0] is Role.MAILROOM))
    document_id = world.document_of(ref)
    with world.database.read() as session:
        assert require_document(session, post_room, document_id, world.today).id == document_id
    dismiss(world, "paula", ref)
    with world.database.read() as session:
        assert visible_pages(session, post_room, document_id, world.today) == []
        with pytest.raises(NotFound):
            require_document(session, post_room, document_id, world.today)


def test_taking_back_brings_it_to_clearing_and_search_again(world: World) -> None:
    ref = world.in_clearing("Sonderangebot")
    dismiss(world, "paula", ref)
    assert world.who_finds("Sonderangebot") == set()
    with world.database.write() as tx:
        undo(tx, world.actor("paula"))
    assert world.who_sees(world.document_of(ref)) == {"paula", "piet"}
    assert world.who_finds("Sonderangebot") == {"paula", "piet"}
    item = world.item(ref)
    assert [one["code"] for one in item.reasons] == ["no_number"]
    assert (item.state, item.finished_by) == ("open", None)
    with world.database.read() as session:
        assert session.get_one(Document, item.document_id).state == "active"


def test_without_a_kind_and_a_reason_nothing_happens(world: World) -> None:
    ref = world.in_clearing()
    for kind, reason in (("advertising", "  "), ("", "Prospekt"), ("gibtesnicht", "x"), ("returned", "x" * 401)):
        with pytest.raises(InvalidInput):
            dismiss(world, "paula", ref, kind, reason)
    assert world.who_sees(world.document_of(ref)) == {"paula", "piet"}


def test_only_mail_in_ones_own_clearing_is_dismissed_and_once(world: World) -> None:
    filed, unfiled = world.filed("A-1"), world.in_clearing()
    with pytest.raises(InvalidInput):
        dismiss(world, "anna", filed)
    with pytest.raises(NotFound):
        dismiss(world, "anna", unfiled)
    dismiss(world, "piet", unfiled)
    with pytest.raises(NotFound):
        dismiss(world, "paula", unfiled)
    with pytest.raises(NotFound), world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), unfiled, FileInto(case_number="A-1"))
