"""Reconcile and doctor: delete a row or bytes by hand, and they name it. Retry and end of quarantine."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from archive.models import Blob, ContentFile, Document, Filing
from core.actor import Actor, system_actor
from core.clock import agency_date
from core.errors import Conflict
from eakte.bootstrap import Services, open_services
from eakte.doctor import Finding, as_json, examine
from eakte.searching import documents_in_index, rebuild_index
from inbox import acts
from inbox.acts import ItemRef
from inbox.delivery import Clearing, deliver_to_clearing
from inbox.repository import open_items_of_document
from ingest import quarantine
from ingest.models import MailItem, TransferNote
from ingest.reporting import item_lines, reconcile
from organisation.actors import build_actor
from organisation.models import User
from search.tantivy_index import TantivyIndex
from tests.databases import ROW, copy_home, lift_references, lift_triggers, quoted, settings_at
from tests.eakte.support import agency_of, work_off, worked_off_home
from tests.support import raw, stored_file


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worked-off installation, made once and copied for each test."""
    return worked_off_home(tmp_path_factory.mktemp("doctor"))


@pytest.fixture
def services(template: Path, tmp_path: Path) -> Services:
    copy_home(template, tmp_path / "home")
    return open_services(settings_at(tmp_path / "home"))


def kinds(services: Services) -> set[str]:
    return {finding.kind for finding in examine(services)}


def delete(services: Services, table: str, where: str) -> None:
    """As somebody with the file in hand would: no foreign keys, no triggers."""
    with services.database.write() as tx:
        lift_references(tx.session)
        lift_triggers(tx.session)
        assert tx.session.connection().exec_driver_sql(f"DELETE FROM {quoted(table)} WHERE {where}").rowcount
    services.database.dispose()


def test_a_healthy_installation_has_no_findings(services: Services) -> None:
    told: list[tuple[int, int]] = []
    assert examine(services, progress=lambda done, total: told.append((done, total))) == []
    with services.database.read() as session:
        blobs = session.scalar(select(func.count()).select_from(Blob))
    assert told[-1] == (blobs, blobs)
    counts = reconcile(services.database, services.blobs, agency_of(services), 3600)
    assert (counts["difference"], counts["orphans"], counts["in_work"]) == (0, 0, 0)


def test_a_finding_is_said_in_two_languages_and_is_four_values_for_machines() -> None:
    finding = Finding("blobs", "missing", "ab", "Die Bytes fehlen.", "The bytes are missing.")
    assert str(finding) == "blobs: Die Bytes fehlen. (ab)\n  The bytes are missing."
    told = {"store": "blobs", "kind": "missing", "id": "ab", "text": "Die Bytes fehlen."}
    assert as_json([finding]) == {"findings": [told]}


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("receipt", "item_without_receipt"),
        ("receipt", "pages_differ"),
        ("receipt_page", "pages_differ"),
        ("mail_item", "pages_differ"),
        ("item_page", "pages_differ"),
        ("document", "item_without_document"),
        ("document_version", "document_without_version"),
        ("page", "pages_missing"),
        ("content_file", "version_without_master"),
        ("transfer_note", "document_without_note"),
        ("filing", "filed_without_filing"),
        ("inbox_item", "delivery_missing"),
        ("case_file", "dangling_reference"),
        ("person", "dangling_reference"),
        ("person_name", "person_without_name"),
        ("org_unit", "dangling_reference"),
        ("user", "dangling_reference"),
        ("scan_station", "dangling_reference"),
        ("blob", "dangling_reference"),
        ("blob_claim", "unclaimed_blob"),
        ("audit_event", "missing"),
        ("audit_block", "cut_tail"),
    ],
)
def test_a_row_deleted_by_hand_is_named(services: Services, table: str, kind: str) -> None:
    rows = {
        "content_file": "role = 'scan_master'", "receipt_page": "kind = 'item'", "blob_claim": "owner_type = 'document'",
        "receipt": "state = 'split'", "mail_item": "item_no = 1",
        "scan_station": "id IN (SELECT station_id FROM receipt)",
    }  # fmt: skip
    which = f"{ROW} = (SELECT min({ROW}) FROM {quoted(table)} WHERE {rows.get(table, 'true')})"
    delete(services, table, which)
    assert kind in kinds(services)


