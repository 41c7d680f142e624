"""The rules of `archive.access` one by one: roles with their unit, grants, deputies, marks, former numbers, ended rights."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive import reading
from archive import service as records
from archive.access import visible_case_files, visible_documents
from archive.case_search import find_cases
from archive.models import CaseFile, CaseGrant, Document, Membership, Person, PersonMark
from archive.repository import case_files_by_number
from core.actor import Actor, ActorKind, Role, system_actor
from core.audit.anchors import AnchorFile
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from eakte.bootstrap import Services
from eakte.cli.common import acting
from inbox import acts, passing, repository, undo
from inbox.acts import ItemRef
from inbox.checks import unseen_items
from ingest.models import MailItem, Receipt
from ingest.reporting import station_lines
from organisation.actors import build_actor
from organisation.models import Absence, Agency, Deputy, OrgUnit, RoleAssignment, User
from organisation.service import deactivate_user
from tests.web.room import TODAY, Room, make_room
from web.mapping_lookup import case_details


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def actor(room: Room, name: str, on: date = TODAY) -> Actor:
    with room.database.read() as session:
        user = session.scalars(select(User).where(User.username == name, User.agency_id == room.agency_id)).one()
        return build_actor(session, user, on)


def unit_id(room: Room, code: str) -> UUID:
    with room.database.read() as session:
        return session.scalars(select(OrgUnit.id).where(OrgUnit.code == code)).one()


def cases(room: Room, who: Actor, on: date = TODAY) -> set[str]:
    with room.database.read() as session:
        ids = set(session.scalars(select(CaseFile.id).where(visible_case_files(who, on))))
    return {name for name, case_id in room.cases.items() if case_id in ids}


def test_a_role_in_one_unit_opens_nothing_in_another(room: Room) -> None:
    first, second = unit_id(room, "SZ-HAL-L1"), unit_id(room, "SZ-HOL-L")
    both = Actor(
        ActorKind.USER, room.agency_id, user_id=new_id(), held=frozenset({(Role.AUDITOR, first), (Role.CASEWORKER, second)})
    )  # fmt: skip
    assert cases(room, both) == set()
    one = Actor(ActorKind.USER, room.agency_id, user_id=new_id(), held=frozenset({(Role.CASEWORKER, first)}))
    assert cases(room, one) == {"harms"}
    item = room.unclear(scope="unit", unit_id=first)
    with room.database.read() as session:
        query = select(Document.id).where(Document.id == room.item(item).document_id)
        assert session.scalar(query.where(visible_documents(both, TODAY))) is None


@pytest.mark.parametrize("kind", [ActorKind.SYSTEM, ActorKind.STATION])
def test_machines_see_nothing_through_access(room: Room, kind: ActorKind) -> None:
    everything = frozenset((role, unit_id(room, "SZ-HAL-L1")) for role in Role)
    assert cases(room, Actor(kind, room.agency_id, user_id=new_id(), held=everything)) == set()


@pytest.mark.parametrize(
    ("reason", "user", "days", "opens"),
    [
        ("named", "bquistorp", None, True),
        ("named", "sbahnsand", None, False),
        ("named", "pruefung1", None, False),
        ("audit", "pruefung1", 3, True),
        ("audit", "pruefung1", None, False),
        ("audit", "bquistorp", 3, False),
        ("offer", "tharksand", None, True),
        ("offer", "mockholm", None, False),
        ("break_glass", "bquistorp", 0, True),
        ("break_glass", "bquistorp", None, False),
        ("unknown", "bquistorp", 3, False),
    ],
)
def test_a_grant_opens_what_its_reason_says(room: Room, reason: str, user: str, days: int | None, opens: bool) -> None:
    who = actor(room, user)
    until = TODAY + timedelta(days=days) if days is not None else None
    with room.database.write() as tx:
        grant = CaseGrant(
            agency_id=room.agency_id, case_file_id=room.cases["gerdes"], user_id=who.user_id, reason=reason,
            valid_from=TODAY, valid_until=until,
        )  # fmt: skip
        tx.session.add(grant)
        tx.session.get_one(CaseFile, room.cases["gerdes"]).sealed = True
        tx.session.flush()
        grant_id = grant.id
    assert cases(room, who) == ({"gerdes"} if opens else set())
    assert cases(room, who, TODAY - timedelta(days=1)) == set()
    if until is not None:
        assert cases(room, who, until + timedelta(days=1)) == set()
    with room.database.write() as tx:
        tx.session.get_one(CaseGrant, grant_id).ended_at = tx.now
    assert cases(room, who) == set()


def test_a_deputy_reads_while_the_absence_lasts_and_not_a_day_longer(room: Room) -> None:
    with room.database.write() as tx:
        for row in tx.session.scalars(select(Absence)):
            tx.session.delete(row)
        away = tx.session.scalars(select(User.id).where(User.username == "tnommen")).one()
        deputies = set(tx.session.scalars(select(Deputy.deputy_user_id).where(Deputy.user_id == away)))
        name = tx.session.scalars(select(User.username).where(User.id.in_(deputies))).first()
        absence = Absence(agency_id=room.agency_id, user_id=away, starts_on=TODAY, ends_on=TODAY + timedelta(days=1))
        tx.session.add(absence)
    assert name is not None
    for day, opens in ((-1, False), (0, True), (1, True), (2, False)):
        on = TODAY + timedelta(days=day)
        assert ("dirks" in cases(room, actor(room, name, on), on)) is opens, day
    with room.database.write() as tx:
        deactivate_user(tx, system_actor(room.agency_id), name)
    assert actor(room, name).stands_in_for == frozenset()


def absent_in_part(room: Room, user: str, deputy: str | None, *letters: str) -> None:
    """`user` answers for Dirks and Harms and is away today and tomorrow for some letters only."""
    with room.database.write() as tx:
        for row in tx.session.scalars(select(Absence)):
            tx.session.delete(row)
        ids = {one.username: one.id for one in tx.session.scalars(select(User).where(User.agency_id == room.agency_id))}
        tx.session.get_one(CaseFile, room.cases["harms"]).responsible_user_id = ids[user]
        partial = {"ranges": list(letters), **({"deputy": str(ids[deputy])} if deputy else {})}
        tx.session.add(
            Absence(
                agency_id=room.agency_id, user_id=ids[user], starts_on=TODAY, ends_on=TODAY + timedelta(days=1),
                partial=partial,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("letters", "opens"),
    [
        (("D-G",), {"dirks"}), (("A-C",), set()), (("H",), {"harms"}), (("A-D", "H-Z"), {"dirks", "harms"}),
        (("DIR-DIS",), {"dirks"}), (("DJ-GZ",), set()), ((), set()),
    ],
)  # fmt: skip
def test_an_absence_in_part_opens_only_its_letters(room: Room, letters: tuple[str, ...], opens: set[str]) -> None:
    absent_in_part(room, "tnommen", "pclausbrook", *letters)
    deputy = actor(room, "pclausbrook")
    assert cases(room, deputy) == {"gerdes"} | opens
    assert {"dirks", "harms"} <= cases(room, actor(room, "tnommen")), "who is away in part is there"
    for day in (-1, 2):
        on = TODAY + timedelta(days=day)
        assert cases(room, actor(room, "pclausbrook", on), on) == {"gerdes"}


def test_an_absence_in_part_opens_only_its_part_of_the_postkorb(room: Room) -> None:
    absent_in_part(room, "tnommen", "pclausbrook", "D-G")
    items = {name: room.filed(name) for name in ("dirks", "harms")}
    other = ItemRef(room.filed("gerdes"), 1)
    with room.database.write() as tx:  # forwarded to that person by name: it stays with that person
        forwarded = passing.forward(tx, actor(room, "pclausbrook"), other, to_user="tnommen", to_unit=None)
    deputy, away = actor(room, "pclausbrook"), actor(room, "tnommen")
    with room.database.read() as session:
        for who, seen in ((deputy, {items["dirks"]}), (away, {items["dirks"], items["harms"], forwarded.id})):
            condition = repository.in_box(who, repository.Box("deputy", away.user_id))
            found = repository.rows(session, who, condition, TODAY)
            assert {row.item.id for row in found} == seen
            assert repository.count(session, who, condition, TODAY) == len(seen)
        assert unseen_items(session, room.clock.now()) == []


def test_the_usual_deputy_takes_the_letters_when_the_named_one_is_gone(room: Room) -> None:
    absent_in_part(room, "tnommen", "pclausbrook", "D")
    assert actor(room, "fohlsdorp").stands_in_partly == frozenset()
    with room.database.write() as tx:
        deactivate_user(tx, system_actor(room.agency_id), "pclausbrook")
    away = actor(room, "tnommen").user_id
    assert actor(room, "fohlsdorp").stands_in_partly == {(away, "d", "d")}
    assert cases(room, actor(room, "fohlsdorp")) == {"dirks"}
    assert actor(room, "fohlsdorp").stands_in_for == frozenset()


def test_clearing_sees_covers_but_of_no_sealed_case_or_person_and_no_protected_address(room: Room) -> None:
    clerk = actor(room, "rhinnerksen")

    def found(text: str) -> int:
        with room.database.read() as session:
            return len(find_cases(session, clerk, text, TODAY))

    def details(case: str) -> str:
        with room.database.read() as session:
            return case_details(session, [room.cases[case]])[room.cases[case]]

    assert (found("Dirks"), found("Gerdes"), found("Harms")) == (1, 1, 1)
    assert details("harms") == "03.02.1968 · Markt 3"
    with room.database.write() as tx:
        tx.session.get_one(CaseFile, room.cases["dirks"]).secrecy_class = "SOZ_G"
        for case, mark in (("gerdes", "sealed"), ("harms", "protected_address")):
            person = tx.session.scalar(select(Membership.person_id).where(Membership.case_file_id == room.cases[case]))
            tx.session.add(PersonMark(person_id=person, mark=mark))
    assert (found("Dirks"), found("0004711"), found("Gerdes"), found("11.01.1980")) == (0, 0, 0, 0)
    assert found("Harms") == 1
    assert details("harms") == "03.02.1968"


def test_a_merged_case_answers_under_its_old_number_to_its_readers_only(room: Room) -> None:
    worker, other = actor(room, "tnommen"), actor(room, "pclausbrook")
    with room.database.write() as tx:
        unit = tx.session.get_one(CaseFile, room.cases["dirks"]).org_unit_id
        old = records.open_provisional_case(tx, worker, "LEIST", unit)
        tx.session.flush()
        records.add_note(tx, worker, "Erstgespräch", case_file_id=old.id)
        records.merge_provisional(tx, worker, old.id, room.cases["dirks"])
        number, old_id = old.file_number, old.id
    for spelling in (number, number.lower(), number.replace("-", "")):
        opened = reading.open_case(room.database, worker, spelling)
        assert opened.case_file.id == room.cases["dirks"]
        assert [note.text for note in opened.notes] == ["Erstgespräch"]
        with pytest.raises(NotFound):
            reading.open_case(room.database, other, spelling)
    with room.database.read() as session:
        assert [case.id for case in case_files_by_number(session, room.agency_id, number)] == [room.cases["dirks"]]
    assert room.client("tnommen").get(f"/akte/{number}").headers["location"] == "/akte/99801-0004711"
    with room.database.write() as tx, pytest.raises(Conflict):
        records.merge_provisional(tx, worker, room.cases["dirks"], room.cases["harms"])
    assert old_id not in room.cases.values()


def test_an_invisible_case_does_not_make_a_number_ambiguous(room: Room) -> None:
    worker = actor(room, "tnommen")
    with room.database.write() as tx:
        gerdes = tx.session.get_one(CaseFile, room.cases["gerdes"])
        gerdes.number_key = tx.session.get_one(CaseFile, room.cases["dirks"]).number_key
    assert reading.open_case(room.database, worker, "99801BG0004711").case_file.id == room.cases["dirks"]


@pytest.mark.parametrize("lost", ["team", "grant"])
def test_undo_is_no_way_back_to_what_one_may_no_longer_see(room: Room, lost: str) -> None:
    worker = actor(room, "tnommen")
    item = room.filed("dirks" if lost == "grant" else "harms")
    with room.database.write() as tx:
        ref = ItemRef(item, 1)
        if lost == "grant":
            passing.forward(tx, worker, ref, to_user="fohlsdorp", to_unit=None)
            tx.session.get_one(CaseFile, room.cases["dirks"]).responsible_user_id = None
            tx.session.get_one(CaseFile, room.cases["dirks"]).org_unit_id = unit_id(room, "SZ-HOL-L")
        else:
            acts.finish(tx, worker, ref)
            held = tx.session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == worker.user_id))
            for row in held:
                row.valid_until = TODAY - timedelta(days=1)
    before = room.item(item).version
    with pytest.raises(NotFound), room.database.write() as tx:
        undo.undo(tx, actor(room, "tnommen"))
    assert room.item(item).version == before


@pytest.mark.parametrize(
    ("filed", "scope", "sealed", "evidence", "number"),
    [
        (False, "general", False, True, False),
        (False, "restricted", False, False, False),
        (True, "general", False, False, True),
        (True, "general", True, False, False),
    ],
)
def test_a_station_no_longer_reads_what_is_filed(
    room: Room, filed: bool, scope: str, sealed: bool, evidence: bool, number: bool
) -> None:
    item = room.unclear(evidence=[{"kind": "name", "text": "Dirks, Anna", "candidate": "99801//0004711"}])
    with room.database.write() as tx:
        document = tx.session.get_one(Document, room.item(item).document_id)
        mail = tx.session.scalars(select(MailItem).where(MailItem.document_id == document.id)).one()
        document.filed, document.clearing_scope = filed, scope
        mail.case_file_id = room.cases["dirks"] if filed else None
        tx.session.get_one(CaseFile, room.cases["dirks"]).sealed = sealed
        tx.session.flush()
        line = station_lines(tx.session, tx.session.get_one(Receipt, mail.receipt_id))[0]
    assert bool(line["evidence"]) is evidence
    assert line["case_file_number"] == ("99801//0004711" if number else None)


def test_as_names_a_person_of_this_agency(room: Room) -> None:
    foreign = new_id()
    with room.database.write() as tx:
        agency = Agency(id=foreign, code="ZWEIT", name="Zweite")
        tx.session.add(agency)
        tx.session.flush()
        tx.session.add(User(agency_id=foreign, username="tnommen", display_name="Anderer"))
        tx.session.add(User(agency_id=foreign, username="nur-dort", display_name="Anderer"))
        tx.session.add(Person(agency_id=foreign))
    services = Services(room.settings, room.database, room.blobs, AnchorFile(room.settings.anchor_file))
    assert acting(services, "tnommen").agency_id == room.agency_id
    with pytest.raises(InvalidInput, match="unknown user"):
        acting(services, "nur-dort")
