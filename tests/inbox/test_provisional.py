"""New applicants: a provisional case now, merged by number later; nothing gets lost and the old number still leads."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from archive import repository as archive
from archive.models import CaseFile, CaseGrant, CaseRelation, Filing, Membership, Person, PersonName
from archive.names import name_key
from archive.service import NewPerson, add_note, add_person, merge_provisional
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from core.models import AuditEvent
from inbox import acts
from inbox.models import FollowUp, InboxItem
from inbox.provisional import Applicant, file_into_provisional, merge_into
from inbox.undo import undo
from tests.inbox.world import World

BORN = date(1990, 5, 17)
APPLICANT = Applicant("LEIST", "T2", "Neumann", "Nadja", BORN)


def open_case(world: World, word: str = "Erstantrag", username: str = "paula") -> UUID:
    ref = world.in_clearing(word)
    with world.database.write() as tx:
        case_file, _ = file_into_provisional(tx, world.actor(username), ref, APPLICANT)
        return case_file.id


def number_of(world: World, case_id: UUID) -> str:
    with world.database.read() as session:
        return session.get_one(CaseFile, case_id).file_number


def set_state(world: World, number: str, state: str) -> None:
    with world.database.write() as tx:
        tx.session.get_one(CaseFile, world.cases[number]).state = state


def test_a_letter_without_a_number_gets_a_case_and_lies_with_the_team(world: World) -> None:
    case_id = open_case(world)
    with world.database.read() as session:
        case_file = session.get_one(CaseFile, case_id)
        names = archive.head_names(session, [case_id])
        document = session.scalars(select(Filing.document_id)).one()
    assert (case_file.provisional, case_file.state, case_file.opened_on) == (True, "open", world.today)
    assert names == {case_id: "Neumann, Nadja"}
    assert world.who_sees(document) == {"carla", "lukas"}
    assert world.who_finds("Erstantrag") == {"carla", "lukas"}


def test_its_number_finds_it_in_any_spelling(world: World) -> None:
    case_id = open_case(world)
    number = number_of(world, case_id)
    with world.database.read() as session:
        for spelling in (number, number.lower(), number.replace("-", " ")):
            assert [one.id for one in archive.case_files_by_number(session, world.agency, spelling)] == [case_id]


def test_nobody_opens_a_case_elsewhere_or_without_a_name(world: World) -> None:
    ref = world.in_clearing(scope="unit", unit="T1")
    with pytest.raises(NotAllowed), world.database.write() as tx:
        file_into_provisional(tx, world.actor("anna"), ref, APPLICANT)
    for wrong in (
        Applicant("LEIST", "X", "Neumann", "Nadja"), Applicant("X", "T1", "Neumann", "Nadja"),
        Applicant("LEIST", "T1", " ", "Nadja"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput), world.database.write() as tx:
            file_into_provisional(tx, world.actor("anna"), ref, wrong)
    assert world.item(ref).state == "open"
    with world.database.read() as session:
        assert session.scalars(select(CaseFile.id).where(CaseFile.provisional)).all() == []


def test_it_can_be_taken_back(world: World) -> None:
    open_case(world)
    with world.database.write() as tx:
        undo(tx, world.actor("paula"))
    assert world.who_finds("Erstantrag") == {"paula", "piet"}


def test_merging_moves_letters_mail_people_notes_and_links(world: World) -> None:
    case_id = open_case(world)
    number, lukas = number_of(world, case_id), world.actor("lukas")
    with world.database.write() as tx:
        add_note(tx, lukas, "Telefonat", case_file_id=case_id)
        tx.session.add(
            CaseRelation(id=new_id(), case_file_id=world.cases["A-1"], other_case_file_id=case_id, kind="refers_to")
        )
    ref = world.ref_of("lukas", next(iter(world.box("lukas"))))
    with world.database.write() as tx:
        acts.defer(tx, lukas, ref, date(2026, 12, 1), "Unterlagen da?")
    with world.database.write() as tx:
        target = merge_into(tx, lukas, case_id, "c-4")
    assert target.id == world.cases["C-4"]
    with world.database.read() as session:
        assert [one.id for one in archive.case_files_by_number(session, world.agency, number)] == [target.id]
        source = session.get_one(CaseFile, case_id)
        for column in (Filing.case_file_id, InboxItem.case_file_id, FollowUp.case_file_id, Membership.case_file_id,
                       CaseRelation.other_case_file_id):  # fmt: skip
            assert set(session.scalars(select(column).where(column.is_not(None)))) == {target.id}
        merged = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "case.merged")).one()
    assert (source.state, source.merged_into_id, source.opened_on) == ("transferred", target.id, world.today)
    assert merged == {"source": str(case_id)}
    assert world.who_finds("Erstantrag") == {"carla", "lukas"}


def test_the_waiting_letter_follows_into_the_new_case(world: World) -> None:
    case_id = open_case(world)
    with world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), case_id, "C-4")
    (document,) = world.box("carla")
    with world.database.write() as tx:
        acts.finish(tx, world.actor("carla"), world.ref_of("carla", document))
    assert world.who_finds("Erstantrag") == {"carla", "lukas"}


def test_a_person_whom_the_register_knows_is_not_kept_twice(world: World) -> None:
    case_id = open_case(world)
    with world.database.write() as tx:
        add_person(tx, world.actor("lukas"), world.cases["C-4"], NewPerson("Neumann", "Nadja", BORN))
    with world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), case_id, "C-4")
    with world.database.read() as session:
        assert len(session.scalars(select(Person.id)).all()) == 1
        assert session.scalars(select(PersonName.family_key)).all() == [name_key("Neumann")]


def test_what_cannot_be_merged(world: World) -> None:
    first, second = open_case(world), open_case(world, "Zweitantrag")
    with pytest.raises(Conflict), world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), first, number_of(world, second))
    with pytest.raises(Conflict), world.database.write() as tx:
        merge_into(tx, world.actor("carla"), world.cases["T-3"], "C-4")
    for unseen in ("Z-99", "A-1"):  # a case of others and none look the same
        with pytest.raises(InvalidInput), world.database.write() as tx:
            merge_into(tx, world.actor("lukas"), first, unseen)
    set_state(world, "C-4", "closed")
    with pytest.raises(Conflict), world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), first, "C-4")
    set_state(world, "C-4", "open")
    with pytest.raises(NotAllowed), world.database.write() as tx:  # clearing opens such cases, their people merge them
        merge_provisional(tx, world.actor("paula"), first, world.cases["C-4"])
    with world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), first, "C-4")
    with pytest.raises(NotFound), world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), first, "C-4")


def test_a_grant_for_the_provisional_case_does_not_open_the_case_it_is_merged_into(world: World) -> None:
    case_id, anna = open_case(world), world.user_id("anna")
    world.filed("C-4", "Vertrauliches")
    with world.database.write() as tx:
        tx.session.add(CaseGrant(agency_id=world.agency, case_file_id=case_id, user_id=anna, reason="named"))
    assert world.who_finds("Erstantrag") == {"anna", "carla", "lukas"}
    with world.database.write() as tx:
        merge_into(tx, world.actor("lukas"), case_id, "C-4")
    for word in ("Vertrauliches", "Erstantrag"):
        assert world.who_finds(word) == {"carla", "lukas"}
    with world.database.read() as session:
        grant = session.scalars(select(CaseGrant).where(CaseGrant.user_id == anna)).one()
    assert (grant.case_file_id, grant.ended_at is None) == (case_id, False)
