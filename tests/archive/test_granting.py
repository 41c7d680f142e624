"""Admitting people to cases: who may, to what, for how long, and that it ends; samples that can be drawn again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from archive.access import visible_case_files
from archive.granting import Admission, Sample, admit, draw, end_admission, standing
from archive.models import CaseFile, CaseGrant, Note
from core.actor import Actor, system_actor
from core.errors import EakteError, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from core.models import AuditEvent
from organisation.actors import build_actor
from organisation.models import OrgUnit, RoleAssignment, User
from tests.web.room import TODAY, Room, make_room

DAY = timedelta(days=1)
LEAD, AUDITOR, COLLEAGUE = "kfeddermann", "pruefung1", "bquistorp"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


def actor(room: Room, name: str, on: date = TODAY) -> Actor:
    with room.database.read() as session:
        return build_actor(session, session.scalars(select(User).where(User.username == name)).one(), on)


def seen(room: Room, name: str, on: date = TODAY) -> set[str]:
    with room.database.read() as session:
        ids = set(session.scalars(select(CaseFile.id).where(visible_case_files(actor(room, name, on), on))))
    return {case for case, case_id in room.cases.items() if case_id in ids}


def admission(
    to: str = AUDITOR, start: date | None = None, until: date = TODAY + 9 * DAY, reason: str = "Prüfung"
) -> Admission:
    return Admission(to, start, until, reason)


def give(room: Room, *cases: str, by: str = LEAD, what: Admission | None = None) -> None:
    with room.database.write() as tx:
        admit(tx, actor(room, by), [room.cases[case] for case in cases], what or admission())


def acts(room: Room, action: str) -> list[AuditEvent]:
    with room.database.read() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def grants(room: Room) -> list[CaseGrant]:
    with room.database.read() as session:
        return list(session.scalars(select(CaseGrant).order_by(CaseGrant.id)))


@pytest.mark.parametrize(("to", "kind"), [(AUDITOR, "audit"), (COLLEAGUE, "named")])
def test_somebody_reads_what_was_opened_from_the_first_to_the_last_day(room: Room, to: str, kind: str) -> None:
    give(room, "dirks", what=admission(to, TODAY + DAY, TODAY + 3 * DAY, "Stichprobe des Kreises"))
    for day, opens in ((0, set()), (1, {"dirks"}), (3, {"dirks"}), (4, set())):
        assert seen(room, to, TODAY + day * DAY) == opens, day
    (grant,) = grants(room)
    lead, person = actor(room, LEAD).user_id, actor(room, to).user_id
    assert (grant.reason, grant.granted_by, grant.user_id) == (kind, lead, person)
    (event,) = acts(room, "case.granted")
    assert (event.actor_id, event.case_file_id) == (lead, room.cases["dirks"])
    assert event.details == {"user": str(person), "kind": kind, "start": "2026-11-25", "until": "2026-11-27"}
    with room.database.read() as session:
        (note,) = session.scalars(select(Note).where(Note.case_file_id == room.cases["dirks"])).all()
    assert "Stichprobe des Kreises" in note.text
    assert "27.11.2026" in note.text


def test_an_admission_ends_when_it_is_taken_back(room: Room) -> None:
    give(room, "dirks", "harms")
    with room.database.write() as tx:
        end_admission(tx, actor(room, LEAD), room.cases["dirks"], AUDITOR)
    assert seen(room, AUDITOR) == {"harms"}
    assert [event.case_file_id for event in acts(room, "case.grant_ended")] == [room.cases["dirks"]]
    with pytest.raises(NotFound), room.database.write() as tx:
        end_admission(tx, actor(room, LEAD), room.cases["dirks"], AUDITOR)
    with pytest.raises(NotFound), room.database.write() as tx:
        end_admission(tx, actor(room, "uharmsdoerfer"), room.cases["harms"], AUDITOR)
    with room.database.write() as tx:  # whoever opened it can close it, also where the case went elsewhere or is sealed
        tx.session.get_one(CaseFile, room.cases["harms"]).sealed = True
        tx.session.flush()
        end_admission(tx, actor(room, LEAD), room.cases["harms"], AUDITOR)
    assert seen(room, AUDITOR) == set()


def test_a_new_day_replaces_the_old_one(room: Room) -> None:
    give(room, "dirks")
    give(room, "dirks", what=admission(until=TODAY + DAY))
    assert [grant.ended_at is None for grant in grants(room)] == [False, True]
    assert seen(room, AUDITOR, TODAY + DAY) == {"dirks"}
    assert seen(room, AUDITOR, TODAY + 2 * DAY) == set()
    give(room, "dirks", what=admission(until=TODAY + DAY))
    assert len(acts(room, "case.granted")) == 2, "the same once more is no act"


def test_it_opens_nothing_once_the_role_has_ended(room: Room) -> None:
    give(room, "dirks")
    with room.database.write() as tx:
        held = select(RoleAssignment).where(RoleAssignment.user_id == actor(room, AUDITOR).user_id)
        for assignment in tx.session.scalars(held):
            assignment.valid_until = TODAY
    assert seen(room, AUDITOR) == {"dirks"}
    assert seen(room, AUDITOR, TODAY + DAY) == set()


def test_only_the_lead_of_the_unit_opens_a_case(room: Room) -> None:
    others: dict[str, type[EakteError]] = {
        "uharmsdoerfer": NotFound,  # leads in the other Sozialzentrum
        "glevsen": NotFound,  # leads another team of the same one
        "wthordsen": NotFound,  # leads what has no lead of its own
        "tnommen": NotAllowed,  # is responsible for the case
        "mockholm": NotAllowed,  # manages the records, reads no contents
        AUDITOR: NotAllowed,
        "sbahnsand": NotAllowed,
    }
    for by, error in others.items():
        with pytest.raises(error):
            give(room, "dirks", by=by, what=admission(COLLEAGUE))
    with pytest.raises(NotAllowed), room.database.write() as tx:
        admit(tx, system_actor(room.agency_id), [room.cases["dirks"]], admission())
    with pytest.raises(NotFound):
        give(room, "dirks", "gerdes")  # one case of another unit stops all
    assert grants(room) == []
    assert acts(room, "case.granted") == []
    assert seen(room, COLLEAGUE) == set()


@pytest.mark.parametrize(
    "narrowed",
    [
        {"sealed": True}, {"secrecy_class": "SOZ_G"}, {"secrecy_class": "SOZ_B"}, {"file_plan_unit": "SAMM"},
        {"state": "destroyed"},
    ],
)  # fmt: skip
def test_a_lead_opens_nothing_that_is_reserved(room: Room, narrowed: dict[str, object]) -> None:
    with room.database.write() as tx:
        case_file = tx.session.get_one(CaseFile, room.cases["dirks"])
        for name, value in narrowed.items():
            setattr(case_file, name, value)
        tx.session.add(  # also a lead who was admitted by name does not pass that on
            CaseGrant(
                agency_id=room.agency_id, case_file_id=case_file.id, user_id=actor(room, LEAD).user_id, reason="named"
            )
        )
    with pytest.raises(NotFound):
        give(room, "dirks")
    with room.database.write() as tx:
        assert draw(tx.session, actor(room, LEAD), Sample("SZ-HAL-L1", 1, seed=1)).of == 1


def test_protected_cases_are_opened_by_a_lead_who_answers_for_them(room: Room) -> None:
    with room.database.write() as tx:
        case_file = tx.session.get_one(CaseFile, room.cases["dirks"])
        case_file.secrecy_class, case_file.responsible_user_id = "SOZ_B", actor(room, LEAD).user_id
    give(room, "dirks")
    assert seen(room, AUDITOR) == {"dirks"}


def test_an_admission_needs_a_person_a_time_and_a_reason(room: Room) -> None:
    for what in (
        admission("niemand"),
        admission(LEAD),
        admission("rhinnerksen"),  # the mailroom reads no case
        admission("mockholm"),
        admission(until=TODAY - DAY),
        admission(start=TODAY + 2 * DAY, until=TODAY + DAY),
        admission(start=TODAY - DAY),
        admission(reason="  "),
    ):
        with pytest.raises(InvalidInput):
            give(room, "dirks", what=what)
    assert grants(room) == []


def test_who_works_on_cases_is_not_their_auditor(room: Room) -> None:
    """An assignment to audit is read only; the same person's other role would let it write."""
    with room.database.write() as tx:
        person = tx.session.scalars(select(User).where(User.username == AUDITOR)).one()
        unit = tx.session.scalars(select(OrgUnit.id).where(OrgUnit.code == "SZ-HAL-L2")).one()
        tx.session.add(RoleAssignment(agency_id=room.agency_id, user_id=person.id, role="caseworker", unit_id=unit))
    with pytest.raises(InvalidInput):
        give(room, "dirks")