def test_a_receipt_deleted_with_all_its_traces_is_known_from_the_log(services: Services) -> None:
    for table in ("item_page", "receipt_page", "mail_item", "receipt"):
        delete(services, table, "true")
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["difference"] == 2
    assert {"pages_differ", "receipt_row_missing"} <= kinds(services)


def test_work_that_nobody_does_any_more_is_named(services: Services) -> None:
    with services.database.write() as tx:
        raw(tx.session, "UPDATE mail_item SET state = 'in_work' WHERE item_no = 1")
        raw(tx.session, "UPDATE receipt SET state = 'accepted' WHERE state = 'rejected'")
    assert {"item_without_job", "receipt_without_job"} <= kinds(services)


def test_a_changed_transfer_note_is_named(services: Services) -> None:
    with services.database.write() as tx:
        tx.session.execute(update(TransferNote).values(note={"channel": "fax"}))
    assert kinds(services) == {"note_changed"}


def test_a_single_flipped_bit_is_found_by_fixity(services: Services) -> None:
    with services.database.read() as session:
        master = session.scalars(select(ContentFile.sha256).where(ContentFile.role == "scan_master")).first()
    assert master is not None
    path = stored_file(services.blobs, master)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    assert [(one.store, one.kind, one.id) for one in examine(services)] == [("blobs", "damaged", master)]
    assert examine(services, deep=False) == []


def test_an_index_that_lacks_a_document_or_knows_too_much_is_named(services: Services) -> None:
    index = TantivyIndex(services.settings.index_folder)
    with services.database.read() as session:
        document = str(session.scalars(select(Document.id)).first())
    index.apply([], [document])
    assert [(one.store, one.kind, one.id) for one in examine(services)] == [("index", "not_indexed", document)]
    rebuild_index(services)
    assert examine(services) == []
    delete(services, "document", "true")
    assert "only_indexed" in kinds(services)


