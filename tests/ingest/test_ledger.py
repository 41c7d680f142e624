"""The ledger: durable before accepted, the same delivery once, other bytes under a key refused, and honest counts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import StorageFull
from core.clock import SetClock
from core.database import Database
from core.errors import InvalidInput
from core.ids import new_id
from core.models import AuditEvent, Job
from ingest.errors import ChecksumDiffers, KeyReused
from ingest.hotfolder import STABLE_SECONDS, HotFolder
from ingest.ledger import Accepted, Delivery, receive
from ingest.models import Receipt
from ingest.reporting import reconcile
from organisation.models import OrgUnit, ScanStation
from tests.support import NOON, make_agency, make_database, raw


class Door:
    """A station's door into a fresh installation."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(NOON)
        self.folder = folder
        self.database: Database = make_database(folder, self.clock)
        self.store = LocalBlobStore(folder / "blobs", folder / "work")
        with self.database.write() as tx:
            self.agency = make_agency(tx)
            unit = OrgUnit(id=new_id(), agency_id=self.agency, code="POST", title="Poststelle", kind="mailroom")
            tx.session.add(unit)
            tx.session.flush()
            self.stations = {code: self._station(code, unit.id) for code in ("S1", "S2")}
            tx.session.add_all(self.stations.values())

    def _station(self, code: str, unit_id: UUID) -> ScanStation:
        return ScanStation(id=new_id(), agency_id=self.agency, code=code, unit_id=unit_id)

    def bring(self, data: bytes, station: str = "S1", **told: object) -> Accepted:
        path = self.folder / "incoming.bin"
        path.write_bytes(data)
        delivery = Delivery("station", self.stations[station].id, **told)  # type: ignore[arg-type]
        return receive(self.database, self.store, self.agency, path, delivery)

    def count(self, model: type) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def counts(self) -> dict[str, int]:
        return reconcile(self.database, self.store, self.agency, 3600)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_accepted_means_bytes_row_job_and_audit(door: Door) -> None:
    accepted = door.bring(b"letter", key="k1", operator="P007", sheets_told=3)
    assert door.store.verify(accepted.sha256)
    assert (door.count(Receipt), door.count(Job), door.count(AuditEvent)) == (1, 1, 1)
    counts = door.counts()
    assert (counts["received"], counts["items"], counts["in_work"], counts["difference"]) == (1, 1, 1, 0)


def test_the_same_key_again_makes_nothing_new(door: Door) -> None:
    first = door.bring(b"letter", key="k1")
    again = door.bring(b"letter", key="k1")
    assert again.repeated
    assert again.receipt_id == first.receipt_id
    assert door.count(Receipt) == 1


def test_other_bytes_under_the_same_key_are_refused(door: Door) -> None:
    door.bring(b"letter", key="k1")
    with pytest.raises(KeyReused):
        door.bring(b"other letter", key="k1")
    assert door.count(Receipt) == 1


def test_a_key_belongs_to_its_station(door: Door) -> None:
    door.bring(b"letter", "S1", key="k1")
    assert not door.bring(b"other", "S2", key="k1").repeated


def test_same_file_same_station_same_day_is_the_old_one(door: Door) -> None:
    first = door.bring(b"letter")
    assert door.bring(b"letter").receipt_id == first.receipt_id
    assert door.bring(b"letter", received_on=NOON.date()).receipt_id == first.receipt_id


def test_same_bytes_otherwise_are_a_duplicate(door: Door) -> None:
    first = door.bring(b"letter")
    others = [
        door.bring(b"letter", "S2"),
        door.bring(b"letter", received_on=date(2026, 11, 20)),
        door.bring(b"letter", key="k9"),
    ]
    with door.database.read() as session:
        receipts = [session.get_one(Receipt, other.receipt_id) for other in others]
    assert {receipt.duplicate_of for receipt in receipts} == {first.receipt_id}


def test_a_wrong_checksum_leaves_no_row(door: Door) -> None:
    with pytest.raises(ChecksumDiffers):
        door.bring(b"letter", key="k1", announced_sha256="0" * 64)
    assert door.count(Receipt) == 0


def test_a_future_date_is_refused_and_the_clock_set_back_does_not_lose_mail(door: Door) -> None:
    with pytest.raises(InvalidInput):
        door.bring(b"letter", received_on=NOON.date() + timedelta(days=1))
    door.clock.instant -= timedelta(days=400)
    assert not door.bring(b"letter").repeated


def test_a_full_disk_accepts_nothing(door: Door) -> None:
    door.store = LocalBlobStore(door.folder / "blobs", door.folder / "work", reserve=1 << 62)
    with pytest.raises(StorageFull):
        door.bring(b"letter")
    assert door.count(Receipt) == 0
    assert list(door.store.all()) == []


def test_reconcile_sees_a_blob_deleted_by_hand(door: Door) -> None:
    accepted = door.bring(b"letter")
    door.store.unlink(accepted.sha256)
    assert door.counts()["orphans"] == 1


def test_reconcile_sees_a_claim_deleted_by_hand(door: Door) -> None:
    door.bring(b"letter")
    with door.database.write() as tx:
        raw(tx.session, "DELETE FROM blob_claim")
    door.clock.instant += timedelta(days=30)
    assert door.counts()["orphans"] == 1


def test_the_hot_folder_waits_until_a_file_stands_still(door: Door) -> None:
    folder = door.folder / "hot" / "S1"
    folder.mkdir(parents=True)
    hot = HotFolder(door.folder / "hot", door.database, door.store, door.agency, limit=1000, work=door.folder / "work")
    growing = folder / "batch.pdf"
    growing.write_bytes(b"half")
    assert [hot.poll(0), hot.poll(4)] == [0, 0]
    growing.write_bytes(b"half and half")
    assert [hot.poll(6), hot.poll(6 + STABLE_SECONDS - 1)] == [0, 0]
    assert hot.poll(6 + STABLE_SECONDS) == 1
    assert (folder / "done" / "batch.pdf").read_bytes() == b"half and half"
    assert door.count(Receipt) == 1


def test_the_hot_folder_says_why_it_refused(door: Door) -> None:
    folder = door.folder / "hot" / "S1"
    folder.mkdir(parents=True)
    (folder / "big.pdf").write_bytes(b"x" * 2000)
    hot = HotFolder(door.folder / "hot", door.database, door.store, door.agency, limit=1000, work=door.folder / "work")
    assert [hot.poll(0), hot.poll(STABLE_SECONDS)] == [0, 0]
    assert "zu groß" in (folder / "error" / "big.pdf.txt").read_text("utf-8")
    assert door.count(Receipt) == 0
    assert door.count(AuditEvent) == 1


def test_a_file_that_vanished_leaves_only_an_audit_event(door: Door) -> None:
    folder = door.folder / "hot" / "S1"
    folder.mkdir(parents=True)
    (folder / "gone.pdf").write_bytes(b"x")
    hot = HotFolder(door.folder / "hot", door.database, door.store, door.agency, limit=1000, work=door.folder / "work")
    hot.poll(0)
    (folder / "gone.pdf").unlink()
    hot.poll(1)
    assert door.count(Receipt) == 0
    assert door.count(AuditEvent) == 1
