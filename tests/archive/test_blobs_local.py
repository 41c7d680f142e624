"""What only the local disk promises: files that are read-only, a full disk, a reserve, a killed writer."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import StorageFull
from tests.support import stored_file

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs", tmp_path / "work")


def test_putting_again_writes_no_new_file(store: LocalBlobStore) -> None:
    store.put_bytes(b"abc")
    inode = stored_file(store, ABC).stat().st_ino
    store.put_bytes(b"abc")
    assert stored_file(store, ABC).stat().st_ino == inode


def test_putting_again_renews_the_time(store: LocalBlobStore) -> None:
    store.put_bytes(b"abc")
    os.utime(stored_file(store, ABC), (1, 1))
    store.put_bytes(b"abc")
    ((_, stored_at),) = store.all()
    assert stored_at > time.time() - 3600


def test_stored_bytes_are_read_only(store: LocalBlobStore) -> None:
    store.put_bytes(b"abc")
    assert stored_file(store, ABC).stat().st_mode & 0o222 == 0


def test_a_full_disk_stores_nothing(store: LocalBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        store.put_bytes(b"abc")
    monkeypatch.undo()
    assert list(store.all()) == []
    assert list((tmp_path / "work").iterdir()) == []


def test_every_new_folder_is_made_durable_by_its_parent(
    store: LocalBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    real = os.fsync

    def noting(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    store.put_bytes(b"abc")
    root = tmp_path / "blobs"
    assert [path for path in synced if root in (path, *path.parents)] == [root, root / "ba", root / "ba" / "78"]
    synced.clear()
    stored_file(store, ABC).unlink()
    store.put_bytes(b"abc")
    assert [path for path in synced if root in (path, *path.parents)] == [root / "ba" / "78"]


def test_the_reserve_is_kept_free(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path / "blobs", tmp_path / "work", reserve=1 << 62)
    with pytest.raises(StorageFull):
        store.put_bytes(b"abc")


WRITER = """
import os, sys
from pathlib import Path
from archive.blobs.local import LocalBlobStore
root = Path(sys.argv[1])
store = LocalBlobStore(root / "blobs", root / "work")
number = 0
while True:
    stored = store.put_bytes(os.urandom(200_000))
    print(stored.sha256, flush=True)
"""


@pytest.mark.kill
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_number in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(2)]
        time.sleep(0.07 * round_number)
        writer.send_signal(signal.SIGKILL)
        out, _ = writer.communicate()
        acknowledged += [line for line in out.split("\n") if len(line) == 64]
    store = LocalBlobStore(tmp_path / "blobs", tmp_path / "work")
    assert len(acknowledged) > 4
    assert all(store.verify(address) for address in acknowledged)
    assert all(store.verify(address) for address, _ in store.all())
