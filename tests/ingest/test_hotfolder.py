"""Hot folders: complete means standing still, nothing is released before it is accepted, no file stops the next one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import StoredBlob
from core.models import AuditEvent
from ingest import hotfolder
from ingest.hotfolder import STABLE_SECONDS, HotFolder
from ingest.models import Receipt
from tests.ingest.ledger_door import Door
from tests.support import NOON

READY = STABLE_SECONDS


class Watched:
    """A hot folder of station S1."""

    def __init__(self, folder: Path) -> None:
        self.door = Door(folder)
        self.folder = folder / "hot" / "S1"
        self.folder.mkdir(parents=True)
        self.hot = self._watcher(self.door.store)

    def _watcher(self, store: LocalBlobStore) -> HotFolder:
        root, work = self.folder.parent, self.door.folder / "work"
        return HotFolder(root, self.door.database, store, self.door.agency, limit=1000, work=work)

    def lay(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def poll(self, *moments: float) -> list[int]:
        return [self.hot.poll(moment) for moment in moments]

    def moved(self, folder: str) -> set[str]:
        return {path.name for path in (self.folder / folder).glob("*")}

    def events(self, code: str) -> int:
        with self.door.database.read() as session:
            found = session.query(AuditEvent).filter(AuditEvent.action == "receipt.refused").all()
        return sum(event.details["code"] == code for event in found)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_file_that_grows_waits_until_it_stands_still(watched: Watched) -> None:
    watched.lay("batch.pdf", b"half")
    assert watched.poll(0, 4) == [0, 0]
    watched.lay("batch.pdf", b"half and half")
    assert watched.poll(6, 6 + READY - 1) == [0, 0]
    assert watched.poll(6 + READY) == [1]
    assert (watched.folder / "done" / "batch.pdf").read_bytes() == b"half and half"
    assert watched.door.count(Receipt) == 1


def test_a_file_that_grows_while_it_is_copied_is_left_alone(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    path = watched.lay("batch.pdf", b"half")
    copy_file = hotfolder._copy_file

    def slow(source: Path, target: Path) -> object:
        copied = copy_file(source, target)  # type: ignore[func-returns-value]
        with path.open("ab") as file:
            file.write(b" and half")
        monkeypatch.setattr(hotfolder, "_copy_file", copy_file)
        return copied

    monkeypatch.setattr(hotfolder, "_copy_file", slow)
    assert watched.poll(0, READY) == [0, 0]
    assert watched.door.count(Receipt) == 0
    assert watched.poll(READY + 1, 2 * READY + 1) == [0, 1]
    assert (watched.folder / "done" / "batch.pdf").read_bytes() == b"half and half"
    assert watched.events("vanished") == 0


def test_why_a_file_was_refused_lies_beside_it(watched: Watched) -> None:
    watched.lay("big.pdf", b"x" * 2000)
    assert watched.poll(0, READY) == [0, 0]
    assert "zu groß" in (watched.folder / "error" / "big.pdf.txt").read_text("utf-8")
    assert (watched.door.count(Receipt), watched.events("too_large")) == (0, 1)


def test_a_refused_file_that_cannot_be_moved_leaves_no_reasons_behind(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again every few seconds; one reason each time would fill the folder."""
    path = watched.lay("big.pdf", b"x" * 2000)
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        raise PermissionError(13, "read only")

    monkeypatch.setattr(Path, "rename", refused)
    watched.poll(*(READY * turn for turn in range(8)))
    assert (watched.moved("error"), path.exists(), watched.events("too_large")) == (set(), True, 1)
    monkeypatch.setattr(Path, "rename", rename)
    watched.poll(READY * 8, READY * 9)
    assert watched.moved("error") == {"big.pdf", "big.pdf.txt"}


def test_a_file_that_vanished_leaves_one_audit_event(watched: Watched) -> None:
    path = watched.lay("gone.pdf", b"x")
    watched.poll(0)
    path.unlink()
    watched.poll(1, 2)
    assert (watched.door.count(Receipt), watched.events("vanished")) == (0, 1)


def test_a_file_that_vanishes_in_our_hands_is_noted_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    path = watched.lay("gone.pdf", b"x")

    def gone(*_arguments: object) -> None:
        path.unlink()
        raise FileNotFoundError

    monkeypatch.setattr(hotfolder, "_copy_file", gone)
    watched.poll(0, READY, READY + 1)
    assert (watched.door.count(Receipt), watched.events("vanished")) == (0, 1)


