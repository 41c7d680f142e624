"""The ledger: durable before accepted, the same delivery once, other bytes under a key refused, and honest counts."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import StorageFull
from core.errors import InvalidInput
from core.models import AuditEvent, Job
from ingest.errors import ChecksumDiffers, KeyReused
from ingest.ledger import EARLIEST, readable
from ingest.models import Receipt
from tests.ingest.ledger_door import Door
from tests.support import NOON, raw


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


def test_no_key_of_a_sender_stands_in_the_way_of_a_file(door: Door) -> None:
    """A file's own key is made of its bytes and the day; a sender chooses every key but one with a stroke."""
    sha256 = hashlib.sha256(b"letter").hexdigest()
    for key in (f"{sha256}:{door.clock.now():%Y-%m-%d}", sha256):
        door.bring(b"other " + key.encode(), key=key)
    assert not door.bring(b"letter").repeated
    assert door.bring(b"letter").repeated


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


def test_a_date_that_no_paper_has_is_refused(door: Door) -> None:
    for day in (date.min, date(26, 11, 24), EARLIEST - timedelta(days=1)):
        with pytest.raises(InvalidInput) as refused:
            door.bring(b"letter", received_on=day)
        assert "1950" in refused.value.de
    assert door.count(Receipt) == 0
    assert not door.bring(b"letter", received_on=EARLIEST).repeated


def test_after_the_clock_went_back_the_first_receipt_is_still_the_first(door: Door) -> None:
    first = door.bring(b"letter", key="k1")
    door.clock.instant -= timedelta(days=3)
    second = door.bring(b"letter", "S2", key="k2")
    again = door.bring(b"letter", key="k1")
    third = door.bring(b"letter", key="k3")
    assert (again.receipt_id, again.repeated) == (first.receipt_id, True)
    with door.database.read() as session:
        origins = [session.get_one(Receipt, one.receipt_id).duplicate_of for one in (second, third)]
    assert origins == [first.receipt_id, first.receipt_id]


def test_the_answer_to_a_repetition_is_the_first_answer(door: Door) -> None:
    first = door.bring(b"letter", key="k1")
    with door.database.write() as tx:
        tx.session.get_one(Receipt, first.receipt_id).state = "split"
    assert door.bring(b"letter", key="k1").state == first.state == "accepted"


def test_names_that_are_no_text_are_made_text() -> None:
    assert readable("brief-\udcff.pdf") == "brief-\ufffd.pdf"
    assert readable("Brief Müller.pdf") == "Brief Müller.pdf"


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
