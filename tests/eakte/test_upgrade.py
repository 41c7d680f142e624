"""An upgrade is rehearsed first, is all or nothing, and never leaves anybody without a way back."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from core import leases
from core.audit.verify import verify
from core.errors import ConfigurationError
from eakte.backup.encryption import Identity, Recipients, make_identity
from eakte.backup.making import make_backup
from eakte.backup.repository import MANIFEST, Repository
from eakte.backup.restoring import Source, restore
from eakte.backup.tables import Fingerprint, dump, durable_tables
from eakte.bootstrap import Services, open_services
from eakte.cli import app
from eakte.doctor import examine
from eakte.searching import documents_in_index
from eakte.upgrading import Upgraded, upgrade
from migrations import runner
from migrations.state import known_revisions, refuse_newer, require_current
from tests.databases import copy_home, enter, environment_at, settings_at
from tests.eakte.support import worked_off_home

HEAD = known_revisions()[-1]
OLDER = known_revisions()[:-1]
Keys = tuple[Recipients, Identity]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worked_off_home(tmp_path_factory.mktemp("stand"), letters=1)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "public").write_text(make_identity(tmp_path / "secret"))
    return tmp_path / "public", tmp_path / "secret"


@pytest.fixture
def keys(files: tuple[Path, Path]) -> Keys:
    return Recipients(files[0]), Identity(files[1])


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "backups")


def as_of(home: Path, revision: str) -> Services:
    """The installation as that version left it."""
    current = open_services(settings_at(home))
    runner.downgrade(current.database.engine, revision)
    current.database.dispose()
    return open_services(settings_at(home), older=True)


@pytest.fixture
def old(template: Path, tmp_path: Path) -> Iterator[Services]:
    services = as_of(copy_home(template, tmp_path / "home"), OLDER[0])
    yield services
    services.database.dispose()


def silent(_what: str, _done: int, _of: int) -> None:
    """Nobody looks at the bar."""


def rows(services: Services) -> dict[str, Fingerprint]:
    found: dict[str, Fingerprint] = {}
    with services.database.read() as session:
        for _ in dump(session, durable_tables(session.connection()), found):
            pass
    return found


def whole(services: Services) -> None:
    """At this version, examined, with the chain it had, and its letter can be found."""
    require_current(services.database.engine)
    assert examine(services) == []
    with services.database.read() as session:
        assert verify(services.database, services.anchors).problems == []
        assert session.scalar(text("SELECT count(*) FROM document")) == 1
    assert len(documents_in_index(services)) == 1


@pytest.mark.parametrize("revision", OLDER)
def test_a_backup_of_an_older_version_is_restored_and_upgraded(
    template: Path, tmp_path: Path, repository: Repository, keys: Keys, revision: str
) -> None:
    before = as_of(copy_home(template, tmp_path / "home"), revision)
    made = make_backup(before, repository, keys[0])
    before.database.dispose()
    assert json.loads((repository.root / "snapshots" / made.name / MANIFEST).read_text())["revision"] == revision
    target = open_services(settings_at(tmp_path / "restored"), migrate=True)
    assert restore(target, Source(repository, keys[1])).equal
    whole(target)
    target.database.dispose()


def test_a_backup_of_a_newer_version_is_refused(
    old: Services, repository: Repository, keys: Keys, tmp_path: Path
) -> None:
    made = make_backup(old, repository, keys[0])
    manifest = repository.root / "snapshots" / made.name / MANIFEST
    manifest.write_text(manifest.read_text().replace(f'"revision": "{OLDER[0]}"', '"revision": "9999"'))
    target = open_services(settings_at(tmp_path / "restored"), migrate=True)
    with refused("neueren Version"):
        restore(target, Source(repository, keys[1]))
    target.database.dispose()


@contextmanager
def refused(pattern: str) -> Iterator[None]:
    """With a German sentence of that kind, and without anybody's name."""
    with pytest.raises(ConfigurationError) as told:
        yield
    assert re.search(pattern, told.value.de)
    assert "Petersen" not in told.value.de + told.value.en


def run(old: Services, repository: Repository, keys: Keys, *, rehearse_only: bool = False) -> Upgraded:
    return upgrade(old, keys[0], Source(repository, keys[1]), silent, rehearse_only=rehearse_only)


def test_an_upgrade_is_rehearsed_done_and_examined(old: Services, repository: Repository, keys: Keys) -> None:
    done = run(old, repository, keys)
    assert (done.before, done.after, done.good) == (OLDER[0], HEAD, True)
    assert repository.names() == [done.snapshot]
    whole(old)
    assert list(old.settings.work_folder.glob("rehearsal-*")) == []


