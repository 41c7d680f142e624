"""What a new register file changes for letters that are filed and waiting already."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, update

from archive.models import CaseFile
from archive.register_import import HEADER, import_register
from core.actor import system_actor
from core.models import AuditEvent, OutboxEvent
from inbox import acts, passing
from inbox.checks import unseen_items
from inbox.errors import ItemChanged
from inbox.following import follow_responsibility
from organisation.models import User
from tests.inbox.world import World

ANNA = "A-1,LEIST,,998A004711,Kowalczyk,Anna,1991-05-12,Lindenweg 12,00811,Halvesund,T1,anna"


def bring(world: World, *lines: str) -> int:
    """A register file with these lines, as `eakte cases import` takes it in; how many letters moved."""
    actor = system_actor(world.agency)
    with world.database.write() as tx:
        import_register(tx, actor, "\n".join([",".join(HEADER), *lines]).encode())
        return follow_responsibility(tx, actor)


def owed(world: World) -> int:
    """Changes that the index does not know yet."""
    with world.database.read() as session:
        query = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.processed_at.is_(None))
        return session.scalar(query) or 0


def test_a_new_name_finds_the_letters_of_the_case(world: World) -> None:
    world.filed("A-1", "Quittung")
    bring(world, ANNA)
    assert world.who_finds("Kowalczyk") == {"anna", "lena"}
    bring(world, ANNA.replace("Kowalczyk", "Petersen"))
    assert world.who_finds("Petersen") == {"anna", "lena"}
    assert world.who_finds("Kowalczyk") == {"anna", "lena"}, "a letter may still bear the old name"


def test_a_new_member_and_a_name_that_changed_in_another_case_count_too(world: World) -> None:
    world.filed("A-1")
    world.filed("B-2")
    bring(world, ANNA, ANNA.replace("A-1", "B-2").replace(",anna", ",bert"))
    assert world.who_finds("Kowalczyk") == {"anna", "bert", "lena"}
    bring(
        world, ANNA.replace("Kowalczyk", "Petersen"), ANNA.replace("998A004711,Kowalczyk,Anna", "998A004712,Jensen,Ole")
    )
    assert world.who_finds("Petersen") == {"anna", "bert", "lena"}
    assert world.who_finds("Jensen") == {"anna", "lena"}


def test_letters_are_found_by_the_unit_that_has_the_case_now(world: World) -> None:
    world.filed("A-1", "Quittung")
    bring(world, ANNA)
    assert world.who_finds("Quittung einheit:T1") == {"anna", "lena"}
    bring(world, ANNA.replace("T1,anna", "T2,carla"))
    assert world.who_finds("Quittung einheit:T2") == {"carla", "lukas"}
    assert world.who_finds("Quittung einheit:T1") == set()


def test_the_same_file_again_gives_the_index_no_work(world: World) -> None:
    world.filed("A-1")
    bring(world, ANNA)
    world.who_finds("Kowalczyk")
    bring(world, ANNA, ANNA.replace("A-1", "NEU-1").replace("998A004711", "998A004799"))
    assert owed(world) == 0, "nothing is filed in a case that is new"


def test_waiting_mail_follows_to_the_person_who_answers_for_the_case_now(world: World) -> None:
    ref = world.filed("A-1")
    letter = world.document_of(ref)
    assert bring(world, ANNA.replace(",anna", ",bert")) == 1
    assert world.who_sees(letter) == {"bert", "lena"}
    assert bring(world, ANNA.replace(",anna", ",bert")) == 0
    with world.database.write() as tx, pytest.raises(ItemChanged):
        acts.finish(tx, world.actor("bert"), ref)
    with world.database.read() as session:
        moved = session.scalars(select(AuditEvent).where(AuditEvent.action == "inbox.followed")).one()
        assert moved.case_file_id == world.cases["A-1"]


def test_it_follows_to_another_team_and_from_a_team_to_a_person(world: World) -> None:
    letter = world.document_of(world.filed("T-3"))
    team = ANNA.replace("A-1", "T-3").replace("T1,anna", "T1,")
    assert bring(world, team) == 1
    assert world.who_sees(letter) == {"anna", "bert", "lena"}
    assert bring(world, f"{team}bert") == 1
    assert world.who_sees(letter) == {"bert", "lena"}
    assert bring(world, team) == 1
    assert world.who_sees(letter) == {"anna", "bert", "lena"}


def test_what_was_put_off_follows_too(world: World) -> None:
    ref = world.filed("A-1")
    with world.database.write() as tx:
        acts.defer(tx, world.actor("anna"), ref, date(2026, 12, 1))
    assert bring(world, ANNA.replace(",anna", ",bert")) == 1
    assert (world.item(ref).state, world.item(ref).user_id) == ("deferred", world.user_id("bert"))


def test_what_a_person_passed_on_stays_where_it_is(world: World) -> None:
    ref = world.filed("A-1")
    with world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user="carla", to_unit=None)
    assert bring(world, ANNA.replace(",anna", ",bert")) == 0
    assert "carla" in world.who_sees(world.document_of(ref))


def test_a_person_who_left_is_not_sent_any(world: World) -> None:
    letter = world.document_of(world.filed("A-1"))
    with world.database.write() as tx:
        tx.session.execute(update(User).where(User.username == "bert").values(active=False))
    assert bring(world, ANNA.replace(",anna", ",bert")) == 1
    assert world.who_sees(letter) == {"anna", "lena"}, "the team's, as nobody is there"
    with world.database.write() as tx:
        assert unseen_items(tx.session, tx.now) == []
        tx.session.execute(update(CaseFile).values(responsible_user_id=world.user_id("bert")))
        assert follow_responsibility(tx, system_actor(world.agency)) == 0