def test_an_index_that_moves_on_meanwhile_is_no_finding(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    there = documents_in_index(services)
    gone, later = sorted(there)[0], sorted(there)[1]
    raw_ids = {name: UUID(one).hex for name, one in (("gone", gone), ("later", later))}
    with services.database.write() as tx:
        raw(tx.session, f"UPDATE document SET state = 'dismissed' WHERE id = '{raw_ids['later']}'")

    def moved_on(_services: Services) -> set[str]:
        with services.database.write() as tx:
            raw(tx.session, f"UPDATE document SET state = 'dismissed' WHERE id = '{raw_ids['gone']}'")
            raw(tx.session, f"UPDATE document SET state = 'active' WHERE id = '{raw_ids['later']}'")
        return there - {gone}

    monkeypatch.setattr("eakte.doctor.documents_in_index", moved_on)
    assert [one for one in examine(services) if one.store == "index"] == []


def test_bytes_that_nobody_knows_are_named_after_their_grace(services: Services) -> None:
    stored = services.blobs.put_bytes(b"left over")
    assert examine(services) == []
    old = services.database.clock.now().timestamp() - 3601
    os.utime(stored_file(services.blobs, stored.sha256), (old, old))
    assert [(one.kind, one.id) for one in examine(services)] == [("orphan", stored.sha256)]
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["orphans"] == 1


def test_bytes_lost_or_changed_are_named_and_items_can_be_worked_again(services: Services) -> None:
    with services.database.read() as session:
        master, rendition = session.scalars(select(ContentFile.sha256).order_by(ContentFile.role)).all()[:2]
    services.blobs.unlink(master)
    path = stored_file(services.blobs, rendition)
    path.chmod(0o644)
    path.write_bytes(b"changed")
    assert {"missing", "damaged"} <= kinds(services)
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["orphans"] >= 1


def test_an_item_row_deleted_by_hand_is_a_difference(services: Services) -> None:
    with services.database.write() as tx:
        raw(tx.session, f"DELETE FROM item_page WHERE {ROW} = (SELECT min({ROW}) FROM item_page)")
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["difference"] == 1


def test_rejected_mail_stays_open_until_a_person_ends_it(services: Services) -> None:
    agency = agency_of(services)
    (entry,) = quarantine.open_entries(services.database, agency)
    assert entry["text"].startswith("Die Datei ist leer.")
    with services.database.read() as session:
        item = session.scalars(select(MailItem).where(MailItem.state == "rejected")).one()
    quarantine.retry(services.database, clerk(services), item.id)
    work_off(services)
    (again,) = quarantine.open_entries(services.database, agency)
    with services.database.read() as session:
        item = session.scalars(select(MailItem).where(MailItem.state == "rejected")).one()
    assert again["id"] == str(item.id)
    quarantine.end(services.database, clerk(services), item.id, "rejected", "Absender verständigt")
    assert quarantine.open_entries(services.database, agency) == []


def test_an_item_in_clearing_can_be_read_again(services: Services) -> None:
    with services.database.write() as tx:
        item = tx.session.scalars(select(MailItem).where(MailItem.item_no == 1)).one()
        item.state = "clearing"
        raw(tx.session, "UPDATE filing SET ended_at = 1")
        raw(tx.session, "UPDATE document SET filed = false")
    quarantine.reprocess(services.database, agency_of(services), item.id)
    work_off(services)
    with services.database.read() as session:
        assert session.get_one(MailItem, item.id).state in ("filed", "clearing")
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["difference"] == 0


def clerk(services: Services) -> Actor:
    """Somebody who clears."""
    with services.database.read() as session:
        user = session.scalars(select(User).where(User.username == "rhinnerksen")).one()
        return build_actor(session, user, agency_date(services.database.clock.now()))


def in_clearing(services: Services) -> MailItem:
    """The first item as if routing had not been sure."""
    with services.database.write() as tx:
        item = tx.session.scalars(select(MailItem).where(MailItem.item_no == 1)).one()
        item.state = "clearing"
        tx.session.execute(update(Filing).where(Filing.document_id == item.document_id).values(ended_at=tx.now))
        document = tx.session.get_one(Document, item.document_id)
        document.filed = False
        for waiting in open_items_of_document(tx.session, document.id):
            waiting.state = "withdrawn"
        deliver_to_clearing(tx, system_actor(item.agency_id), document, Clearing())
    return item


def dismiss(services: Services, item: MailItem) -> None:
    with services.database.write() as tx:
        (waiting,) = open_items_of_document(tx.session, item.document_id)  # type: ignore[arg-type]
        acts.dismiss(tx, clerk(services), ItemRef(waiting.id, waiting.version), "advertising", "Prospekt")


def test_dismissed_mail_is_rejected_with_a_reason_and_every_store_agrees(services: Services) -> None:
    item = in_clearing(services)
    before = reconcile(services.database, services.blobs, agency_of(services), 3600)
    dismiss(services, item)
    work_off(services)
    after = reconcile(services.database, services.blobs, agency_of(services), 3600)
    moved = {"clearing": before["clearing"] - 1, "rejected": before["rejected"] + 1}
    assert after == {**before, **moved}
    assert examine(services) == []
    with services.database.read() as session:
        line = next(item_lines(session, [(item.receipt_id, None)]))
    assert (line["state"], line["inbox"]) == ("rejected", None)
    assert line["reasons"][0] == {"code": "dismissed_advertising", "text": "Werbung: Prospekt"}
    with pytest.raises(Conflict):
        quarantine.reprocess(services.database, agency_of(services), item.id)


def test_a_persons_decision_stands_while_a_machine_reads_once_more(services: Services) -> None:
    item = in_clearing(services)
    quarantine.reprocess(services.database, agency_of(services), item.id)
    dismiss(services, item)
    work_off(services)
    with services.database.read() as session:
        assert open_items_of_document(session, item.document_id) == []  # type: ignore[arg-type]
    counts = reconcile(services.database, services.blobs, agency_of(services), 3600)
    assert (counts["rejected"], counts["in_work"], counts["difference"]) == (2, 0, 0)
    assert examine(services) == []