def test_the_list_shows_what_a_lead_opened_and_what_stands(room: Room) -> None:
    give(room, "dirks", what=admission(until=TODAY + DAY))
    give(room, "harms", what=admission(COLLEAGUE))
    give(room, "gerdes", by="uharmsdoerfer")
    with room.database.read() as session:
        for by, found in ((LEAD, ["dirks", "harms"]), ("uharmsdoerfer", ["gerdes"]), ("tnommen", []), (AUDITOR, [])):
            rows = standing(session, actor(room, by), TODAY)
            assert [row.case_file.id for row in rows] == [room.cases[case] for case in found], by
        later = standing(session, actor(room, LEAD), TODAY + 2 * DAY)
    assert [(row.user.username, row.grant.reason) for row in later] == [(COLLEAGUE, "named")]


def more_cases(room: Room, count: int) -> set[UUID]:
    """Closed cases of the team, some of the year before."""
    ids = set()
    with room.database.write() as tx:
        unit = tx.session.scalars(select(OrgUnit.id).where(OrgUnit.code == "SZ-HAL-L1")).one()
        for number in range(count):
            closed = date(2025 - number % 2, 6, 30)
            one = CaseFile(
                id=new_id(), agency_id=room.agency_id, file_number=f"Z-{number}", number_key=f"z{number}",
                file_plan_unit="LEIST", org_unit_id=unit, state="closed", opened_on=date(2020, 1, 1), closed_on=closed,
                created_at=tx.now,
            )  # fmt: skip
            tx.session.add(one)
            ids |= {one.id} if closed.year == 2025 else set()
    return ids


