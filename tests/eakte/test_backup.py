"""Backup and restore: equal, while writing goes on, killed at random moments; nothing readable without the key."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import select, text

from archive.blobs.local import LocalBlobStore
from archive.models import Blob, PersonName
from core.audit.verify import verify
from core.errors import ConfigurationError, EakteError
from eakte.backup.encryption import Identity, Recipients, make_identity
from eakte.backup.making import make_backup
from eakte.backup.repository import TABLES, Repository
from eakte.backup.restoring import Source, rehearse, restore
from eakte.bootstrap import Services, open_services
from eakte.doctor import examine
from eakte.intake import take_in
from ingest.reporting import reconcile
from tests.databases import copy_home, settings_at
from tests.eakte.support import agency_of, worked_off_home
from tests.support import stored_file


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worked_off_home(tmp_path_factory.mktemp("sicherung"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipients, Identity]:
    folder = tmp_path_factory.mktemp("schluessel")
    (folder / "public").write_text(f"# safe in room 12\n{make_identity(folder / 'secret')}\n")
    return Recipients(folder / "public"), Identity(folder / "secret")


@pytest.fixture
def services(template: Path, tmp_path: Path) -> Iterator[Services]:
    copy_home(template, tmp_path / "home")
    opened = open_services(settings_at(tmp_path / "home"))
    yield opened
    opened.database.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(settings_at(tmp_path / "restored"), migrate=True)
    yield opened
    opened.database.dispose()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "backups")


Keys = tuple[Recipients, Identity]


def balance(installation: Services) -> dict[str, int]:
    return reconcile(
        installation.database, installation.blobs, agency_of(installation), installation.settings.orphan_grace
    )


def test_what_is_restored_is_what_was_backed_up(
    services: Services, empty: Services, repository: Repository, keys: Keys
) -> None:
    made = make_backup(services, repository, keys[0])
    assert (made.missing, made.copied) == ([], made.blobs)
    restored = restore(empty, Source(repository, keys[1]))
    assert (restored.rows, restored.blobs) == (made.rows, made.blobs)
    assert restored.equal, restored.findings
    assert restored.documents >= 2
    assert verify(empty.database, empty.anchors).ok
    with services.database.read() as before:
        addresses = before.scalars(select(Blob.sha256)).all()
        assert balance(services) == balance(empty)
    assert all(empty.blobs.verify(address) for address in addresses)
    assert empty.settings.anchor_file.read_bytes() == services.settings.anchor_file.read_bytes()


def test_the_next_backup_copies_only_what_is_new(services: Services, repository: Repository, keys: Keys) -> None:
    first = make_backup(services, repository, keys[0])
    _take_in_something(services, "neu")
    second = make_backup(services, repository, keys[0])
    assert (second.blobs, second.copied) == (first.blobs + 1, 1)
    assert repository.names() == [first.name, second.name]


def test_old_backups_leave_and_take_their_bytes_along(services: Services, repository: Repository, keys: Keys) -> None:
    make_backup(services, repository, keys[0])
    with services.database.write() as tx:
        gone = tx.session.scalars(select(Blob.sha256)).first()
        tx.session.execute(text("UPDATE blob SET tombstoned_at = 0 WHERE sha256 = :sha"), {"sha": gone})
    second = make_backup(services, repository, keys[0])
    assert repository.blob(str(gone)).exists()
    assert repository.prune(keep=1) == (1, 1)
    assert repository.names() == [second.name]
    assert not repository.blob(str(gone)).exists()


def test_nothing_is_readable_without_the_key(
    services: Services, empty: Services, repository: Repository, keys: Keys, tmp_path: Path
) -> None:
    make_backup(services, repository, keys[0])
    with services.database.read() as session:
        name = str(session.scalars(select(PersonName.family_name)).first())
    everything = b"".join(path.read_bytes() for path in repository.root.rglob("*") if path.is_file())
    assert name.encode() not in everything
    assert b"%PDF" not in everything
    make_identity(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="cannot decrypt"):
        restore(empty, Source(repository, Identity(tmp_path / "other")))
    assert oct((tmp_path / "other").stat().st_mode)[-3:] == "600"
    with pytest.raises(ConfigurationError, match="exists already"):
        make_identity(tmp_path / "other")


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_backup_is_refused_and_changes_nothing(
    services: Services, empty: Services, repository: Repository, keys: Keys, damage: str
) -> None:
    made = make_backup(services, repository, keys[0])
    path = repository.snapshot(made.name).folder / TABLES
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-100] if damage == "cut" else whole[:-100] + bytes(100))
    with pytest.raises(ConfigurationError, match="changed"):
        restore(empty, Source(repository, keys[1]))
    with empty.database.read() as session:
        assert session.scalars(select(Blob.sha256)).first() is None


def test_rows_that_were_exchanged_are_noticed(
    services: Services, empty: Services, repository: Repository, keys: Keys
) -> None:
    """Someone with the public key alone can encrypt other rows, but not make them the manifest's."""
    made = make_backup(services, repository, keys[0])
    folder = repository.snapshot(made.name).folder
    manifest = (folder / "manifest.json").read_text()
    rows = str(repository.snapshot(made.name).manifest()["tables"]["person"]["rows"])
    (folder / "manifest.json").write_text(manifest.replace(f'"rows": {rows}', '"rows": 1'))
    with pytest.raises(ConfigurationError, match="fingerprints"):
        restore(empty, Source(repository, keys[1]))
    with empty.database.read() as session:
        assert session.scalars(select(Blob.sha256)).first() is None


