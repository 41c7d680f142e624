"""Absence brings the deputy, leaving brings the team, and no letter ever lies where no active person sees it."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from core.actor import system_actor
from core.errors import EakteError, InvalidInput
from core.ids import new_id
from core.models import AuditEvent
from inbox import acts, checks, passing, rescue
from inbox.checks import unseen_items
from inbox.models import InboxItem
from inbox.rescue import bring_to_light
from organisation import service
from organisation.models import RoleAssignment, User
from tests.inbox.world import TODAY, WORKERS, World, copy_world


def away(world: World, username: str, start: date = TODAY, end: date | None = None) -> None:
    with world.database.write() as tx:
        service.set_absence(tx, system_actor(world.agency), username, start, end)


def leave(world: World, username: str) -> None:
    with world.database.write() as tx:
        service.deactivate_user(tx, system_actor(world.agency), username)


def unseen(world: World) -> list[UUID]:
    with world.database.read() as session:
        return unseen_items(session, world.clock.now())


def test_the_deputy_sees_inbox_and_case_from_the_first_to_the_last_day(world: World) -> None:
    document = world.document_of(world.filed("A-1", "Vertretung"))
    away(world, "anna", TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    seen = []
    for _ in range(4):
        seen.append(("bert" in world.who_sees(document), "bert" in world.who_finds("Vertretung")))
        world.clock.instant += timedelta(days=1)
    assert seen == [(False, False), (True, True), (True, True), (False, False)]


def test_ending_an_absence_early_ends_the_deputys_sight(world: World) -> None:
    document = world.document_of(world.filed("A-1"))
    away(world, "anna", TODAY - timedelta(days=3))
    assert "bert" in world.who_sees(document)
    with world.database.write() as tx:
        service.end_absence(tx, system_actor(world.agency), "anna", TODAY - timedelta(days=1))
    assert world.who_sees(document) == {"anna", "lena"}


def test_the_deputy_works_in_the_absent_inbox_and_it_is_the_deputys_act(world: World) -> None:
    ref = world.filed("A-1")
    away(world, "anna")
    with world.database.write() as tx:
        acts.finish(tx, world.actor("bert"), ref)
    with world.database.read() as session:
        actor_id = session.scalars(select(AuditEvent.actor_id).where(AuditEvent.action == "inbox.done")).one()
    assert actor_id == world.user_id("bert")


def test_an_absent_deputy_is_stood_in_for_by_the_next(world: World) -> None:
    document = world.document_of(world.filed("C-4"))
    away(world, "anna")
    away(world, "bert")
    own = world.document_of(world.filed("A-1"))
    assert "lena" in world.who_sees(own)
    away(world, "carla")
    assert "lukas" in world.who_sees(document)


def test_a_deputy_who_left_is_no_deputy(world: World) -> None:
    """Anna's deputy Bert left: his deputy Lena stands in, though the class opens the case to no lead as such."""
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    document = world.document_of(world.filed("S-5"))
    assert world.who_sees(document) == {"anna"}
    away(world, "anna")
    leave(world, "bert")
    assert "lena" in world.who_sees(document)
    assert unseen(world) == []


def test_mail_of_somebody_who_left_lies_with_deputy_and_team(world: World) -> None:
    old = world.document_of(world.filed("A-1", "Altpost"))
    leave(world, "anna")
    assert {"bert", "lena"} <= world.who_sees(old)
    new = world.filed("A-1", "Neupost")
    assert world.item(new).inbox_kind == "team"
    assert {"bert", "lena"} <= world.who_sees(world.document_of(new))
    assert {"bert", "lena"} == world.who_finds("Neupost")


def test_new_mail_of_an_absent_person_lies_in_that_inbox_and_the_deputy_sees_it(world: World) -> None:
    away(world, "anna")
    ref = world.filed("A-1")
    assert world.item(ref).user_id == world.user_id("anna")
    assert "bert" in world.who_sees(world.document_of(ref))


def test_what_nobody_sees_goes_to_the_nearest_lead_who_is_there(world: World) -> None:
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    ref = world.filed("S-5", "Vertrauliches")
    for name in ("anna", "bert", "lena"):
        away(world, name)
    assert unseen(world) == [ref.item_id]
    assert bring_to_light(world.database) == 1
    assert bring_to_light(world.database) == 0
    assert unseen(world) == []
    assert world.who_finds("Vertrauliches") == {"anna", "hilde"}
    assert world.item(ref).state == "forwarded"
    with world.database.read() as session:
        moved = session.scalars(select(InboxItem).where(InboxItem.previous_item_id == ref.item_id)).one()
    assert moved.user_id == world.user_id("hilde")