def test_a_sample_is_drawn_from_the_cases_of_the_unit_the_state_and_the_year(room: Room) -> None:
    ours = more_cases(room, 40)
    lead, wanted = actor(room, LEAD), Sample("SZ-HAL-L1", 5, "closed", 2025, seed=7)
    with room.database.read() as session:
        drawn, again = draw(session, lead, wanted), draw(session, lead, wanted)
        other = draw(session, lead, Sample("SZ-HAL-L1", 5, "closed", 2025, seed=8))
        everything = draw(session, lead, Sample("SZ-HAL-L1", 2, "open", 2026, seed=7))
    assert drawn.of == len(ours) == 20
    assert len(set(drawn.case_ids)) == 5
    assert set(drawn.case_ids) < ours
    assert again == drawn
    assert other.case_ids != drawn.case_ids
    assert set(everything.case_ids) == {room.cases["dirks"], room.cases["harms"]}
    with room.database.write() as tx:
        admit(tx, lead, drawn.case_ids, admission(), drawn)
    for event in acts(room, "case.granted"):
        assert event.details["sample"] == "5/20"
        assert event.details["seed"] == 7
    auditor = actor(room, AUDITOR)
    with room.database.read() as session:
        assert set(session.scalars(select(CaseFile.id).where(visible_case_files(auditor, TODAY)))) == set(
            drawn.case_ids
        )
        note = session.scalars(select(Note.text).where(Note.case_file_id == drawn.case_ids[0])).one()
    assert "5 von 20" in note
    assert "Zufallszahl 7" in note


def test_a_sample_needs_cases_to_be_drawn_from(room: Room) -> None:
    lead = actor(room, LEAD)
    with room.database.read() as session:
        for wanted in (
            Sample("SZ-HAL-L1", 3, seed=1),  # there are two
            Sample("SZ-HAL-L1", 0, seed=1),
            Sample("SZ-HAL-L1", 1, "closed", seed=1),
            Sample("SZ-HAL-L1", 1, "open", 2019, seed=1),
            Sample("SZ-HOL-L", 1, seed=1),
            Sample("GIBT-ES-NICHT", 1, seed=1),
        ):
            with pytest.raises(InvalidInput):
                draw(session, lead, wanted)


def test_every_case_is_drawn_equally_often(room: Room) -> None:
    more_cases(room, 4)
    lead = actor(room, LEAD)
    with room.database.read() as session:
        drawn = [draw(session, lead, Sample("SZ-HAL-L1", 1, "closed", seed=seed)).case_ids for seed in range(60)]
    counts = {one: drawn.count(one) for one in set(drawn)}
    assert len(counts) == 4
    assert min(counts.values()) > 5, counts