def test_a_second_call_finds_the_work_done(old: Services, repository: Repository, keys: Keys) -> None:
    run(old, repository, keys)
    again = run(old, repository, keys)
    assert (again.before, again.after, again.good) == (HEAD, HEAD, True)


def test_a_rehearsal_changes_nothing(old: Services, repository: Repository, keys: Keys) -> None:
    before = rows(old)
    with old.database.write() as tx:  # and needs nobody to stop
        leases.acquire(tx, "worker/host:1", "host:1", 60)
    assert run(old, repository, keys, rehearse_only=True).good
    assert refuse_newer(old.database.engine) == OLDER[0]
    assert rows(old) == before


def test_while_workers_are_alive_nothing_begins(old: Services, repository: Repository, keys: Keys) -> None:
    with old.database.write() as tx:
        leases.acquire(tx, "worker/host:1", "host:1", 60)
    with refused("1 Arbeitsprozesse"):
        run(old, repository, keys)
    assert refuse_newer(old.database.engine) == OLDER[0]


def test_without_room_for_the_rehearsal_nothing_begins(
    old: Services, repository: Repository, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eakte.upgrading._ROOM", 1e12)
    with refused("fehlt Platz"):
        run(old, repository, keys)
    assert refuse_newer(old.database.engine) == OLDER[0]
    assert not repository.root.exists()


def test_missing_bytes_stop_it(old: Services, repository: Repository, keys: Keys) -> None:
    next(path for path in old.settings.blob_folder.rglob("*") if path.is_file()).unlink()
    with refused("eakte doctor"):
        run(old, repository, keys)
    assert refuse_newer(old.database.engine) == OLDER[0]


def test_a_migration_that_fails_in_the_rehearsal_reaches_nothing(
    old: Services, repository: Repository, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, before = runner.command.upgrade, rows(old)

    def broken(configuration: object, revision: str) -> None:
        real(configuration, revision)  # type: ignore[arg-type]
        if (repository.root / "snapshots").exists():  # not when the throw-away installation is made
            raise RuntimeError("column of the future\nwith the value Petersen")

    throwaway = iter([real, broken])
    monkeypatch.setattr(runner.command, "upgrade", lambda *told: next(throwaway)(*told))
    with refused(r"Probe .* gescheitert .*column of the future.*kann wieder starten"):
        run(old, repository, keys)
    assert refuse_newer(old.database.engine) == OLDER[0]
    assert rows(old) == before


def test_a_migration_that_fails_only_on_the_real_database_is_rolled_back(
    old: Services, repository: Repository, keys: Keys
) -> None:
    with old.database.write() as tx:
        tx.session.execute(text("CREATE INDEX ix_job_source ON job (kind)"))  # a migration makes one of that name
    before = rows(old)
    with refused("Aktualisierung der Datenbank ist gescheitert; die Sicherung 2"):
        run(old, repository, keys)
    assert refuse_newer(old.database.engine) == OLDER[0]
    assert rows(old) == before
    with old.database.write() as tx:
        tx.session.execute(text("DROP INDEX ix_job_source"))
    assert run(old, repository, keys).good


def test_the_command_needs_the_installation_for_itself(
    old: Services, repository: Repository, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, old.settings.data)
    keys = ["--recipients", str(files[0]), "--identity", str(files[1])]
    told = CliRunner().invoke(app, ["upgrade", str(repository.root), *keys, "--rehearse-only"])
    assert (told.exit_code, "Es wurde nichts geändert." in told.stdout) == (0, True)
    told = CliRunner().invoke(app, ["upgrade", str(repository.root), *keys])
    assert told.exit_code == 0
    assert f"vom Stand {OLDER[0]} auf {HEAD}" in told.stdout


def test_killed_at_random_moments_it_is_the_old_one_or_the_new_one(
    old: Services, repository: Repository, files: tuple[Path, Path], keys: Keys
) -> None:
    before, dice = rows(old), random.Random(7)
    old.database.dispose()
    command = [sys.executable, "-m", "eakte", "upgrade", str(repository.root)]
    command += ["--recipients", str(files[0]), "--identity", str(files[1])]
    environment = {**os.environ, **environment_at(old.settings.data)}
    for _ in range(4):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.8, 4.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if refuse_newer(old.database.engine) == OLDER[0]:
            assert rows(old) == before
        else:
            require_current(old.database.engine)
    assert run(old, repository, keys).good
    whole(old)