def test_what_somebody_worked_on_meanwhile_is_not_moved(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    ref = world.filed("S-5", "Vertrauliches")
    for name in ("anna", "bert", "lena"):
        away(world, name)
    planned = rescue._planned

    def meanwhile(*arguments: Any) -> Any:
        found = planned(*arguments)
        with world.database.write() as tx:
            tx.session.get_one(InboxItem, ref.item_id).version += 1
        return found

    monkeypatch.setattr(rescue, "_planned", meanwhile)
    assert bring_to_light(world.database) == 0
    monkeypatch.setattr(rescue, "_planned", planned)
    assert bring_to_light(world.database) == 1


def test_clearing_without_anybody_is_named_and_goes_to_the_head(world: World) -> None:
    ref = world.in_clearing()
    leave(world, "paula")
    leave(world, "piet")
    assert unseen(world) == [ref.item_id]
    assert bring_to_light(world.database) == 1
    assert world.who_sees(world.document_of(ref)) == {"hilde"}


def test_without_any_lead_it_stays_where_it_is_and_is_named(world: World) -> None:
    ref = world.filed("A-1")
    for name in WORKERS:
        leave(world, name)
    assert bring_to_light(world.database) == 0
    assert unseen(world) == [ref.item_id]


def test_the_minutes_question_does_not_grow_with_the_house(world: World) -> None:
    """Asked every minute, beside everybody's work: forty colleagues more are no question more."""
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    for place in ("A-1", "T-3", "S-5", "general", "unit", "restricted", "forwarded"):
        lay(world, place)
    asked = list[str]()
    event.listen(world.database.engine, "before_cursor_execute", lambda *told: asked.append(str(told[2])))

    def questions() -> int:
        asked.clear()
        assert unseen(world) == []
        return len(asked)

    before = questions()
    with world.database.write() as tx:
        more = [User(id=new_id(), agency_id=world.agency, username=f"a{n}", display_name="A") for n in range(40)]
        tx.session.add_all(more)
        tx.session.flush()
        tx.session.add_all(
            RoleAssignment(agency_id=world.agency, user_id=one.id, role="caseworker", unit_id=world.unit_id("T1"))
            for one in more
        )
    assert questions() == before


@pytest.mark.parametrize("together", [1, 2, 3])
def test_the_answer_is_the_same_however_many_are_asked_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    lay(world, "forwarded")
    hidden = world.filed("S-5")
    for place in ("A-1", "B-2", "T-3", "C-4", "general", "unit", "restricted"):
        lay(world, place)
    for name in ("anna", "bert", "lena"):
        away(world, name)
    monkeypatch.setattr(checks, "TOGETHER", together)
    there = [name for name in WORKERS if name not in ("anna", "bert", "lena")]
    seen = {document for name in there for document in world.box(name)}
    with world.database.read() as session:
        lost = [one.id for one in session.scalars(select(InboxItem).order_by(InboxItem.id))
                if one.state == "open" and one.document_id not in seen]  # fmt: skip
    assert hidden.item_id in lost
    assert unseen(world) == lost


SOME = st.sets(st.sampled_from(WORKERS))
PLACES = st.lists(
    st.sampled_from(["A-1", "B-2", "T-3", "C-4", "S-5", "general", "unit", "restricted", "forwarded"]), max_size=6
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(gone=SOME, absent=SOME, places=PLACES, later=PLACES)
def test_no_letter_lies_unseen_while_a_lead_is_there(
    template: tuple[World, Path], gone: set[str], absent: set[str], places: list[str], later: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = copy_world(*template, Path(folder))
        world.case("S-5", "T1", "anna", secrecy="SOZ_B")
        for place in places:
            lay(world, place)
        for name in sorted(gone):
            leave(world, name)
        for name in sorted(absent - gone):
            away(world, name)
        for place in later:
            lay(world, place)
        there = [name for name in WORKERS if name not in gone | absent]
        seen = {document for name in there for document in world.box(name)}
        with world.database.read() as session:
            waiting = {one.id: one.document_id for one in session.scalars(select(InboxItem)) if one.state == "open"}
        assert set(unseen(world)) == {item for item, document in waiting.items() if document not in seen}
        bring_to_light(world.database)
        if "hilde" in there:
            assert unseen(world) == []
        world.database.dispose()


def lay(world: World, place: str) -> None:
    """A letter into a case, a clearing, or forwarded by its first reader."""
    if place in ("unit", "restricted"):
        world.in_clearing(scope=place, unit="T2")
    elif place == "general":
        world.in_clearing()
    elif place == "forwarded":
        ref = world.in_clearing()
        try:
            with world.database.write() as tx:
                passing.forward(tx, world.actor("paula"), ref, to_user="anna", to_unit=None)
        except EakteError:  # whoever left can neither forward nor be forwarded to: the letter stays in clearing
            assert world.item(ref).state == "open"
    else:
        world.filed(place)


def test_an_absence_cannot_end_before_it_starts(world: World) -> None:
    with pytest.raises(InvalidInput, match="ends before"):
        away(world, "anna", TODAY, TODAY - timedelta(days=1))
