"""Assigning by team leads, and unfiled letters that were passed on: nobody is left with mail that leads nowhere."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from archive.models import CaseFile, Document
from core.actor import system_actor
from core.errors import EakteError, InvalidInput, NotAllowed, NotFound
from core.models import AuditEvent
from inbox import acts, passing, repository
from inbox.acts import FileInto, ItemRef
from inbox.errors import ItemChanged
from inbox.models import InboxItem
from inbox.provisional import Applicant, file_into_provisional
from inbox.repository import Box
from inbox.rescue import bring_to_light
from inbox.undo import undo
from organisation import service
from organisation.models import OrgUnit
from tests.inbox.world import TODAY, World


def assign(world: World, by: str, ref: ItemRef, to: str | None) -> InboxItem:
    with world.database.write() as tx:
        return passing.assign(tx, world.actor(by), ref, to_user=to)


def members(world: World, username: str, of: str | None = None) -> set[UUID]:
    """Documents that a person finds in the inboxes of people led."""
    actor = world.actor(username)
    box = Box("members", world.user_id(of) if of else None)
    with world.database.read() as session:
        rows = repository.rows(session, actor, repository.in_box(actor, box), world.today)
    return {row.document.id for row in rows}


def away(world: World, *names: str) -> None:
    with world.database.write() as tx:
        for name in names:
            service.set_absence(tx, system_actor(world.agency), name, TODAY, None)


def leave(world: World, name: str) -> None:
    with world.database.write() as tx:
        service.deactivate_user(tx, system_actor(world.agency), name)


def test_a_lead_assigns_mail_of_the_team(world: World) -> None:
    ref = world.filed("T-3", "Mietvertrag")
    following = assign(world, "lukas", ref, "carla")
    assert (following.inbox_kind, following.user_id, following.state) == ("user", world.user_id("carla"), "open")
    assert world.item(ref).state == "forwarded"
    with world.database.read() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "inbox.assign")).one()
    assert (told.object_id, told.actor_id) == (ref.item_id, world.user_id("lukas"))
    assert told.details["to_user"] == str(world.user_id("carla"))


def test_a_lead_assigns_mail_of_somebody_who_is_ill(world: World) -> None:
    other, ref = world.filed("A-1", "Geheimnis"), world.filed("A-1", "Kontoauszug")
    away(world, "anna", "bert")
    with world.database.write() as tx:
        service.end_absence(tx, system_actor(world.agency), "bert", TODAY - timedelta(days=1))
    assert members(world, "lena") == {world.document_of(ref), world.document_of(other)}
    assign(world, "lena", ref, "bert")
    assert world.item(world.ref_of("bert", world.document_of(ref))).user_id == world.user_id("bert")


def test_the_one_who_gets_it_reads_this_letter_and_not_the_case(world: World) -> None:
    other, ref = world.filed("A-1", "Geheimnis"), world.filed("A-1", "Kontoauszug")
    assign(world, "lena", ref, "bert")
    assert world.who_finds("Kontoauszug") == {"anna", "bert", "lena"}
    assert world.who_finds("Geheimnis") == {"anna", "lena"}
    assert world.document_of(other) not in world.box("bert")


def test_assigning_is_taken_back(world: World) -> None:
    ref = world.filed("A-1", "Kontoauszug")
    assign(world, "lena", ref, "bert")
    with world.database.write() as tx:
        undo(tx, world.actor("lena"))
    assert world.item(ref).state == "open"
    assert world.who_sees(world.document_of(ref)) == {"anna", "lena"}
    assert world.who_finds("Kontoauszug") == {"anna", "lena"}


def test_mail_of_somebody_who_left_is_assigned(world: World) -> None:
    ref = world.filed("A-1")
    leave(world, "anna")
    assert members(world, "lena", "anna") == {world.document_of(ref)}
    assert assign(world, "lena", ref, "bert").user_id == world.user_id("bert")


def test_what_the_rescue_brought_goes_on_from_the_lead(world: World) -> None:
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    ref = world.filed("S-5", "Vertrauliches")
    for name in ("anna", "bert"):
        leave(world, name)
    away(world, "lena")
    bring_to_light(world.database)
    with world.database.write() as tx:
        service.end_absence(tx, system_actor(world.agency), "lena", TODAY - timedelta(days=1))
    found = world.ref_of("hilde", world.document_of(ref))
    with pytest.raises(InvalidInput):  # Team 1 has a lead of its own: nobody assigns past her
        assign(world, "hilde", found, "lena")


def test_who_leads_from_above_assigns_where_no_lead_is(world: World) -> None:
    with world.database.write() as tx:
        unit = OrgUnit(agency_id=world.agency, code="T3", title="Team 3", kind="team", parent_id=world.unit_id("JC"))
        tx.session.add(unit)
        tx.session.flush()
        service.create_user(tx, system_actor(world.agency), "dora", "Dora", ["caseworker"], "T3", "")
    world.case("D-6", "T3")
    ref, below = world.filed("D-6"), world.filed("T-3")
    for item, who, error in ((below, "hilde", NotFound), (ref, "lena", NotFound), (ref, "dora", NotAllowed)):
        with pytest.raises(error):
            assign(world, who, item, "dora")
    assert assign(world, "hilde", ref, "dora").user_id == world.user_id("dora")


@pytest.mark.parametrize(
    ("by", "case", "error"),
    [
        ("carla", "T-3", NotAllowed),  # reads it, leads nobody
        ("anna", "A-1", NotAllowed),  # it is her own
        ("lena", "T-3", NotFound),  # leads another team
        ("hilde", "T-3", NotFound),  # that team has a lead of its own
        ("paula", "T-3", NotFound),
        ("adam", "T-3", NotFound),
    ],
)
def test_nobody_else_assigns(world: World, by: str, case: str, error: type[EakteError]) -> None:
    ref = world.filed(case)
    with pytest.raises(error):
        assign(world, by, ref, "carla")
    assert (world.item(ref).state, world.item(ref).version) == ("open", 1)


@pytest.mark.parametrize("to", ["carla", "hilde", "paula", "adam", "niemand", "anna", "", None])
def test_only_people_of_the_team_who_are_there_get_mail(world: World, to: str | None) -> None:
    """Of another team, from above, without an inbox, unknown, and who has it already."""
    ref = world.filed("A-1")
    with pytest.raises(InvalidInput):
        assign(world, "lena", ref, to)
    assert world.item(ref).state == "open"


def test_who_is_away_or_left_gets_no_mail(world: World) -> None:
    ref = world.filed("A-1")
    away(world, "bert")
    with pytest.raises(InvalidInput):
        assign(world, "lena", ref, "bert")
    leave(world, "bert")
    with pytest.raises(InvalidInput):
        assign(world, "lena", ref, "bert")
    assert assign(world, "lena", ref, "lena").user_id == world.user_id("lena")


def test_a_stale_version_is_refused(world: World) -> None:
    ref = world.filed("T-3")
    with world.database.write() as tx:
        passing.take(tx, world.actor("carla"), ref)
    with pytest.raises(ItemChanged):
        assign(world, "lukas", ref, "carla")


def test_what_the_class_hides_from_the_lead_is_not_assigned(world: World) -> None:
    world.case("S-5", "T1", "anna", secrecy="SOZ_B")
    ref = world.filed("S-5", "Vertrauliches")
    assert members(world, "lena") == set()
    with pytest.raises(NotFound):
        assign(world, "lena", ref, "bert")


def test_what_a_lead_sees_in_another_teams_inbox_is_not_theirs_to_assign(world: World) -> None:
    ref = world.filed("A-1")
    with world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user="carla", to_unit=None)
    there = world.ref_of("lena", world.document_of(ref))
    assert members(world, "lena") == set()
    with pytest.raises(NotAllowed):
        assign(world, "lena", there, "bert")


def test_clearing_is_not_assigned(world: World) -> None:
    ref = world.in_clearing(scope="restricted", unit="T1")
    with pytest.raises(NotAllowed):
        assign(world, "lena", ref, "bert")


def test_only_leads_look_into_the_inboxes_of_their_people(world: World) -> None:
    mine, other = world.filed("A-1"), world.filed("C-4")
    assert members(world, "lena") == {world.document_of(mine)}
    assert members(world, "lukas") == {world.document_of(other)}
    assert members(world, "lena", "carla") == set()
    for name in ("anna", "bert", "carla", "hilde", "paula", "adam"):
        assert members(world, name) == set(), name


def forwarded(world: World, to: str = "anna", **place: str) -> ItemRef:
    """An unfiled letter that clearing passed on to a person."""
    ref = world.in_clearing("Irrläufer", **place)
    by = {"general": "paula", "unit": "bert", "restricted": "lena"}[place.get("scope", "general")]
    with world.database.write() as tx:
        following = passing.forward(tx, world.actor(by), ref, to_user=to, to_unit=None)
        return ItemRef(following.id, following.version)


def test_the_recipient_of_an_unfiled_letter_files_it(world: World) -> None:
    ref = forwarded(world)
    with pytest.raises(NotFound), world.database.write() as tx:
        acts.file_item(tx, world.actor("anna"), ref, FileInto(case_number="C-4"))
    with world.database.write() as tx:
        delivered = acts.file_item(tx, world.actor("anna"), ref, FileInto(case_number="A-1"))
    assert (delivered.user_id, delivered.case_file_id) == (world.user_id("anna"), world.cases["A-1"])
    assert world.who_finds("Irrläufer") == {"anna", "lena"}
    with world.database.write() as tx:
        undo(tx, world.actor("anna"))
    assert world.who_finds("Irrläufer") == {"anna"}


def test_the_recipient_opens_a_provisional_case_of_the_own_team_only(world: World) -> None:
    ref = forwarded(world)
    with pytest.raises(NotAllowed), world.database.write() as tx:
        file_into_provisional(tx, world.actor("anna"), ref, Applicant("LEIST", "T2", "Neu", "Nadja"))
    with world.database.write() as tx:
        case_file, _ = file_into_provisional(tx, world.actor("anna"), ref, Applicant("LEIST", "T1", "Neu", "Nadja"))
    with world.database.read() as session:
        assert session.get_one(CaseFile, case_file.id).provisional
    assert world.who_finds("Irrläufer") == {"anna", "bert", "lena"}


@pytest.mark.parametrize(
    ("scope", "unit", "readers"),
    [("general", None, {"paula", "piet"}), ("unit", "T1", {"anna", "bert", "lena"}), ("restricted", "T1", {"lena"})],
)
def test_it_goes_back_to_the_very_clearing_it_came_from(
    world: World, scope: str, unit: str | None, readers: set[str]
) -> None:
    """A complaint that only the lead may see never gets into the clearing of all."""
    ref = forwarded(world, **({"scope": scope, "unit": unit} if unit else {}))
    assert world.who_finds("Irrläufer") == {"anna"}
    with world.database.write() as tx:
        back = passing.give_back(tx, world.actor("anna"), ref, " Nicht unser Fall ")
    assert (back.inbox_kind, back.state) == ("clearing", "open")
    assert back.reasons[-1] == {"code": "given_back", "text": "Zurück aus einem Postkorb: Nicht unser Fall"}
    assert world.who_sees(world.document_of(ref)) == readers
    assert world.who_finds("Irrläufer") == readers
    with world.database.write() as tx:
        undo(tx, world.actor("anna"))
    assert world.who_finds("Irrläufer") == {"anna"}
    assert world.item(ref).state == "open"


def test_through_several_hands_and_back(world: World) -> None:
    ref = forwarded(world)
    with world.database.write() as tx:
        passing.forward(tx, world.actor("anna"), ref, to_user=None, to_unit="T2")
    team = world.ref_of("carla", world.document_of(ref))
    with world.database.write() as tx:
        passing.take(tx, world.actor("carla"), team)
    own = world.ref_of("carla", world.document_of(ref))
    with world.database.write() as tx:
        passing.give_back(tx, world.actor("carla"), own, "Ohne Namen")
    again = world.ref_of("paula", world.document_of(ref))
    with world.database.write() as tx:
        acts.file_item(tx, world.actor("paula"), again, FileInto(case_number="C-4"))
    assert world.who_finds("Irrläufer") == {"carla", "lukas"}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 401])
def test_giving_back_needs_a_reason(world: World, reason: str) -> None:
    ref = forwarded(world)
    with pytest.raises(InvalidInput), world.database.write() as tx:
        passing.give_back(tx, world.actor("anna"), ref, reason)
    assert world.item(ref).state == "open"


def test_what_is_filed_or_in_clearing_does_not_go_back(world: World) -> None:
    for who, ref in (("anna", world.filed("A-1")), ("paula", world.in_clearing())):
        with pytest.raises(InvalidInput), world.database.write() as tx:
            passing.give_back(tx, world.actor(who), ref, "Nicht unser Fall")
    filed = world.in_clearing()
    with world.database.write() as tx:
        delivered = acts.file_item(tx, world.actor("paula"), filed, FileInto(case_number="A-1"))
    with pytest.raises(InvalidInput), world.database.write() as tx:
        passing.give_back(tx, world.actor("anna"), ItemRef(delivered.id, 1), "Nicht unser Fall")


def test_nobody_else_gives_back(world: World) -> None:
    ref = forwarded(world)
    for name in ("bert", "lena", "carla", "paula", "adam"):
        with pytest.raises(NotFound), world.database.write() as tx:
            passing.give_back(tx, world.actor(name), ref, "Her damit")
    with pytest.raises(ItemChanged), world.database.write() as tx:
        passing.give_back(tx, world.actor("anna"), ItemRef(ref.item_id, 2), "Zu spät")
    with world.database.read() as session:
        assert session.get_one(Document, world.document_of(ref)).clearing_scope == "forwarded"