def test_no_file_stops_the_next_one(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.lay("a-unreadable.pdf", b"a")
    watched.lay("b-" + os.fsdecode(b"\xff") + ".pdf", b"b")
    (watched.folder / "c-link.pdf").symlink_to("/etc/hostname")
    watched.lay("d-good.pdf", b"d")
    copy_file = hotfolder._copy_file

    def refusing(source: Path, target: Path) -> object:
        if source.name.startswith("a-"):
            raise PermissionError(13, "no")
        return copy_file(source, target)

    monkeypatch.setattr(hotfolder, "_copy_file", refusing)
    assert watched.poll(0, READY) == [0, 2]
    assert watched.moved("error") == {"a-unreadable.pdf", "a-unreadable.pdf.txt", "c-link.pdf", "c-link.pdf.txt"}
    assert "nicht lesbar" in (watched.folder / "error" / "a-unreadable.pdf.txt").read_text("utf-8")
    assert "d-good.pdf" in watched.moved("done")
    assert len(watched.moved("done")) == 2


def test_what_nobody_foresaw_of_one_file_stops_no_other(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    path = watched.lay("a.pdf", b"a")
    watched.lay("b.pdf", b"b")
    receive = hotfolder.receive

    def breaking(*arguments: object) -> object:
        if arguments[-1].source_name == "a.pdf":  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return receive(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(hotfolder, "receive", breaking)
        assert watched.poll(0, READY, READY + 1) == [0, 1, 0]
    assert (path.exists(), watched.moved("done"), watched.moved("error")) == (True, {"b.pdf"}, set())
    assert watched.poll(READY + 2) == [1]


def test_the_longest_names_are_moved_too(watched: Watched) -> None:
    for start, name in enumerate(("ü" * 125 + ".pdf", "x" * 255, "a." + "b" * 250)):
        for data in (b"%d" % start, b"%d again" % start):
            watched.lay(name, data)
            assert watched.poll(0, READY) == [0, 1]
        assert not (watched.folder / name).exists()
    watched.lay("ö" * 125 + ".pdf", b"x" * 2000)
    watched.poll(0, READY)
    (reason,) = (watched.folder / "error").glob("*.txt")
    assert "zu groß" in reason.read_text("utf-8")
    assert len(watched.moved("done")) == 6


def test_a_link_laid_in_the_place_of_a_file_is_not_followed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.lay("a.pdf", b"a")
    watched.poll(0)
    secret = watched.folder.parent / "secret.pdf"
    secret.write_bytes(b"secret")
    copy_file = hotfolder._copy_file

    def swapping(source: Path, target: Path) -> None:
        source.unlink()
        source.symlink_to(secret)
        copy_file(source, target)

    monkeypatch.setattr(hotfolder, "_copy_file", swapping)
    assert watched.poll(READY) == [0]
    assert watched.door.count(Receipt) == 0


@pytest.mark.parametrize("folder", ["done", "error"])
def test_nothing_is_moved_through_a_link(watched: Watched, folder: str) -> None:
    """Who may write here only could put files elsewhere: into the folder of another station, say."""
    elsewhere = watched.folder.parent / "S2"
    elsewhere.mkdir()
    (watched.folder / folder).symlink_to(elsewhere)
    path = watched.lay("a.pdf", b"a" if folder == "done" else bytes(1001))
    watched.poll(0, READY, READY + 1, 3 * READY)
    assert list(elsewhere.iterdir()) == []
    assert watched.door.count(Receipt) == (folder == "done")
    if folder == "done":  # the link itself was moved to `error` like any other
        assert (watched.moved("done"), watched.moved("error")) == ({"a.pdf"}, {"done", "done.txt"})
    else:
        assert path.exists()


def test_a_folder_that_cannot_be_tidied_takes_nothing_twice(watched: Watched) -> None:
    blocked = watched.lay("done", b"a file where a folder should be")
    watched.lay("a.pdf", b"a")
    watched.lay("b.pdf", b"b")
    watched.poll(0, READY, READY + 1, 3 * READY)
    assert blocked.exists()
    assert watched.door.count(Receipt) == 3


def test_a_full_store_keeps_the_file_and_says_so_once(watched: Watched) -> None:
    path = watched.lay("a.pdf", b"a")
    full = LocalBlobStore(watched.door.folder / "blobs", watched.door.folder / "work", reserve=1 << 62)
    watched.hot.store = full
    assert watched.poll(0, READY, READY + 1, READY + 2) == [0, 0, 0, 0]
    assert path.exists()
    assert (watched.door.count(Receipt), watched.events("storage_full")) == (0, 1)
    watched.hot.store = watched.door.store
    assert watched.poll(READY + 3) == [1]
    assert not path.exists()


def test_bytes_that_vanish_before_their_claim_are_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.lay("a.pdf", b"a")
    put = LocalBlobStore.put_file

    def put_and_sweep(store: LocalBlobStore, path: Path) -> StoredBlob:
        stored = put(store, path)
        assert claims.remove(watched.door.database, store, stored.sha256)
        return stored

    with monkeypatch.context() as sweeping:
        sweeping.setattr(LocalBlobStore, "put_file", put_and_sweep)
        assert watched.poll(0, READY) == [0, 0]
    assert (watched.moved("error"), watched.door.count(Receipt)) == (set(), 0)
    assert watched.poll(READY + 1) == [1]


def test_the_same_name_again_overwrites_nothing(watched: Watched) -> None:
    for number in range(3):
        watched.lay("a.pdf", b"%d" % number)
        start = 100.0 * number
        assert watched.poll(start, start + READY) == [0, 1]
    assert watched.moved("done") == {"a.pdf", "a-1.pdf", "a-2.pdf"}


def test_killed_after_the_commit_the_file_is_taken_again_as_the_same(watched: Watched) -> None:
    watched.lay("a.pdf", b"a")
    watched.poll(0, READY)
    (watched.folder / "done" / "a.pdf").rename(watched.folder / "a.pdf")  # as if it had not been moved yet
    assert watched.poll(50, 50 + READY) == [0, 1]
    assert watched.door.count(Receipt) == 1


def test_a_file_that_could_not_be_moved_is_the_same_delivery_on_the_next_day_too(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: object) -> None:
        raise OSError

    watched.lay("a.pdf", b"a")
    watched.door.clock.instant = datetime.now(UTC) + timedelta(minutes=1)
    with monkeypatch.context() as without_rights:
        without_rights.setattr(hotfolder, "_rename", refused)
        assert watched.poll(0, READY) == [0, 1]
        watched.door.clock.instant += timedelta(days=1)
        assert watched.poll(50, 50 + READY) == [0, 1]
    assert watched.poll(90, 90 + READY) == [0, 1]
    assert watched.moved("done") == {"a.pdf"}
    assert watched.door.count(Receipt) == 1


@pytest.mark.parametrize(
    ("since", "name", "receipts"),
    [(NOON - timedelta(hours=1), "a.pdf", 1), (NOON + timedelta(hours=1), "a.pdf", 2),
     (NOON - timedelta(hours=1), "b.pdf", 2)],
    ids=["the same file", "laid down again", "another name"],
)  # fmt: skip
def test_only_a_file_that_was_there_all_the_time_is_the_same_on_another_day(
    watched: Watched, since: datetime, name: str, receipts: int
) -> None:
    door = watched.door
    first = door.bring(b"a", source_name="a.pdf", there_since=NOON - timedelta(hours=1))
    door.clock.instant = NOON + timedelta(days=1)
    second = door.bring(b"a", source_name=name, there_since=since)
    assert door.count(Receipt) == receipts
    with door.database.read() as session:
        assert session.get_one(Receipt, second.receipt_id).duplicate_of == (first.receipt_id if receipts == 2 else None)


def test_a_folder_of_no_station_is_told_once_as_long_as_it_is_there(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(hotfolder._log, "warning", lambda event, **named: told.append(f"{event} {named['folder']}"))
    root = watched.folder.parent
    (root / "S9").mkdir()
    (root / ".trash").mkdir()
    (root / "S9" / "a.pdf").write_bytes(b"a")
    assert watched.poll(0, READY, 50, 50 + READY) == [0, 0, 0, 0]
    assert told == ["hotfolder_unknown_station S9"]
    assert (root / "S9" / "a.pdf").exists()
    (root / "S9").rename(root / "S8")
    watched.poll(100, 101)
    assert told[1:] == ["hotfolder_unknown_station S8"]
