"""What is due, what is held, what nobody can decide; and who may record what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select

from archive import service as records
from archive.models import CaseFile
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import AuditEvent
from ingest.models import Receipt
from retention import holding, ledger
from retention.due import due as due_on
from retention.errors import UnknownReason
from retention.models import DisposalHold, ScheduleEntry
from tests.retention.world import TODAY, World, add_case, add_letter, relate

FIELDS = ["file_number", "schedule_id", "retention_end", "due_on", "disposal_action", "holds", "work_item"]


def due(world: World, on: date = TODAY) -> dict[str, dict[str, Any]]:
    rows = [row.as_json() for row in due_on(world.database, world.agency, on)]
    assert all(list(row) == FIELDS for row in rows)
    assert [row["file_number"] for row in rows] == sorted(row["file_number"] for row in rows)
    return {row["file_number"]: row for row in rows}


def trigger(world: World, number: str, name: str, on: date, **more: Any) -> None:
    with world.database.write() as tx:
        holding.record_trigger(tx, world.actor("anna"), number, name, on, "Bescheid", **more)


def condition(world: World, number: str, entry: str, applies: bool) -> None:
    with world.database.write() as tx:
        holding.record_condition(tx, world.actor("anna"), number, entry, applies)


def set_hold(world: World, number: str, reason: str, who: str = "rita", review: date | None = None) -> DisposalHold:
    with world.database.write() as tx:
        return holding.set_hold(tx, world.actor(who), number, reason, review)


def test_due_from_the_first_of_january(world: World) -> None:
    add_case(world, "99801BG0000001", closed_on=date(2016, 3, 1))
    assert due(world, date(2026, 12, 31)) == {}
    assert due(world, date(2027, 1, 1))["99801BG0000001"] == {
        "file_number": "99801BG0000001", "schedule_id": "SGB2_LEISTUNG", "retention_end": "2026-12-31",
        "due_on": "2027-01-01", "disposal_action": "B", "holds": [], "work_item": None,
    }  # fmt: skip


def test_open_cases_are_never_due_and_no_work(world: World) -> None:
    add_case(world, "99801BG0000001", closed_on=None)
    add_case(world, "OWI-0001/10", "OWI", closed_on=None)
    trigger(world, "OWI-0001/10", "decision_final", date(2001, 1, 1))
    assert due(world) == {}


def test_a_missing_trigger_is_a_work_item_until_it_is_recorded(world: World) -> None:
    add_case(world, "OWI-0001/10", "OWI")
    row = due(world)["OWI-0001/10"]
    assert (row["retention_end"], row["due_on"], row["schedule_id"]) == (None, None, "OWI")
    assert row["work_item"].startswith("Das Datum fehlt: Bescheid oder gerichtliche Entscheidung unanfechtbar")
    trigger(world, "OWI-0001/10", "decision_final", date(2022, 1, 1))
    assert due(world) == {}
    trigger(world, "OWI-0001/10", "decision_final", date(2012, 1, 1))
    assert due(world)["OWI-0001/10"]["retention_end"] == "2017-12-31"


def test_an_unconfirmed_entry_is_a_work_item_until_confirmed(world: World) -> None:
    add_case(world, "V-998A004711", "VERM")
    assert "noch nicht bestätigt" in due(world)["V-998A004711"]["work_item"]
    for _ in range(2):
        with world.database.write() as tx:
            holding.confirm_entry(tx, world.actor("rita"), "SGB2_VERMITTLUNG")
    assert due(world)["V-998A004711"]["retention_end"] == "2015-12-31"
    with world.database.read() as session:
        assert len(session.scalars(select(AuditEvent).where(AuditEvent.action == "schedule.confirmed")).all()) == 1


def test_an_open_parent_is_a_work_item(world: World) -> None:
    parent, child = add_case(world, "99801BG0000001", closed_on=None), add_case(world, "W-00001/10", "WID")
    trigger(world, "W-00001/10", "decision_final", date(2009, 1, 1))
    assert "Bezugsakte ist nicht verknüpft" in due(world)["W-00001/10"]["work_item"]
    relate(world, child, parent)
    assert "Die Akte ist nicht geschlossen" in due(world)["W-00001/10"]["work_item"]


def test_a_merged_parent_counts_as_where_it_went(world: World) -> None:
    target, source = add_case(world, "99801BG0000001"), add_case(world, "VORL-1")
    child = add_case(world, "W-00001/10", "WID")
    relate(world, child, source)
    with world.database.write() as tx:
        row = tx.session.get_one(CaseFile, source)
        row.merged_into_id, row.state = target, "transferred"
    trigger(world, "W-00001/10", "decision_final", date(2009, 1, 1))
    assert due(world)["W-00001/10"]["retention_end"] == "2020-12-31"


def test_what_was_recorded_about_a_merged_provisional_case_counts_on(world: World) -> None:
    """The later day wins, as with two records on one case; recording again on the case that is left replaces both."""
    parent, target = add_case(world, "99801BG0000001"), add_case(world, "W-00001/10", "WID")
    source = add_case(world, "VORL-1", "WID")
    relate(world, target, parent)
    trigger(world, "W-00001/10", "decision_final", date(2009, 1, 1))
    trigger(world, "VORL-1", "decision_final", date(2015, 6, 1))
    with world.database.write() as tx:
        row = tx.session.get_one(CaseFile, source)
        row.merged_into_id, row.state = target, "transferred"
    assert due(world)["W-00001/10"]["retention_end"] == "2025-12-31"
    trigger(world, "W-00001/10", "decision_final", date(2009, 2, 1))
    assert due(world)["W-00001/10"]["retention_end"] == "2020-12-31"


def test_a_hold_keeps_the_row_without_a_due_date(world: World) -> None:
    add_case(world, "99801BG0000001")
    set_hold(world, "99801BG0000001", "FORDERUNG")
    set_hold(world, "99801BG0000001", "GERICHT")
    row = due(world)["99801BG0000001"]
    assert (row["retention_end"], row["due_on"], row["holds"]) == ("2020-12-31", None, ["FORDERUNG", "GERICHT"])
    for reason in ("FORDERUNG", "GERICHT"):
        with world.database.write() as tx:
            holding.release_hold(tx, world.actor("rita"), "99801BG0000001", reason)
    assert due(world)["99801BG0000001"]["due_on"] == "2021-01-01"


def test_a_moved_review_of_a_hold_is_recorded(world: World) -> None:
    add_case(world, "99801BG0000001")
    day = TODAY + timedelta(days=400)
    for review in (None, day, day):
        set_hold(world, "99801BG0000001", "GERICHT", review=review)
    with world.database.read() as session:
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("hold.")))
        assert sorted(acts) == ["hold.review_moved", "hold.set"]
        assert session.scalars(select(DisposalHold.review_on)).all() == [day]


def test_a_sender_cannot_take_the_key_of_a_destroyed_receipt(world: World) -> None:
    """Keys come as one part of an address, so none has a stroke in it."""
    letter = add_letter(world, add_case(world, "99801BG0000001"))
    with world.database.write() as tx:
        tx.session.get_one(Receipt, letter.receipt).final_at = world.clock.instant
        ledger.erase(tx, [letter.document], [letter.item])
    with world.database.read() as session:
        assert session.get_one(Receipt, letter.receipt).idempotency_key == f"destroyed/{letter.receipt}"


def test_only_the_last_closing_counts(world: World) -> None:
    world.clock.instant = datetime(2023, 5, 17, 10, tzinfo=UTC)
    case = add_case(world, "99801BG0000001", closed_on=None)
    for day, reopen in ((datetime(2023, 5, 17, 10, tzinfo=UTC), True), (datetime(2026, 2, 10, 10, tzinfo=UTC), False)):
        world.clock.instant = day
        with world.database.write() as tx:
            records.close_case(tx, world.actor("anna"), case)
        if reopen:
            world.later(days=600)
            with world.database.write() as tx:
                records.reopen_case(tx, world.actor("lena"), case, "Neuer Antrag")
    assert due(world, date(2036, 12, 31)) == {}
    assert due(world, date(2037, 1, 1))["99801BG0000001"]["retention_end"] == "2036-12-31"


def test_closing_at_the_turn_of_the_year_in_utc(world: World) -> None:
    case = add_case(world, "99801BG0000001", closed_on=None)
    world.clock.instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    with world.database.write() as tx:
        records.close_case(tx, world.actor("anna"), case)
    assert due(world, date(2037, 1, 1)) == {}
    assert due(world, date(2038, 1, 1))["99801BG0000001"]["retention_end"] == "2037-12-31"


def test_conditions_and_programmes(world: World) -> None:
    add_case(world, "M-2010-0001", "MASS")
    trigger(world, "M-2010-0001", "contract_ended", date(2010, 1, 1))
    assert due(world)["M-2010-0001"]["retention_end"] == "2020-12-31"
    condition(world, "M-2010-0001", "SGB2_MASSNAHME_ESF", True)
    assert "Das feste Datum ist nicht eingetragen" in due(world)["M-2010-0001"]["work_item"]
    trigger(world, "M-2010-0001", "fixed_date", date(2031, 12, 31))
    assert due(world) == {}
    assert due(world, date(2032, 1, 1))["M-2010-0001"]["schedule_id"] == "SGB2_MASSNAHME_ESF"
    condition(world, "M-2010-0001", "SGB2_MASSNAHME_ESF", False)
    assert due(world)["M-2010-0001"]["schedule_id"] == "SGB2_MASSNAHME"


def test_a_collection_of_mail_ends_with_its_latest_letter(world: World) -> None:
    case = add_case(world, "P-2009", "SAMM", closed_on=date(2009, 12, 31))
    assert "Datum des Dokuments" in due(world)["P-2009"]["work_item"]
    add_letter(world, case)
    assert due(world)["P-2009"]["retention_end"] == "2010-12-31"


def test_who_may_hold_and_release(world: World) -> None:
    add_case(world, "99801BG0000001")
    for name in ("otto", "arne"):
        with pytest.raises((NotFound, NotAllowed)):
            set_hold(world, "99801BG0000001", "GERICHT", name)
    set_hold(world, "99801BG0000001", "GERICHT", "anna")
    with pytest.raises(NotAllowed), world.database.write() as tx:
        holding.release_hold(tx, world.actor("anna"), "99801BG0000001", "GERICHT")
    with world.database.write() as tx:
        holding.release_hold(tx, world.actor("lena"), "99801BG0000001", "GERICHT")
    with pytest.raises(NotFound), world.database.write() as tx:
        holding.release_hold(tx, world.actor("rita"), "99801BG0000001", "GERICHT")
    with pytest.raises(NotFound):
        set_hold(world, "gibt es nicht", "GERICHT")
    with pytest.raises(UnknownReason):
        set_hold(world, "99801BG0000001", "LAUNE")
    with pytest.raises(InvalidInput):
        set_hold(world, "99801BG0000001", "GERICHT", review=TODAY)


def test_a_hold_stands_once_and_comes_up_for_review(world: World) -> None:
    add_case(world, "99801BG0000001")
    first = set_hold(world, "99801BG0000001", "RECHTSBEHELF")
    assert first.review_on == date(2027, 5, 24)
    assert set_hold(world, "99801BG0000001", "RECHTSBEHELF").id == first.id
    again = set_hold(world, "99801BG0000001", "RECHTSBEHELF", review=date(2027, 1, 1))
    assert (again.id, again.review_on) == (first.id, date(2027, 1, 1))
    assert due(world, date(2026, 12, 31))["99801BG0000001"]["work_item"] is None
    row = due(world, date(2027, 1, 1))["99801BG0000001"]
    assert (row["work_item"], row["due_on"]) == ("Sperre prüfen seit 01.01.2027: Offener Widerspruch.", None)


def test_a_forgotten_hold_on_an_open_or_young_case_is_work_too(world: World) -> None:
    add_case(world, "99801BG0000001", closed_on=None)
    add_case(world, "99801BG0000002", closed_on=date(2026, 1, 1))
    for number in ("99801BG0000001", "99801BG0000002"):
        set_hold(world, number, "AKTENEINSICHT")
    assert due(world, date(2027, 2, 23)) == {}
    rows = due(world, date(2027, 2, 24))
    assert [row["work_item"] for row in rows.values()] == [
        "Sperre prüfen seit 24.02.2027: Antrag auf Akteneinsicht offen."
    ] * 2
    assert [(row["retention_end"], row["due_on"]) for row in rows.values()] == [(None, None), ("2036-12-31", None)]


def test_triggers_are_those_of_the_schedule_and_lie_in_the_past(world: World) -> None:
    add_case(world, "99801BG0000001")
    for name in ("case_closed", "parent_closed", "nonsense", "if:OWI"):
        with pytest.raises(UnknownReason):
            trigger(world, "99801BG0000001", name, date(2010, 1, 1))
    with pytest.raises(InvalidInput):
        trigger(world, "99801BG0000001", "claim_settled", TODAY + timedelta(days=1))
    with pytest.raises(UnknownReason):
        condition(world, "99801BG0000001", "GIBT_ES_NICHT", True)
    elsewhere = add_letter(world, add_case(world, "99801BG0000002"))
    with pytest.raises(NotFound):
        trigger(world, "99801BG0000001", "purpose_fulfilled", date(2010, 1, 1), document_id=elsewhere.document)


def test_another_agency_sees_and_holds_nothing(world: World) -> None:
    add_case(world, "99801BG0000001")
    assert list(due_on(world.database, world.unit, TODAY)) == []


def test_a_stored_entry_that_became_unreadable_is_no_silent_gap(world: World) -> None:
    add_case(world, "99801BG0000001")
    with world.database.write() as tx:
        row = tx.session.scalars(select(ScheduleEntry).where(ScheduleEntry.code == "SGB2_LEISTUNG")).one()
        tx.session.delete(row)
    assert "gibt es im Fristenkatalog nicht" in due(world)["99801BG0000001"]["work_item"]


def test_the_ledger_is_addressed_as_the_schema_has_it(world: World) -> None:
    schema = inspect(world.database.engine)
    for described in ledger.TABLES:
        columns = {column["name"]: str(column["type"]) for column in schema.get_columns(described.name)}
        assert {column.name for column in described.columns} <= set(columns), described.name


CLASSIFIED = {
    "erased": {
        "attachment", "blob_claim", "case_alias", "case_file", "case_grant", "case_relation", "content_file",
        "date_correction", "disposal_hold", "document", "document_grant", "document_version", "filing", "follow_up",
        "inbox_item", "item_page", "job", "mail_item", "membership", "note", "page", "person", "person_address",
        "person_mark", "person_name", "receipt", "receipt_page", "transfer_note", "trigger_fact", "undoable_act", "blob",
        "log_request",
    },
    "ids only": {"audit_event", "audit_block", "outbox_event", "lease"},
    "proof": {"disposal_list", "disposal_object", "destruction_certificate"},
    "no records": {
        "agency", "org_unit", "user", "role_assignment", "position", "deputy", "absence", "scan_station", "login_session",
        "file_plan_unit", "keyword", "document_type", "schedule_entry", "alembic_version",
        "installation",
    },
}  # fmt: skip


def test_every_table_is_known_to_destruction(world: World) -> None:
    """A new table must say whether destruction has to reach it: then erasure and this list are extended together."""
    known = set().union(*CLASSIFIED.values())
    assert set(inspect(world.database.engine).get_table_names()) <= known
