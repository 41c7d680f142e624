"""What people do with mail, through the services: who sees it before, who sees it after, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from archive.models import Filing, Note
from archive.service import add_note, end_filing
from core.audit import Seen, look
from core.errors import InvalidInput, NotFound
from core.ids import new_id
from core.models import AuditEvent
from inbox import acts, leases, listing, passing
from inbox.acts import FileInto, ItemRef
from inbox.errors import ItemChanged
from inbox.listing import inbox_name, list_items
from inbox.models import FollowUp, InboxItem
from organisation.models import RoleAssignment, User
from tests.inbox.world import TODAY, World


def actions_on(world: World, object_id: UUID) -> list[str]:
    with world.database.read() as session:
        return list(session.scalars(select(AuditEvent.action).where(AuditEvent.object_id == object_id)))


def test_a_filed_letter_lies_with_the_responsible_person_and_the_lead(world: World) -> None:
    ref = world.filed("A-1", "Mietbescheinigung")
    assert world.who_sees(world.document_of(ref)) == {"anna", "lena"}
    assert world.who_finds("Mietbescheinigung") == {"anna", "lena"}


def test_a_letter_of_a_team_case_lies_with_the_team(world: World) -> None:
    ref = world.filed("T-3")
    assert world.who_sees(world.document_of(ref)) == {"carla", "lukas"}


def test_unplaced_mail_lies_in_clearing_only(world: World) -> None:
    ref = world.in_clearing("Wassergeld")
    assert world.who_sees(world.document_of(ref)) == {"paula", "piet"}
    assert world.who_finds("Wassergeld") == {"paula", "piet"}


def test_the_clearing_of_a_unit_and_of_its_leads(world: World) -> None:
    unit, restricted = world.in_clearing(scope="unit", unit="T1"), world.in_clearing(scope="restricted", unit="T1")
    assert world.who_sees(world.document_of(unit)) == {"lena", "anna", "bert"}
    assert world.who_sees(world.document_of(restricted)) == {"lena"}


def test_every_inbox_is_named_as_the_interface_says(world: World) -> None:
    refs = [
        world.in_clearing(scope=scope, unit=unit)
        for scope, unit in (("general", None), ("unit", "T2"), ("restricted", "T1"))
    ]
    with world.database.read() as session:
        names = [inbox_name(session, session.get_one(InboxItem, ref.item_id)) for ref in refs]
    assert names == ["clearing"] * 3
    listed = {}
    for user in ("paula", "anna", "carla", "lena"):
        with world.database.read() as session:
            listed[user] = {one["inbox"] for one in list_items(session, world.actor(user), world.today)}
    assert listed["paula"] == {"clearing"}
    assert listed["carla"] == {"clearing"}
    assert listed["anna"] == set()
    assert listed["lena"] == {"clearing"}


def test_a_postkorb_of_many_pages_is_listed_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [world.in_clearing() for _ in range(5)]
    monkeypatch.setattr(listing, "PAGE", 2)
    with world.database.read() as session:
        listed = [one["item_id"] for one in listing.every_item(session, world.actor("paula"), world.today)]
        assert listed == [one["item_id"] for one in list_items(session, world.actor("paula"), world.today)]
    assert sorted(listed) == sorted(str(ref.item_id) for ref in refs)


def test_taking_makes_a_team_letter_personal(world: World) -> None:
    ref = world.filed("T-3")
    with world.database.write() as tx:
        mine = passing.take(tx, world.actor("carla"), ref)
    assert (mine.inbox_kind, mine.user_id) == ("user", world.user_id("carla"))
    assert world.item(ref).state == "forwarded"
    assert "inbox.take" in actions_on(world, ref.item_id)


def test_only_team_letters_can_be_taken(world: World) -> None:
    ref = world.filed("A-1")
    with pytest.raises(InvalidInput), world.database.write() as tx:
        passing.take(tx, world.actor("anna"), ref)


def test_forwarding_opens_this_letter_and_not_the_case(world: World) -> None:
    other, ref = world.filed("A-1", "Geheimnis"), world.filed("A-1", "Kontoauszug")
    with world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user="carla", to_unit=None)
    assert world.document_of(ref) in world.box("carla")
    assert world.document_of(ref) not in world.box("anna")
    assert world.document_of(other) not in world.box("carla")
    assert world.who_finds("Kontoauszug") == {"anna", "lena", "carla"}
    assert world.who_finds("Geheimnis") == {"anna", "lena"}


def test_forwarding_on_ends_the_sight_of_the_one_before(world: World) -> None:
    ref = world.filed("A-1", "Kontoauszug")
    with world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user="carla", to_unit=None)
    again = world.ref_of("carla", world.document_of(ref))
    with world.database.write() as tx:
        passing.forward(tx, world.actor("carla"), again, to_user=None, to_unit="T1")
    assert world.who_sees(world.document_of(ref)) == {"anna", "bert", "lena"}
    assert "carla" not in world.who_finds("Kontoauszug")


@pytest.mark.parametrize(
    ("user", "unit"), [("adam", None), ("paula", None), ("niemand", None), (None, "X"), (None, None)]
)
def test_nothing_is_forwarded_to_where_nobody_works_with_mail(world: World, user: str | None, unit: str | None) -> None:
    ref = world.filed("A-1")
    with pytest.raises(InvalidInput), world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user=user, to_unit=unit)
    assert world.item(ref).state == "open"


def test_a_team_is_looked_at_and_not_the_whole_house(world: World) -> None:
    """Everything that decides about records waits while this is asked: it may not take longer in a large house."""
    ref, asked = world.filed("A-1"), list[str]()
    actor = world.actor("anna")

    def forwarded() -> int:
        asked.clear()
        with world.database.write() as tx:
            passing.forward(tx, actor, ref, to_user=None, to_unit="T2")
            found = sum("SELECT" in statement for statement in asked)
            tx.session.rollback()
            return found

    event.listen(world.database.engine, "before_cursor_execute", lambda *told: asked.append(str(told[2])))
    before = forwarded()
    with world.database.write() as tx:
        colleagues = [User(id=new_id(), agency_id=world.agency, username=f"a{n}", display_name="A") for n in range(40)]
        tx.session.add_all(colleagues)
        tx.session.flush()
        tx.session.add_all(
            RoleAssignment(agency_id=world.agency, user_id=one.id, role="caseworker", unit_id=world.unit_id("T1"))
            for one in colleagues
        )
    assert forwarded() == before


def test_clearing_files_into_a_case_that_it_cannot_read(world: World) -> None:
    ref = world.in_clearing("Lohnzettel")
    into = FileInto(case_number="c-4", keyword="L05", document_type="LOHNABRECHNUNG")
    with world.database.write() as tx:
        delivered = acts.file_item(tx, world.actor("paula"), ref, into)
    assert delivered.user_id == world.user_id("carla")
    assert world.who_sees(world.document_of(ref)) == {"carla", "lukas"}
    assert world.who_finds("Lohnzettel") == {"carla", "lukas"}
    with world.database.read() as session:
        filing = session.scalars(select(Filing)).one()
    assert (filing.case_file_id, filing.keyword, filing.ordinal) == (world.cases["C-4"], "L05", 1)


def test_an_unknown_keyword_type_or_case_changes_nothing(world: World) -> None:
    ref = world.in_clearing()
    for into, error in (
        (FileInto(case_number="A-1", keyword="GIBTESNICHT"), InvalidInput),
        (FileInto(case_number="A-1", document_type="GIBTESNICHT"), InvalidInput),
        (FileInto(case_number="Z-99"), NotFound),
        (FileInto(), NotFound),
    ):
        with pytest.raises(error), world.database.write() as tx:
            acts.file_item(tx, world.actor("paula"), ref, into)
    assert world.item(ref).state == "open"
    assert world.who_sees(world.document_of(ref)) == {"paula", "piet"}


def test_a_caseworker_files_only_into_visible_cases(world: World) -> None:
    ref = world.filed("A-1")
    with pytest.raises(NotFound), world.database.write() as tx:
        acts.file_item(tx, world.actor("anna"), ref, FileInto(case_number="C-4"))


def test_a_letter_moves_to_another_case_with_all_its_sight(world: World) -> None:
    ref = world.filed("A-1", "Irrtum")
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("lena"), ref, FileInto(case_number="B-2"))
    assert world.who_sees(world.document_of(ref)) == {"bert", "lena"}
    assert world.who_finds("Irrtum") == {"bert", "lena"}
    with world.database.read() as session:
        ended = session.scalars(select(Filing).where(Filing.ended_at.is_not(None))).one()
    assert (ended.case_file_id, ended.ended_reason) == (world.cases["A-1"], "moved")


def test_done_leaves_the_inbox_and_stays_in_the_file(world: World) -> None:
    ref = world.filed("A-1", "Erledigtes")
    with world.database.write() as tx:
        acts.finish(tx, world.actor("anna"), ref)
    assert world.who_sees(world.document_of(ref)) == set()
    assert world.who_finds("Erledigtes") == {"anna", "lena"}


def test_unfiled_mail_cannot_be_done(world: World) -> None:
    ref = world.in_clearing()
    with pytest.raises(InvalidInput), world.database.write() as tx:
        acts.finish(tx, world.actor("paula"), ref)


def test_a_follow_up_hides_until_its_day(world: World) -> None:
    ref = world.filed("A-1")
    with world.database.write() as tx:
        acts.defer(tx, world.actor("anna"), ref, date(2026, 11, 30), "Miete prüfen")
    assert world.document_of(ref) not in world.box("anna")
    world.clock.instant += timedelta(days=6)
    assert world.document_of(ref) in world.box("anna")
    with world.database.read() as session:
        assert session.scalars(select(FollowUp.text)).all() == ["Miete prüfen"]


def test_a_follow_up_lies_in_the_future(world: World) -> None:
    ref = world.filed("A-1")
    with pytest.raises(InvalidInput), world.database.write() as tx:
        acts.defer(tx, world.actor("anna"), ref, TODAY)


def test_notes_need_sight_of_the_letter(world: World) -> None:
    document = world.document_of(world.filed("A-1"))
    with world.database.write() as tx:
        add_note(tx, world.actor("anna"), " Rückruf ", document_id=document)
    with pytest.raises(NotFound), world.database.write() as tx:
        add_note(tx, world.actor("carla"), "Neugier", document_id=document)
    with world.database.read() as session:
        assert session.scalars(select(Note.text)).all() == ["Rückruf"]


@pytest.mark.parametrize("act", ["finish", "forward", "defer", "file"])
def test_a_stale_version_is_refused_and_changes_nothing(world: World, act: str) -> None:
    ref = world.filed("A-1")
    lena, stale = world.actor("lena"), ItemRef(ref.item_id, ref.version + 1)
    with pytest.raises(ItemChanged) as refused, world.database.write() as tx:
        {
            "finish": lambda: acts.finish(tx, lena, stale),
            "forward": lambda: passing.forward(tx, lena, stale, to_user="carla", to_unit=None),
            "defer": lambda: acts.defer(tx, lena, stale, date(2027, 1, 1)),
            "file": lambda: acts.file_item(tx, lena, stale, FileInto(case_number="B-2")),
        }[act]()
    assert (refused.value.status, refused.value.reason) == (409, "stale")
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(InboxItem)) == 1


def test_the_second_of_two_colleagues_is_told(world: World) -> None:
    ref = world.filed("T-3")
    with world.database.write() as tx:
        passing.take(tx, world.actor("carla"), ref)
    with pytest.raises(ItemChanged), world.database.write() as tx:
        passing.take(tx, world.actor("lukas"), ref)


def test_strangers_do_not_even_learn_that_it_is_there(world: World) -> None:
    ref = world.filed("A-1")
    for name in ("carla", "lukas", "paula", "adam"):
        with pytest.raises(NotFound), world.database.write() as tx:
            acts.finish(tx, world.actor(name), ref)


def test_opening_is_one_look_within_five_minutes_and_holds_the_letter(world: World) -> None:
    ref, anna = world.in_clearing(), world.actor("paula")
    for _ in range(2):
        with world.database.write() as tx:
            leases.hold(tx, anna, ref.item_id)
        look(world.database, anna, "page", [Seen("document", world.document_of(ref))])
    assert actions_on(world, world.document_of(ref)).count("look.page") == 1
    with world.database.write() as tx:
        leases.hold(tx, world.actor("piet"), ref.item_id)
    assert leases.holder(world.item(ref), world.clock.now()) == world.user_id("paula")
    world.clock.instant += leases.LEASE
    assert leases.holder(world.item(ref), world.clock.now()) is None


def test_ending_a_filing_twice_changes_nothing_more(world: World) -> None:
    world.filed("A-1")
    with world.database.read() as session:
        filing = session.scalars(select(Filing.id)).one()
    for _ in range(2):
        with world.database.write() as tx:
            end_filing(tx, world.actor("lena"), filing, "moved")
    with world.database.read() as session:
        ended = session.scalars(select(AuditEvent.id).where(AuditEvent.action == "document.filing_ended")).all()
    assert len(ended) == 1


def test_a_corrected_date_stands_in_the_log_of_the_case(world: World) -> None:
    """The deadlines of the case run from it."""
    ref = world.in_clearing("Lohnzettel")
    into = FileInto(case_number="C-4", received_on=TODAY - timedelta(days=3))
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), ref, into)
    with world.database.read() as session:
        corrected = session.scalars(select(AuditEvent).where(AuditEvent.action == "document.date_corrected")).one()
    assert corrected.case_file_id == world.cases["C-4"]
    assert corrected.details["value"] == str(TODAY - timedelta(days=3))
