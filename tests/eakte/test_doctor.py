"""Reconcile and doctor: delete a row or bytes by hand, and they name it. Retry and end of quarantine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.models import ContentFile
from core.clock import agency_date
from core.settings import Settings
from eakte.bootstrap import Services, open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.mix import make_letters
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from eakte.doctor import examine
from eakte.intake import take_in
from ingest import quarantine
from ingest.models import MailItem
from ingest.reporting import reconcile
from tests.eakte.support import agency_of, work_off
from tests.support import raw


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worked-off installation, made once and copied for each test."""
    tmp_path = tmp_path_factory.mktemp("doctor")
    opened = open_services(Settings(home=tmp_path / "home"), migrate=True)
    load_demo(opened, with_mail=False)
    day = agency_date(opened.database.clock.now())
    letters = [one for one in make_letters(make_register(SEED, day), 20, 2, day) if one.truth.expected == "file"][:2]
    write_scan_batch(letters, tmp_path / "batch.pdf", separators="both", profile="office", seed=2)
    (tmp_path / "empty.pdf").write_bytes(b"")
    take_in(opened, agency_of(opened), [tmp_path / "batch.pdf", tmp_path / "empty.pdf"], None, None, None)
    work_off(opened)
    opened.database.dispose()
    return tmp_path / "home"


@pytest.fixture
def services(template: Path, tmp_path: Path) -> Services:
    shutil.copytree(template, tmp_path / "home")
    return open_services(Settings(home=tmp_path / "home"))


def kinds(services: Services) -> set[str]:
    return {finding.kind for finding in examine(services)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("receipt", "item_without_receipt"),
        ("document", "item_without_document"),
        ("page", "version_without_pages"),
        ("content_file", "version_without_master"),
        ("transfer_note", "document_without_note"),
        ("filing", "filed_without_filing"),
        ("blob_claim", "unclaimed_blob"),
    ],
)
def test_a_row_deleted_by_hand_is_named(services: Services, table: str, kind: str) -> None:
    assert examine(services) == []
    with services.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("BEGIN")
    assert kind in kinds(services)


@pytest.mark.timeout(300)
def test_bytes_lost_or_changed_are_named_and_items_can_be_worked_again(services: Services) -> None:
    with services.database.read() as session:
        master, rendition = session.scalars(select(ContentFile.sha256).order_by(ContentFile.role)).all()[:2]
    services.blobs.unlink(master)
    path = services.blobs.path(rendition)
    path.chmod(0o644)
    path.write_bytes(b"changed")
    assert {"missing", "damaged"} <= kinds(services)
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["orphans"] >= 1


@pytest.mark.timeout(300)
def test_an_item_row_deleted_by_hand_is_a_difference(services: Services) -> None:
    with services.database.write() as tx:
        raw(tx.session, "DELETE FROM item_page WHERE rowid IN (SELECT rowid FROM item_page LIMIT 1)")
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["difference"] == 1


@pytest.mark.timeout(300)
def test_rejected_mail_stays_open_until_a_person_ends_it(services: Services) -> None:
    agency = agency_of(services)
    (entry,) = quarantine.open_entries(services.database, agency)
    assert entry["text"].startswith("Die Datei ist leer.")
    with services.database.read() as session:
        item = session.scalars(select(MailItem).where(MailItem.state == "rejected")).one()
    quarantine.retry(services.database, agency, item.id, "rhinnerksen")
    work_off(services)
    (again,) = quarantine.open_entries(services.database, agency)
    with services.database.read() as session:
        item = session.scalars(select(MailItem).where(MailItem.state == "rejected")).one()
    assert again["id"] == str(item.id)
    quarantine.end(services.database, agency, item.id, "rejected", "Absender verständigt", "rhinnerksen")
    assert quarantine.open_entries(services.database, agency) == []


@pytest.mark.timeout(300)
def test_an_item_in_clearing_can_be_read_again(services: Services) -> None:
    with services.database.write() as tx:
        item = tx.session.scalars(select(MailItem).where(MailItem.item_no == 1)).one()
        item.state = "clearing"
        raw(tx.session, "UPDATE filing SET ended_at = 1")
        raw(tx.session, "UPDATE document SET filed = 0")
    quarantine.reprocess(services.database, agency_of(services), item.id)
    work_off(services)
    with services.database.read() as session:
        assert session.get_one(MailItem, item.id).state in ("filed", "clearing")
    assert reconcile(services.database, services.blobs, agency_of(services), 3600)["difference"] == 0