def test_restore_only_into_an_empty_installation(services: Services, repository: Repository, keys: Keys) -> None:
    make_backup(services, repository, keys[0])
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(services, Source(repository, keys[1]))


def test_missing_and_damaged_bytes_are_named_and_the_rest_is_saved(
    services: Services, empty: Services, repository: Repository, keys: Keys
) -> None:
    with services.database.read() as session:
        first, second = session.scalars(select(Blob.sha256).limit(2)).all()
    services.blobs.unlink(first)
    path = stored_file(services.blobs, second)
    path.chmod(0o600)
    path.write_bytes(b"changed")
    made = make_backup(services, repository, keys[0])
    assert sorted(made.missing) == sorted([first, second])
    restored = restore(empty, Source(repository, keys[1]))
    assert sorted(restored.missing) == sorted([first, second])
    assert {finding.id for finding in restored.findings if finding.kind == "missing"} == {first, second}


def test_bytes_destroyed_during_the_backup_are_in_neither_part(
    services: Services, empty: Services, repository: Repository, keys: Keys
) -> None:
    _take_in_something(services, "wird vernichtet")
    destroyed: list[str] = []
    one_at_a_time = threading.Lock()

    def destroy(_sha256: str) -> None:
        with one_at_a_time:
            if not destroyed:
                with services.database.write() as tx:
                    destroyed.append(max(tx.session.scalars(select(Blob.sha256))))
                    gone = text("UPDATE blob SET tombstoned_at = 1 WHERE sha256 = :sha")
                    tx.session.execute(gone, {"sha": destroyed[0]})
                services.blobs.unlink(destroyed[0])

    made = make_backup(reading(services, destroy), repository, keys[0])
    assert made.missing == []
    assert destroyed[0] not in set(repository.snapshot(made.name).blobs())
    assert repository.names() == [made.name]


def reading(services: Services, before: Callable[[str], object]) -> Services:
    """The same installation; `before` is called with each hash whose bytes are about to be read."""

    class Store(LocalBlobStore):
        def open(self, sha256: str, start: int = 0, length: int | None = None) -> BinaryIO:
            before(sha256)
            return super().open(sha256, start, length)

    return replace(services, blobs=Store(services.settings.blob_folder, services.settings.work_folder))


def test_several_files_are_copied_at_a_time(services: Services, repository: Repository, keys: Keys) -> None:
    """Or a store over a network would let a backup wait for each of them."""
    met = threading.Barrier(2, timeout=120)
    together: list[str] = []
    first = threading.Lock()

    def meet(sha256: str) -> None:
        with first:
            together.append(sha256)
            mine = len(together)
        if mine <= met.parties:
            met.wait()

    made = make_backup(reading(services, meet), repository, keys[0])
    assert (made.missing, sorted(together)) == ([], list(repository.snapshot(made.name).blobs()))


def test_a_rehearsal_proves_equality_and_leaves_the_installation_alone(
    services: Services, repository: Repository, keys: Keys
) -> None:
    make_backup(services, repository, keys[0])
    before = sorted(path for path in services.settings.data.rglob("*") if "eakte.sqlite" not in path.name)
    assert rehearse(services, Source(repository, keys[1])).equal
    assert before == sorted(path for path in services.settings.data.rglob("*") if "eakte.sqlite" not in path.name)


def test_mail_goes_on_coming_in_during_the_backup(
    services: Services, empty: Services, repository: Repository, keys: Keys
) -> None:
    done = threading.Event()
    failures: list[EakteError] = []

    def feed() -> None:
        number = 0
        while not done.is_set():
            try:
                _take_in_something(services, f"{number}")
            except EakteError as error:
                failures.append(error)
            number += 1

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        make_backup(services, repository, keys[0])
    finally:
        done.set()
        feeder.join()
    assert failures == []
    restored = restore(empty, Source(repository, keys[1]))
    assert restored.missing == []
    assert restored.findings == examine(empty) == []


def test_killed_at_random_moments_it_leaves_a_usable_repository(
    services: Services, empty: Services, repository: Repository, keys: Keys, tmp_path: Path
) -> None:
    recipient = make_identity(tmp_path / "secret")
    (tmp_path / "public").write_text(recipient)
    command = [sys.executable, "-m", "eakte", "backup", "make", str(repository.root)]
    environment = {**os.environ, "EAKTE_HOME": str(services.settings.data)}
    dice = random.Random(4)
    for _ in range(4):
        process = subprocess.Popen(
            [*command, "--recipients", str(tmp_path / "public")], env=environment, stdout=subprocess.DEVNULL
        )
        time.sleep(dice.uniform(0.5, 2.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = len(repository.names())
    made = make_backup(services, repository, Recipients(tmp_path / "public"))
    assert len(repository.names()) == finished + 1
    assert not list(repository.root.rglob(".new-*")) + list(repository.root.rglob("*.part"))
    restored = restore(empty, Source(repository, Identity(tmp_path / "secret"), made.name))
    assert restored.equal


def _take_in_something(services: Services, what: str) -> None:
    path = services.settings.data.parent / f"{what}.txt"
    path.write_text(what, encoding="utf-8")
    take_in(services, agency_of(services), [path], None, None, None)
    path.unlink()
